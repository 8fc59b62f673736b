"""What the scripts that write Tests/Fixtures share: inputs, one case of an operation, and the files' layout.

Inputs are short decimals that float32 holds as every reader rounds them; results are computed in float64 and written
with eight digits. One case stands on one line, so that a diff shows what changed.
"""

import json
import math
import pathlib

import torch

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"
torch.set_num_threads(1)
generator = torch.Generator().manual_seed(20240229)


def numbers(*shape, low=-2.0, high=2.0):
    """Uniform numbers of three decimals."""
    raw = torch.rand(shape, generator=generator, dtype=torch.float64) * (high - low) + low
    return (raw * 1000).round() / 1000


def distinct(*shape, low=-2.0, high=2.0):
    """Numbers of which no two are equal, in random order."""
    count = math.prod(shape)
    order = torch.randperm(count, generator=generator)
    return ((low + (high - low) * order.double() / count) * 1000).round().reshape(shape) / 1000


def whole(*shape, low, high):
    """Whole numbers of low..<high."""
    return torch.randint(low, high, shape, generator=generator)


def given(*values, dtype=torch.float64):
    """A tensor of these numbers."""
    return torch.tensor(values, dtype=dtype)


def kind_of(dtype):
    """A type's name without its module."""
    return str(dtype).removeprefix("torch.")


def named(tensor, dtype):
    """The same tensor, which the fixtures show with this type of Lathe's."""
    tensor.lathe_dtype = dtype
    return tensor


def short(value):
    """A number of eight digits; what is not finite as a word, which JSON has no number for."""
    return float(f"{value:.8g}") if math.isfinite(value) else str(value)


def flat(tensor):
    values = tensor.detach().reshape(-1).tolist()
    return [short(v) for v in values] if tensor.is_floating_point() else [int(v) for v in values]


def array(tensor):
    kind = "float32" if tensor.is_floating_point() else "int32"
    kind = {torch.bool: "bool", torch.uint8: "uint8", torch.float16: "float16", torch.bfloat16: "bfloat16"}.get(
        tensor.dtype, kind)
    return {"shape": list(tensor.shape), "dtype": getattr(tensor, "lathe_dtype", kind), "values": flat(tensor)}


def case(name, op, run, inputs, **parameters):
    """Runs an op on the inputs and records its outputs and gradients."""
    leaves = [t.clone().requires_grad_(True) if t.is_floating_point() else t for t in inputs]
    outputs = run(*leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    upstream = [numbers(*o.shape, low=-1.0, high=1.0) if o.requires_grad else None for o in outputs]
    tracked = [t for t in leaves if t.requires_grad]
    total = sum((o * u).sum() for o, u in zip(outputs, upstream) if u is not None)
    grads = iter(torch.autograd.grad(total, tracked, allow_unused=True) if tracked and torch.is_tensor(total) else ())
    gradients = []
    for leaf in leaves:
        grad = next(grads, None) if leaf.requires_grad else None
        gradients.append(None if grad is None else flat(grad))
    return {
        "name": name, "op": op, "parameters": parameters, "inputs": [array(t) for t in inputs],
        "outputs": [array(o) for o in outputs],
        "upstream": [None if u is None else flat(u) for u in upstream], "gradients": gradients,
    }


def write(name, cases):
    path = FOLDER / f"{name}.json"
    path.write_text("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")


def optimizer_case(name, kind, options):
    """Ten steps of an optimizer with given gradients, and the parameters after each."""
    shapes = [(3, 4), (7,)]
    start = [numbers(*s) for s in shapes]
    gradients = [[numbers(*s, low=-1, high=1) for s in shapes] for _ in range(10)]
    parameters = [p.clone().requires_grad_(True) for p in start]
    keywords = {**options, "betas": tuple(options["betas"])} if "betas" in options else options
    optimizer = kind(parameters, **keywords)
    after = []
    for step in gradients:
        for p, g in zip(parameters, step):
            p.grad = g.clone()
        optimizer.step()
        after.append([flat(p) for p in parameters])
    return {
        "name": name, "optimizer": kind.__name__, "options": options, "start": [array(p) for p in start],
        "gradients": [[flat(g) for g in step] for step in gradients], "after": after,
    }
