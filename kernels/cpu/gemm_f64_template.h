// A block of a float64 product: rows by a panel of columns over a piece of k. Compiled for each SIMD level by variants.h.

/// c[4][LATHE_GEMM_F64_COLUMNS] += a[depth][4] b[depth][LATHE_GEMM_F64_COLUMNS].
static void LATHE_NAME(lathe_block)(const double *restrict a, const double *restrict b, long depth, double *restrict c) {
  double sums[LATHE_F64_ROWS][LATHE_GEMM_F64_COLUMNS] = {{0}};
  for (long p = 0; p < depth; p++, a += LATHE_F64_ROWS, b += LATHE_GEMM_F64_COLUMNS) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < LATHE_F64_ROWS; i++)
      _Pragma("clang loop unroll(full)") for (int j = 0; j < LATHE_GEMM_F64_COLUMNS; j++) sums[i][j] += a[i] * b[j];
  }
  for (int i = 0; i < LATHE_F64_ROWS; i++)
    for (int j = 0; j < LATHE_GEMM_F64_COLUMNS; j++) c[i * LATHE_GEMM_F64_COLUMNS + j] += sums[i][j];
}

static const struct lathe_f64_product LATHE_NAME(lathe_table) = {LATHE_NAME(lathe_block)};
