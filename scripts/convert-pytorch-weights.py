"""Converts the weights of a PyTorch model to the names and layouts of Lathe.

    python scripts/convert-pytorch-weights.py IN OUT [--model resnet18] [--key state_dict] [--strip module.]
        [--rename OLD=NEW]... [--drop NAME]... [--dtype float32]

IN is a state dict (.pt, .pth: read with weights_only, so that no program in it runs) or a .safetensors file; OUT ends in
.safetensors or .npz. Needs PyTorch, and NumPy for .npz.

What is changed, wherever it stands in the model:
  nn.MultiheadAttention   in_proj_weight and in_proj_bias become query, key and value; out_proj becomes output
  transformer layers      self_attn becomes attention, multihead_attn crossAttention, linear1 and linear2 go into feedForward
  batch normalisation     num_batches_tracked is dropped; running_mean and running_var have the same names
Linear, convolutions, norms, embeddings, RNN, LSTM and GRU (gates in the same order, both biases) have PyTorch's names and
layouts. --model resnet18 or resnet34 makes the paths of `lathe train resnet18` of torchvision's (conv1, layer1.0.conv1,
downsample, fc), in the form for small images: a first convolution of 3 x 3. --rename OLD=NEW changes the beginning of
paths, up to a dot, behind all this; --drop leaves out a path and what lies below it.
"""

import argparse
import json
import pathlib
import pickle
import re
import struct
import sys

import torch

TYPES = {
    "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I32": torch.int32, "I64": torch.int64,
    "U8": torch.uint8, "BOOL": torch.bool, "I8": torch.int8, "I16": torch.int16,
}
# Older versions of PyTorch lack these.
TYPES |= {name: getattr(torch, kind) for name, kind in (("U16", "uint16"), ("U32", "uint32")) if hasattr(torch, kind)}
# Read, but not what Lathe has.
OTHER_TYPES = {"F64": torch.float64}
BLOCKS = {"resnet18": [2, 2, 2, 2], "resnet34": [3, 4, 6, 3]}


def read_safetensors(path):
    data = path.read_bytes()
    if len(data) < 8 or struct.unpack("<Q", data[:8])[0] > len(data) - 8:
        sys.exit(f"{path}: not a safetensors file, or cut off")
    start = 8 + struct.unpack("<Q", data[:8])[0]
    try:
        header = json.loads(data[8:start])
        result = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            kind = {**TYPES, **OTHER_TYPES}[entry["dtype"]]
            content = bytearray(data[start + begin:start + end])
            values = torch.frombuffer(content, dtype=kind) if content else torch.empty(0, dtype=kind)
            result[name] = values.reshape(entry["shape"])
        return result
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        sys.exit(f"{path}: not a safetensors file: {error!r}")


def write_safetensors(path, state):
    # The widest types first, so that every tensor is aligned; then by name.
    order = sorted(state.items(), key=lambda item: (-item[1].element_size(), item[0]))
    names = {kind: name for name, kind in TYPES.items()}
    header, chunks, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in order:
        content = tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        header[name] = {
            "dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(content)]}
        chunks.append(content)
        offset += len(content)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(chunks)


def write_npz(path, state):
    import numpy

    arrays = {}
    for name, tensor in state.items():
        half = tensor.dtype == torch.bfloat16
        # NumPy has no bfloat16: two bytes without a type stand for it, as ml_dtypes writes them.
        arrays[name] = tensor.contiguous().view(torch.int16).numpy().view("V2") if half else tensor.numpy()
    numpy.savez(path, **arrays)


def read(path, key):
    if not path.is_file():
        sys.exit(f"{path}: no such file")
    if path.suffix == ".safetensors":
        state = read_safetensors(path)
    else:
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            sys.exit(f"{path}: holds more than tensors, such as a whole module; save its state_dict() and convert that")
        except Exception as error:  # torch.load raises whatever a damaged file runs into.
            sys.exit(f"{path}: PyTorch cannot read it as weights: {str(error).splitlines()[0]}")
    for part in key.split(".") if key else []:
        if not isinstance(state, dict) or part not in state:
            sys.exit(f"{path}: no key '{part}'; there are {', '.join(map(str, state)) if isinstance(state, dict) else 'none'}")
        state = state[part]
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        keys = ", ".join(str(k) for k in state) if isinstance(state, dict) else type(state).__name__
        sys.exit(f"{path}: not a state dict of tensors; name the one inside with --key (there are: {keys})")
    if not state:
        sys.exit(f"{path}: a state dict without tensors")
    return state


def split_attention(state):
    """The projections of nn.MultiheadAttention under names of their own."""
    table = {
        "in_proj_weight": ["query.weight", "key.weight", "value.weight"],
        "in_proj_bias": ["query.bias", "key.bias", "value.bias"],
        "q_proj_weight": ["query.weight"], "k_proj_weight": ["key.weight"], "v_proj_weight": ["value.weight"],
        "out_proj.weight": ["output.weight"], "out_proj.bias": ["output.bias"],
    }
    layers = {name[:-len("in_proj_bias")] for name in state if name.split(".")[-1] == "in_proj_bias"}
    layers |= {name[:-len("in_proj_weight")] for name in state if name.split(".")[-1] == "in_proj_weight"}
    layers |= {name[:-len("q_proj_weight")] for name in state if name.split(".")[-1] == "q_proj_weight"}
    result = {}
    for name, tensor in state.items():
        layer = max((p for p in layers if name.startswith(p)), key=len, default=None)
        if layer is None or name[len(layer):] not in table:
            if layer is not None and name[len(layer):] in ("bias_k", "bias_v"):
                sys.exit(f"{name}: attention with add_bias_kv has no counterpart")
            result[name] = tensor
            continue
        targets = table[name[len(layer):]]
        for target, part in zip(targets, tensor.chunk(len(targets))):
            result[layer + target] = part
    return result


def rename_transformer(name, layers):
    layer = max((p for p in layers if name.startswith(p)), key=len, default=None)
    if layer is None:
        return name
    rest = name[len(layer):]
    for old, new in [("self_attn.", "attention."), ("multihead_attn.", "crossAttention."),
                     ("linear1.", "feedForward.linear1."), ("linear2.", "feedForward.linear2.")]:
        if rest.startswith(old):
            return layer + new + rest[len(old):]
    return name


def rename_resnet(name, blocks):
    """torchvision's names as positions: stem 0 to 2, a residual block and a ReLU each, pooling, the last layer."""
    parts = name.split(".")
    last = 3 + 2 * sum(blocks) + 1
    stem = {"conv1": "0", "bn1": "1", "fc": str(last)}
    if parts[0] in stem:
        return ".".join([stem[parts[0]], *parts[1:]])
    found = re.fullmatch(r"layer([1-4])\.(\d+)\.(conv1|bn1|conv2|bn2|downsample\.[01])\.(\w+)", name)
    if not found or int(found[2]) >= blocks[int(found[1]) - 1]:
        sys.exit(f"{name}: not a weight of this residual network")
    place = 3 + 2 * (sum(blocks[:int(found[1]) - 1]) + int(found[2]))
    inner = {"conv1": "body.0", "bn1": "body.1", "conv2": "body.3", "bn2": "body.4",
             "downsample.0": "shortcut.0", "downsample.1": "shortcut.1"}[found[3]]
    return f"{place}.{inner}.{found[4]}"


def begins(path, prefix):
    return path == prefix or path.startswith(prefix + ".")


def convert(state, model=None, strip="", renames=(), drops=(), dtype=None):
    """The state dict under Lathe's names."""
    state = {name[len(strip):] if name.startswith(strip) else name: value for name, value in state.items()}
    state = {name: value for name, value in state.items() if name.split(".")[-1] != "num_batches_tracked"}
    for name in state:
        if re.search(r"weight_hr_l\d+(_reverse)?$", name):
            sys.exit(f"{name}: an LSTM with projections (proj_size) has no counterpart")
    layers = {match[1] for name in state if (match := re.match(r"(.*?)(self_attn|multihead_attn)\.", name))}
    state = split_attention(state)
    result, origin = {}, {}
    for name, tensor in state.items():
        path = rename_resnet(name, BLOCKS[model]) if model else rename_transformer(name, layers)
        fits = [(old, new) for old, new in renames if begins(path, old)]
        if fits:
            old, new = max(fits, key=lambda rule: len(rule[0]))
            path = (new + path[len(old):]).lstrip(".")
        if any(begins(path, drop) for drop in drops):
            continue
        if path in result:
            sys.exit(f"'{origin[path]}' and '{name}' both become '{path}'; rename or drop one of them")
        if dtype and tensor.is_floating_point():
            tensor = tensor.to(dtype)
        if tensor.dtype not in TYPES.values():
            advice = "convert with --dtype float32" if tensor.is_floating_point() else "drop it with --drop"
            sys.exit(f"{name}: {tensor.dtype} has no counterpart; {advice}")
        result[path], origin[path] = tensor.detach(), name
    return result


def rule(text):
    old, sign, new = text.partition("=")
    if not sign or not old:
        raise argparse.ArgumentTypeError(f"'{text}' is not OLD=NEW")
    return old, new


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--model", choices=sorted(BLOCKS), help="torchvision's names of this network")
    parser.add_argument("--key", default="", help="the state dict's place in the file, with dots between keys")
    parser.add_argument("--strip", default="", help="what the names begin with in the file and not in Lathe")
    parser.add_argument("--rename", type=rule, action="append", default=[], metavar="OLD=NEW")
    parser.add_argument("--drop", action="append", default=[], metavar="NAME")
    parser.add_argument("--dtype", choices=["float32", "float16", "bfloat16"], help="of all floating-point weights")
    options = parser.parse_args()
    writers = {".safetensors": write_safetensors, ".npz": write_npz}
    if options.output.suffix not in writers:
        sys.exit(f"{options.output}: name a .safetensors or .npz file")
    state = convert(
        read(options.input, options.key), options.model, options.strip, options.rename, options.drop,
        getattr(torch, options.dtype) if options.dtype else None)
    writers[options.output.suffix](options.output, state)
    print(f"{options.output}: {len(state)} weights, {sum(t.numel() for t in state.values())} elements")


if __name__ == "__main__":
    main()
