// Results of a product that were computed as their transposed matrix, for CPU devices: c [m, n] from `results` [n, m], plus bias
// [n], then relu. So few rows times a matrix that lies by columns need no packed copy of that matrix.
//
// Contract: lanes.clh goes in front (LATHE_V). A work-item writes columns_per_item columns of c, a multiple of LATHE_LANES; behind
// `results` is room for LATHE_LANES rows and LATHE_LANES elements more.

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void store_transposed(__global const float *restrict results, __global const float *restrict bias,
                               __global float *restrict c_base, const long c_offset, const int m, const int n,
                               const int has_bias, const int relu, const int columns_per_item) {
  __global float *c = c_base + c_offset;
  const int first = (int)get_global_id(0) * columns_per_item, end = min(n, first + columns_per_item);
  for (int j = first; j < end; j += LATHE_LANES)
    for (int i = 0; i < m; i += LATHE_LANES) {
      LATHE_V x[LATHE_LANES], y[LATHE_LANES];
#pragma unroll
      for (int r = 0; r < LATHE_LANES; r++) x[r] = LATHE_LOAD(0, results + (long)(j + r) * m + i);
      // Each turn interleaves the first half of the rows with the second; after all, rows are columns.
#pragma unroll
      for (int turn = 1; turn < LATHE_LANES; turn *= 2) {
#pragma unroll
        for (int r = 0; r < LATHE_LANES / 2; r++) {
          y[2 * r] = LATHE_LOW_HALVES(x[r], x[r + LATHE_LANES / 2]);
          y[2 * r + 1] = LATHE_HIGH_HALVES(x[r], x[r + LATHE_LANES / 2]);
        }
#pragma unroll
        for (int r = 0; r < LATHE_LANES; r++) x[r] = y[r];
      }
      if (j + LATHE_LANES <= n) {
        const LATHE_V added = has_bias ? LATHE_LOAD(0, bias + j) : (LATHE_V)0.0f;
#pragma unroll
        for (int r = 0; r < LATHE_LANES; r++)
          if (i + r < m) {
            const LATHE_V sum = x[r] + added;
            LATHE_STORE(relu ? LATHE_RELU_V(sum) : sum, 0, c + (long)(i + r) * n + j);
          }
      } else {
        for (int r = 0; r < LATHE_LANES && i + r < m; r++) {
          float row[LATHE_LANES];
          LATHE_STORE(x[r], 0, row);
          for (int e = 0; j + e < n; e++) {
            const float sum = row[e] + (has_bias ? bias[j + e] : 0.0f);
            c[(long)(i + r) * n + j + e] = relu && sum < 0.0f ? 0.0f : sum;
          }
        }
      }
    }
}
