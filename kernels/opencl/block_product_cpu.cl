// Products of few rows with a matrix whose rows stay blocks, or in 16 bits, for CPU devices: y [m, n] = x [m, k] times the
// transposed matrix [n, k] (+ bias [n]) for m <= ROWS. It is bound by reading the matrix, of which each element is unpacked
// once for all rows of x.
//
// The results are columns `column` on of rows of `pitch`.
// Contract: blocks.clh goes in front (LATHE_BLOCK). A work-item does rows_per_item rows of the matrix. Rows of x behind the
// last are the last one again.

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

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void block_product(__global const float *restrict x, __global const uchar *restrict matrix,
                            __global const float *restrict bias, __global float *restrict y, const int m, const int n,
                            const int k, const int has_bias, const int column, const int pitch,
                            const int rows_per_item) {
  const int first = (int)get_global_id(0) * rows_per_item, end = min(n, first + rows_per_item);
  for (int row = first; row < end; row++) {
    float16 sum[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) sum[r] = (float16)0.0f;
    float rest[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) rest[r] = 0.0f;
#if LATHE_IS_SHORT
    __global const ushort *w = (__global const ushort *)matrix + (size_t)row * k;
    int p = 0;
    for (; p + 16 <= k; p += 16) {
      LATHE_FETCH((__global const uchar *)(w + p) + AHEAD);
      const float16 elements = lathe_wide_run(LATHE_LOAD_SHORTS(w + p));
#pragma unroll
      for (int r = 0; r < ROWS; r++) sum[r] += elements * LATHE_LOAD_FLOATS(x + (size_t)min(r, m - 1) * k + p);
    }
    for (; p < k; p++)
#pragma unroll
      for (int r = 0; r < ROWS; r++) rest[r] += lathe_short(w[p]) * x[(size_t)min(r, m - 1) * k + p];
#else
    const int blocks = k / (32 * LATHE_BLOCK_PARTS);
    __global const uchar *block = matrix + (size_t)row * blocks * LATHE_BLOCK_BYTES;
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
    for (int r = 0; r < ROWS; r++)
      if (r < m) y[(size_t)r * pitch + column + row] = lane_sum(sum[r]) + rest[r] + (has_bias ? bias[row] : 0.0f);
  }
}
