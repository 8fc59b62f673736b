"""Writes Tests/Fixtures/checkpoints: files of torch.save and GGUF files, with what their tensors are; and Tests/Fuzz/corpus.

    python3 -m venv .venv-checkpoints
    .venv-checkpoints/bin/pip install torch==2.15.0 numpy==2.4.6 gguf==0.19.0
    .venv-checkpoints/bin/python scripts/make-checkpoint-fixtures.py

weights.pt is in the form of an archive, weights-legacy.pt in the one before PyTorch 1.6, attack.pt asks for os.system. The
GGUF files hold one tensor of random blocks of each type, which gguf-py decodes, and metadata of every type. What the tensors
are stands as float64 in the .npz files. Tests/LatheMLTests reads all of it; running the tests needs no Python. The corpus
holds small files of each format, from which scripts/fuzz.sh starts.
"""

import collections
import io
import json
import os
import pathlib
import pickle
import zipfile

import gguf
import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "Tests" / "Fixtures" / "checkpoints"
CORPUS = ROOT / "Tests" / "Fuzz" / "corpus"
BLOCKS = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
# Where the float16 scales stand in a block.
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


def flat(value, name=""):
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from flat(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        for place, part in enumerate(value):
            yield from flat(part, f"{name}.{place}")


def pytorch(is_new):
    torch.manual_seed(1)
    base = torch.randn(6, 4)
    types = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
             torch.uint8, torch.bool]
    if is_new:
        types += [torch.uint16, torch.uint32]
    value = {
        "state_dict": torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).state_dict(),
        "types": {str(kind).removeprefix("torch."): (torch.arange(6).reshape(2, 3) * 40 + 3).to(kind) for kind in types},
        "views": [base, base.t(), base[1:4], base[:, 2], base[0, 1], base[::2, ::3], torch.ones(1).expand(2, 3)],
        "parameter": torch.nn.Parameter(torch.randn(2, 2, 2).permute(2, 0, 1)),
        "empty": torch.zeros(0, 3),
        "ordered": collections.OrderedDict([("b", torch.tensor(2.5)), ("a", torch.tensor([1, -1]))]),
        "epoch": 3, "rate": 0.125, "big": 1 << 80, "negative": -70000, "name": "r\u00e9seau", "done": True, "nothing": None,
    }
    name = "weights.pt" if is_new else "weights-legacy.pt"
    torch.save(value, FOLDER / name, _use_new_zipfile_serialization=is_new)
    np.savez_compressed(
        FOLDER / f"{name}.npz", **{key: part.detach().double().numpy() for key, part in flat(value)})


class Attack:
    def __reduce__(self):
        return os.system, ("echo attacked > attacked",)


def attack():
    with zipfile.ZipFile(FOLDER / "attack.pt", "w") as archive:
        archive.writestr("attack/data.pkl", pickle.dumps({"weight": Attack()}, protocol=2))


def quantised():
    random = np.random.default_rng(2)
    writer = gguf.GGUFWriter(FOLDER / "blocks.gguf", "test")
    expected = {}
    for name in BLOCKS:
        kind = gguf.GGMLQuantizationType[name]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        row = 512 // elements
        data = random.integers(0, 256, (3, row, size), dtype=np.uint8)
        for place in SCALES[name]:
            scales = random.normal(0, 0.1, (3, row)).astype(np.float16)
            data[:, :, place:place + 2] = scales[..., None].view(np.uint8)
        data = data.reshape(3, -1)
        writer.add_tensor(name, data, raw_dtype=kind)
        expected[name] = gguf.quants.dequantize(data, kind).astype(np.float64)
    numbers = random.normal(0, 1, (2, 3, 5))
    for name, kind in [("F32", np.float32), ("F16", np.float16), ("F64", np.float64), ("I8", np.int8), ("I16", np.int16),
                       ("I32", np.int32), ("I64", np.int64)]:
        values = (numbers * 50).astype(kind)
        writer.add_tensor(name, values)
        expected[name] = values.astype(np.float64)
    bits = (numbers.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    writer.add_tensor("BF16", bits.view(np.uint8), raw_dtype=gguf.GGMLQuantizationType.BF16)
    expected["BF16"] = (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    kinds = gguf.GGUFValueType
    for key, value, kind in [
        ("uint8", 200, kinds.UINT8), ("int8", -100, kinds.INT8), ("uint16", 60000, kinds.UINT16),
        ("int16", -30000, kinds.INT16), ("uint32", 4000000000, kinds.UINT32), ("int32", -2000000000, kinds.INT32),
        ("uint64", (1 << 64) - 1, kinds.UINT64), ("int64", -(1 << 63), kinds.INT64), ("float32", 0.5, kinds.FLOAT32),
        ("float64", 0.1, kinds.FLOAT64), ("bool", True, kinds.BOOL), ("text", "caf\u00e9 \U0001f600", kinds.STRING),
    ]:
        writer.add_key_value(f"test.{key}", value, kind)
    writer.add_array("test.texts", ["a", "", "\u65e5\u672c"])
    writer.add_array("test.integers", [-1, 0, 7])
    writer.add_array("test.floats", [0.5, -2.0])
    writer.add_array("test.flags", [True, False])
    writer.add_array("test.nested", [[1, 2], [3, 4]])
    writer.add_custom_alignment(64)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    np.savez_compressed(FOLDER / "blocks.gguf.npz", **expected)


def seed(reader, name, content):
    folder = CORPUS / reader
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def saved(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def corpus():
    small = torch.arange(16, dtype=torch.float32)
    values = {
        "matrix": {"weight": small.reshape(4, 4), "bias": small[:4]},
        "views": [small.reshape(4, 4).t(), small[3], small.expand(2, 16)],
        "nested": {"state": collections.OrderedDict(a=small), "epoch": 3, "rate": 0.5, "big": 1 << 70, "name": "x"},
        "types": {"half": small.half(), "wide": small[:8].double(), "truth": small[:4].bool(), "new": small[:4].to(torch.uint16)},
        "parameter": torch.nn.Parameter(small),
    }
    for name, value in values.items():
        archive = saved(value)
        seed("zip", name, archive)
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            seed("pickle", name, files.read(next(n for n in files.namelist() if n.endswith("data.pkl"))))
        if name != "types":
            seed("legacy", name, saved(value, _use_new_zipfile_serialization=False))
    plain = {"a": [1, -2, 300, 70000, 1 << 40], "b": (0.5, None, True, "text"), 7: {"c": ("x",)}}
    for protocol in range(6):
        seed("pickle", f"plain{protocol}", pickle.dumps(plain, protocol=protocol))
    for name, arrays in [("two", {"a": np.arange(6.0).reshape(2, 3), "b": np.arange(3)}), ("truth", {"c": np.array([True, False])})]:
        for save in (np.savez, np.savez_compressed):
            file = io.BytesIO()
            save(file, **arrays)
            seed("npz", f"{name}-{save.__name__}", file.getvalue())
    for name, header, data in [
        ("two", {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
                 "b": {"dtype": "BF16", "shape": [3], "data_offsets": [16, 22]}, "__metadata__": {"format": "pt"}}, bytes(22)),
        ("scalar", {"x\u00e9": {"dtype": "BOOL", "shape": [], "data_offsets": [0, 1]}}, b"\2"),
        ("empty", {"x": {"dtype": "I64", "shape": [0, 4], "data_offsets": [0, 0]}}, b""),
    ]:
        text = json.dumps(header).encode()
        seed("safetensors", name, len(text).to_bytes(8, "little") + text + data)
    for name in BLOCKS + ["F32", "BF16"]:
        kind = gguf.GGMLQuantizationType[name]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        writer = gguf.GGUFWriter(CORPUS / "gguf" / name, "test")
        (CORPUS / "gguf").mkdir(parents=True, exist_ok=True)
        writer.add_tensor("a", np.zeros((2, 256 // elements * size), np.uint8), raw_dtype=kind)
        writer.add_array("texts", ["a", "bc"])
        writer.add_array("numbers", [[1, 2], [3]])
        writer.add_float32("scale", 0.5)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    corpus()
    pytorch(True)
    pytorch(False)
    attack()
    quantised()


if __name__ == "__main__":
    main()
