#include "opencl_kernels.h"
