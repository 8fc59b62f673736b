// A block of a float64 product: rows by a panel of columns over a piece of k. Compiled for each SIMD level by variants.h.

/// Columns whose sums stay in registers: two vectors for each row.
#define BLOCK_COLUMNS LATHE_LANES

/// c[4][LATHE_GEMM_F64_COLUMNS] += a[depth][4] b[depth][LATHE_GEMM_F64_COLUMNS].
static void LATHE_NAME(lathe_block)(const double *restrict a, const double *restrict b, long depth, double *restrict c) {
  for (int first = 0; first < LATHE_GEMM_F64_COLUMNS; first += BLOCK_COLUMNS) {
    double sums[LATHE_F64_ROWS][BLOCK_COLUMNS] = {{0}};
    for (long p = 0; p < depth; p++) {
      const double *x = a + p * LATHE_F64_ROWS, *y = b + p * LATHE_GEMM_F64_COLUMNS + first;
      _Pragma("clang loop unroll(full)") for (int i = 0; i < LATHE_F64_ROWS; i++)
        _Pragma("clang loop unroll(full)") for (int j = 0; j < BLOCK_COLUMNS; j++) sums[i][j] += x[i] * y[j];
    }
    for (int i = 0; i < LATHE_F64_ROWS; i++)
      for (int j = 0; j < BLOCK_COLUMNS; j++) c[i * LATHE_GEMM_F64_COLUMNS + first + j] += sums[i][j];
  }
}

#undef BLOCK_COLUMNS

static const struct lathe_f64_product LATHE_NAME(lathe_table) = {LATHE_NAME(lathe_block)};
