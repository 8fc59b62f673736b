"""What the peers that know nothing but matrix products have in common."""

import numpy as np

# Of the C interface of every BLAS.
ROW_MAJOR, NOT_TRANSPOSED = 101, 111


def arrays(operation, p):
    """a [m, k], b [k, n] and c [m, n] for a plain product; None for anything else."""
    if operation != "matmul" or p["batch"] > 1:
        return None
    a = np.random.rand(p["m"], p["k"]).astype(np.float32)
    b = np.random.rand(p["k"], p["n"]).astype(np.float32)
    return a, b, np.zeros((p["m"], p["n"]), np.float32)


def check(a, b, c):
    """Stops where c is not a b."""
    if not np.allclose(c, a @ b, rtol=1e-3):
        raise ValueError("the product is wrong")
