"""PyTorch on the CPU: eager, compiled (--compile), or with what is known to make it faster (--tuned).

Tuned means: an allocator that keeps its pages (compare.py sets the environment), fused optimizers, and channels-last
images for ResNet-18.
"""

import argparse

import torch
from torch import nn
from torch.nn import functional

import finetune
import lenet_pytorch
from protocol import cores, serve


class Block(nn.Module):
    """A residual block of ResNet-18."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = functional.relu(self.norm1(self.first(x)))
        return functional.relu(self.norm2(self.second(y)) + self.shortcut(x))


def resnet18():
    """ResNet-18 for images of 32 x 32, as in benchmarks/harness/Models/ResNet18.swift."""
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    channels = 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(channels, outputs, stride), Block(outputs, outputs, 1)]
        channels = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class Encoder(nn.Module):
    """The encoder of benchmarks/harness/Models/TransformerClassifier.swift."""

    def __init__(self, p):
        super().__init__()
        width = p["width"]
        self.table = nn.Embedding(p["vocabulary"], width)
        self.positions = nn.Parameter(torch.randn(p["length"], width) * 0.5)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, p["heads"], 4 * width, 0.0, "gelu", batch_first=True)
            for _ in range(p["layers"]))
        self.classifier = nn.Linear(width, p["classes"])

    def forward(self, tokens):
        x = self.table(tokens) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.classifier(x.mean(1))


class GPT(nn.Module):
    """The GPT of Sources/LatheModels/TextModels.swift, to logits of all tokens in one row each."""

    def __init__(self, p):
        super().__init__()
        width = p["width"]
        self.heads = p["heads"]
        self.table = nn.Embedding(p["vocabulary"], width)
        self.positions = nn.Parameter(torch.randn(p["length"], width) * 0.02)
        self.layers = nn.ModuleList(
            nn.ModuleDict({
                "norm1": nn.LayerNorm(width), "norm2": nn.LayerNorm(width), "qkv": nn.Linear(width, 3 * width),
                "output": nn.Linear(width, width), "expand": nn.Linear(width, 4 * width),
                "contract": nn.Linear(4 * width, width)})
            for _ in range(p["layers"]))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens):
        x = self.table(tokens) + self.positions
        for layer in self.layers:
            parts = layer["qkv"](layer["norm1"](x)).chunk(3, -1)
            q, k, v = (y.unflatten(-1, (self.heads, -1)).transpose(1, 2) for y in parts)
            attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + layer["output"](attended.transpose(1, 2).flatten(2))
            hidden = functional.gelu(layer["expand"](layer["norm2"](x)), approximate="tanh")
            x = x + layer["contract"](hidden)
        return functional.linear(self.norm(x), self.table.weight).flatten(0, 1)


class Torch:
    """PyTorch in one of three ways."""

    def __init__(self, mode):
        self.mode = mode
        self.name = "pytorch" + {"eager": "", "compile": "-compiled", "tuned": "-tuned"}[mode]
        self.version = torch.__version__
        torch.set_num_threads(cores())
        torch.manual_seed(0)

    def prepare(self, operation, p):
        method = getattr(self, operation.replace("-", "_"), None)
        return method(p) if method else None

    def compiled(self, function):
        return torch.compile(function) if self.mode == "compile" else function

    def forward(self, function, *inputs):
        """One call without gradients."""
        function = self.compiled(function)

        def run():
            with torch.no_grad():
                return function(*inputs)

        return run

    def gradients(self, function, inputs, constants, wanted):
        """One call and the gradients of some inputs."""
        function = self.compiled(function)
        upstream = None

        def run():
            nonlocal upstream
            y = function(*inputs, *constants)
            if upstream is None:
                upstream = torch.rand_like(y)
            return torch.autograd.grad(y, wanted, upstream)

        return run


    def matmul(self, p):
        if self.mode == "tuned":
            return None
        batch = (p["batch"],) if p["batch"] > 1 else ()
        a = torch.rand(*batch, p["m"], p["k"])
        b = torch.rand(*batch, p["k"], p["n"])
        return self.forward(torch.matmul, a, b)

    def convolution(self, p, needs_gradients):
        x = torch.rand(p["batch"], p["channels"], p["size"], p["size"]) - 0.5
        w = torch.rand(p["filters"], p["channels"] // p["groups"], p["kernel"], p["kernel"]) - 0.5
        b = torch.rand(p["filters"]) if p["bias"] else None

        def run(x, w, b):
            return functional.conv2d(x, w, b, p["stride"], p["padding"], groups=p["groups"])

        if not needs_gradients:
            return self.forward(run, x, w, b)
        wanted = [w.requires_grad_()] + ([b.requires_grad_()] if p["bias"] else [])
        if p["input_gradient"]:
            wanted.append(x.requires_grad_())
        return self.gradients(run, (x, w, b), (), wanted)

    def conv2d_forward(self, p):
        return self.convolution(p, False)

    def conv2d_forward_backward(self, p):
        return self.convolution(p, True)

    def gelu_chain(self, p):
        x = [torch.rand(p["count"]) * 4 - 2 for _ in range(4)]
        return self.forward(lambda x, a, b, r: functional.gelu(x * a + b) + r, *x)

    def softmax_forward(self, p):
        x = torch.rand(p["rows"], p["columns"]) * 8 - 4
        return self.forward(lambda x: torch.softmax(x, -1), x)

    def backward_only(self, y, wanted):
        upstream = torch.rand_like(y)
        return lambda: torch.autograd.grad(y, wanted, upstream, retain_graph=True)

    def softmax_backward(self, p):
        if self.mode == "compile":
            return None
        x = (torch.rand(p["rows"], p["columns"]) * 8 - 4).requires_grad_()
        return self.backward_only(torch.softmax(x, -1), [x])

    def layer_norm_inputs(self, p):
        return [torch.rand(p["rows"], p["columns"]), torch.rand(p["columns"]), torch.rand(p["columns"])]

    def layer_norm_forward(self, p):
        x, w, b = self.layer_norm_inputs(p)
        return self.forward(lambda x, w, b: functional.layer_norm(x, (p["columns"],), w, b), x, w, b)

    def layer_norm_backward(self, p):
        if self.mode == "compile":
            return None
        x, w, b = (t.requires_grad_() for t in self.layer_norm_inputs(p))
        return self.backward_only(functional.layer_norm(x, (p["columns"],), w, b), [x, w, b])

    def adam(self, p):
        if self.mode == "compile":
            return None
        parameters = [torch.rand(p["count"], requires_grad=True) for _ in range(p["tensors"])]
        for parameter in parameters:
            parameter.grad = torch.rand(p["count"])
        return torch.optim.Adam(parameters, lr=1e-3, fused=True).step

    def attention_inputs(self, p):
        return [torch.rand(p["batch"], p["heads"], p["length"], p["width"]) - 0.5 for _ in range(3)]

    def attention_forward(self, p):
        return self.forward(functional.scaled_dot_product_attention, *self.attention_inputs(p))

    def attention_forward_backward(self, p):
        inputs = [x.requires_grad_() for x in self.attention_inputs(p)]
        return self.gradients(functional.scaled_dot_product_attention, inputs, (), inputs)

    def add_one(self, p):
        if self.mode != "eager":
            return None
        x = torch.ones(1)
        return lambda: x + 1

    def multiply_add_backward(self, p):
        if self.mode != "eager":
            return None
        x = torch.full((1,), 3.0, requires_grad=True)
        return lambda: torch.autograd.grad(x * x + 1, x)

    def steps(self, model, optimizer, batch):
        """One step of training with the batch that a function gives."""
        model = self.compiled(model)

        def run():
            inputs, labels = batch()
            loss = functional.cross_entropy(model(inputs), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            return loss

        return run

    def lenet(self, p):
        images, labels = lenet_pytorch.load("/usr/share/datasets/fashion-mnist", "train")
        size = p["batch"]
        order = iter(())

        def batch():
            nonlocal order
            rows = next(order, None)
            if rows is None or len(rows) < size:
                order = iter(torch.randperm(len(images)).split(size))
                rows = next(order)
            return (images[rows].float() / 255 - 0.2860) / 0.3530, labels[rows].long()

        model = lenet_pytorch.network()
        return self.steps(model, torch.optim.Adam(model.parameters(), lr=1e-3, fused=self.mode == "tuned"), batch)

    def resnet18(self, p):
        model = resnet18()
        images, labels = torch.rand(p["batch"], 3, 32, 32), torch.arange(p["batch"]) % 10
        if self.mode == "tuned":
            model = model.to(memory_format=torch.channels_last)
            images = images.to(memory_format=torch.channels_last)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
        return self.steps(model, optimizer, lambda: (images, labels))

    def recurrent(self, kind, p):
        layer = kind(p["size"], p["size"], batch_first=True)
        x = torch.rand(p["batch"], p["length"], p["size"])
        return self.gradients(lambda x: layer(x)[0], [x], (), list(layer.parameters()))

    def lstm_forward_backward(self, p):
        return self.recurrent(nn.LSTM, p)

    def gru_forward_backward(self, p):
        return self.recurrent(nn.GRU, p)

    def gpt(self, p):
        model = GPT(p)
        tokens = torch.randint(p["vocabulary"], (p["batch"], p["length"] + 1))
        optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.1, fused=self.mode == "tuned")
        return self.steps(model, optimizer, lambda: (tokens[:, :-1], tokens[:, 1:].flatten()))

    def transformer(self, p):
        model = Encoder(p)
        tokens = torch.randint(p["vocabulary"], (p["batch"], p["length"]))
        labels = torch.arange(p["batch"]) % p["classes"]
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=self.mode == "tuned")
        return self.steps(model, optimizer, lambda: (tokens, labels))

    def fine_tuning(self, model, batches):
        return finetune.steps(model, batches, fused=self.mode == "tuned", compiled=self.mode == "compile")

    def minilm_full(self, p):
        return self.fine_tuning(finetune.classifier(p), [finetune.texts([p["length"]] * p["batch"], p)])

    def minilm_lora(self, p):
        return self.fine_tuning(finetune.adapted(p), [finetune.texts([p["length"]] * p["batch"], p)])

    def bert_mlm(self, p):
        model, batch = finetune.masked_words(p)
        return self.fine_tuning(model, [batch])

    def minilm_films(self, p):
        return self.fine_tuning(finetune.classifier(p), finetune.films(p))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mode", choices=["eager", "compile", "tuned"], default="eager")
    serve(Torch(parser.parse_args().mode))
