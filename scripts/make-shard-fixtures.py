"""Writes Tests/Fixtures/shards: weights of two linear layers in several types, in two files with an index.

    python3 -m venv .venv-shards
    .venv-shards/bin/pip install numpy==2.4.6 ml_dtypes==0.6.0 safetensors==0.8.0
    .venv-shards/bin/python scripts/make-shard-fixtures.py

The files are written by the safetensors library, the index as Hugging Face's libraries write it. What the weights are in
float32 is in expected.json. Tests/LatheMLTests reads all of it; running the tests needs no Python.
"""

import json
import pathlib

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "shards"
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


def values(dtype, *shape):
    """Numbers with signs and many digits, rounded to a type; the smallest of them are subnormal in float16."""
    numbers = np.random.default_rng(sum(shape)).normal(size=shape) * np.logspace(-7, 2, int(np.prod(shape))).reshape(shape)
    return numbers.astype(dtype)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    tensors = [
        {"0.weight": values(ml_dtypes.bfloat16, 4, 3), "0.bias": values(np.float16, 4)},
        {"1.weight": values(np.float16, 2, 4), "1.bias": values(np.float32, 2)},
    ]
    for name, shard in zip(SHARDS, tensors):
        save_file(shard, FOLDER / name, metadata={"format": "pt"})
    index = {
        "metadata": {"total_size": sum(t.nbytes for shard in tensors for t in shard.values())},
        "weight_map": {key: name for name, shard in zip(SHARDS, tensors) for key in shard},
    }
    (FOLDER / "model.safetensors.index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")
    expected = {key: [float(v) for v in t.astype(np.float32).flatten()] for shard in tensors for key, t in shard.items()}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main()
