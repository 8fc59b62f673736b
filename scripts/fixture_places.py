"""Cases of scripts/make-operation-fixtures.py that assign, scatter, search, count and rearrange."""

import math

import torch

from fixture_format import case, distinct, given, named, numbers, whole

INF, NAN = math.inf, math.nan


def assigned(x, value, key):
    result = x.clone()
    result[tuple(slice(*part) if len(part) > 1 else part[0] for part in key)] = value
    return result


def placing(cases):
    everything = [0, 1000, 1]
    for shape, key in [((2, 1), [[1, 3, 1], everything]), ((2,), [[-1], [0, 4, 2]]), ((), [[0, 5, 3], [-3, -1, 1]]),
                       ((0, 4), [[2, 2, 1], everything])]:
        cases.append(case(
            f"assign {list(shape)} at {key}", "assign", lambda x, y, key=key: assigned(x, y, key),
            [numbers(5, 4), numbers(*shape)], key=key))
    cases.append(case(
        "assign converts", "assign", lambda x, y: assigned(x, y, [[1, 3, 1], everything]),
        [whole(4, 2, low=-9, high=9).int(), given(1.75, -2.75)], key=[[1, 3, 1], everything]))

    picked = torch.stack([distinct(5).argsort()[:3] for _ in range(4)], 1)
    cases.append(case(
        "scatter", "scatter", lambda x, i, s: x.scatter(0, i, s), [numbers(5, 4), picked, numbers(3, 4)], axis=0))
    cases.append(case(
        "scatter fewer", "scatter", lambda x, i, s: x.scatter(1, i, s[:2, :3]),
        [numbers(3, 5), picked[:, :2].T.contiguous(), numbers(3, 6)], axis=1))
    cases.append(case(
        "scatter nothing", "scatter", lambda x, i, s: x.scatter(0, i, s),
        [numbers(3, 2), whole(0, 2, low=0, high=1), numbers(0, 2)], axis=0))
    cases.append(case(
        "scatter a number", "scatter_value", lambda x, i: x.scatter(1, i, 2.5), [numbers(3, 4), whole(3, 2, low=0, high=4)],
        axis=1, value=2.5))

    for reduction in ["sum", "prod", "mean", "amax", "amin"]:
        for own in [True, False]:
            def reduce(x, i, s, axis=0, reduction=reduction, own=own):
                return x.scatter_reduce(axis, i, s, reduction, include_self=own)

            p = {"axis": 0, "reduction": reduction, "own": own}
            name = f"scatter_reduce {reduction}{'' if own else ' without its own'}"
            index = given(0, 0, 2, 0, 2, dtype=torch.int64)
            cases.append(case(name, "scatter_reduce", reduce, [numbers(4), index, numbers(5)], **p))
            # PyTorch shares a gradient with its own element where that is equal, too, although it is left out.
            start = given(1, 0, 2, 0) if own else given(5, 0, 7, 0)
            cases.append(case(
                f"{name}, equal and zero", "scatter_reduce", reduce, [start, index, given(1, 0, 2, 1, 2)], **p))
            cases.append(case(
                f"{name} NaN", "scatter_reduce", lambda x, i, s, f=reduce: f(x, i, s).detach(),
                [given(1, NAN, -INF, 3), given(0, 1, 2, 2, dtype=torch.int64), given(NAN, 1, INF, 2)], **p))
            cases.append(case(
                f"{name} int32", "scatter_reduce", reduce,
                [whole(4, low=-9, high=9).int(), index, whole(5, low=-9, high=9).int()], **p))
            if not own:
                continue
            cases.append(case(
                f"{name} rows", "scatter_reduce", lambda x, i, s, f=reduce: f(x, i, s[:, :4], axis=1),
                [numbers(2, 3), whole(2, 4, low=0, high=3), numbers(2, 5)], **{**p, "axis": 1}))
            cases.append(case(
                f"{name} float16", "scatter_reduce", lambda x, i, s, f=reduce: f(x, i, s).detach(),
                [numbers(4).half(), index, numbers(5).half()], **p))
    cases.append(case(
        "index_add", "index_add", lambda x, i, s: x.index_add(1, i, s, alpha=-0.5),
        [numbers(2, 3), given(2, 0, 2, dtype=torch.int64), numbers(2, 3)], axis=1, scale=-0.5))

    def key(axes, indices):
        places = [slice(None)] * (max(axes) + 1)
        for axis, index in zip(axes, indices):
            places[axis] = index
        return tuple(places)

    x = numbers(3, 4, 2)
    rows, columns, last = whole(2, 1, low=-3, high=3), whole(3, low=-4, high=4), whole(2, 1, low=0, high=2)
    mask = whole(3, 4, low=0, high=2).bool()
    for name, axes, indices in [
        ("neighbours", [0, 1], [rows, columns]), ("apart", [0, 2], [rows, last]), ("behind", [1, 2], [columns, last]),
        ("of one axis", [1], [columns]), ("by a mask", [0], [mask]), ("nothing", [0], [columns[:0]]),
        ("by a mask and numbers", [0, 2], [whole(3, low=0, high=2).bool() | given(1, 0, 0, dtype=torch.bool), last[:1, 0]]),
    ]:
        cases.append(case(
            f"index {name}", "index", lambda x, *i, axes=axes: x[key(axes, i)], [x] + indices, axes=axes))
    for name, axes, indices, accumulate in [
        ("added at equal places", [0], [given(2, 0, 2, dtype=torch.int64)], True),
        ("added apart", [0, 2], [rows, last], True),
        ("over a mask", [0], [mask], False), ("at different places", [1], [given(3, -4, dtype=torch.int64)], False),
    ]:
        target = x[key(axes, indices)].shape
        values = numbers(*target) if accumulate else numbers(1, *target[1:])
        cases.append(case(
            f"index_put {name}", "index_put",
            # A mask of its own: index_put takes no slices.
            lambda x, v, *i, axes=axes, a=accumulate: put(x, v, key(axes, i), a), [x, values] + indices, axes=axes,
            accumulate=accumulate))


def put(x, values, places, accumulate):
    """x[places] = values, or += with every one of equal places."""
    numbered = torch.arange(x.numel()).reshape(x.shape)[places]
    return x.reshape(-1).index_put((numbered,), values.expand(numbered.shape), accumulate).reshape(x.shape)


def searching(cases):
    for name, x in [
        ("float32", given(0, 1.5, -0.0, NAN, INF, 0).reshape(2, 3)), ("bool", whole(3, 2, low=0, high=2).bool()),
        ("of a scalar", given(2.0)[0]), ("of zeros", given(0, 0)), ("of nothing", numbers(0, 3)),
    ]:
        cases.append(case(f"nonzero {name}", "nonzero", lambda x: torch.nonzero(x.detach()), [x]))

    def unique(x):
        values, inverse, counts = torch.unique(x.detach(), return_inverse=True, return_counts=True)
        if getattr(x, "lathe_dtype", None):
            values = named(values, x.lathe_dtype)
        return values, inverse, named(counts, "int64")

    for name, x in [
        ("float32", given(2, 0, INF, -0.0, -INF, 2, INF).reshape(7, 1)), ("int32", whole(3, 4, low=-2, high=3).int()),
        ("uint8", given(255, 0, 255, 3, dtype=torch.uint8)), ("bool", given(1, 0, 1, dtype=torch.bool)),
        ("float16", given(1, 0.5, 1, dtype=torch.float16)), ("of one", given(4.0)), ("of nothing", numbers(0)),
    ]:
        cases.append(case(f"unique {name}", "unique", unique, [x]))

    rising = given(-INF, -1, 0, 0, 2, INF)
    for right in [False, True]:
        def search(s, v, right=right):
            return torch.searchsorted(s.detach(), v.detach(), right=right)

        end = " right" if right else ""
        cases.append(case(
            f"searchsorted{end}", "searchsorted", search,
            [rising, given(0, -0.0, 1, NAN, INF, -INF, 2, 9).reshape(2, 4)], right=right))
        cases.append(case(
            f"searchsorted rows{end}", "searchsorted", search, [numbers(2, 5).sort().values, numbers(2, 3)], right=right))
        cases.append(case(
            f"searchsorted whole{end}", "searchsorted", search,
            [given(-3, 1, 1, 7, dtype=torch.int32), given(1, 8, -9, 7, dtype=torch.int32)], right=right))
        cases.append(case(f"searchsorted nothing{end}", "searchsorted", search, [numbers(0), numbers(2)], right=right))

    counted = whole(9, low=0, high=5)
    for name, inputs, least in [
        ("plain", [counted], 0), ("at least", [counted], 8), ("nothing", [whole(0, low=0, high=1)], 0),
        ("nothing at least", [whole(0, low=0, high=1)], 3), ("weights", [counted, numbers(9)], 2),
    ]:
        cases.append(case(
            f"bincount {name}", "bincount",
            lambda x, w=None, least=least: torch.bincount(x, None if w is None else w.detach(), least) if w is not None
            else named(torch.bincount(x, minlength=least), "int64"), inputs, least=least))

    data = given(0, 1, 0.5, 0.25, 0.9, 2, -1, 0.75, 1)
    for name, inputs, p in [
        ("plain", [data], {"bins": 4}), ("in a range", [torch.cat([data, given(NAN)])], {"bins": 4, "low": 0, "high": 1}),
        ("density", [data], {"bins": 3, "density": True}), ("of equal", [given(2, 2, 2)], {"bins": 3}),
        ("of nothing", [numbers(0)], {"bins": 2}), ("weights", [data, numbers(9)], {"bins": 4, "low": -1, "high": 1}),
        ("weights and density", [data, numbers(9, low=0.1)], {"bins": 4, "density": True}),
    ]:
        def histogram(x, w=None, p=p):
            limits = {"range": (p["low"], p["high"])} if "low" in p else {}
            weights = {} if w is None else {"weight": w.detach()}
            density = p.get("density", False)
            counts, edges = torch.histogram(x.detach(), p["bins"], density=density, **limits, **weights)
            return counts if density or w is not None else named(counts.long(), "int64"), edges

        cases.append(case(f"histogram {name}", "histogram", histogram, inputs, **{"density": False, **p}))
    edges = given(-1, 0, 0.5, 1)
    cases.append(case(
        "histogram of given bins", "histogram_edges",
        lambda x, e: named(torch.histogram(x.detach(), e.detach())[0].long(), "int64"), [data, edges]))

    special = given(1, NAN, -INF, 3, INF, 2, NAN)
    for descending in [False, True]:
        p = {"axis": 0, "descending": descending}
        for name, x in [("NaN", special), ("equal", given(2, 1, 2, 0, 1, 2)), ("float16", numbers(6).half()),
                        ("nothing", numbers(0))]:
            cases.append(case(
                f"sort {name}{' descending' if descending else ''}", "sort",
                lambda x, d=descending: torch.sort(x, dim=0, descending=d, stable=True), [x], **p))
    for name, x, k, largest in [
        ("NaN", special[:6], 3, True), ("smallest NaN", special[:6], 5, False), ("int32", whole(7, low=-99, high=99).int(), 3, True),
        ("bfloat16", distinct(6).bfloat16(), 2, False), ("none", numbers(2, 3), 0, True),
    ]:
        cases.append(case(
            f"topk {name}", "topk", lambda x, k=k, largest=largest: torch.topk(x, k, -1, largest), [x], k=k, axis=-1,
            largest=largest))


def rearranging(cases):
    x = numbers(3, 4)
    for shifts, axes in [([-1], [0]), ([5], [1]), ([-2, 3], [1, 0]), ([1, 1], [0, 0]), ([0], [1])]:
        cases.append(case(
            f"roll {shifts} axes {axes}", "roll", lambda x, s=shifts, a=axes: torch.roll(x, s, a), [x], shifts=shifts,
            axes=axes))
    cases.append(case("roll flat", "roll_flat", lambda x: torch.roll(x, -5), [x], shift=-5))
    cases.append(case("roll nothing", "roll", lambda x: torch.roll(x, [2], [0]), [numbers(0, 3)], shifts=[2], axes=[0]))
    for count in [0, 3]:
        cases.append(case(
            f"repeat_interleave {count}", "repeat_interleave", lambda x, c=count: torch.repeat_interleave(x, c, 1),
            [numbers(2, 3)], count=count, axis=1))
    cases.append(case(
        "repeat_interleave flat", "repeat_interleave_flat", lambda x: torch.repeat_interleave(x, 2), [numbers(2, 2)], count=2))
    cases.append(case(
        "repeat_interleave by counts", "repeat_interleave_counts",
        lambda x, c: torch.repeat_interleave(x, c, 0), [numbers(4, 2), given(1, 0, 3, 2, dtype=torch.int64)], axis=0))
    for name, x, order, axis in [
        ("axis 0", numbers(4, 2), 1, 0), ("twice", numbers(2, 5), 2, -1), ("too often", numbers(3), 5, 0),
        ("no time", numbers(3), 0, 0), ("bool", given(1, 0, 0, 1, dtype=torch.bool), 1, 0),
        ("uint8", given(1, 4, 0, dtype=torch.uint8), 1, 0), ("nothing", numbers(2, 0), 1, 1),
        ("infinities", given(INF, INF, 1, -INF), 1, 0),
    ]:
        cases.append(case(
            f"diff {name}", "diff", lambda x, n=order, axis=axis: torch.diff(x, n, axis), [x], order=order, axis=axis))
    for offset, axis1, axis2 in [(0, 0, 1), (-1, 1, 2), (2, -1, 0), (9, 0, 1)]:
        cases.append(case(
            f"diagonal {offset} axes {axis1} {axis2}", "diagonal",
            lambda x, o=offset, a=axis1, b=axis2: torch.diagonal(x, o, a, b), [numbers(2, 3, 4)], offset=offset, axis1=axis1,
            axis2=axis2))
    for name, x, axis in [
        ("axis 0", numbers(3, 2), 0), ("a zero", given(2, 1.5, 0, 3, -1), 0), ("zeros", given(2, 0, 1.5, 0, 3), 0),
        ("a zero in front", given(0, 2, 3), 0), ("float16", numbers(4).half(), 0), ("nothing", numbers(0, 2), 0),
        ("one", numbers(1, 2), 0),
    ]:
        cases.append(case(f"cumprod {name}", "cumprod", lambda x, axis=axis: torch.cumprod(x, axis), [x], axis=axis))
    cases.append(case(
        "cumprod int32", "cumprod", lambda x: named(torch.cumprod(x, 0), "int64"), [given(3, -2, 5, dtype=torch.int32)],
        axis=0))
    for op, run in [("cummax", torch.cummax), ("cummin", torch.cummin)]:
        for name, x, axis in [
            ("equal", given(1, 2, 2, 1, 2, 3, 0, 0, 3).reshape(3, 3), 1), ("axis 0", numbers(4, 2), 0),
            ("NaN", given(1, INF, NAN, 2, NAN, -INF), 0), ("infinities", given(-INF, INF, -INF, INF), 0),
            ("int32", whole(6, low=-3, high=3).int(), 0), ("float16", numbers(5).half(), 0), ("nothing", numbers(2, 0), 1),
        ]:
            cases.append(case(f"{op} {name}", op, lambda x, r=run, axis=axis: r(x, axis), [x], axis=axis))
