"""tinygrad on OpenCL (DEV=CL), every run a captured graph (TinyJit)."""

import importlib.metadata
import os

os.environ.setdefault("DEV", "CL")

import numpy as np  # noqa: E402
from tinygrad import Device, Tensor, TinyJit, nn  # noqa: E402
from tinygrad.helpers import Context  # noqa: E402

import lenet_pytorch  # noqa: E402
from protocol import serve  # noqa: E402


def random(*shape, low=-1.0, high=1.0):
    """Uniform numbers on the device."""
    values = np.random.uniform(low, high, shape).astype(np.float32)
    return Tensor(values).realize()


class LeNet:
    """The network of `lathe train lenet`."""

    def __init__(self):
        self.layers = [
            nn.Conv2d(1, 10, 5), lambda x: x.max_pool2d(), Tensor.relu, nn.Conv2d(10, 20, 5),
            lambda x: x.max_pool2d(), Tensor.relu, lambda x: x.flatten(1), nn.Linear(320, 50), Tensor.relu,
            nn.Linear(50, 10)]

    def __call__(self, x):
        return x.sequential(self.layers)


class Tinygrad:
    name = "tinygrad"

    def __init__(self):
        self.version = f"{importlib.metadata.version('tinygrad')}, {Device.DEFAULT}"
        self.device = Device[Device.DEFAULT]

    def prepare(self, operation, p):
        method = getattr(self, operation.replace("-", "_"), None)
        return method(p) if method else None

    def jitted(self, function, *inputs):
        """A captured function, and the wait for the device behind each call."""
        jit = TinyJit(lambda *inputs: function(*inputs))

        def run():
            jit(*inputs)
            self.device.synchronize()

        return run

    def matmul(self, p):
        return self.jitted(
            lambda a, b: a.matmul(b).realize(), random(p["m"], p["k"]), random(p["k"], p["n"]))

    def convolution_inputs(self, p):
        x = random(p["batch"], p["channels"], p["size"], p["size"])
        return x, random(p["filters"], p["channels"] // p["groups"], p["kernel"], p["kernel"])

    def conv2d_forward(self, p):
        def run(x, w):
            return x.conv2d(w, stride=p["stride"], padding=p["padding"], groups=p["groups"]).realize()

        return self.jitted(run, *self.convolution_inputs(p))

    def conv2d_forward_backward(self, p):
        x, w = self.convolution_inputs(p)
        b = random(p["filters"])
        shape = x.conv2d(w, b, stride=p["stride"], padding=p["padding"], groups=p["groups"]).shape

        def run(x, w, b, g):
            y = x.conv2d(
                w, b if p["bias"] else None, stride=p["stride"], padding=p["padding"], groups=p["groups"])
            wanted = [w] + ([b] if p["bias"] else []) + ([x] if p["input_gradient"] else [])
            return Tensor.realize(*(y * g).sum().gradient(*wanted))

        return self.jitted(run, x, w, b, random(*shape))

    def gelu_chain(self, p):
        x = [random(p["count"], low=-2, high=2) for _ in range(4)]
        # tinygrad's gelu is the tanh form; the exact one is written out.
        return self.jitted(
            lambda x, a, b, r: ((lambda v: 0.5 * v * (1 + (v / 2**0.5).erf()))(x * a + b) + r).realize(), *x)

    def softmax_forward(self, p):
        return self.jitted(lambda x: x.softmax().realize(), random(p["rows"], p["columns"], low=-4, high=4))

    def softmax_backward(self, p):
        inputs = random(p["rows"], p["columns"]).softmax().realize(), random(p["rows"], p["columns"])
        return self.jitted(lambda y, g: (y * (g - (y * g).sum(-1, keepdim=True))).realize(), *inputs)

    def layer_norm_forward(self, p):
        inputs = random(p["rows"], p["columns"]), random(p["columns"]), random(p["columns"])
        return self.jitted(lambda x, w, b: (x.layernorm() * w + b).realize(), *inputs)

    def attention_forward(self, p):
        shape = p["batch"], p["heads"], p["length"], p["width"]
        return self.jitted(
            lambda q, k, v: q.scaled_dot_product_attention(k, v).realize(), *(random(*shape) for _ in range(3)))

    def lenet(self, p):
        images, labels = (
            Tensor(x.numpy()).realize() for x in lenet_pytorch.load("/usr/share/datasets/fashion-mnist", "train"))
        model = LeNet()
        optimizer = nn.optim.Adam(nn.state.get_parameters(model), lr=1e-3)

        @TinyJit
        def step(rows):
            with Context(TRAINING=1):
                optimizer.zero_grad()
                inputs = (images[rows].float() / 255 - 0.2860) / 0.3530
                loss = model(inputs).sparse_categorical_crossentropy(labels[rows])
                loss.backward()
                return loss.realize(*optimizer.schedule_step())

        def run():
            step(Tensor(np.random.randint(0, 60_000, p["batch"]).astype(np.int32)).realize())
            self.device.synchronize()

        return run


if __name__ == "__main__":
    serve(Tinygrad())
