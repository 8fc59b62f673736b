"""Writes Tests/Fixtures/curves.json: the losses of a hundred steps of whole trainings in PyTorch, in float32.

    benchmarks/peers/run.sh ../../scripts/make-curve-fixtures.py

LeNet on Fashion-MNIST (Debian's package dataset-fashion-mnist) and a small GPT on Tests/Fixtures/data/shakespeare.txt,
the beginning of Hamlet. First weights are a formula of a parameter's place among the sorted paths and of the element's
number, which Tests/FixtureTests/CurveFixtureTests.swift computes, too; the fixture holds the order of images and
windows.
"""

import gzip
import importlib
import json
import pathlib

import numpy
import torch
from torch import nn
from torch.nn import functional as F

from fixture_format import FOLDER, short

runs = importlib.import_module("make-run-fixtures")
IMAGES = pathlib.Path("/usr/share/datasets/fashion-mnist")
STEPS = 100


def first_values(place, count, scale):
    """Uniform numbers of -scale..<scale from a hash of both places."""
    h = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + place * 40503 + 12345) & 0xFFFFFFFF
    h ^= h >> 15
    h = (h * 2246822519) & 0xFFFFFFFF
    h ^= h >> 13
    return ((h >> 8).astype(numpy.float64) * 2.0 ** -23 - 1) * scale


def fill(model, rename):
    """Sets matrices and filters by the formula, the scales of norms to 1 and other vectors to 0."""
    parts = {}
    for key, p in model.named_parameters():
        targets = rename(key)
        parts.update(zip(targets, p.data.chunk(len(targets)) if len(targets) > 1 else [p.data]))
    for place, path in enumerate(sorted(parts)):
        p = parts[path]
        if p.dim() > 1:
            values = first_values(place, p.numel(), 1 / p[0].numel() ** 0.5)
            p.copy_(torch.from_numpy(values).float().reshape(p.shape))
        else:
            p.fill_(1.0 if "norm" in path and path.endswith("weight") else 0.0)


def train(model, optimizer, batch):
    losses = []
    for step in range(STEPS):
        x, y = batch(step)
        loss = F.cross_entropy(model(x).flatten(0, -2), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(short(loss))
    return losses


def lenet():
    with gzip.open(IMAGES / "train-images-idx3-ubyte.gz") as file:
        images = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8).reshape(-1, 1, 28, 28)
    with gzip.open(IMAGES / "train-labels-idx1-ubyte.gz") as file:
        labels = torch.frombuffer(bytearray(file.read()[8:]), dtype=torch.uint8).long()
    model = nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10))
    fill(model, lambda name: [name])
    size = 32
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(1))[:STEPS * size]

    def batch(step):
        chosen = order[step * size:(step + 1) * size]
        return images[chosen].float() / 255, labels[chosen]

    losses = train(model, torch.optim.Adam(model.parameters(), 1e-3), batch)
    return {"name": "lenet", "batch": size, "order": order.tolist(), "losses": losses}


def gpt():
    text = (FOLDER / "data" / "shakespeare.txt").read_text()
    vocabulary = sorted(set(text))
    tokens = torch.tensor([vocabulary.index(c) for c in text])
    size, length = 8, 32
    model = runs.GPT(len(vocabulary), length, 64, 4, 2)
    fill(model, runs.gpt_names)
    order = torch.randint(0, len(tokens) - length, (STEPS * size,), generator=torch.Generator().manual_seed(2))

    def batch(step):
        windows = torch.stack([tokens[i:i + length + 1] for i in order[step * size:(step + 1) * size]])
        return windows[:, :-1], windows[:, 1:]

    losses = train(model, torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.1), batch)
    return {"name": "gpt", "batch": size, "order": order.tolist(), "losses": losses}


def main():
    torch.set_default_dtype(torch.float32)
    path = FOLDER / "curves.json"
    cases = [json.dumps(case, separators=(",", ":")) for case in (lenet(), gpt())]
    path.write_text("[\n" + ",\n".join(cases) + "\n]\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
