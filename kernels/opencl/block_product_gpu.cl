// Products of few rows with a matrix whose rows stay blocks, or in 16 bits, for GPUs: y [m, n] = x [m, k] times the transposed
// matrix [n, k] (+ bias [n]) for m <= ROWS. What they take is the time to read the matrix, which is read once.
//
// SHARE work-items add up a row of the matrix, 256 / SHARE rows to a group: of blocks four neighbours share a part, so that
// the group reads both operands in runs of neighbours.
// Up to three matrices of one type are taken one after the other: n has the rows of each, and their results are columns `column`
// on of rows of `pitch`.
// Contract: blocks.clh goes in front (LATHE_BLOCK). Grid (groups x 256, 1, 1), work-group (256, 1, 1). Every work-item passes
// every barrier.

#ifndef ROWS
#define ROWS 1
#endif
#ifndef SHARE
#define SHARE 32
#endif
// Whether rows of x, and of a matrix in 16 bits, start at multiples of four elements: rows of blocks always do.
#ifndef VECTOR
#define VECTOR !LATHE_IS_SHORT
#endif
#define COLUMNS (256 / SHARE)

static inline float4 load_floats(__global const float *from) {
  return VECTOR ? *(__global const float4 *)from : vload4(0, from);
}
static inline ushort4 load_shorts(__global const ushort *from) {
  return VECTOR ? *(__global const ushort4 *)from : vload4(0, from);
}

__attribute__((reqd_work_group_size(256, 1, 1)))
__kernel void block_product(__global const float *restrict x, __global const uchar *restrict first_matrix,
                            __global const uchar *restrict second_matrix, __global const uchar *restrict third_matrix,
                            __global const float *restrict first_bias, __global const float *restrict second_bias,
                            __global const float *restrict third_bias, __global float *restrict y, const int m, const int4 n,
                            const int k, const int has_bias, const int column, const int pitch) {
  __local float partial[ROWS][256];
  const int item = (int)get_local_id(0), lane = item % SHARE;
  const int all = n.x + n.y + n.z, global_row = min((int)get_group_id(0) * COLUMNS + item / SHARE, all - 1);
  const int before = global_row < n.x ? 0 : global_row < n.x + n.y ? n.x : n.x + n.y;
  __global const uchar *matrix = global_row < n.x ? first_matrix : global_row < n.x + n.y ? second_matrix : third_matrix;
  const long row = global_row - before;
  float sum[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) sum[r] = 0.0f;
#if LATHE_IS_SHORT
  __global const ushort *w = (__global const ushort *)matrix + row * k;
  const int whole = k & ~3;
  for (int p = lane * 4; p < whole; p += SHARE * 4) {
    const float4 elements = lathe_wide_run(load_shorts(w + p));
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      const float4 terms = elements * load_floats(x + (long)min(r, m - 1) * k + p);
      sum[r] += (terms.x + terms.y) + (terms.z + terms.w);
    }
  }
  if (whole + lane < k) {
    const float element = lathe_short(w[whole + lane]);
#pragma unroll
    for (int r = 0; r < ROWS; r++) sum[r] += element * x[(long)min(r, m - 1) * k + whole + lane];
  }
#else
  __global const uchar *blocks = matrix + row * (k / (32 * LATHE_BLOCK_PARTS)) * LATHE_BLOCK_BYTES;
  for (int part = lane / 4; part < k / 32; part += SHARE / 4) {
    float4 low, high;
    lathe_part(blocks + (long)(part / LATHE_BLOCK_PARTS) * LATHE_BLOCK_BYTES, part % LATHE_BLOCK_PARTS, lane % 4, &low, &high);
    __global const float *from = x + part * 32 + lane % 4 * 4;
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      __global const float *at = from + (long)min(r, m - 1) * k;
      const float4 terms = low * load_floats(at) + high * load_floats(at + 16);
      sum[r] += (terms.x + terms.y) + (terms.z + terms.w);
    }
  }
#endif
#pragma unroll
  for (int r = 0; r < ROWS; r++) partial[r][item] = sum[r];
  for (int others = SHARE / 2; others > 0; others /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < others) {
#pragma unroll
      for (int r = 0; r < ROWS; r++) partial[r][item] += partial[r][item + others];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const int result = item / COLUMNS, at = (int)get_group_id(0) * COLUMNS + item % COLUMNS;
  if (result < ROWS && result < m && at < all) {
    const float bias = !has_bias        ? 0.0f
                       : at < n.x       ? first_bias[at]
                       : at < n.x + n.y ? second_bias[at - n.x]
                                        : third_bias[at - n.x - n.y];
    y[(long)result * pitch + column + at] = partial[result][item % COLUMNS * SHARE] + bias;
  }
}
