"""Writes Tests/Fixtures/elementwise.json, places.json, windows.json and algebra.json: what PyTorch says about bits and
angles, about assignment, scattering, searching and rearranging, about resampling and windows, and about products by
equation, norms, linear algebra and Fourier transforms.

    benchmarks/peers/run.sh ../../scripts/make-operation-fixtures.py

The files have the layout of scripts/make-fixtures.py; what is not finite is "nan", "inf" or "-inf". Tensors are small and
settings are corners. Whole numbers that Lathe keeps as int64, its counts, are named so.
"""

import math

import torch

from fixture_algebra import fourier, matrices, products
from fixture_format import case, given, kind_of, named, numbers, whole, write
from fixture_places import placing, rearranging, searching
from fixture_windows import pools, resampling, volumes

INF, NAN = math.inf, math.nan
HALVES = [torch.float16, torch.bfloat16]


def elementwise(cases):
    angles = [
        ("tan", (-9, 9), [0, 1000.5, INF, NAN]), ("asin", (-0.9, 0.9), [1, -1, 0, 1.5]),
        ("acos", (-0.9, 0.9), [1, -1, 0, 1.5]), ("atan", (-9, 9), [0, 1e6, INF, -INF]),
        ("sinh", (-5, 5), [0, 1e-4, INF, -INF]), ("cosh", (-5, 5), [0, 1e-4, INF, -INF]),
        ("asinh", (-9, 9), [0, 1e-4, 1e6, -INF]), ("acosh", (1.1, 9), [1, 1e6, INF, 0.5]),
        ("atanh", (-0.9, 0.9), [1, -1, 1e-4, 1.5]),
    ]
    for op, (low, high), corners in angles:
        run = getattr(torch, op)
        cases.append(case(op, op, run, [torch.cat([numbers(6, low=low, high=high), given(*corners)])]))
        cases += [case(f"{op} {kind_of(h)}", op, run, [numbers(5, low=low, high=high).to(h)]) for h in HALVES]
    cases.append(case("atan2 broadcast", "atan2", torch.atan2, [numbers(3, 1), numbers(4)]))
    y = given(0, 0, -0.0, 1, -1, 0, INF, INF, NAN, 1)
    x = given(0, -1, -1, 0, 0, 2, 1, -INF, 1, INF)
    cases.append(case("atan2 corners", "atan2", lambda a, b: torch.atan2(a, b).detach(), [y, x]))
    cases.append(case("atan2 on the axes", "atan2", torch.atan2, [y[:6], x[:6]]))

    a = given(1, 5, -5, INF, 7, -7, 1, -7.5, 7.5, 0, -0.25, NAN, 1e9).float()
    b = given(0.1, INF, INF, 2, 0, 0, -0.1, 2.5, -2, 3, 1e9, 1, 0.3).float()
    cases.append(case("floor_divide", "floor_divide", lambda a, b: torch.floor_divide(a.detach(), b.detach()), [a, b]))
    for h in HALVES:
        cases.append(case(
            f"floor_divide {kind_of(h)}", "floor_divide", lambda a, b: torch.floor_divide(a.detach(), b.detach()),
            [given(1, 5, -7.5, 8, -3, dtype=h), given(0.1, INF, 2.5, -0.7, 4, dtype=h)]))
    for dtype, low in [(torch.int32, -40), (torch.uint8, 0)]:
        cases.append(case(
            f"floor_divide {kind_of(dtype)}", "floor_divide", torch.floor_divide,
            [whole(4, 1, low=low, high=40).to(dtype), (whole(3, low=1, high=9) * (-1 if low else 1)).to(dtype)]))
    cases.append(case(
        "floor_divide mixed", "floor_divide", lambda a, b: torch.floor_divide(a, b.detach()),
        [given(7, -7, 9, dtype=torch.int32), given(2, 2, -4).float()]))

    logic = [("and", torch.bitwise_and), ("or", torch.bitwise_or), ("xor", torch.bitwise_xor)]
    small = given(0, 255, 85, 3, 128, dtype=torch.uint8)
    large = given(-1, 2**31 - 1, -(2**31), 90210, 7, dtype=torch.int32)
    huge = named(given(-1, 2**52 + 5, -(2**62), 3, 0, dtype=torch.int64), "int64")
    bools = given(0, 1, 1, 0, 1, dtype=torch.bool)
    wide = {"int64"}
    pairs = [(small, small.flip(0)), (large, large.flip(0)), (bools, bools.roll(1)), (large, small), (small, bools)]
    for name, run in logic:
        for i, (p, q) in enumerate(pairs):
            cases.append(case(f"bitwise_{name} {i}", f"bitwise_{name}", run, [p, q]))
        cases.append(case(
            f"bitwise_{name} int64", f"bitwise_{name}", lambda p, q, run=run: named(run(p, q), *wide), [huge, large]))
    for p in [small, large, bools]:
        cases.append(case(f"bitwise_not {kind_of(p.dtype)}", "bitwise_not", torch.bitwise_not, [p]))
    for name, run in [("left", torch.bitwise_left_shift), ("right", torch.bitwise_right_shift)]:
        op = f"shift_{name}"
        cases.append(case(
            f"{op} int32", op, run, [large.unsqueeze(1), given(-1, 0, 1, 5, 31, 32, 33, -40, dtype=torch.int32)]))
        cases.append(case(f"{op} uint8", op, run, [small.unsqueeze(1), given(0, 1, 7, 8, 9, 255, dtype=torch.uint8)]))
        # Numbers whose bits a double holds.
        numbers64 = named(given(1, -1, 5, -3, dtype=torch.int64).unsqueeze(1), "int64")
        cases.append(case(
            f"{op} int64", op, lambda p, q, run=run: named(run(p, q), "int64"),
            [numbers64, named(given(0, 61, 63, 64, -1, dtype=torch.int64), "int64")]))

    special = given(0, -1.5, INF, -INF, NAN, 3e38)
    for name, run in [("isfinite", torch.isfinite), ("isinf", torch.isinf)]:
        cases.append(case(name, name, run, [special]))
        cases.append(case(f"{name} float16", name, run, [special[:5].half()]))
        cases.append(case(f"{name} int32", name, run, [large]))
    mask = given(1, 0, 1, dtype=torch.bool)
    fills = [
        ("float32", numbers(2, 3), mask, -INF), ("of rows", numbers(2, 3), mask[:2].unsqueeze(1), 0.5),
        ("int32", whole(2, 3, low=-9, high=9), mask, 7), ("a fraction into int32", whole(3, low=-9, high=9), mask, -2.75),
        ("bool", given(0, 1, 0, dtype=torch.bool), mask, 1), ("bfloat16", numbers(3).bfloat16(), mask, 0.1),
    ]
    for name, x, m, value in fills:
        value_in_json = value if math.isfinite(value) else str(value)
        cases.append(case(
            f"masked_fill {name}", "masked_fill", lambda x, m, v=value: torch.masked_fill(x, m, v), [x, m],
            value=value_in_json))
    for name, x, value in [("float32", numbers(2, 3), 1.5), ("int32", whole(2, 3, low=-9, high=9).int(), 0.5)]:
        cases.append(case(
            f"where a number stands else {name}", "where_else", lambda m, x, v=value: torch.where(m, x, v), [mask, x],
            value=value))
        cases.append(case(
            f"where a number stands {name}", "where_then", lambda m, x, v=value: torch.where(m, v, x), [mask, x],
            value=value))


if __name__ == "__main__":
    for name, parts in [
        ("elementwise", [elementwise]), ("places", [placing, searching, rearranging]),
        ("windows", [resampling, pools, volumes]), ("algebra", [products, matrices, fourier]),
    ]:
        cases = []
        for part in parts:
            part(cases)
        write(name, cases)
