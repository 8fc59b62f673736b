"""Cases of scripts/make-operation-fixtures.py of products by equation, norms, matrices and Fourier transforms."""

import math

import torch

from fixture_format import case, given, numbers

INF, NAN = math.inf, math.nan


def products(cases):
    for equation, *shapes in [
        ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 2)), ("bij,bjk->bki", (2, 2, 3), (2, 3, 2)), ("ii", (3, 3)),
        ("ii->i", (3, 3)), ("iij->ji", (2, 2, 3)), ("i,j->ji", (2,), (3,)), ("ij->", (2, 3)), ("ba", (2, 3)),
        ("bA", (2, 3)), ("...ij,...jk->...ik", (2, 1, 2, 3), (3, 3, 2)), ("...i->i", (2, 3)), ("i...->...", (2, 3)),
        ("...,...", (2, 3), (3,)), (" i j , k j -> i k ", (2, 3), (2, 3)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
        ("ij,ij->ij", (2, 3), (2, 3)), ("ij,kj->k", (1, 3), (2, 1)), (",i->i", (), (3,)), ("ij,jk->ik", (2, 0), (0, 3)),
        ("abcd,cbe->dea", (2, 1, 2, 3), (2, 1, 2)), ("i,i,i", (3,), (3,), (3,)), ("a...b,b...c->...ca", (2, 3, 2), (2, 2)),
    ]:
        cases.append(case(
            f"einsum {equation} {[list(s) for s in shapes]}", "einsum", lambda *x, e=equation: torch.einsum(e, *x),
            [numbers(*s) for s in shapes], equation=equation))
    cases.append(case(
        "einsum bfloat16", "einsum", lambda *x: torch.einsum("ij,jk->ik", *x),
        [numbers(2, 3).bfloat16(), numbers(3, 2).bfloat16()], equation="ij,jk->ik"))

    x = numbers(3, 4)
    zeros = torch.cat([x[:1], given(0, 0, 0, 0).unsqueeze(0), given(0, 1.5, -1.5, 1.5).unsqueeze(0)])
    for order in [0, 1, 2, 3, 0.5, -1, -2, INF, -INF]:
        p = {"order": order if math.isfinite(order) else str(order)}
        for name, y, axes, keep in [("rows", x, [1], False), ("all", x, [0, 1], True), ("zeros", zeros, [1], False)]:
            cases.append(case(
                f"norm {order} {name}", "norm",
                lambda x, o=order, a=axes, k=keep: torch.linalg.vector_norm(x, o, a, k), [y], axes=axes, keep=keep, **p))
        cases.append(case(
            f"norm {order} not finite", "norm", lambda x, o=order: torch.linalg.vector_norm(x, o, 1).detach(),
            [given(1, INF, 0, NAN, 1, 0, -INF, 2, 3).reshape(3, 3)], axes=[1], keep=False, **p))
        if order >= 0 and math.isfinite(order):
            cases.append(case(
                f"norm {order} of nothing", "norm", lambda x, o=order: torch.linalg.vector_norm(x, o, 1).detach(),
                [numbers(2, 0)], axes=[1], keep=False, **p))
    cases.append(case(
        "norm 3 float16", "norm", lambda x: torch.linalg.vector_norm(x, 3, 1), [numbers(2, 3).half()], order=3, axes=[1],
        keep=False))
    for order in [0, 0.5, 1, 2, 3, INF]:
        p = {"order": order if math.isfinite(order) else str(order)}
        a, b = numbers(3, 2), numbers(2, 2)
        for name, left, right in [("", a, b), (" equal rows", a, torch.cat([a[1:2], b[:1]])),
                                  (" broadcast", numbers(2, 1, 2, 3), numbers(3, 2, 3))]:
            if name == " broadcast" and order not in (2, 3):
                continue
            cases.append(case(
                f"cdist {order}{name}", "cdist", lambda a, b, o=order: torch.cdist(
                    a, b, o, compute_mode="donot_use_mm_for_euclid_dist"), [left, right], **p))
    for left, right in [((0, 3), (2, 3)), ((2, 0), (3, 0))]:
        cases.append(case(
            f"cdist {list(left)} {list(right)}", "cdist", lambda a, b: torch.cdist(a, b).detach(),
            [numbers(*left), numbers(*right)], order=2))


def matrices(cases):
    """Factors that are unique but for signs have those that make the diagonal, or the first row, positive."""
    def qr(x):
        q, r = torch.linalg.qr(x)
        sign = r.diagonal(dim1=-2, dim2=-1).detach().sign()
        return q * sign.unsqueeze(-2), r * sign.unsqueeze(-1)

    def svd(x):
        u, s, vt = torch.linalg.svd(x, full_matrices=False)
        sign = u[..., 0, :].detach().sign()
        return u * sign.unsqueeze(-2), s, vt * sign.unsqueeze(-1)

    def eigh(x):
        values, vectors = torch.linalg.eigh(x)
        return values, vectors * vectors[..., 0, :].detach().sign().unsqueeze(-2)

    square = [(3, 3), (2, 2, 2), (1, 1)]
    for shape in square:
        x = numbers(*shape)
        positive = ((x @ x.mT + 2 * torch.eye(shape[-1])) * 100).round() / 100
        steep = x + 4 * torch.eye(shape[-1])
        cases.append(case(f"cholesky {list(shape)}", "cholesky", torch.linalg.cholesky, [positive]))
        cases.append(case(f"eigh {list(shape)}", "eigh", eigh, [x]))
        cases.append(case(f"inverse {list(shape)}", "inverse", torch.linalg.inv, [steep]))
        cases.append(case(f"det {list(shape)}", "det", torch.linalg.det, [steep]))
        cases.append(case(f"solve {list(shape)}", "solve", torch.linalg.solve, [steep, numbers(*shape[:-1], 2)]))
        for upper in [False, True]:
            cases.append(case(
                f"solve_triangular {list(shape)}{' upper' if upper else ''}", "solve_triangular",
                lambda a, b, u=upper: torch.linalg.solve_triangular(a, b, upper=u), [steep, numbers(*shape[:-1], 2)],
                upper=upper))
    cases.append(case("solve one column", "solve", torch.linalg.solve, [numbers(3, 3) + 4 * torch.eye(3), numbers(3)]))
    cases.append(case(
        "solve broadcast", "solve", torch.linalg.solve, [numbers(2, 1, 2, 2) + 4 * torch.eye(2), numbers(3, 2, 1)]))
    for shape in [(3, 3), (4, 2), (2, 4), (2, 3, 2)]:
        cases.append(case(f"qr {list(shape)}", "qr", qr, [numbers(*shape)]))
        cases.append(case(f"svd {list(shape)}", "svd", svd, [numbers(*shape)]))
    for left, right in [((4, 2), (4, 3)), ((2, 4), (2, 1)), ((2, 3, 2), (2, 3, 1))]:
        cases.append(case(
            f"lstsq {list(left)}", "lstsq", lambda a, b: torch.linalg.lstsq(a, b).solution, [numbers(*left), numbers(*right)]))
    for op, run in [("det", torch.linalg.det), ("cholesky", torch.linalg.cholesky), ("inverse", torch.linalg.inv)]:
        cases.append(case(f"{op} of nothing", op, lambda x, run=run: run(x).detach(), [numbers(0, 3, 3)]))
        cases.append(case(f"{op} of 0 x 0", op, lambda x, run=run: run(x).detach(), [numbers(2, 0, 0)]))
    cases.append(case("det singular", "det", lambda x: torch.linalg.det(x).detach(), [given(1, 2, 2, 4).reshape(2, 2)]))


def fourier(cases):
    def turned(run):
        return lambda x, **p: torch.view_as_real(run(torch.view_as_complex(x.contiguous()), **p))

    for norm in ["backward", "ortho", "forward"]:
        p = {"axis": -1, "normalization": norm}
        for n in [1, 2, 5, 6] if norm == "backward" else [5]:
            for op, run in [("fft", torch.fft.fft), ("ifft", torch.fft.ifft)]:
                cases.append(case(
                    f"{op} of {n} {norm}", op, lambda x, f=turned(run), norm=norm: f(x, norm=norm), [numbers(n, 2)], **p))
            cases.append(case(
                f"rfft of {n} {norm}", "rfft", lambda x, norm=norm: torch.view_as_real(torch.fft.rfft(x, norm=norm)),
                [numbers(n)], **p))
            cases.append(case(
                f"irfft of {n} {norm}", "irfft",
                lambda x, n=n, norm=norm: torch.fft.irfft(torch.view_as_complex(x.contiguous()), n, norm=norm),
                [numbers(n // 2 + 1, 2)], length=n, **p))
    # A prime factor above 64, and one below.
    for n in [67, 66]:
        cases.append(case(
            f"fft of {n}", "fft", lambda x: turned(torch.fft.fft)(x).detach(), [numbers(n, 2)], axis=-1,
            normalization="backward"))
    cases.append(case(
        "fft axis 0", "fft", lambda x: turned(torch.fft.fft)(x, dim=0), [numbers(3, 2, 2)], axis=0, normalization="backward"))
    cases.append(case(
        "rfft axis 0", "rfft", lambda x: torch.view_as_real(torch.fft.rfft(x, dim=0)), [numbers(5, 2)], axis=0,
        normalization="backward"))
    cases.append(case(
        "fft of no rows", "fft", lambda x: turned(torch.fft.fft)(x).detach(), [numbers(0, 4, 2)], axis=-1,
        normalization="backward"))
