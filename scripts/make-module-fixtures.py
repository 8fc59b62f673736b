"""Writes Tests/Fixtures/functions.json and modules.json: what PyTorch says about the functions and layers of LatheNN.

    benchmarks/peers/run.sh ../../scripts/make-module-fixtures.py

Functions stand in the layout of scripts/make-fixtures.py. A module's case has its parameters and buffers by Lathe's
dotted paths, inputs, outputs, the upstream gradient of each output, the gradients of inputs and parameters, and the
buffers after one forward pass in training.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from fixture_format import array, case, distinct, flat, numbers, whole, write

torch.set_default_dtype(torch.float64)


def rotate(x, interleaved, base=10000.0):
    """Rotary positions as LLaMA's (halves) or the paper's (neighbours)."""
    half = x.shape[-1] // 2
    angles = torch.arange(x.shape[-2])[:, None] * base ** (-torch.arange(half) / half)
    cos, sin = angles.cos(), angles.sin()
    if interleaved:
        a, b = x[..., 0::2], x[..., 1::2]
        return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def attention(q, k, v, mask=None, causal=False):
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)


def functions():
    cases = []
    table = [
        ("relu6", F.relu6, {}), ("hard_tanh", lambda a: F.hardtanh(a, -1.5, 2), {"low": -1.5, "high": 2}),
        ("selu", F.selu, {}), ("celu", lambda a: F.celu(a, 1.5), {"alpha": 1.5}), ("mish", F.mish, {}),
        ("log_sigmoid", F.logsigmoid, {}), ("hard_sigmoid", F.hardsigmoid, {}), ("hard_swish", F.hardswish, {}),
        ("softsign", F.softsign, {}), ("tanh_shrink", F.tanhshrink, {}),
        ("soft_shrink", lambda a: F.softshrink(a, 0.7), {"limit": 0.7}),
        ("hard_shrink", lambda a: F.hardshrink(a, 0.7), {"limit": 0.7}),
        ("threshold", lambda a: F.threshold(a, 0.1, 2.5), {"limit": 0.1, "value": 2.5}),
    ]
    for name, run, p in table:
        cases.append(case(name, name, run, [numbers(37, low=-7, high=7)], **p))
    cases.append(case("prelu", "prelu", F.prelu, [numbers(2, 3, 4), numbers(3)]))
    cases.append(case("prelu of one slope", "prelu", F.prelu, [numbers(5, 4), numbers(1)]))
    cases.append(case("glu", "glu", lambda a: F.glu(a, 1), [numbers(3, 6, 2)], axis=1))
    cases.append(case("softmin", "softmin", lambda a: F.softmin(a, -1), [numbers(3, 5)], axis=-1))

    for name, x, w, o in [
        ("plain", (2, 3, 9), (4, 3, 3), {}), ("everything", (2, 4, 12), (6, 2, 3),
         {"stride": 2, "padding": 2, "dilation": 2, "groups": 2}),
    ]:
        p = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **o}
        cases.append(case(
            f"conv1d {name}", "conv1d", lambda a, b, c, p=p: F.conv1d(a, b, c, **p),
            [numbers(*x), numbers(*w), numbers(w[0])], **p))
    p = {"stride": 2, "padding": 1, "output_padding": 1, "dilation": 1, "groups": 2}
    cases.append(case(
        "conv_transpose1d", "conv_transpose1d", lambda a, b, c: F.conv_transpose1d(a, b, c, **p),
        [numbers(2, 4, 5), numbers(4, 3, 3), numbers(6)], **p))
    cases.append(case(
        "max_pool1d", "max_pool1d", lambda a: F.max_pool1d(a, 3, 2, 1), [distinct(2, 2, 9)], kernel=3, stride=2,
        padding=1))
    for counts in [True, False]:
        cases.append(case(
            f"avg_pool1d {counts}", "avg_pool1d",
            lambda a, c=counts: F.avg_pool1d(a, 3, 2, 1, count_include_pad=c), [numbers(2, 2, 9)], kernel=3, stride=2,
            padding=1, counts_padding=counts))
    for shape, size in [((2, 2, 6, 8), (3, 4)), ((1, 2, 7, 5), (3, 2)), ((1, 2, 3, 4), (5, 4)), ((2, 1, 5, 5), (1, 1))]:
        where = f"{list(shape)} to {list(size)}"
        cases.append(case(
            f"adaptive_avg_pool2d {where}", "adaptive_avg_pool2d", lambda a, s=size: F.adaptive_avg_pool2d(a, s),
            [numbers(*shape)], output=list(size)))
        cases.append(case(
            f"adaptive_max_pool2d {where}", "adaptive_max_pool2d", lambda a, s=size: F.adaptive_max_pool2d(a, s),
            [distinct(*shape)], output=list(size)))
    cases.append(case(
        "adaptive_avg_pool1d", "adaptive_avg_pool1d", lambda a: F.adaptive_avg_pool1d(a, 3), [numbers(2, 2, 7)], output=3))
    cases.append(case(
        "adaptive_max_pool1d", "adaptive_max_pool1d", lambda a: F.adaptive_max_pool1d(a, 3), [distinct(2, 2, 7)], output=3))

    for shape in [(3, 7), (2, 3, 33)]:
        cases.append(case(
            f"rms_norm {list(shape)}", "rms_norm", lambda a, w: F.rms_norm(a, a.shape[-1:], w, 1e-5),
            [numbers(*shape), numbers(shape[-1])], epsilon=1e-5))
    for shape, groups in [((2, 6), 3), ((2, 4, 3, 2), 2), ((2, 4, 5), 4)]:
        cases.append(case(
            f"group_norm {list(shape)} in {groups}", "group_norm",
            lambda a, w, b, g=groups: F.group_norm(a, g, w, b, 1e-5),
            [numbers(*shape), numbers(shape[1]), numbers(shape[1])], groups=groups, epsilon=1e-5))

    for name, q, k, causal in [
        ("plain", (2, 2, 3, 4), (2, 2, 5, 4), False), ("causal", (1, 2, 5, 4), (1, 2, 5, 4), True),
        ("grouped", (2, 4, 3, 4), (2, 2, 4, 4), False), ("grouped causal", (1, 4, 4, 2), (1, 1, 4, 2), True),
    ]:
        cases.append(case(
            f"attention {name}", "attention", lambda a, b, c, causal=causal: attention(a, b, c, causal=causal),
            [numbers(*q), numbers(*k), numbers(*k)], causal=causal))
    mask = torch.tensor([[True, True, False, True, False], [True, False, False, False, True], [True] * 5])
    cases.append(case(
        "attention masked", "attention", lambda a, b, c, m: attention(a, b, c, mask=m),
        [numbers(2, 2, 3, 4), numbers(2, 2, 5, 4), numbers(2, 2, 5, 4), mask], causal=False))
    for interleaved in [False, True]:
        cases.append(case(
            f"rotary {'interleaved' if interleaved else 'halves'}", "rotary",
            lambda a, i=interleaved: rotate(a, i), [numbers(2, 2, 5, 6)], interleaved=interleaved))
    write("functions", cases)


def module_case(name, module, run, inputs, rename=lambda n: [n]):
    """Runs a module with parameters of three decimals; rename gives Lathe's paths of a PyTorch name, more than one
    where PyTorch keeps matrices in one."""
    state = dict(module.named_parameters())
    with torch.no_grad():
        for parameter in state.values():
            parameter.copy_(numbers(*parameter.shape, low=-0.7, high=0.7))

    def named(values):
        result = {}
        for key, value in values.items():
            targets = rename(key)
            for target, part in zip(targets, value.chunk(len(targets)) if len(targets) > 1 else [value]):
                result[target] = part
        return result

    buffers = {k: v for k, v in module.named_buffers() if v.is_floating_point()}
    before = {k: array(v) for k, v in named(buffers).items()}
    leaves = [t.clone().requires_grad_(True) if t.is_floating_point() else t for t in inputs]
    outputs = run(module, *leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    upstream = [numbers(*o.shape, low=-1.0, high=1.0) for o in outputs]
    total = sum((o * u).sum() for o, u in zip(outputs, upstream))
    tracked = [t for t in leaves if t.requires_grad]
    found = torch.autograd.grad(total, tracked + list(state.values()))
    inner = iter(found[:len(tracked)])
    gradients = dict(zip(state.keys(), found[len(tracked):]))
    return {
        "name": name, "parameters": {k: array(v) for k, v in named(state).items()}, "buffers": before,
        "inputs": [array(t) for t in inputs], "outputs": [array(o) for o in outputs],
        "upstream": [flat(u) for u in upstream],
        "inputGradients": [flat(next(inner)) if t.requires_grad else None for t in leaves],
        "parameterGradients": {k: flat(v) for k, v in named(gradients).items()},
        "buffersAfter": {k: flat(v) for k, v in named(dict(
            (k, v) for k, v in module.named_buffers() if v.is_floating_point())).items()},
    }


def attention_names(prefix=""):
    def rename(name):
        table = {
            "in_proj_weight": ["query.weight", "key.weight", "value.weight"],
            "in_proj_bias": ["query.bias", "key.bias", "value.bias"],
            "q_proj_weight": ["query.weight"], "k_proj_weight": ["key.weight"], "v_proj_weight": ["value.weight"],
            "out_proj.weight": ["output.weight"], "out_proj.bias": ["output.bias"],
        }
        return [prefix + n for n in table[name]]
    return rename


def transformer_names(name):
    """PyTorch's names inside transformer layers as Lathe's."""
    head, parts = "", name.split(".")
    if parts[0] == "layers":
        head, parts = ".".join(parts[:2]) + ".", parts[2:]
    rest = ".".join(parts[1:])
    if parts[0] == "self_attn":
        return [head + "attention." + n for n in attention_names()(rest)]
    if parts[0] == "multihead_attn":
        return [head + "crossAttention." + n for n in attention_names()(rest)]
    if parts[0].startswith("linear"):
        return [head + "feedForward." + ".".join(parts)]
    return [head + ".".join(parts)]


def packed(module, x, lengths):
    output, state = module(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
    output, _ = pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
    return [output, *(state if isinstance(state, tuple) else (state,))]


def recurrent(module, x, *state):
    state = (tuple(state) if len(state) == 2 else state[0]) if state else None
    output, last = module(x, state)
    return [output, *(last if isinstance(last, tuple) else (last,))]


def modules():
    cases = []
    cases.append(module_case("bilinear", nn.Bilinear(3, 4, 2), lambda m, a, b: m(a, b), [numbers(5, 3), numbers(5, 4)]))
    cases.append(module_case("batchnorm1d", nn.BatchNorm1d(3), lambda m, a: [m(a), m(a * 2)], [numbers(5, 3)]))
    cases.append(module_case("batchnorm2d", nn.BatchNorm2d(2, momentum=0.3), lambda m, a: m(a), [numbers(2, 2, 3, 2)]))
    cases.append(module_case("batchnorm evaluating", nn.BatchNorm2d(2).eval(), lambda m, a: m(a), [numbers(2, 2, 3, 2)]))
    cases.append(module_case("layernorm of two axes", nn.LayerNorm([3, 4]), lambda m, a: m(a), [numbers(2, 3, 4)]))
    cases.append(module_case("groupnorm", nn.GroupNorm(2, 4), lambda m, a: m(a), [numbers(2, 4, 3)]))
    cases.append(module_case("rmsnorm", nn.RMSNorm(6, eps=1.1920929e-7), lambda m, a: m(a), [numbers(3, 6)]))
    embedding = nn.Embedding(6, 3, padding_idx=2)
    cases.append(module_case(
        "embedding with padding", embedding, lambda m, i: m(i), [torch.tensor([[0, 2, 5], [2, 1, 5]])]))
    cases.append(module_case("prelu", nn.PReLU(3), lambda m, a: m(a), [numbers(2, 3, 2)]))

    kinds = [("rnn", nn.RNN, {}), ("rnn relu", nn.RNN, {"nonlinearity": "relu"}), ("lstm", nn.LSTM, {}), ("gru", nn.GRU, {})]
    for name, kind, options in kinds:
        cases.append(module_case(
            name, kind(3, 4, batch_first=True, **options), recurrent, [numbers(2, 5, 3)]))
        states = [numbers(4, 3, 3), numbers(4, 3, 3)][:2 if kind is nn.LSTM else 1]
        cases.append(module_case(
            f"{name} deep, both directions", kind(2, 3, 2, batch_first=True, bidirectional=True, **options), recurrent,
            [numbers(3, 4, 2), *states]))
        cases.append(module_case(
            f"{name} packed", kind(2, 3, 2, batch_first=True, bidirectional=True, **options),
            lambda m, a: packed(m, a, torch.tensor([4, 1, 3])), [numbers(3, 4, 2)]))
    cases.append(module_case("lstm without bias", nn.LSTM(2, 3, batch_first=True, bias=False), recurrent, [numbers(2, 3, 2)]))

    def attend(m, q, k=None, v=None, padding=None, mask=None):
        k = q if k is None else k
        v = k if v is None else v
        return m(q, k, v, key_padding_mask=None if padding is None else ~padding, attn_mask=mask)[0]

    padding = torch.tensor([[True, True, True], [True, False, False]])
    cases.append(module_case("attention", nn.MultiheadAttention(4, 2, batch_first=True), attend, [numbers(2, 3, 4)],
                             attention_names()))
    cases.append(module_case(
        "attention with padding", nn.MultiheadAttention(4, 2, batch_first=True),
        lambda m, a, p: attend(m, a, padding=p), [numbers(2, 3, 4), padding], attention_names()))
    cases.append(module_case(
        "causal attention", nn.MultiheadAttention(4, 2, batch_first=True),
        lambda m, a: attend(m, a, mask=torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)), [numbers(2, 3, 4)],
        attention_names()))
    cases.append(module_case(
        "cross attention", nn.MultiheadAttention(4, 2, kdim=3, vdim=5, batch_first=True), attend,
        [numbers(2, 3, 4), numbers(2, 2, 3), numbers(2, 2, 5)], attention_names()))

    for first in [False, True]:
        where = "norm first" if first else "norm last"
        options = {"dropout": 0.0, "norm_first": first, "batch_first": True}
        cases.append(module_case(
            f"encoder layer, {where}", nn.TransformerEncoderLayer(4, 2, 6, activation="gelu", **options),
            lambda m, a, p: m(a, src_key_padding_mask=~p), [numbers(2, 3, 4), padding], transformer_names))
        causal = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
        memory = torch.tensor([[True, True], [True, False]])
        cases.append(module_case(
            f"decoder layer, {where}", nn.TransformerDecoderLayer(4, 2, 6, **options),
            lambda m, a, b, p, c=causal: m(a, b, tgt_mask=c, memory_key_padding_mask=~p),
            [numbers(2, 3, 4), numbers(2, 2, 4), memory], transformer_names))
    layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, norm_first=True, batch_first=True)
    cases.append(module_case(
        "encoder of two layers", nn.TransformerEncoder(layer, 2, nn.LayerNorm(4), enable_nested_tensor=False),
        lambda m, a: m(a), [numbers(2, 3, 4)], transformer_names))
    layer = nn.TransformerDecoderLayer(4, 2, 6, dropout=0.0, batch_first=True)
    cases.append(module_case(
        "decoder of two layers", nn.TransformerDecoder(layer, 2), lambda m, a, b: m(a, b),
        [numbers(2, 3, 4), numbers(2, 2, 4)], transformer_names))

    class Positions(nn.Module):
        def forward(self, x):
            t = torch.arange(x.shape[1])[:, None] * 10000.0 ** (-torch.arange(0, x.shape[2], 2) / x.shape[2])
            return x + torch.stack([t.sin(), t.cos()], -1).flatten(1)

    cases.append(module_case("sinusoidal position", Positions(), lambda m, a: m(a), [numbers(2, 5, 6)]))
    write("modules", cases)


if __name__ == "__main__":
    functions()
    modules()
