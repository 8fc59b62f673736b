#include "gemm_internal.h"
#include "include/workspace.h"
#include "pairwise.h"
#include "levels.h"

// Products of one row with a matrix. They are bound by reading the matrix, so it is read once, in the order in which
// it lies, and never packed.

/// Bias and relu of `count` neighbouring results.
LATHE_INLINE void finish(const lathe_gemm *g, long j, f16v *sum, long count) {
  if (g->bias) {
    f16v bias = {};
    load_first(&bias, g->bias + j, count);
    *sum += bias;
  }
  if (g->relu) *sum = (f16v)((i16v)*sum & ~(*sum < 0));
  store_first(g->c + j, sum, count);
}

/// B lies row by row: `vectors` x 16 columns at a time, of which `rest` in a last vector that is not full.
LATHE_INLINE void columns(const lathe_gemm *g, long j, const int vectors, long rest) {
  f16v sum[8] = {};
  pairwise runs;
  runs.count = 0;
  const float *row = g->b + j;
  for (long p = 0; p < g->k;) {
    if (p > 0) pairwise_take(&runs, sum, vectors);
    const long end = g->k - p > PAIRWISE_RUN ? p + PAIRWISE_RUN : g->k;
    for (; p < end; p++) {
      const f16v x = g->a[p * g->a_column] - (f16v){};
      // Rows are too far apart for the processor to foresee the next one.
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) __builtin_prefetch(row + 8 * g->b_row + 16 * v);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) {
        f16v y = {};
        if (v == vectors - 1 && rest < 16)
          load_first(&y, row + 16 * v, rest);
        else
          y = load16(row + 16 * v);
        sum[v] += x * y;
      }
      row += g->b_row;
    }
  }
  pairwise_finish(&runs, sum, vectors);
  for (int v = 0; v < vectors; v++) finish(g, j + 16 * v, &sum[v], v == vectors - 1 ? rest : 16);
}

LATHE_STATIC_LEVELS(void, by_columns, (const lathe_gemm *g, long first, long last), (g, first, last)) {
  long j = first;
  for (; j + 128 <= last; j += 128) columns(g, j, 8, 16);
  for (; j + 16 <= last; j += 16) columns(g, j, 1, 16);
  if (j < last) columns(g, j, 1, last - j);
}

/// B lies column by column: dot products, eight at a time. `a` is contiguous.
LATHE_INLINE void dots(const lathe_gemm *g, const float *a, long j, const int count) {
  f16v sum[8] = {};
  pairwise runs;
  runs.count = 0;
  const float *column = g->b + j * g->b_column;
  long p = 0;
  while (p + 16 <= g->k) {
    if (p > 0) pairwise_take(&runs, sum, count);
    const long end = g->k - p > 16 * PAIRWISE_RUN ? p + 16 * PAIRWISE_RUN : g->k;
    for (; p + 16 <= end; p += 16) {
      const f16v x = load16(a + p);
#pragma clang loop unroll(full)
      for (int r = 0; r < count; r++) sum[r] += x * load16(column + r * g->b_column + p);
    }
  }
  if (p < g->k) {
    f16v x = {};
    load_first(&x, a + p, g->k - p);
#pragma clang loop unroll(full)
    for (int r = 0; r < count; r++) {
      f16v y = {};
      load_first(&y, column + r * g->b_column + p, g->k - p);
      sum[r] += x * y;
    }
  }
  pairwise_finish(&runs, sum, count);
  f16v results = {};
  for (int r = 0; r < count; r++) results[r] = sum16(&sum[r]);
  finish(g, j, &results, count);
}

LATHE_STATIC_LEVELS(void, by_dots,
    (const lathe_gemm *g, const float *a, long first, long last),
    (g, a, first, last)) {
  long j = first;
  for (; j + 8 <= last; j += 8) dots(g, a, j, 8);
  for (; j < last; j++) dots(g, a, j, 1);
}

void lathe_gemv(const lathe_gemm *g, long first, long last) {
  if (g->n > 1 ? g->b_column == 1 : g->b_row != 1) return by_columns(g, first, last);
  const float *a = g->a;
  if (g->a_column != 1) {
    float *copy = lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)g->k);
    if (!copy) return;
    for (long p = 0; p < g->k; p++) copy[p] = g->a[p * g->a_column];
    a = copy;
  }
  by_dots(g, a, first, last);
}
