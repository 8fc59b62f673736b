"""onnxruntime on the CPU; it infers only, so that gradients and training are left out."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from protocol import cores, serve


class ONNXRuntime:
    name = "onnxruntime"
    version = onnxruntime.__version__

    def prepare(self, operation, p):
        method = getattr(self, operation.replace("-", "_"), None)
        return method(p) if method else None

    def session(self, nodes, inputs, weights=()):
        """A graph from named arrays to `y`; its inputs stay in place, so that a run copies nothing."""
        values = [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape) for n, x in inputs.items()]
        output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        model = helper.make_model(
            helper.make_graph(nodes, "peer", values, [output], initializer=list(weights)),
            opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)], ir_version=10)
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

    def minilm(self, p):
        """A text encoder as the graph that onnxruntime's transformer optimizer makes of BERT: its fused operators."""
        nodes, weights = bert_graph(p)
        ids = np.random.randint(0, p["vocabulary"], (p["batch"], p["length"])).astype(np.int32)
        inputs = {"ids": ids, "types": np.zeros_like(ids), "mask": np.ones_like(ids)}
        return self.session(nodes, inputs, weights)


def bert_graph(p):
    """Nodes and random weights of an encoder from `ids`, `types` and `mask` to the states `y`."""
    nodes, weights = [], []
    width, inner = p["width"], p["inner"]

    def weight(name, *shape):
        values = np.random.normal(0, 0.02, shape).astype(np.float32) if len(shape) > 1 else np.zeros(shape, np.float32)
        if name.endswith("gamma"):
            values += 1
        weights.append(numpy_helper.from_array(values, name))
        return name

    def node(kind, inputs, outputs, domain="com.microsoft", **attributes):
        nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def norm(name, x, skip):
        return node(
            "SkipLayerNormalization",
            [x, skip, weight(f"{name}.gamma", width), weight(f"{name}.beta", width), weight(f"{name}.bias", width)],
            [name], epsilon=1e-5)

    node("EmbedLayerNormalization", [
        "ids", "types", weight("words", p["vocabulary"], width), weight("places", p["positions"], width),
        weight("kinds", 2, width), weight("first.gamma", width), weight("first.beta", width), "mask"],
        ["x0", "index"], epsilon=1e-5)
    x = "x0"
    for layer in range(p["layers"]):
        name = f"l{layer}"
        attended = node(
            "Attention", [x, weight(f"{name}.qkv", width, 3 * width), weight(f"{name}.qkv.bias", 3 * width), "index"],
            [f"{name}.attention"], num_heads=p["heads"])
        projected = node("MatMul", [attended, weight(f"{name}.out", width, width)], [f"{name}.projected"], "")
        middle = norm(f"{name}.middle", projected, x)
        hidden = node("MatMul", [middle, weight(f"{name}.up", width, inner)], [f"{name}.hidden"], "")
        hidden = node("BiasGelu", [hidden, weight(f"{name}.up.bias", inner)], [f"{name}.gelu"])
        hidden = node("MatMul", [hidden, weight(f"{name}.down", inner, width)], [f"{name}.lowered"], "")
        x = norm("y" if layer == p["layers"] - 1 else f"x{layer + 1}", hidden, middle)
    return nodes, weights


if __name__ == "__main__":
    serve(ONNXRuntime())
