"""Writes Tests/Fixtures/precision.json: the trainings of make-run-fixtures.py with PyTorch's autocast.

    benchmarks/peers/run.sh ../../scripts/make-precision-fixtures.py

The small GPT and the residual network of runs.json, which holds the first weights, with torch.autocast on the CPU to
bfloat16 and to float16: the loss and the gradients' length of each of ten steps. The loss is not scaled.
"""

import importlib
import json

import torch

from fixture_format import FOLDER, write

runs = importlib.import_module("make-run-fixtures")
torch.set_default_dtype(torch.float32)


def load(model, start, rename):
    values = {}
    for key, value in model.state_dict().items():
        if value.is_floating_point():
            parts = [torch.tensor(start[n]["values"]).reshape(start[n]["shape"]) for n in rename(key)]
            values[key] = torch.cat(parts)
    model.load_state_dict(values, strict=False)


def main():
    fixtures = {f["name"]: f for f in json.loads((FOLDER / "runs.json").read_text())}
    setups = {
        "gpt": (lambda: runs.GPT(11, 6, 8, 2, 2), runs.adamw, runs.warm_cosine, 0.5, runs.gpt_names, torch.int64),
        "resnet": (runs.ResNet, runs.sgd, runs.falling, 1.0, runs.resnet_names, torch.float32),
    }
    results = []
    for name, (make, optimizer, rate, clip, rename, kind) in setups.items():
        for precision in ("bfloat16", "float16"):
            fixture = fixtures[name]
            inputs, labels = (torch.tensor(fixture[k]["values"]).reshape(fixture[k]["shape"]) for k in
                              ("inputs", "labels"))
            model = make()
            load(model, fixture["start"], rename)
            losses, norms, _ = runs.train(
                model, inputs.to(kind), labels.long(), optimizer, rate, clip, getattr(torch, precision))
            results.append({"name": name, "precision": precision, "losses": losses, "norms": norms})
    write("precision", results)


if __name__ == "__main__":
    main()
