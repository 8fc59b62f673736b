// Matrix products for CPU devices where both operands are contiguous along k, without packing.
//
//        k ->              k ->                 c [i][j] is the dot product of row i of a and column j of b: TILE x
//      +--------+        +--------+             TILE of them at once, in vectors along k, whose lanes are added
//    i | a      |      j | b      |             at the end by shuffles for all sums together.
//      +--------+        +--------+
//
// Contract: grid (column blocks, row blocks, batches), work-group (1, 1, 1). c [m, n] is contiguous and starts at
// c_offset; bias [n] and relu as in gemm_cpu.cl. Row i of a is at i * a_row, column j of b at j * b_column. A batch
// number is split into three axes, the last two of sizes batch1 and batch2. The order of additions is fixed; lanes
// add runs in pairs.

// TILE * TILE sums fill one vector.
#define TILE 4

static inline long batch_offset(int batch, int batch1, int batch2, long stride0, long stride1, long stride2) {
  return batch / (batch1 * batch2) * stride0 + batch / batch2 % batch1 * stride1 + batch % batch2 * stride2;
}

static inline float finish(float value, int relu) { return relu && value < 0.0f ? 0.0f : value; }

// Lane i of the result is the sum of the lanes of v[i]: four rounds that halve the number of vectors.
static inline float16 sums_of_16(const float16 *v) {
  float16 a[8], b[4], c[2];
#pragma unroll
  for (int i = 0; i < 8; i++) a[i] = (float16)(v[i].lo + v[i].hi, v[i + 8].lo + v[i + 8].hi);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float16 p = a[i], q = a[i + 4];
    b[i] = (float16)(p.s0123, q.s0123, p.s89ab, q.s89ab) + (float16)(p.s4567, q.s4567, p.scdef, q.scdef);
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const float16 p = b[i], q = b[i + 2];
    c[i] = (float16)(p.s01, q.s01, p.s45, q.s45, p.s89, q.s89, p.scd, q.scd)
         + (float16)(p.s23, q.s23, p.s67, q.s67, p.sab, q.sab, p.sef, q.sef);
  }
  const float16 p = c[0], q = c[1];
  return (float16)(p.s0, q.s0, p.s2, q.s2, p.s4, q.s4, p.s6, q.s6, p.s8, q.s8, p.sa, q.sa, p.sc, q.sc, p.se, q.se)
       + (float16)(p.s1, q.s1, p.s3, q.s3, p.s5, q.s5, p.s7, q.s7, p.s9, q.s9, p.sb, q.sb, p.sd, q.sd, p.sf, q.sf);
}

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

  for (int row = first_row; row < end_row; row += TILE) {
    for (int column = first_column; column < end_column; column += TILE) {
      // Rows and columns behind the last repeat it; their sums are not stored.
      __global const float *left[TILE], *right[TILE];
#pragma unroll
      for (int i = 0; i < TILE; i++) {
        left[i] = a + (size_t)min(row + i, m - 1) * a_row;
        right[i] = b + (size_t)min(column + i, n - 1) * b_column;
      }
      float16 sum[16], level[LATHE_LEVELS * 16];
      int runs = 0;
#pragma unroll
      for (int i = 0; i < 16; i++) sum[i] = (float16)0.0f;
      int p = 0;
      while (p + 16 <= k) {
        if (p > 0) LATHE_TAKE_RUN(sum, level, runs, 16)
        for (const int end = p + min((k - p) / 16, LATHE_PRODUCT_RUN) * 16; p < end; p += 16) {
          float16 value[TILE];
#pragma unroll
          for (int j = 0; j < TILE; j++) value[j] = vload16(0, right[j] + p);
#pragma unroll
          for (int r = 0; r < TILE; r++) {
            const float16 factor = vload16(0, left[r] + p);
#pragma unroll
            for (int j = 0; j < TILE; j++) sum[r * TILE + j] += factor * value[j];
          }
        }
      }
      LATHE_FINISH_RUNS(sum, level, runs, 16)
      float tile[16];
      vstore16(sums_of_16(sum), 0, tile);
      for (; p < k; p++)
#pragma unroll
        for (int r = 0; r < TILE; r++)
#pragma unroll
          for (int j = 0; j < TILE; j++) tile[r * TILE + j] += left[r][p] * right[j][p];
      const int rows = min(TILE, end_row - row);
      const int columns = min(TILE, end_column - column);
      for (int r = 0; r < rows; r++)
        for (int j = 0; j < columns; j++) {
          const float value = tile[r * TILE + j];
          c[(size_t)(row + r) * n + column + j] = finish(has_bias ? value + bias[column + j] : value, relu);
        }
    }
  }
}
