"""Writes Tests/Fixtures/*.json: what PyTorch says about layers, losses, reductions, indexing and optimizers.

    benchmarks/peers/run.sh ../../scripts/make-fixtures.py

The files are committed; running the tests needs neither Python nor PyTorch. Inputs are short decimals that float32
holds as every reader rounds them; results are computed in float64 and written with eight digits. A case has a name,
an op, its parameters, inputs, outputs, the upstream gradient of each output that takes one (null elsewhere) and the
gradient of each input that has one (null elsewhere). One case stands on one line, so that a diff shows what changed.
"""

import math

import torch
from torch.nn import functional as F

from fixture_format import FOLDER, array, case, distinct, flat, numbers, optimizer_case, short, whole, write


def layers():
    cases = []
    for rows, fan_in, fan_out in [((3,), 5, 4), ((2, 3), 7, 1), ((33,), 16, 9), ((1,), 1, 65)]:
        name = f"linear {list(rows)} {fan_in} -> {fan_out}"
        inputs = [numbers(*rows, fan_in), numbers(fan_out, fan_in), numbers(fan_out)]
        cases.append(case(name, "linear", F.linear, inputs))
    cases.append(case("linear without bias", "linear", F.linear, [numbers(4, 6), numbers(3, 6)]))

    convolutions = [
        ("plain", (2, 1, 8, 8), (3, 1, 5, 5), {}),
        ("channels", (2, 3, 7, 6), (4, 3, 3, 3), {}),
        ("1 x 1", (2, 5, 4, 4), (3, 5, 1, 1), {}),
        ("stride", (1, 2, 9, 8), (3, 2, 3, 3), {"stride": [2, 3]}),
        ("padding", (2, 2, 5, 5), (2, 2, 3, 3), {"padding": [1, 2]}),
        ("dilation", (1, 2, 9, 9), (2, 2, 3, 3), {"dilation": [2, 3]}),
        ("groups", (2, 4, 6, 6), (6, 2, 3, 3), {"groups": 2}),
        ("depthwise", (2, 3, 6, 5), (3, 1, 3, 3), {"groups": 3, "padding": [1, 1]}),
        ("everything", (2, 4, 11, 10), (4, 2, 3, 2),
         {"stride": [2, 1], "padding": [2, 1], "dilation": [2, 2], "groups": 2}),
        ("rectangular filter", (1, 1, 6, 9), (2, 1, 2, 5), {"padding": [0, 2]}),
        ("33 channels", (1, 33, 4, 4), (17, 33, 3, 3), {"padding": [1, 1]}),
    ]
    for name, x, w, options in convolutions:
        parameters = {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "groups": 1, **options}
        inputs = [numbers(*x), numbers(*w, low=-1, high=1), numbers(w[0])]
        cases.append(case(
            f"conv2d {name}", "conv2d", lambda a, b, c, p=parameters: F.conv2d(a, b, c, **p), inputs, **parameters))
    cases.append(case(
        "conv2d without bias", "conv2d", lambda a, b: F.conv2d(a, b), [numbers(1, 2, 5, 5), numbers(3, 2, 2, 2)],
        stride=[1, 1], padding=[0, 0], dilation=[1, 1], groups=1))

    transposed = [
        ("plain", (2, 3, 4, 5), (3, 2, 3, 3), {}),
        ("stride", (1, 2, 4, 3), (2, 3, 3, 3), {"stride": [2, 3]}),
        ("output padding", (1, 2, 3, 4), (2, 2, 3, 3), {"stride": [2, 2], "output_padding": [1, 1]}),
        ("padding and dilation", (2, 2, 5, 5), (2, 1, 3, 2), {"padding": [1, 1], "dilation": [2, 1]}),
        ("groups", (1, 4, 3, 3), (4, 3, 3, 3), {"groups": 2, "stride": [2, 1], "padding": [1, 0]}),
    ]
    for name, x, w, options in transposed:
        parameters = {
            "stride": [1, 1], "padding": [0, 0], "output_padding": [0, 0], "dilation": [1, 1], "groups": 1, **options}
        inputs = [numbers(*x), numbers(*w, low=-1, high=1), numbers(w[1] * parameters["groups"])]
        cases.append(case(
            f"conv_transpose2d {name}", "conv_transpose2d",
            lambda a, b, c, p=parameters: F.conv_transpose2d(a, b, c, **p), inputs, **parameters))

    pools = [
        ("2", (2, 3, 6, 8), {"kernel": [2, 2]}),
        ("2, odd image", (1, 2, 7, 5), {"kernel": [2, 2]}),
        ("3, stride 2, padding 1", (2, 2, 7, 8), {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1]}),
        ("3 x 2, stride 1", (1, 2, 5, 6), {"kernel": [3, 2], "stride": [1, 1], "padding": [1, 0]}),
        ("stride 3 over window 2", (1, 1, 8, 8), {"kernel": [2, 2], "stride": [3, 3]}),
    ]
    for name, x, options in pools:
        p = {"stride": options["kernel"], "padding": [0, 0], **options}
        cases.append(case(
            f"max_pool2d {name}", "max_pool2d",
            lambda a, p=p: F.max_pool2d(a, p["kernel"], p["stride"], p["padding"]), [distinct(*x)], **p))
        for counts in [True, False]:
            cases.append(case(
                f"avg_pool2d {name}{'' if counts else ', padding not counted'}", "avg_pool2d",
                lambda a, p=p, counts=counts: F.avg_pool2d(
                    a, p["kernel"], p["stride"], p["padding"], count_include_pad=counts),
                [numbers(*x)], counts_padding=counts, **p))
    cases.append(case("global average", "global_avg_pool2d", lambda a: F.adaptive_avg_pool2d(a, 1), [numbers(2, 3, 5, 4)]))
    cases.append(case("global maximum", "global_max_pool2d", lambda a: F.adaptive_max_pool2d(a, 1), [distinct(2, 3, 5, 4)]))

    for shape in [(4, 7), (2, 3, 33), (5, 1), (3, 65)]:
        for affine in [True, False]:
            inputs = [numbers(*shape)] + ([numbers(shape[-1]), numbers(shape[-1])] if affine else [])
            cases.append(case(
                f"layer_norm {list(shape)}{'' if affine else ' plain'}", "layer_norm",
                lambda a, *wb: F.layer_norm(a, a.shape[-1:], *wb, eps=1e-5), inputs, epsilon=1e-5))

    def batch_norm(a, w, b):
        axes = [0] + list(range(2, a.dim()))
        return F.batch_norm(a, None, None, w, b, training=True, eps=1e-5), a.detach().mean(axes), a.detach().var(
            axes, correction=0)

    for shape in [(8, 3), (4, 3, 5, 4), (2, 5, 7, 1)]:
        cases.append(case(
            f"batch_norm training {list(shape)}", "batch_norm", batch_norm,
            [numbers(*shape), numbers(shape[1]), numbers(shape[1])], epsilon=1e-5))
        statistics = [numbers(shape[1]), numbers(shape[1], low=0.2, high=3)]
        cases.append(case(
            f"batch_norm evaluating {list(shape)}", "batch_norm_inference",
            lambda a, w, b, m, v: F.batch_norm(a, m.detach(), v.detach(), w, b, eps=1e-5),
            [numbers(*shape), numbers(shape[1]), numbers(shape[1])] + statistics, epsilon=1e-5))

    cases.append(case("embedding", "embedding", F.embedding, [whole(3, 4, low=0, high=6), numbers(6, 5)]))
    cases.append(case("embedding, one row often", "embedding", F.embedding, [whole(65, low=2, high=4), numbers(5, 3)]))
    for shape, axis in [((3, 7), -1), ((2, 5, 3), 1), ((4, 2), 0), ((2, 65), 1), ((3, 1), 1), ((1, 257), 1)]:
        for op, run in [("softmax", F.softmax), ("log_softmax", F.log_softmax)]:
            cases.append(case(
                f"{op} {list(shape)} axis {axis}", op, lambda a, run=run, axis=axis: run(a, axis),
                [numbers(*shape, low=-5, high=5)], axis=axis))
    cases.append(case(
        "softmax of large numbers", "softmax", lambda a: F.softmax(a, -1), [numbers(3, 9, low=-500, high=500)], axis=-1))
    write("layers", cases)


def losses():
    cases = []
    for rows, classes in [(6, 10), (1, 3), (33, 5), (4, 65)]:
        for reduction in ["mean", "sum", "none"]:
            for smoothing in [0.0, 0.1]:
                for ignored in [None, 1]:
                    if rows != 6 and (reduction != "mean" or (smoothing > 0) != (ignored is not None)):
                        continue
                    labels = whole(rows, low=0, high=classes)
                    if ignored is not None:
                        labels[0], labels[-1] = (1, 0)
                    options = {"reduction": reduction, "label_smoothing": smoothing}
                    if ignored is not None:
                        options["ignore_index"] = ignored
                    cases.append(case(
                        f"cross_entropy {rows} x {classes} {reduction} smoothing {smoothing} ignored {ignored}",
                        "cross_entropy", lambda a, t, o=options: F.cross_entropy(a, t.long(), **o),
                        [numbers(rows, classes, low=-4, high=4), labels], **options))
    labels = torch.tensor([2, -100, 0, -100])
    cases.append(case(
        "cross_entropy ignored -100", "cross_entropy", lambda a, t: F.cross_entropy(a, t, ignore_index=-100),
        [numbers(4, 3), labels], reduction="mean", label_smoothing=0.0, ignore_index=-100))
    write("losses", cases)


def activations():
    wide = {"low": -6, "high": 6}
    table = [
        ("relu", F.relu, {}, wide), ("sigmoid", torch.sigmoid, {}, wide), ("tanh", torch.tanh, {}, wide),
        ("leaky_relu", lambda a: F.leaky_relu(a, 0.1), {"slope": 0.1}, wide),
        ("elu", lambda a: F.elu(a, 1.5), {"alpha": 1.5}, wide),
        ("gelu", F.gelu, {}, wide), ("gelu_tanh", lambda a: F.gelu(a, approximate="tanh"), {}, wide),
        ("silu", F.silu, {}, wide), ("softplus", F.softplus, {}, wide), ("erf", torch.erf, {}, {"low": -3, "high": 3}),
        ("exp", torch.exp, {}, wide), ("expm1", torch.expm1, {}, {"low": -1, "high": 1}),
        ("log", torch.log, {}, {"low": 0.01, "high": 9}), ("log1p", torch.log1p, {}, {"low": -0.9, "high": 3}),
        ("sqrt", torch.sqrt, {}, {"low": 0.01, "high": 9}), ("rsqrt", torch.rsqrt, {}, {"low": 0.01, "high": 9}),
        ("square", torch.square, {}, wide), ("abs", torch.abs, {}, wide), ("sign", torch.sign, {}, wide),
        ("sin", torch.sin, {}, wide), ("cos", torch.cos, {}, wide), ("floor", torch.floor, {}, wide),
        ("ceil", torch.ceil, {}, wide), ("round", torch.round, {}, wide),
        ("clamped", lambda a: a.clamp(-1.25, 2.5), {"low": -1.25, "high": 2.5}, wide),
    ]
    cases = [case(name, name, run, [numbers(67, **span)], **p) for name, run, p, span in table]
    pairs = [
        ("add", torch.add, {}), ("subtract", torch.sub, {}), ("multiply", torch.mul, {}),
        ("divide", torch.div, {"low": 0.3, "high": 2}), ("pow", torch.pow, {"low": 0.3, "high": 2}),
        ("minimum", torch.minimum, {}), ("maximum", torch.maximum, {}),
    ]
    for name, run, span in pairs:
        cases.append(case(f"{name} broadcast", name, run, [numbers(3, 1, 5, **span), numbers(4, 1, **span)]))
        cases.append(case(f"{name} with a scalar", name, run, [numbers(9, **span), numbers(**span)]))
    a = torch.tensor([5.5, -5.5, 5.5, -5.5, 0.25, 7.0], dtype=torch.float64)
    b = torch.tensor([3.0, 3.0, -3.0, -3.0, 0.75, -2.5], dtype=torch.float64)
    cases.append(case("remainder", "remainder", lambda x, y: torch.remainder(x, y.detach()), [a, b]))
    cases.append(case(
        "where", "where", torch.where, [whole(4, 5, low=0, high=2).bool(), numbers(4, 5), numbers(5)]))
    write("activations", cases)


def reductions():
    cases = []
    spans = [((3, 4, 5), [0]), ((3, 4, 5), [-1]), ((3, 4, 5), [0, 2]), ((3, 4, 5), None), ((2, 65), [1]), ((33, 3), [0])]
    for shape, axes in spans:
        where = f"{list(shape)} axes {'all' if axes is None else axes}"
        every = list(range(len(shape))) if axes is None else axes
        for keep in [False, True]:
            suffix = where + (" keeping" if keep else "")
            p = {"axes": every, "keep": keep}
            for op, run in [("sum", torch.sum), ("mean", torch.mean), ("logsumexp", torch.logsumexp)]:
                cases.append(case(
                    f"{op} {suffix}", op, lambda a, run=run, every=every, keep=keep: run(a, every, keepdim=keep),
                    [numbers(*shape)], **p))
            for op, run in [("amax", torch.amax), ("amin", torch.amin)]:
                cases.append(case(
                    f"{op} {suffix}", op, lambda a, run=run, every=every, keep=keep: run(a, every, keepdim=keep),
                    [distinct(*shape)], **p))
        for correction in [0, 1]:
            p = {"axes": every, "keep": False, "correction": correction}
            for op, run in [("var", torch.var), ("std", torch.std)]:
                cases.append(case(
                    f"{op} {where} correction {correction}", op,
                    lambda a, run=run, every=every, c=correction: run(a, every, correction=c), [numbers(*shape)], **p))
    plain = numbers(3, 5)
    one, two = plain.clone(), plain.clone()
    one[0, 2] = 0
    two[1, 0] = two[1, 3] = 0
    for name, x in [("prod", plain), ("prod with a zero", one), ("prod with two zeros", two)]:
        cases.append(case(name, "prod", lambda a: torch.prod(a, 1), [x], axes=[1], keep=False))
    cases.append(case("prod of axis 0", "prod", lambda a: torch.prod(a, 0), [one], axes=[0], keep=False))
    for shape, axis in [((4, 6), 0), ((4, 6), 1), ((2, 3, 4), 1), ((65,), 0), ((2, 257), -1)]:
        cases.append(case(
            f"cumsum {list(shape)} axis {axis}", "cumsum", lambda a, axis=axis: torch.cumsum(a, axis), [numbers(*shape)],
            axis=axis))
    for op, run in [("argmax", torch.argmax), ("argmin", torch.argmin)]:
        for axis in [0, 1, -1]:
            cases.append(case(
                f"{op} axis {axis}", op, lambda a, run=run, axis=axis: run(a.detach(), axis), [distinct(4, 5, 3)],
                axis=axis))
    for left, right in [((4, 5), (5, 3)), ((5,), (5,)), ((3, 5), (5,)), ((5,), (5, 2)), ((2, 1, 3, 4), (5, 4, 2)),
                        ((33, 17), (17, 65))]:
        cases.append(case(
            f"matmul {list(left)} {list(right)}", "matmul", torch.matmul, [numbers(*left), numbers(*right)]))
    write("reductions", cases)


def indexing():
    cases = []
    for axis, picked in [(0, (5, 3, 2)), (1, (4, 6, 2)), (2, (4, 3, 5))]:
        index = whole(*picked, low=0, high=(4, 3, 2)[axis])
        cases.append(case(
            f"gather axis {axis}", "gather", lambda a, i, axis=axis: torch.gather(a, axis, i), [numbers(4, 3, 2), index],
            axis=axis))
        cases.append(case(
            f"scatter_add axis {axis}", "scatter_add", lambda a, i, s, axis=axis: torch.scatter_add(a, axis, i, s),
            [numbers(4, 3, 2), index, numbers(*picked)], axis=axis))
        cases.append(case(
            f"index_select axis {axis}", "index_select", lambda a, i, axis=axis: torch.index_select(a, axis, i),
            [numbers(4, 3, 2), whole(7, low=0, high=(4, 3, 2)[axis])], axis=axis))
    for shape, axis in [((7,), 0), ((3, 33), 1), ((5, 4), 0), ((2, 6, 3), 1)]:
        for descending in [False, True]:
            p = {"axis": axis, "descending": descending}
            cases.append(case(
                f"sort {list(shape)} axis {axis}{' descending' if descending else ''}", "sort",
                lambda a, p=p: torch.sort(a, p["axis"], p["descending"]), [distinct(*shape)], **p))
    for k, largest in [(1, True), (3, True), (3, False), (7, True)]:
        cases.append(case(
            f"topk {k} {'largest' if largest else 'smallest'}", "topk",
            lambda a, k=k, largest=largest: torch.topk(a, k, -1, largest), [distinct(4, 7)], k=k, axis=-1, largest=largest))
    cases.append(case("topk axis 0", "topk", lambda a: torch.topk(a, 2, 0), [distinct(5, 3)], k=2, axis=0, largest=True))
    for axis in [0, 1]:
        shapes = [(2, 3), (4, 3), (1, 3)] if axis == 0 else [(3, 2), (3, 1), (3, 4)]
        cases.append(case(
            f"concatenate axis {axis}", "concatenate", lambda *a, axis=axis: torch.cat(a, axis),
            [numbers(*s) for s in shapes], axis=axis))
        cases.append(case(
            f"stack axis {axis}", "stack", lambda *a, axis=axis: torch.stack(a, axis),
            [numbers(2, 3), numbers(2, 3)], axis=axis))
    cases.append(case(
        "pad", "pad", lambda a: F.pad(a, (1, 2, 0, 3), value=0.5), [numbers(3, 4)], widths=[[0, 3], [1, 2]], value=0.5))
    cases.append(case("tile", "tile", lambda a: a.repeat(2, 3), [numbers(3, 4)], repeats=[2, 3]))
    cases.append(case("flip", "flip", lambda a: a.flip([0, 2]), [numbers(3, 4, 2)], axes=[0, 2]))
    for diagonal in [-1, 0, 2]:
        cases.append(case(f"tril {diagonal}", "tril", lambda a, d=diagonal: a.tril(d), [numbers(4, 5)], diagonal=diagonal))
        cases.append(case(f"triu {diagonal}", "triu", lambda a, d=diagonal: a.triu(d), [numbers(2, 5, 4)], diagonal=diagonal))
    write("indexing", cases)


def optimizers():
    table = [
        ("SGD", torch.optim.SGD, {"lr": 0.1}),
        ("SGD momentum", torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
        ("SGD Nesterov", torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
        ("SGD weight decay", torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.01}),
        ("SGD everything", torch.optim.SGD, {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.02, "nesterov": True}),
        ("Adam", torch.optim.Adam, {"lr": 0.01}),
        ("Adam betas", torch.optim.Adam, {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-6}),
        ("Adam weight decay", torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1}),
        ("AdamW", torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
    ]
    write("optimizers", [optimizer_case(*row) for row in table])


def lenet():
    shapes = [(10, 1, 5, 5), (10,), (20, 10, 5, 5), (20,), (50, 320), (50,), (10, 50), (10,)]
    fans = [25, 25, 250, 250, 320, 320, 50, 50]
    start = [numbers(*s, low=-1 / math.sqrt(f), high=1 / math.sqrt(f)) for s, f in zip(shapes, fans)]
    images = whole(4, 1, 28, 28, low=0, high=256) * (whole(4, 1, 28, 28, low=0, high=3) == 0)
    labels = torch.tensor([3, 0, 9, 3])
    w1, b1, w2, b2, w3, b3, w4, b4 = parameters = [p.clone().requires_grad_(True) for p in start]
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    recorded, norms = [], []
    for step in range(5):
        x = F.relu(F.max_pool2d(F.conv2d(images.double() / 255, w1, b1), 2))
        x = F.relu(F.max_pool2d(F.conv2d(x, w2, b2), 2))
        logits = F.linear(F.relu(F.linear(x.flatten(1), w3, b3)), w4, b4)
        loss = F.cross_entropy(logits, labels)
        gradients = torch.autograd.grad(loss, parameters)
        if step == 0:
            norms = [short(g.norm()) for g in gradients]
            first = flat(logits)
        for p, g in zip(parameters, gradients):
            p.grad = g
        optimizer.step()
        recorded.append(short(loss))
    write("lenet", [{
        "name": "LeNet, five steps of Adam", "parameters": [array(p) for p in start],
        "images": {"shape": list(images.shape), "values": flat(images)}, "labels": flat(labels),
        "learning_rate": 1e-3, "first_logits": first, "first_gradient_norms": norms, "losses": recorded,
    }])


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for part in (layers, losses, activations, reductions, indexing, optimizers, lenet):
        part()
