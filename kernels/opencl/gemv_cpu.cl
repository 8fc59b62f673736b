// A row times a matrix for CPU devices: c [n] = a [k] x b [k, n] (+ bias [n]) (relu), b contiguous along n. It is bound by
// reading b, so b is read once and where it lies.
//
// Contract: a work-item does columns_per_item columns, a multiple of 128. Element p of a is at p * a_step, row p of b at
// p * b_row. Sums run over k in runs that are added in pairs.

// Rows are too far apart for the processor to foresee the next one.
#define DEFINE_COLUMNS(VECTORS)                                                                                      \
  static inline void columns_##VECTORS(__global const float *a, const int a_step, __global const float *b,           \
                                       const long b_row, const int k, __global const float *bias,                    \
                                       __global float *c, const int has_bias, const int relu) {                      \
    LATHE_V sum[VECTORS], level[LATHE_LEVELS * VECTORS];                                                             \
    int runs = 0;                                                                                                    \
    _Pragma("unroll") for (int v = 0; v < VECTORS; v++) sum[v] = has_bias ? LATHE_LOAD(v, bias) : (LATHE_V)0.0f;     \
    for (int p = 0; p < k;) {                                                                                        \
      if (p > 0) LATHE_TAKE_RUN(sum, level, runs, VECTORS)                                                           \
      for (const int end = p + min(k - p, LATHE_PRODUCT_RUN); p < end; p++, b += b_row) {                                    \
        const LATHE_V x = (LATHE_V)a[(size_t)p * a_step];                                                            \
        _Pragma("unroll") for (int v = 0; v < VECTORS * LATHE_LANES; v += 16) LATHE_FETCH(b + 8 * b_row + v);          \
        _Pragma("unroll") for (int v = 0; v < VECTORS; v++) sum[v] += x * LATHE_LOAD(v, b);                          \
      }                                                                                                              \
    }                                                                                                                \
    LATHE_FINISH_RUNS(sum, level, runs, VECTORS)                                                                     \
    _Pragma("unroll") for (int v = 0; v < VECTORS; v++) {                                                            \
      if (relu) sum[v] = LATHE_RELU_V(sum[v]);                                                                       \
      LATHE_STORE(sum[v], v, c);                                                                                     \
    }                                                                                                                \
  }

DEFINE_COLUMNS(8)
DEFINE_COLUMNS(1)

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void gemv(__global const float *restrict a, __global const float *restrict b,
                   __global const float *restrict bias, __global float *restrict c, const long a_offset,
                   const long b_offset, const long c_offset, const int n, const int k, const int a_step,
                   const long b_row, const int has_bias, const int relu, const int columns_per_item) {
  int j = (int)get_global_id(0) * columns_per_item;
  const int end = min(n, j + columns_per_item);
  a += a_offset;
  b += b_offset;
  c += c_offset;
  for (; j + 8 * LATHE_LANES <= end; j += 8 * LATHE_LANES) columns_8(a, a_step, b + j, b_row, k, bias + j, c + j, has_bias, relu);
  for (; j + LATHE_LANES <= end; j += LATHE_LANES) columns_1(a, a_step, b + j, b_row, k, bias + j, c + j, has_bias, relu);
  for (; j < end; j++) {
    float sum[1] = {has_bias ? bias[j] : 0.0f}, level[LATHE_LEVELS];
    int runs = 0;
    for (int p = 0; p < k;) {
      if (p > 0) LATHE_TAKE_RUN(sum, level, runs, 1)
      for (const int stop = p + min(k - p, LATHE_PRODUCT_RUN); p < stop; p++) sum[0] += a[(size_t)p * a_step] * b[j + p * b_row];
    }
    LATHE_FINISH_RUNS(sum, level, runs, 1)
    c[j] = relu && sum[0] < 0.0f ? 0.0f : sum[0];
  }
}
