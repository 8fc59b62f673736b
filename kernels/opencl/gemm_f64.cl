// C = A B (+ bias) (relu) in float64: A is m x k and B is k x n with any strides, C is m x n, one matrix behind the other.
//
// cpu: a work-item makes 4 rows of 8 columns, which it keeps in vectors while it goes through k.
// gpu: a work-group of 16 x 16 makes a tile of as many elements, of pieces of A and B in local memory.
// Matrices of a batch are counted by the third axis of the range; see BatchAxes.

#define LATHE_MATRIX                                                                               \
  const long z = (long)get_global_id(2);                                                           \
  const long z2 = z % batch2, z1 = z / batch2 % batch1, z0 = z / batch2 / batch1;                  \
  a += a_offset + z0 * a0 + z1 * a1 + z2 * a2;                                                     \
  b += b_offset + z0 * b0 + z1 * b1 + z2 * b2;                                                     \
  c += first + z * m * n;

static double lathe_finished(double sum, __global const double *bias, int column, int has_bias, int relu) {
  sum = has_bias ? sum + bias[column] : sum;
  return relu && sum < 0.0 ? 0.0 : sum;
}

#define LATHE_PARAMETERS                                                                                    \
  __global const double *restrict a, __global const double *restrict b, __global const double *restrict bias, \
      __global double *restrict c, long first, int m, int n, int k, long a_offset, long b_offset, long a_row,  \
      long a_step, long b_row, long b_step, int has_bias, int relu, int batch1, int batch2, long a0, long a1,  \
      long a2, long b0, long b1, long b2

#if LATHE_PROFILE_CPU

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gemm_f64(LATHE_PARAMETERS) {
  LATHE_MATRIX
  const int column = (int)get_global_id(0) * 8, row = (int)get_global_id(1) * 4;
  const int columns = min(8, n - column), rows = min(4, m - row);
  double sums[32];
  for (int i = 0; i < 32; i++) sums[i] = 0.0;
  for (int p = 0; p < k; p++) {
    __global const double *from = b + p * b_row + column * b_step;
    double line[8];
    for (int j = 0; j < 8; j++) line[j] = j < columns ? from[j * b_step] : 0.0;
    for (int i = 0; i < 4; i++) {
      const double factor = i < rows ? a[(row + i) * a_row + p * a_step] : 0.0;
      for (int j = 0; j < 8; j++) sums[8 * i + j] += factor * line[j];
    }
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < columns; j++)
      c[(long)(row + i) * n + column + j] = lathe_finished(sums[8 * i + j], bias, column + j, has_bias, relu);
}

#else

__kernel __attribute__((reqd_work_group_size(16, 16, 1))) void gemm_f64(LATHE_PARAMETERS) {
  LATHE_MATRIX
  __local double tile_a[16][17];
  __local double tile_b[16][17];
  const int x = (int)get_local_id(0), y = (int)get_local_id(1);
  const int column = (int)get_global_id(0), row = (int)get_global_id(1);
  double sum = 0.0;
  for (int start = 0; start < k; start += 16) {
    tile_a[y][x] = row < m && start + x < k ? a[row * a_row + (start + x) * a_step] : 0.0;
    tile_b[y][x] = column < n && start + y < k ? b[(start + y) * b_row + column * b_step] : 0.0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int p = 0; p < 16; p++) sum += tile_a[y][p] * tile_b[p][x];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (row < m && column < n) c[(long)row * n + column] = lathe_finished(sum, bias, column, has_bias, relu);
}

#endif
