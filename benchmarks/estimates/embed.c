// The file that `make check-gpu-code` writes, inside the program.

#include "BenchmarkEstimates.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char text[] = {
#embed "gpu-estimates.json" suffix(, 0)
};

const char *lathe_gpu_estimates(void) { return text; }
