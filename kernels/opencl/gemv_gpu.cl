// Products of few rows for GPUs: c [m, n] = a [m, k] x b [k, n] (+ bias [n]) (relu) for m <= ROWS; batches as in gemm_gpu.cl.
// stored.clh goes in front (LATHE_STORED). What they take is the time to read b, which each element of it is read for once.
//
//   B_ALONG_K 1   b is contiguous along k: SHARE (32) work-items add up a column, 256 / SHARE columns to a group
//   B_ALONG_K 0   along n: SHARE (16) rows of work-items share the rows of b, 256 / SHARE runs of columns to a group
//
// Sums are made in order: with b along n, k is at most 2048. Rows of a are contiguous along k. VECTOR: whole groups of
// four, aligned, of a and b along k, or of b and c along n.
// Contract: grid (groups x 256, 1, batches), work-group (256, 1, 1). Every work-item passes every barrier.

#ifndef ROWS
#define ROWS 1
#endif
#ifndef B_ALONG_K
#define B_ALONG_K 0
#endif
#ifndef VECTOR
#define VECTOR 0
#endif
#ifndef SHARE
#define SHARE (B_ALONG_K ? 32 : 16)
#endif
#define COLUMNS (256 / SHARE)
#if VECTOR
typedef float4 run;
typedef lathe_operand4 operand_run;
#define RUN 4
#define WIDE_RUN lathe_wide4
#else
typedef float run;
typedef lathe_operand operand_run;
#define RUN 1
#define WIDE_RUN lathe_wide
#endif

static float clipped(float value, int relu) {
  // Not max: NaN must stay NaN.
  return relu && value < 0.0f ? 0.0f : value;
}

__attribute__((reqd_work_group_size(256, 1, 1)))
__kernel void gemv(__global const lathe_operand *restrict a_base, __global const lathe_operand *restrict b_base,
                   __global const float *restrict bias, __global lathe_result *restrict c, const long c_offset,
                   const int m, const int n, const int k, const long a_offset, const long b_offset, const int a_row,
                   const int b_row, const int b_step, const int has_bias, const int relu, const int batch1,
                   const int batch2, const long a0, const long a1, const long a2, const long b0, const long b1,
                   const long b2) {
  const int item = (int)get_local_id(0), batch = (int)get_group_id(2);
  const int i0 = batch / (batch1 * batch2), i1 = batch / batch2 % batch1, i2 = batch % batch2;
  __global const lathe_operand *a = a_base + a_offset + i0 * a0 + i1 * a1 + i2 * a2;
  __global const lathe_operand *b = b_base + b_offset + i0 * b0 + i1 * b1 + i2 * b2;
  c += c_offset + (long)batch * m * n;
#if B_ALONG_K
  __local float partial[ROWS][256];
  const int lane = item % SHARE, column = (int)get_group_id(0) * COLUMNS + item / SHARE;
  b += (long)min(column, n - 1) * b_step;
  run sum[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) sum[r] = 0.0f;
#pragma unroll 4
  for (int p = lane * RUN; p < k; p += SHARE * RUN) {
    const run y = WIDE_RUN(*(__global const operand_run *)(b + p));
#pragma unroll
    for (int r = 0; r < ROWS; r++) sum[r] += WIDE_RUN(*(__global const operand_run *)(a + min(r, m - 1) * (long)a_row + p)) * y;
  }
#pragma unroll
  for (int r = 0; r < ROWS; r++)
#if VECTOR
    partial[r][item] = (sum[r].x + sum[r].y) + (sum[r].z + sum[r].w);
#else
    partial[r][item] = sum[r];
#endif
  for (int others = SHARE / 2; others > 0; others /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < others) {
#pragma unroll
      for (int r = 0; r < ROWS; r++) partial[r][item] += partial[r][item + others];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const int row = item / COLUMNS, at = (int)get_group_id(0) * COLUMNS + item % COLUMNS;
  if (row < m && at < n) {
    const float value = partial[row][item % COLUMNS * SHARE] + (has_bias ? bias[at] : 0.0f);
    c[(long)row * n + at] = lathe_narrow(clipped(value, relu));
  }
#else
  __local run partial[SHARE][COLUMNS];
  const int lx = item % COLUMNS, ly = item / COLUMNS, column = ((int)get_group_id(0) * COLUMNS + lx) * RUN;
  b += min(column, n - RUN);
  run sum[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) sum[r] = 0.0f;
#if ROWS > 2
#pragma unroll 1
#else
#pragma unroll 4
#endif
  for (int p = ly; p < k; p += SHARE) {
    const run y = WIDE_RUN(*(__global const operand_run *)(b + (long)p * b_row));
#pragma unroll
    for (int r = 0; r < ROWS; r++) sum[r] += lathe_wide(a[min(r, m - 1) * (long)a_row + p]) * y;
  }
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    barrier(CLK_LOCAL_MEM_FENCE);
    partial[ly][lx] = sum[r];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (ly == 0 && r < m && column < n) {
      run value = 0.0f;
      for (int i = 0; i < SHARE; i++) value += partial[i][lx];
      __global lathe_result *to = c + (long)r * n + column;
#if VECTOR
      if (has_bias) value += *(__global const float4 *)(bias + column);
      if (relu) value = value < 0.0f ? (float4)0.0f : value;
      *(__global lathe_result4 *)to = lathe_narrow4(value);
#else
      to[0] = lathe_narrow(clipped(value + (has_bias ? bias[column] : 0.0f), relu));
#endif
    }
  }
#endif
}
