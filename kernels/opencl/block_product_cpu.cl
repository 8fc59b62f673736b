// Products of few rows with matrices whose rows stay blocks, or in 16 bits, for CPU devices: y [m, n] = x [m, k] times the
// transposed matrix [n, k] (+ bias [n]) for m <= ROWS. It is bound by reading the matrices, of which each element is unpacked
// once for all rows of x.
//
// Up to three matrices of one type are taken one after the other: n has the rows of each, and their results are columns `column`
// on of rows of `pitch`.
// Contract: blocks.clh goes in front (LATHE_BLOCK). A work-item does rows_per_item rows of the matrices. Rows of x behind the
// last are the last one again. With ROUNDED there is one row of x, and local memory for it: see block_rounded_cpu.clh.

#ifndef ROWS
#define ROWS 1
#endif

// How far ahead the matrix is fetched: the rows that come next, however short they are.
#define AHEAD 8192

static inline float lane_sum(float16 v) {
  const float8 a = v.lo + v.hi;
  const float4 b = a.lo + a.hi;
  return (b.x + b.z) + (b.y + b.w);
}

#if !LATHE_ROUNDS
// The products of row `row` of a matrix.
static inline void products(__global const float *x, __global const uchar *matrix, long row, int m, int k, float *results) {
  float16 sum[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) sum[r] = (float16)0.0f;
#pragma unroll
  for (int r = 0; r < ROWS; r++) results[r] = 0.0f;
#if LATHE_IS_SHORT
  __global const ushort *w = (__global const ushort *)matrix + row * k;
  int p = 0;
  for (; p + 16 <= k; p += 16) {
    LATHE_FETCH((__global const uchar *)(w + p) + AHEAD);
    const float16 elements = lathe_wide_run(LATHE_LOAD_SHORTS(w + p));
#pragma unroll
    for (int r = 0; r < ROWS; r++) sum[r] += elements * LATHE_LOAD_FLOATS(x + (size_t)min(r, m - 1) * k + p);
  }
  for (; p < k; p++)
#pragma unroll
    for (int r = 0; r < ROWS; r++) results[r] += lathe_short(w[p]) * x[(size_t)min(r, m - 1) * k + p];
#else
  const int blocks = k / (32 * LATHE_BLOCK_PARTS);
  __global const uchar *block = matrix + row * blocks * LATHE_BLOCK_BYTES;
  __global const float *from = x;
  for (int b = 0; b < blocks; b++, block += LATHE_BLOCK_BYTES)
#pragma unroll
    for (int part = 0; part < LATHE_BLOCK_PARTS; part++, from += 32) {
      if (part % 2 == 0) LATHE_FETCH(block + AHEAD + part * 32);
      float16 low, high;
      lathe_part(block, part, 0, &low, &high);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        __global const float *to = from + (size_t)min(r, m - 1) * k;
        sum[r] += low * LATHE_LOAD_FLOATS(to);
        sum[r] += high * LATHE_LOAD_FLOATS(to + 16);
      }
    }
#endif
#pragma unroll
  for (int r = 0; r < ROWS; r++) results[r] += lane_sum(sum[r]);
}
#endif

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void block_product(__global const float *restrict x, __global const uchar *restrict first_matrix,
                            __global const uchar *restrict second_matrix, __global const uchar *restrict third_matrix,
                            __global const float *restrict first_bias, __global const float *restrict second_bias,
                            __global const float *restrict third_bias, __global float *restrict y, const int m, const int4 n,
                            const int k, const int has_bias, const int column, const int pitch, const int rows_per_item
#if ROUNDED
                            ,
                            __local char *memory
#endif
) {
  const int start = (int)get_global_id(0) * rows_per_item, end = min(n.x + n.y + n.z, start + rows_per_item);
#if LATHE_ROUNDS
  const lathe_rounded_row rounded = lathe_round_row(x, k, memory);
#endif
  for (int at = start; at < end; at++) {
    const int part = at < n.x ? 0 : at < n.x + n.y ? 1 : 2;
    const int row = part == 0 ? at : part == 1 ? at - n.x : at - n.x - n.y;
    __global const uchar *matrix = part == 0 ? first_matrix : part == 1 ? second_matrix : third_matrix;
    __global const float *bias = part == 0 ? first_bias : part == 1 ? second_bias : third_bias;
    float results[ROWS];
#if LATHE_ROUNDS
    results[0] = lathe_rounded_product(&rounded, matrix + (size_t)row * (k / 32) * LATHE_BLOCK_BYTES, k / 32);
#else
    products(x, matrix, row, m, k, results);
#endif
#pragma unroll
    for (int r = 0; r < ROWS; r++)
      if (r < m) y[(size_t)r * pitch + column + at] = results[r] + (has_bias ? bias[row] : 0.0f);
  }
}
