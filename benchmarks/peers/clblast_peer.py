"""CLBlast on the first OpenCL device, by its C interface (Debian: libclblast1)."""

import ctypes

import products
from protocol import serve

READ_WRITE, COPY_HOST = 1, 32
DEVICE_NAME, ALL_DEVICES = 0x102B, 0xFFFFFFFF


class CLBlast:
    name = "clblast"

    def __init__(self):
        self.cl = ctypes.CDLL("libOpenCL.so.1")
        self.library = ctypes.CDLL("libclblast.so.1")
        pointer = ctypes.c_void_p
        for function in ("clCreateContext", "clCreateCommandQueue", "clCreateBuffer"):
            getattr(self.cl, function).restype = pointer
        platform, self.device = pointer(), pointer()
        self.check(self.cl.clGetPlatformIDs(1, ctypes.byref(platform), None), "clGetPlatformIDs")
        self.check(
            self.cl.clGetDeviceIDs(
                platform, ctypes.c_uint64(ALL_DEVICES), 1, ctypes.byref(self.device), None), "clGetDeviceIDs")
        status = ctypes.c_int()
        self.context = pointer(
            self.cl.clCreateContext(None, 1, ctypes.byref(self.device), None, None, ctypes.byref(status)))
        self.check(status.value, "clCreateContext")
        self.queue = pointer(
            self.cl.clCreateCommandQueue(self.context, self.device, ctypes.c_uint64(0), ctypes.byref(status)))
        self.check(status.value, "clCreateCommandQueue")
        name = ctypes.create_string_buffer(256)
        self.cl.clGetDeviceInfo(self.device, DEVICE_NAME, ctypes.c_size_t(256), name, None)
        self.version = f"1.5.3 on {name.value.decode()}"

    def check(self, status, what):
        if status != 0:
            raise OSError(f"{what}: status {status}")

    def buffer(self, array):
        status = ctypes.c_int()
        memory = ctypes.c_void_p(
            self.cl.clCreateBuffer(
                self.context, ctypes.c_uint64(READ_WRITE | COPY_HOST), ctypes.c_size_t(array.nbytes),
                ctypes.c_void_p(array.ctypes.data), ctypes.byref(status)))
        self.check(status.value, "clCreateBuffer")
        return memory

    def prepare(self, operation, p):
        made = products.arrays(operation, p)
        if made is None:
            return None
        buffers = [self.buffer(x) for x in made]
        c = made[2]
        m, n, k = p["m"], p["n"], p["k"]
        size = ctypes.c_size_t

        def run():
            status = self.library.CLBlastSgemm(
                products.ROW_MAJOR, products.NOT_TRANSPOSED, products.NOT_TRANSPOSED, size(m), size(n), size(k),
                ctypes.c_float(1), buffers[0], size(0), size(k), buffers[1], size(0), size(n), ctypes.c_float(0),
                buffers[2], size(0), size(n), ctypes.byref(self.queue), None)
            self.check(status, "CLBlastSgemm")
            self.check(self.cl.clFinish(self.queue), "clFinish")

        run()
        self.check(
            self.cl.clEnqueueReadBuffer(
                self.queue, buffers[2], 1, size(0), size(c.nbytes), ctypes.c_void_p(c.ctypes.data), 0, None,
                None), "clEnqueueReadBuffer")
        products.check(*made)
        return run


if __name__ == "__main__":
    serve(CLBlast())
