"""Writes Tests/Fixtures/weights: PyTorch modules' weights, converted, with an input and PyTorch's output of each.

    benchmarks/peers/run.sh ../../scripts/make-weight-fixtures.py [--check]

Each module's state dict is saved as PyTorch saves it, converted by scripts/convert-pytorch-weights.py run as a user runs
it, and loaded by Tests/FixtureTests. The residual network is torchvision's resnet18 in the form for small images, four
channels wide in place of 64. --check writes nothing and fails where a converted file would differ in a byte.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "Tests" / "Fixtures" / "weights"
CONVERT = ROOT / "scripts" / "convert-pytorch-weights.py"


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut)


class ResNet(nn.Module):
    """torchvision's ResNet by its names, with a first convolution of 3 x 3 and no pooling behind it."""

    def __init__(self, blocks, width, channels=3, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage, count in enumerate(blocks):
            outputs = width << stage
            layers = []
            for block in range(count):
                layers.append(BasicBlock(inputs, outputs, 2 if stage and not block else 1))
                inputs = outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def modules():
    """Name, module, input, how the output is made, format in, format out, options of the conversion."""
    torch.manual_seed(7)
    network = ResNet([2, 2, 2, 2], 4)
    network.train()
    with torch.no_grad():
        for _ in range(5):
            network(torch.randn(16, 3, 16, 16) * 2 + 1)
    yield "resnet18", network.eval(), torch.randn(2, 3, 16, 16), lambda m, x: m(x), ".pth", ".safetensors", [
        "--model", "resnet18", "--strip", "module."]
    layer = nn.TransformerEncoderLayer(8, 2, 12, activation="gelu", norm_first=True, batch_first=True)
    yield "encoder-layer", layer.eval(), torch.randn(2, 5, 8), lambda m, x: m(x), ".pt", ".npz", []
    decoder = nn.TransformerDecoderLayer(8, 2, 12, batch_first=True).eval()
    yield "decoder-layer", decoder, torch.randn(2, 5, 8), lambda m, x: m(x, x.flip(1)), ".safetensors", ".safetensors", []
    yield "lstm", nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True), torch.randn(2, 6, 3), lambda m, x: m(x)[0], \
        ".pt", ".safetensors", []
    yield "gru", nn.GRU(3, 4, batch_first=True), torch.randn(2, 6, 3), lambda m, x: m(x)[0], ".pt", ".npz", []
    transposed = nn.Sequential(
        nn.Conv2d(2, 4, 3, 2, 1), nn.ConvTranspose2d(4, 2, 4, 2, 1, groups=2), nn.Flatten(), nn.Linear(128, 3)).double()
    yield "convolutions", transposed, torch.randn(2, 2, 8, 8).double(), lambda m, x: m(x), ".pt", ".safetensors", [
        "--dtype", "float32"]


def array(tensor):
    return {"shape": list(tensor.shape), "dtype": "float32", "values": [float(f"{v:.9g}") for v in tensor.flatten().tolist()]}


def save(module, path, options):
    state = module.state_dict()
    if "--strip" in options:
        state = {"module." + name: value for name, value in state.items()}
    if path.suffix == ".safetensors":
        sys.path.insert(0, str(ROOT / "scripts"))
        __import__("importlib").import_module("convert-pytorch-weights").write_safetensors(path, state)
    else:
        torch.save(state, path)


def main():
    check = sys.argv[1:] == ["--check"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    cases, differing = [], []
    for name, module, x, run, before, after, options in modules():
        for parameter in module.parameters():
            if parameter.dim() == 1:
                nn.init.normal_(parameter, 0.5, 0.2)
        with torch.no_grad():
            output = run(module, x)
        with tempfile.TemporaryDirectory() as folder:
            source, target = pathlib.Path(folder) / f"{name}{before}", pathlib.Path(folder) / f"{name}{after}"
            save(module, source, options)
            subprocess.run([sys.executable, CONVERT, source, target, *options], check=True)
            content = target.read_bytes()
        place = FOLDER / f"{name}{after}"
        if not check:
            place.write_bytes(content)
        # NumPy writes the time into its archives.
        elif after == ".safetensors" and (not place.exists() or place.read_bytes() != content):
            differing.append(place.name)
        cases.append({"name": name, "file": place.name, "input": array(x), "output": array(output)})
    if check:
        sys.exit(f"differ: {', '.join(differing)}" if differing else 0)
    (FOLDER / "expected.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
