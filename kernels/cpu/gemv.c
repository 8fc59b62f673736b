#include "gemm_internal.h"
#include "include/workspace.h"
#include "pairwise.h"
#include "levels.h"

// Products of one row with a matrix. They are bound by reading the matrix, so it is read once, in the order in which
// it lies, and never packed.

/// Bias and relu of `count` neighbouring results.
LATHE_INLINE void gemv_finish(const lathe_gemm *g, long j, f16v *sum, long count) {
  if (g->bias) {
    f16v bias = {};
    load_first(&bias, g->bias + j, count);
    *sum += bias;
  }
  if (g->relu) *sum = (f16v)((i16v)*sum & ~(*sum < 0));
  store_first(g->c + j, sum, count);
}

typedef struct gemv_level {
  void (*by_columns)(const lathe_gemm *g, long first, long last);
  void (*by_dots)(const lathe_gemm *g, const float *a, long first, long last);
} gemv_level;

#define LATHE_BODY "gemv_body.h"
#include "variants.h"

void lathe_gemv(const lathe_gemm *g, long first, long last) {
  if (g->n > 1 ? g->b_column == 1 : g->b_row != 1) return LATHE_PICK(level)->by_columns(g, first, last);
  const float *a = g->a;
  if (g->a_column != 1) {
    float *copy = lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)g->k);
    if (!copy) return;
    for (long p = 0; p < g->k; p++) copy[p] = g->a[p * g->a_column];
    a = copy;
  }
  LATHE_PICK(level)->by_dots(g, a, first, last);
}
