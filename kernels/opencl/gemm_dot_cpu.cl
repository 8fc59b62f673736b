// Matrix products for CPU devices where both operands are contiguous along k, without packing.
//
//        k ->              k ->                 c [i][j] is the dot product of row i of a and column j of b: ROWS
//      +--------+        +--------+             x COLUMNS of them at once, in vectors along k, whose lanes are added
//    i | a      |      j | b      |             at the end by shuffles for all sums together.
//      +--------+        +--------+
//
// Contract: grid (column blocks, row blocks, batches), work-group (1, 1, 1). c [m, n] is contiguous and starts at
// c_offset; bias [n] and relu as in gemm_cpu.cl. Row i of a is at i * a_row, column j of b at j * b_column. A batch
// number is split into three axes, the last two of sizes batch1 and batch2. The order of additions is fixed; lanes
// add runs in pairs.

// Sums, a vector of each column and one of a row fit the registers.
#define ROWS 4
#if LATHE_REGISTERS >= 32
#define COLUMNS 4
#else
#define COLUMNS 3
#endif
#define SUMS (ROWS * COLUMNS)

static inline long batch_offset(int batch, int batch1, int batch2, long stride0, long stride1, long stride2) {
  return batch / (batch1 * batch2) * stride0 + batch / batch2 % batch1 * stride1 + batch % batch2 * stride2;
}

static inline float finish(float value, int relu) { return relu && value < 0.0f ? 0.0f : value; }

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void gemm_dot(__global const float *restrict a_base, __global const float *restrict b_base,
                       __global const float *restrict bias, __global float *restrict c, const long c_offset,
                       const int m, const int n, const int k, const long a_offset, const long b_offset, const int a_row, const int b_column,
                       const int has_bias, const int relu, const int rows_per_item, const int columns_per_item,
                       const int batch1, const int batch2, const long a0, const long a1, const long a2,
                       const long b0, const long b1, const long b2) {
  const int batch = (int)get_global_id(2);
  __global const float *a = a_base + a_offset + batch_offset(batch, batch1, batch2, a0, a1, a2);
  __global const float *b = b_base + b_offset + batch_offset(batch, batch1, batch2, b0, b1, b2);
  c += c_offset + (size_t)batch * m * n;
  const int first_row = (int)get_global_id(1) * rows_per_item;
  const int end_row = min(m, first_row + rows_per_item);
  const int first_column = (int)get_global_id(0) * columns_per_item;
  const int end_column = min(n, first_column + columns_per_item);

  for (int row = first_row; row < end_row; row += ROWS) {
    for (int column = first_column; column < end_column; column += COLUMNS) {
      // Rows and columns behind the last repeat it; their sums are not stored.
      __global const float *left[ROWS], *right[COLUMNS];
#pragma unroll
      for (int i = 0; i < ROWS; i++) left[i] = a + (size_t)min(row + i, m - 1) * a_row;
#pragma unroll
      for (int i = 0; i < COLUMNS; i++) right[i] = b + (size_t)min(column + i, n - 1) * b_column;
      LATHE_V sum[LATHE_TO_WHOLE_VECTORS(SUMS)], level[LATHE_LEVELS * SUMS];
      int runs = 0;
#pragma unroll
      for (int i = 0; i < LATHE_TO_WHOLE_VECTORS(SUMS); i++) sum[i] = (LATHE_V)0.0f;
      int p = 0;
      while (p + LATHE_LANES <= k) {
        if (p > 0) LATHE_TAKE_RUN(sum, level, runs, SUMS)
        for (const int end = p + min((k - p) / LATHE_LANES, LATHE_PRODUCT_RUN) * LATHE_LANES; p < end;
             p += LATHE_LANES) {
          LATHE_V value[COLUMNS];
#pragma unroll
          for (int j = 0; j < COLUMNS; j++) value[j] = LATHE_LOAD(0, right[j] + p);
#pragma unroll
          for (int r = 0; r < ROWS; r++) {
            const LATHE_V factor = LATHE_LOAD(0, left[r] + p);
#pragma unroll
            for (int j = 0; j < COLUMNS; j++) sum[r * COLUMNS + j] += factor * value[j];
          }
        }
      }
      LATHE_FINISH_RUNS(sum, level, runs, SUMS)
      float tile[LATHE_TO_WHOLE_VECTORS(SUMS)];
#pragma unroll
      for (int i = 0; i < LATHE_TO_WHOLE_VECTORS(SUMS); i += LATHE_LANES)
        LATHE_STORE(lathe_lane_sums(sum + i), 0, tile + i);
      for (; p < k; p++)
#pragma unroll
        for (int r = 0; r < ROWS; r++)
#pragma unroll
          for (int j = 0; j < COLUMNS; j++) tile[r * COLUMNS + j] += left[r][p] * right[j][p];
      const int rows = min(ROWS, end_row - row);
      const int columns = min(COLUMNS, end_column - column);
      for (int r = 0; r < rows; r++)
        for (int j = 0; j < columns; j++) {
          const float value = tile[r * COLUMNS + j];
          c[(size_t)(row + r) * n + column + j] = finish(has_bias ? value + bias[column + j] : value, relu);
        }
    }
  }
}
