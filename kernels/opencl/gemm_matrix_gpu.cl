// Products of matrices of 16 bits, or of float32 rounded to tf32, on matrix units: c [m, n] = a [m, k] x b [k, n] (+ bias [n]) (relu), batched, summed in
// float32; MATRIX_GROUP: matrix_units.clh, the form and matrix_slices.clh go in front.
//
// Element (i, j) of a is at i * a_row + j * a_step, of b at i * b_row + j * b_step; A_ALONG_K (B_ALONG_K) says that
// a (b) is contiguous along k, else it is along m (n). A_VECTOR (B_VECTOR): rows start at multiples of 8 (of tf32: 4) and
// the contiguous extent is one, so 128 bits are read at once; C_VECTOR says so of pairs of c. RESULTS is the type of c, as
// in stored.clh (LATHE_STORED), which goes in front, too.
//
// Contract: grid (ceil(n / TILE_N) x ITEMS, ceil(m / TILE_M), batches), work-group (ITEMS, 1, 1). Every work-item passes
// every barrier. Batches as in gemm_gpu.cl. 48 KB of local memory with three stages of 128 x 128 x 32.

#ifndef A_VECTOR
#define A_VECTOR 0
#endif
#ifndef B_VECTOR
#define B_VECTOR 0
#endif
#ifndef C_VECTOR
#define C_VECTOR 0
#endif
#define A_KEPT_ALONG (A_ALONG_K || !MATRIX_TURNS)
#define B_KEPT_ALONG (B_ALONG_K || !MATRIX_TURNS)

// Where a group of the slice from k0 on is in memory, and how many of its numbers are in the matrix.
#define A_FROM (a_next + (A_ALONG_K ? row * (long)a_row + p : p * (long)a_step + row))
#define B_FROM (b_next + (B_ALONG_K ? row * (long)b_step + p : p * (long)b_row + row))
#define A_INSIDE INSIDE(m - first_row, k - k0, A_ALONG_K)
#define B_INSIDE INSIDE(n - first_column, k - k0, B_ALONG_K)

#if MATRIX_ASYNC
#define COPY(FROM, IN, VECTOR, LOADS, GROUPS, TILE, ALONG_K, slice)                                           \
  EACH_GROUP(LOADS, GROUPS, TILE, ALONG_K)                                                                    \
    __local matrix_operand *to = slice + (ALONG_K ? place_along(row, p, DEPTH) : PLACE_ACROSS(row, p, TILE));         \
    if (VECTOR) copy_run(to, FROM, IN > 0);                                                                 \
    else *(__local uint4 *)to = read_run(FROM, IN, false);                                                  \
  }
#define COPY_BOTH(stage)                                                                                      \
  COPY(A_FROM, A_INSIDE, A_VECTOR, A_LOADS, A_GROUPS, TILE_M, A_ALONG_K, a_slice[stage])                      \
  COPY(B_FROM, B_INSIDE, B_VECTOR, B_LOADS, B_GROUPS, TILE_N, B_ALONG_K, b_slice[stage])
#else
#define LOAD_BOTH                                                                                             \
  EACH_GROUP(A_LOADS, A_GROUPS, TILE_M, A_ALONG_K) next_a[i] = read_run(A_FROM, A_INSIDE, A_VECTOR); }       \
  EACH_GROUP(B_LOADS, B_GROUPS, TILE_N, B_ALONG_K) next_b[i] = read_run(B_FROM, B_INSIDE, B_VECTOR); }
#define WRITE_BOTH(stage)                                                                                     \
  EACH_GROUP(A_LOADS, A_GROUPS, TILE_M, A_ALONG_K)                                                            \
    write_run(a_slice[stage], row, p, next_a[i], A_ALONG_K, TILE_M);                                        \
  }                                                                                                           \
  EACH_GROUP(B_LOADS, B_GROUPS, TILE_N, B_ALONG_K)                                                            \
    write_run(b_slice[stage], row, p, next_b[i], B_ALONG_K, TILE_N);                                        \
  }
#endif
// The slice behind.
#define ADVANCE k0 += DEPTH, a_next += a_advance, b_next += b_advance;

static inline float finished(float x, float bias, int relu) {
  x += bias;
  // Not max: NaN must stay NaN.
  return relu && x < 0.0f ? 0.0f : x;
}

MATRIX_GROUP(ITEMS) __kernel void gemm(__global const matrix_operand *restrict a_base, __global const matrix_operand *restrict b_base,
                   __global const float *restrict bias, __global lathe_result *restrict c, const long c_offset,
                   const int m, const int n, const int k, const long a_offset, const long b_offset, const int a_row,
                   const int a_step, const int b_row, const int b_step, const int has_bias, const int relu,
                   const int batch1, const int batch2, const long a0, const long a1, const long a2, const long b0,
                   const long b1, const long b2) {
  LATHE_MATRIX_TILE
  const int first_row = (int)get_group_id(1) * TILE_M, first_column = (int)get_group_id(0) * TILE_N;
  const int batch = (int)get_group_id(2);
  const int i0 = batch / (batch1 * batch2), i1 = batch / batch2 % batch1, i2 = batch % batch2;
  __global const matrix_operand *a_next =
      a_base + a_offset + i0 * a0 + i1 * a1 + i2 * a2 + first_row * (A_ALONG_K ? (long)a_row : 1);
  __global const matrix_operand *b_next =
      b_base + b_offset + i0 * b0 + i1 * b1 + i2 * b2 + first_column * (B_ALONG_K ? (long)b_step : 1);
  const long a_advance = DEPTH * (A_ALONG_K ? 1 : (long)a_step), b_advance = DEPTH * (B_ALONG_K ? 1 : (long)b_row);
  sum_fragment sum[FRAGMENTS_M][FRAGMENTS_N];
  clear_sums(sum);
  int k0 = 0, stage = 0;
#if MATRIX_ASYNC
  for (; stage < STAGES - 1; stage++) {
    COPY_BOTH(stage)
    COMMIT_COPIES
    ADVANCE
  }
  int next = STAGES - 1;
  stage = 0;
#pragma unroll 1
  for (int s = 0; s < k; s += DEPTH) {
    WAIT_FOR_COPIES(STAGES - 2)
    SHOW_COPIES
    barrier(CLK_LOCAL_MEM_FENCE);
    COPY_BOTH(next)
    COMMIT_COPIES
    ADVANCE
    multiply_slice(sum, a_slice[stage], b_slice[stage], wave_row, wave_column, lane, A_KEPT_ALONG, B_KEPT_ALONG);
    next = stage;
    stage = stage == STAGES - 1 ? 0 : stage + 1;
  }
#else
  uint4 next_a[A_LOADS], next_b[B_LOADS];
  LOAD_BOTH
  WRITE_BOTH(0)
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
  for (int s = 0; s < k; s += DEPTH) {
    ADVANCE
    LOAD_BOTH
    multiply_slice(sum, a_slice[stage], b_slice[stage], wave_row, wave_column, lane, A_KEPT_ALONG, B_KEPT_ALONG);
    stage ^= 1;
    WRITE_BOTH(stage)
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#endif
  c += c_offset + (long)batch * m * n;
  MATRIX_UNROLL for (int j = 0; j < FRAGMENTS_N; j++)
    MATRIX_UNROLL for (int i = 0; i < FRAGMENTS_M; i++)
      MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e += 1 + SUM_PAIRS) {
        const int row = first_row + wave_row + i * 16 + SUM_ROW(lane, e);
        const int column = first_column + wave_column + j * 16 + SUM_COLUMN(lane, e);
        const float x = finished(SUM_AT(sum[i][j], e), has_bias && column < n ? bias[column] : 0.0f, relu);
        __global lathe_result *to = c + (long)row * n + column;
#if SUM_PAIRS
        const bool is_pair = column + 1 < n;
        const float y = finished(SUM_AT(sum[i][j], e + 1), has_bias && is_pair ? bias[column + 1] : 0.0f, relu);
#endif
        if (row >= m || column >= n) continue;
#if SUM_PAIRS
        if (C_VECTOR)
          *(__global lathe_result2 *)to = (lathe_result2)(lathe_narrow(x), lathe_narrow(y));
        else if (is_pair)
          to[1] = lathe_narrow(y);
#endif
        if (!SUM_PAIRS || !C_VECTOR) to[0] = lathe_narrow(x);
      }
}
