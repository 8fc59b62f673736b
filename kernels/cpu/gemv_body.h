// The loops of the products of one row. Compiled for each SIMD level by variants.h.

/// Vectors of 16 sums that registers have room for beside what they are added from.
#define GEMV_SUMS (LATHE_LANES == 16 ? 8 : LATHE_LANES * LATHE_REGISTERS >= 128 ? 4 : 2)

/// Adds `count` rows of B, from `row` on, times elements of a to the sums of `vectors` x 16 columns, of which the last has
/// `rest`.
LATHE_INLINE void LATHE_NAME(column_run)(
    const lathe_gemm *g, const float *a, const float *row, long count, const int vectors, long rest, f16v *to) {
  f16v sum[8];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) sum[v] = (f16v){};
  for (; count > 0; count--) {
    const f16v x = *a - (f16v){};
    a += g->a_column;
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
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) to[v] = sum[v];
}

/// B lies row by row: `vectors` x 16 columns at a time, of which `rest` in a last vector that is not full.
LATHE_INLINE void LATHE_NAME(columns)(const lathe_gemm *g, long j, const int vectors, long rest) {
  f16v sum[8] = {};
  pairwise runs;
  runs.count = 0;
  for (long p = 0; p < g->k; p += PAIRWISE_RUN) {
    if (p > 0) pairwise_take(&runs, sum, vectors);
    const long count = g->k - p < PAIRWISE_RUN ? g->k - p : PAIRWISE_RUN;
    LATHE_NAME(column_run)(g, g->a + p * g->a_column, g->b + p * g->b_row + j, count, vectors, rest, sum);
  }
  pairwise_finish(&runs, sum, vectors);
  for (int v = 0; v < vectors; v++) gemv_finish(g, j + 16 * v, &sum[v], v == vectors - 1 ? rest : 16);
}

static void LATHE_NAME(by_columns)(const lathe_gemm *g, long first, long last) {
  long j = first;
  for (; j + 16 * GEMV_SUMS <= last; j += 16 * GEMV_SUMS) LATHE_NAME(columns)(g, j, GEMV_SUMS, 16);
  for (; j + 16 <= last; j += 16) LATHE_NAME(columns)(g, j, 1, 16);
  if (j < last) LATHE_NAME(columns)(g, j, 1, last - j);
}

/// Adds `count` elements, whole vectors, of `columns` columns of B times those of a to the columns' sums.
LATHE_INLINE void LATHE_NAME(dot_run)(
    const float *a, const float *column, long b_column, long count, const int columns, f16v *to) {
  f16v sum[8];
#pragma clang loop unroll(full)
  for (int r = 0; r < columns; r++) sum[r] = (f16v){};
  for (long p = 0; p < count; p += 16) {
    const f16v x = load16(a + p);
#pragma clang loop unroll(full)
    for (int r = 0; r < columns; r++) sum[r] += x * load16(column + r * b_column + p);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < columns; r++) to[r] = sum[r];
}

/// B lies column by column: dot products, `count` at a time. `a` is contiguous.
LATHE_INLINE void LATHE_NAME(dots)(const lathe_gemm *g, const float *a, long j, const int count) {
  f16v sum[8] = {};
  pairwise runs;
  runs.count = 0;
  const float *column = g->b + j * g->b_column;
  const long whole = g->k / 16 * 16;
  for (long p = 0; p < whole; p += 16 * PAIRWISE_RUN) {
    if (p > 0) pairwise_take(&runs, sum, count);
    const long length = whole - p < 16 * PAIRWISE_RUN ? whole - p : 16 * PAIRWISE_RUN;
    LATHE_NAME(dot_run)(a + p, column + p, g->b_column, length, count, sum);
  }
  if (whole < g->k) {
    f16v x = {};
    load_first(&x, a + whole, g->k - whole);
    for (int r = 0; r < count; r++) {
      f16v y = {};
      load_first(&y, column + r * g->b_column + whole, g->k - whole);
      sum[r] += x * y;
    }
  }
  pairwise_finish(&runs, sum, count);
  f16v results = {};
  for (int r = 0; r < count; r++) results[r] = sum16(&sum[r]);
  gemv_finish(g, j, &results, count);
}

static void LATHE_NAME(by_dots)(const lathe_gemm *g, const float *a, long first, long last) {
  long j = first;
  for (; j + GEMV_SUMS <= last; j += GEMV_SUMS) LATHE_NAME(dots)(g, a, j, GEMV_SUMS);
  for (; j < last; j++) LATHE_NAME(dots)(g, a, j, 1);
}

static const gemv_level LATHE_NAME(level) = {LATHE_NAME(by_columns), LATHE_NAME(by_dots)};

#undef GEMV_SUMS
