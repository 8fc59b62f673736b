"""onnxruntime on the CPU; it infers only, so that gradients and training are left out."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from protocol import cores, serve


class ONNXRuntime:
    name = "onnxruntime"
    version = onnxruntime.__version__

    def prepare(self, operation, p):
        method = getattr(self, operation.replace("-", "_"), None)
        return method(p) if method else None

    def session(self, nodes, inputs):
        """A graph from named arrays to `y`; its inputs stay in place, so that a run copies nothing."""
        values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape) for n, x in inputs.items()]
        output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        model = helper.make_model(
            helper.make_graph(nodes, "peer", values, [output]), opset_imports=[helper.make_opsetid("", 20)],
            ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cores()
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        for name, array in inputs.items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        binding.bind_output("y")
        return lambda: session.run_with_iobinding(binding)

    def random(self, *shape):
        return np.random.uniform(-1, 1, shape).astype(np.float32)

    def matmul(self, p):
        inputs = {"a": self.random(p["m"], p["k"]), "b": self.random(p["k"], p["n"])}
        return self.session([helper.make_node("MatMul", ["a", "b"], ["y"])], inputs)

    def conv2d_forward(self, p):
        inputs = {
            "x": self.random(p["batch"], p["channels"], p["size"], p["size"]),
            "w": self.random(p["filters"], p["channels"] // p["groups"], p["kernel"], p["kernel"])}
        node = helper.make_node(
            "Conv", ["x", "w"], ["y"], group=p["groups"], strides=[p["stride"]] * 2, pads=[p["padding"]] * 4)
        return self.session([node], inputs)

    def gelu_chain(self, p):
        inputs = {name: self.random(p["count"]) for name in ("x", "a", "b", "r")}
        nodes = [
            helper.make_node("Mul", ["x", "a"], ["u"]), helper.make_node("Add", ["u", "b"], ["v"]),
            helper.make_node("Gelu", ["v"], ["w"]), helper.make_node("Add", ["w", "r"], ["y"])]
        return self.session(nodes, inputs)

    def softmax_forward(self, p):
        return self.session(
            [helper.make_node("Softmax", ["x"], ["y"])], {"x": self.random(p["rows"], p["columns"])})

    def layer_norm_forward(self, p):
        inputs = {
            "x": self.random(p["rows"], p["columns"]), "w": self.random(p["columns"]),
            "b": self.random(p["columns"])}
        return self.session([helper.make_node("LayerNormalization", ["x", "w", "b"], ["y"])], inputs)

    def attention_forward(self, p):
        shape = p["batch"], p["heads"], p["length"], p["width"]
        inputs = {name: self.random(*shape) for name in ("q", "k", "v")}
        inputs["scale"] = np.array([p["width"] ** -0.5], np.float32)
        nodes = [
            helper.make_node("Transpose", ["k"], ["t"], perm=[0, 1, 3, 2]),
            helper.make_node("MatMul", ["q", "t"], ["s"]), helper.make_node("Mul", ["s", "scale"], ["z"]),
            helper.make_node("Softmax", ["z"], ["w"]), helper.make_node("MatMul", ["w", "v"], ["y"])]
        return self.session(nodes, inputs)


if __name__ == "__main__":
    serve(ONNXRuntime())
