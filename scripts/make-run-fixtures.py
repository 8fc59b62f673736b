"""Writes Tests/Fixtures/runs.json: ten steps of whole trainings in PyTorch.

    benchmarks/peers/run.sh ../../scripts/make-run-fixtures.py

A small GPT with AdamW in two groups, clipping and a schedule, a residual network with batch normalisation and SGD, and
an LSTM with RMSprop: first weights and buffers by Lathe's dotted paths, inputs and labels, then the loss, the gradients'
length and the learning rate of each step, and the weights and buffers at the end.
"""

import importlib
import math

import torch
from torch import nn
from torch.nn import functional as F

from fixture_format import array, flat, numbers, short, whole, write

names = importlib.import_module("make-module-fixtures")
torch.set_default_dtype(torch.float64)


class GPT(nn.Module):
    def __init__(self, vocabulary, length, width, heads, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.zeros(length, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, 0.0, lambda x: F.gelu(x, approximate="tanh"), batch_first=True, norm_first=True)
        self.decoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, x):
        hidden = self.embedding(x) + self.position[:x.shape[1]]
        causal = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1)
        return F.linear(self.decoder(hidden, mask=causal), self.embedding.weight)


def gpt_names(name):
    if name == "position":
        return ["position.weight"]
    if name.startswith("decoder."):
        return ["decoder." + n for n in names.transformer_names(name[len("decoder."):])]
    return [name]


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.body = nn.Sequential(
            nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
            nn.Conv2d(6, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6))
        self.shortcut = nn.Sequential(nn.Conv2d(4, 6, 1, stride=2, bias=False), nn.BatchNorm2d(6))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = F.relu(self.body(x) + self.shortcut(x))
        return self.head(x.mean((2, 3)))


def resnet_names(name):
    parts = name.split(".")
    table = {"stem": "", "body": "3.body.", "shortcut": "3.shortcut.", "head": "6."}
    return [table[parts[0]] + ".".join(parts[1:])]


class CharLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.head = nn.Embedding(7, 4), nn.LSTM(4, 5, 2, batch_first=True), nn.Linear(5, 7)

    def forward(self, x):
        return self.head(self.lstm(self.embedding(x))[0])


def first_values(model):
    with torch.no_grad():
        for key, p in model.named_parameters():
            scale = 0.7 / math.sqrt(p[0].numel()) if p.dim() > 1 else 0.2
            shift = 1.0 if p.dim() == 1 and key.endswith("weight") else 0.0
            p.copy_(numbers(*p.shape, low=shift - scale, high=shift + scale))


def train(model, inputs, labels, optimizer, rate, clip, precision=None):
    """The losses, norms and learning rates of ten steps, with autocast to a type where one is given."""
    optimizer = optimizer(model)
    base = optimizer.param_groups[0]["lr"]
    losses, norms, rates = [], [], []
    for step in range(10):
        for group in optimizer.param_groups:
            group["lr"] = base * rate(step)
        with torch.autocast("cpu", dtype=precision, enabled=precision is not None):
            logits = model(inputs)
            loss = F.cross_entropy(logits.flatten(0, -2), labels.flatten())
        optimizer.zero_grad()
        loss.backward()
        norms.append(short(nn.utils.clip_grad_norm_(model.parameters(), clip)))
        rates.append(short(base * rate(step)))
        optimizer.step()
        losses.append(short(loss))
    return losses, norms, rates


def run(name, model, inputs, labels, optimizer, rate, clip, rename):
    first_values(model)

    def state():
        result = {}
        for key, value in model.state_dict().items():
            if value.is_floating_point():
                targets = rename(key)
                for target, part in zip(targets, value.chunk(len(targets)) if len(targets) > 1 else [value]):
                    result[target] = array(part)
        return result

    start = state()
    losses, norms, rates = train(model, inputs, labels, optimizer, rate, clip)
    return {
        "name": name, "start": start, "inputs": array(inputs), "labels": array(labels), "losses": losses,
        "norms": norms, "rates": rates, "end": {k: v["values"] for k, v in state().items()},
    }


def adamw(model):
    groups = [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
              {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.95), eps=1e-5)


def warm_cosine(t):
    return t / 3 if t < 3 else (1 + math.cos(math.pi * (t - 3) / 9)) / 2


def sgd(model):
    return torch.optim.SGD(model.parameters(), 0.05, 0.9, nesterov=True, weight_decay=0.01)


def falling(t):
    return 0.9 ** t


def main():
    tokens = whole(3, 7, low=0, high=11)
    text = whole(4, 6, low=0, high=7)
    write("runs", [
        run("gpt", GPT(11, 6, 8, 2, 2), tokens[:, :-1], tokens[:, 1:], adamw, warm_cosine, 0.5, gpt_names),
        run("resnet", ResNet(), numbers(6, 1, 6, 6), whole(6, low=0, high=3), sgd, falling, 1.0, resnet_names),
        run("char-lstm", CharLSTM(), text[:, :-1], text[:, 1:],
            lambda m: torch.optim.RMSprop(m.parameters(), 0.01), lambda t: 1.0, 0.3, lambda n: [n]),
    ])


if __name__ == "__main__":
    main()
