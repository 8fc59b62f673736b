"""Cases of scripts/make-operation-fixtures.py that resample, pool, and slide windows over images and volumes."""

import math

from torch.nn import functional as F

from fixture_format import case, distinct, given, kind_of, numbers

INF, NAN = math.inf, math.nan


def resampling(cases):

    def resize(x, to, mode, **options):
        size = x.shape[2:]
        name = f"interpolate {mode} {list(size)} to {to}{''.join(' ' + o for o in options if options[o])}"
        corners = {"align_corners": options.get("corners", False)} if not mode.startswith("nearest") else {}
        cases.append(case(
            f"{name} {kind_of(x.dtype)}", "interpolate",
            lambda x: F.interpolate(x, to, mode=mode, antialias=options.get("antialias", False), **corners), [x], size=to,
            mode=mode, **{"corners": False, "antialias": False, **options}))

    for to in [[5, 6], [2, 2], [1, 1]]:
        x = numbers(1, 1, 3, 4)
        for mode in ["nearest", "nearest-exact"]:
            resize(x, to, mode)
        for mode in ["bilinear", "bicubic"]:
            for corners in [False, True]:
                for antialias in [False, True]:
                    resize(x, to, mode, corners=corners, antialias=antialias)
    resize(numbers(1, 1, 9, 4), [2, 6], "bicubic", antialias=True)
    for corners in [False, True]:
        resize(numbers(2, 2, 4), [7], "linear", corners=corners)
        resize(numbers(1, 1, 2, 3, 2), [3, 2, 5], "trilinear", corners=corners)
    resize(numbers(1, 2, 4), [6], "nearest")
    resize(numbers(1, 1, 2, 3, 2), [3, 2, 1], "nearest-exact")
    resize(numbers(1, 1, 3, 3).half(), [4, 2], "bilinear")
    resize(numbers(1, 1, 3, 3).bfloat16(), [4, 2], "bicubic")

    for size, step in [(3, 1), (2, 3), (5, 2)]:
        cases.append(case(
            f"unfold {size} by {step}", "unfold", lambda x, n=size, s=step: x.unfold(1, n, s), [numbers(2, 5)], axis=1,
            size=size, step=step))
    for p in [
        {"kernel": [2, 3]}, {"kernel": [2, 2], "stride": [2, 1], "padding": [1, 0], "dilation": [1, 2]},
        {"kernel": [3, 1], "stride": [1, 2], "padding": [1, 1], "dilation": [2, 1]},
    ]:
        p = {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], **p}
        options = [p["kernel"], p["dilation"], p["padding"], p["stride"]]
        x = numbers(1, 2, 5, 4)
        cases.append(case(f"unfold2d {p['kernel']}", "unfold2d", lambda x, o=options: F.unfold(x, *o), [x], **p))
        columns = numbers(*F.unfold(x, *options).shape)
        cases.append(case(
            f"fold2d {p['kernel']}", "fold2d", lambda x, o=options: F.fold(x, (5, 4), *o), [columns], output=[5, 4], **p))


def pools(cases):
    for name, shape, options in [
        ("ceil", (1, 2, 5, 7), {"kernel": [2, 2], "ceil": True}),
        ("ceil with padding", (1, 1, 6, 5), {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1], "ceil": True}),
        ("ceil, steps beyond the window", (1, 1, 7, 5), {"kernel": [2, 2], "stride": [3, 4], "ceil": True}),
        ("ceil, a window that begins in the padding", (1, 1, 4, 4),
         {"kernel": [2, 2], "stride": [3, 3], "padding": [1, 1], "ceil": True}),
        ("dilation", (1, 1, 7, 6), {"kernel": [3, 2], "stride": [1, 2], "dilation": [2, 3]}),
        ("everything", (1, 2, 8, 7), {"kernel": [3, 2], "stride": [2, 2], "padding": [1, 1], "dilation": [2, 3], "ceil": True}),
        ("no images", (0, 2, 5, 5), {"kernel": [2, 2], "ceil": True}),
    ]:
        p = {"stride": options["kernel"], "padding": [0, 0], "dilation": [1, 1], "ceil": False, **options}
        cases.append(case(
            f"max_pool2d {name}", "max_pool2d_windows",
            lambda x, p=p: F.max_pool2d(x, p["kernel"], p["stride"], p["padding"], p["dilation"], p["ceil"]),
            [distinct(*shape)], **p))
        if p["dilation"] != [1, 1]:
            continue
        for counts in [True, False]:
            cases.append(case(
                f"avg_pool2d {name}{'' if counts else ', padding not counted'}", "avg_pool2d_windows",
                lambda x, p=p, c=counts: F.avg_pool2d(x, p["kernel"], p["stride"], p["padding"], p["ceil"], c),
                [numbers(*shape)], counts_padding=counts, **p))
    p = {"kernel": [2, 2], "stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "ceil": True}
    for name, dilation in [("", [1, 1]), (" with gaps", [2, 1])]:
        for values, x in [
            ("equal", given(1, 2, 2, 1, 2, 2, 0, 2, 1)), ("NaN", given(1, NAN, 2, 3, NAN, NAN, 0, 5, 1)),
            ("infinities", given(-INF, -INF, INF, -INF, -INF, INF, INF, 1, 1)),
        ]:
            cases.append(case(
                f"max_pool2d {values}{name}", "max_pool2d_windows",
                lambda x, d=dilation: F.max_pool2d(x, 2, 1, 0, d, True), [x.reshape(1, 1, 3, 3)],
                **{**p, "dilation": dilation}))
    cases.append(case(
        "max_pool2d bfloat16", "max_pool2d_windows", lambda x: F.max_pool2d(x, 2, 1, 0, 1, True),
        [distinct(1, 1, 3, 4).bfloat16()], **p))
    for length, ceil, dilation in [(7, True, 1), (8, False, 2), (8, True, 3)]:
        cases.append(case(
            f"max_pool1d of {length} dilation {dilation}", "max_pool1d_windows",
            lambda x, c=ceil, d=dilation: F.max_pool1d(x, 3, 2, 1, d, c), [distinct(1, 2, length)], kernel=3, stride=2,
            padding=1, dilation=dilation, ceil=ceil))
    cases.append(case(
        "avg_pool1d ceil", "avg_pool1d_windows", lambda x: F.avg_pool1d(x, 3, 2, 1, True, False), [numbers(1, 2, 6)], kernel=3,
        stride=2, padding=1, ceil=True, counts_padding=False))
    for order in [1, 2, 3, 1.5]:
        low = 0.1 if order in (3, 1.5) else -2
        for ceil in [False, True]:
            cases.append(case(
                f"lp_pool2d {order}{' ceil' if ceil else ''}", "lp_pool2d",
                lambda x, o=order, c=ceil: F.lp_pool2d(x, o, (2, 3), (2, 2), c),
                [numbers(1, 1, 5, 5, low=max(low, 0.1) if order == 1 else low)], order=order, kernel=[2, 3], stride=[2, 2],
                ceil=ceil))
    cases.append(case(
        "lp_pool2d of odd sums below 0", "lp_pool2d", lambda x: F.lp_pool2d(x, 3, 2).detach(), [numbers(1, 1, 4, 4)], order=3,
        kernel=[2, 2], stride=[2, 2], ceil=False))


def volumes(cases):
    for name, x, w, options in [
        ("plain", (1, 2, 2, 3, 3), (2, 2, 2, 2, 2), {}),
        ("stride and padding", (1, 1, 4, 4, 3), (2, 1, 3, 2, 3), {"stride": [2, 1, 3], "padding": [1, 0, 2]}),
        ("dilation and groups", (1, 2, 4, 2, 3), (2, 1, 2, 2, 2), {"dilation": [3, 1, 2], "groups": 2, "padding": [0, 1, 0]}),
        ("no volumes", (0, 1, 3, 3, 3), (2, 1, 2, 2, 2), {}),
    ]:
        p = {"stride": [1, 1, 1], "padding": [0, 0, 0], "dilation": [1, 1, 1], "groups": 1, **options}
        cases.append(case(
            f"conv3d {name}", "conv3d", lambda x, w, b, p=p: F.conv3d(x, w, b, **p),
            [numbers(*x), numbers(*w, low=-1, high=1), numbers(w[0])], **p))
    for name, x, w, options in [
        ("plain", (1, 2, 1, 3, 2), (2, 1, 2, 2, 2), {}),
        ("stride", (1, 1, 2, 2, 2), (1, 1, 3, 2, 2), {"stride": [2, 3, 1], "output_padding": [1, 2, 0]}),
        ("dilation, padding and groups", (1, 2, 2, 2, 2), (2, 1, 2, 2, 3),
         {"dilation": [2, 1, 1], "padding": [1, 0, 1], "groups": 2}),
    ]:
        p = {
            "stride": [1, 1, 1], "padding": [0, 0, 0], "output_padding": [0, 0, 0], "dilation": [1, 1, 1], "groups": 1,
            **options}
        cases.append(case(
            f"conv_transpose3d {name}", "conv_transpose3d", lambda x, w, b, p=p: F.conv_transpose3d(x, w, b, **p),
            [numbers(*x), numbers(*w, low=-1, high=1), numbers(w[1] * p["groups"])], **p))
