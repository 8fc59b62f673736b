"""OpenBLAS called directly: `cblas_sgemm` on arrays that are there already."""

import ctypes

import products
from protocol import cores, serve


class OpenBLAS:
    name = "openblas"

    def __init__(self):
        self.library = ctypes.CDLL("libopenblas.so.0")
        self.library.openblas_set_num_threads(cores())
        for text in ("openblas_get_config", "openblas_get_corename"):
            getattr(self.library, text).restype = ctypes.c_char_p
        config = self.library.openblas_get_config().decode().split()
        self.version = f"{config[1]}, core type {self.library.openblas_get_corename().decode()}"
        integer, real, pointer = ctypes.c_int, ctypes.c_float, ctypes.c_void_p
        self.library.cblas_sgemm.argtypes = (
            [integer] * 6 + [real, pointer, integer, pointer, integer, real, pointer, integer])

    def prepare(self, operation, p):
        made = products.arrays(operation, p)
        if made is None:
            return None
        a, b, c = made
        m, n, k = p["m"], p["n"], p["k"]
        arguments = (
            products.ROW_MAJOR, products.NOT_TRANSPOSED, products.NOT_TRANSPOSED, m, n, k, 1.0, a.ctypes.data, k,
            b.ctypes.data, n, 0.0, c.ctypes.data, n)
        sgemm = self.library.cblas_sgemm
        sgemm(*arguments)
        products.check(a, b, c)
        # The arrays live as long as the closure.
        return lambda arrays=made: sgemm(*arguments)


if __name__ == "__main__":
    serve(OpenBLAS())
