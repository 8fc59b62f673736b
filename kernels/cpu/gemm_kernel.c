#include "gemm_internal.h"
#include "levels.h"

// The inner kernel of GEMM, once for each instruction set, and the choice between them at run time.

void lathe_gemm_store_part(const gemm_tile *t, const float *part, long rows, long width) {
  for (long r = 0; r < rows; r++) {
    float *c = t->c + r * t->c_row;
    for (long j = 0; j < t->columns; j++) {
      float y = part[r * width + j];
      if (t->flags & GEMM_ACCUMULATE) y += c[j];
      if (t->row_bias) y += t->row_bias[r];
      if (t->column_bias) y += t->column_bias[j];
      c[j] = t->flags & GEMM_RELU && y < 0 ? 0 : y;
    }
  }
}

typedef float f4v __attribute__((vector_size(16), aligned(4)));

#if defined(__x86_64__)

#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define GEMM_NAME(x) v4_##x
#define GEMM_VECTOR f16v
#define GEMM_LANES 16
#define GEMM_ROWS 12
#define GEMM_WIDTH 2
#include "gemm_kernel_template.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define GEMM_NAME(x) v3_##x
#define GEMM_VECTOR f8v
#define GEMM_LANES 8
#define GEMM_ROWS 6
#define GEMM_WIDTH 2
#include "gemm_kernel_template.h"
#pragma clang attribute pop

#define GEMM_NAME(x) base_##x
#define GEMM_VECTOR f4v
#define GEMM_LANES 4
#define GEMM_ROWS 2
#define GEMM_WIDTH 4
#include "gemm_kernel_template.h"

static const gemm_isa isa_v4 = {12, 32, 16, v4_kernel}, isa_v3 = {6, 16, 8, v3_kernel}, isa_base = {2, 16, 4, base_kernel};

#else

#define GEMM_NAME(x) base_##x
#define GEMM_VECTOR f4v
#define GEMM_LANES 4
#define GEMM_ROWS 6
#define GEMM_WIDTH 4
#include "gemm_kernel_template.h"

static const gemm_isa isa_base = {6, 16, 4, base_kernel};

#endif

const gemm_isa *lathe_gemm_isa(void) { return LATHE_PICK(isa); }
