// Matrix products for GPUs: c [m, n] = a [m, k] x b [k, n] (+ bias [n]) (relu), batched.
//
//                      TILE_N                   A work-group computes TILE_M x TILE_N results, a work-item WORK_M x
//              +--------------------+           WORK_N of them in registers, in quarters of four so that neighbours
//        b     | DEPTH rows         |           read neighbouring local memory. Slices of DEPTH of the k axis go
//              +--------------------+           through local memory, two in turn: the next is read from global
//     +----+   +--------------------+           memory while the present one is multiplied.
//  a  |    |   | c                  | TILE_M
//     +----+   +--------------------+
//
// Element (i, j) of a is at i * a_row + j * a_step, of b at i * b_row + j * b_step; A_ALONG_K (B_ALONG_K) says that
// a (b) is contiguous along k, else it is along m (n). A_VECTOR (B_VECTOR): rows start at multiples of 4 and the
// contiguous extent is one, so 128 bits are read at once and a group of four is inside or outside as a whole.
//
// Contract: grid (ceil(n / TILE_N) x LOCAL_X, ceil(m / TILE_M) x LOCAL_Y, batches), work-group (LOCAL_X, LOCAL_Y, 1).
// Every work-item passes every barrier. A batch number is split into three axes, the last two of sizes batch1 and
// batch2. 17 KB of local memory with the tiles built in.

// Tunables; WORK_M and WORK_N are 1 or a multiple of 4.
#ifndef TILE_M
#define TILE_M 64
#endif
#ifndef TILE_N
#define TILE_N 64
#endif
#ifndef DEPTH
#define DEPTH 16
#endif
#ifndef WORK_M
#define WORK_M 4
#endif
#ifndef WORK_N
#define WORK_N 4
#endif
#ifndef A_ALONG_K
#define A_ALONG_K 1
#endif
#ifndef B_ALONG_K
#define B_ALONG_K 0
#endif
#ifndef A_VECTOR
#define A_VECTOR 0
#endif
#ifndef B_VECTOR
#define B_VECTOR 0
#endif

#define LOCAL_X (TILE_N / WORK_N)
#define LOCAL_Y (TILE_M / WORK_M)
#define ITEMS (LOCAL_X * LOCAL_Y)
#define A_PITCH (TILE_M + 4)
#define B_PITCH (TILE_N + 4)
#define A_WIDTH (A_VECTOR ? 4 : 1)
#define B_WIDTH (B_VECTOR ? 4 : 1)
// Loads of a work-item; the last may be beyond the slice where a slice has fewer elements than the group items.
#define A_LOADS ((TILE_M * DEPTH / A_WIDTH + ITEMS - 1) / ITEMS)
#define B_LOADS ((TILE_N * DEPTH / B_WIDTH + ITEMS - 1) / ITEMS)
// Values of a block of `work` that are neighbours, and the distance between such runs.
#define M_RUN (WORK_M < 4 ? WORK_M : 4)
#define N_RUN (WORK_N < 4 ? WORK_N : 4)

// Reads load number i of a slice of a matrix with `extent` rows (of c's axis) from reduced index k0 on.
#define LOAD(values, i, base, first, extent, row_step, k_step, TILE, ALONG_K, VECTOR, WIDTH, LOADS)               \
  {                                                                                                             \
    const int e = item + i * ITEMS;                                                                             \
    const int row = first + (ALONG_K ? e / (DEPTH / WIDTH) : e % (TILE / WIDTH) * WIDTH);                        \
    const int p = k0 + (ALONG_K ? e % (DEPTH / WIDTH) * WIDTH : e / (TILE / WIDTH));                             \
    const bool inside = e < TILE * DEPTH / WIDTH && row < extent && p < k;                                      \
    __global const float *from = base + (size_t)row * row_step + (size_t)p * k_step;                             \
    if (VECTOR) {                                                                                               \
      vstore4(inside ? vload4(0, from) : (float4)0.0f, 0, values + i * 4);                                       \
    } else {                                                                                                    \
      values[i] = inside ? from[0] : 0.0f;                                                                      \
    }                                                                                                           \
  }

// Writes load number i to local memory, [k][row].
#define STORE(values, i, slice, TILE, PITCH, ALONG_K, WIDTH)                                                     \
  {                                                                                                             \
    const int e = item + i * ITEMS;                                                                             \
    const int row = ALONG_K ? e / (DEPTH / WIDTH) : e % (TILE / WIDTH) * WIDTH;                                  \
    const int p = ALONG_K ? e % (DEPTH / WIDTH) * WIDTH : e / (TILE / WIDTH);                                    \
    if (e < TILE * DEPTH / WIDTH) {                                                                             \
      for (int w = 0; w < WIDTH; w++)                                                                           \
        slice[(ALONG_K ? p + w : p) * PITCH + (ALONG_K ? row : row + w)] = values[i * WIDTH + w];                \
    }                                                                                                           \
  }

__attribute__((reqd_work_group_size(LOCAL_X, LOCAL_Y, 1)))
__kernel void gemm(__global const float *restrict a_base, __global const float *restrict b_base,
                   __global const float *restrict bias, __global float *restrict c, const long c_offset,
                   const int m, const int n, const int k, const long a_offset, const long b_offset, const int a_row, const int a_step,
                   const int b_row, const int b_step, const int has_bias, const int relu, const int batch1,
                   const int batch2, const long a0, const long a1, const long a2, const long b0, const long b1,
                   const long b2) {
  __local float a_slice[2][DEPTH * A_PITCH];
  __local float b_slice[2][DEPTH * B_PITCH];
  const int lx = (int)get_local_id(0);
  const int ly = (int)get_local_id(1);
  const int item = ly * LOCAL_X + lx;
  const int first_row = (int)get_group_id(1) * TILE_M;
  const int first_column = (int)get_group_id(0) * TILE_N;
  const int batch = (int)get_group_id(2);
  const long i0 = batch / (batch1 * batch2), i1 = batch / batch2 % batch1, i2 = batch % batch2;
  __global const float *a = a_base + a_offset + i0 * a0 + i1 * a1 + i2 * a2;
  __global const float *b = b_base + b_offset + i0 * b0 + i1 * b1 + i2 * b2;
  c += c_offset + (size_t)batch * m * n;

  float sum[WORK_M][WORK_N];
  for (int r = 0; r < WORK_M; r++)
    for (int j = 0; j < WORK_N; j++) sum[r][j] = 0.0f;
  // Runs of 256 steps are added up apart, so that long sums keep their digits. An index that the compiler cannot foresee
  // leaves the registers to the sums.
  float total[WORK_M * WORK_N];
  const int hidden = k < 0;
  for (int i = 0; i < WORK_M * WORK_N; i++) total[i ^ hidden] = 0.0f;
  float next_a[A_LOADS * A_WIDTH], next_b[B_LOADS * B_WIDTH];
  const int slices = (k + DEPTH - 1) / DEPTH;
  for (int s = 0; s <= slices; s++) {
    if (s < slices) {
      const int k0 = s * DEPTH;
#pragma unroll
      for (int i = 0; i < A_LOADS; i++)
        LOAD(next_a, i, a, first_row, m, a_row, a_step, TILE_M, A_ALONG_K, A_VECTOR, A_WIDTH, A_LOADS)
#pragma unroll
      for (int i = 0; i < B_LOADS; i++)
        LOAD(next_b, i, b, first_column, n, b_step, b_row, TILE_N, B_ALONG_K, B_VECTOR, B_WIDTH, B_LOADS)
    }
    if (s > 0) {
      __local const float *left = a_slice[(s - 1) & 1] + ly * M_RUN;
      __local const float *right = b_slice[(s - 1) & 1] + lx * N_RUN;
#pragma unroll 4
      for (int p = 0; p < DEPTH; p++) {
        float l[WORK_M], r[WORK_N];
#if WORK_M == 1
        l[0] = left[0];
#else
#pragma unroll
        for (int q = 0; q < WORK_M / 4; q++) vstore4(vload4(0, left + q * LOCAL_Y * 4), q, l);
#endif
#if WORK_N == 1
        r[0] = right[0];
#else
#pragma unroll
        for (int q = 0; q < WORK_N / 4; q++) vstore4(vload4(0, right + q * LOCAL_X * 4), q, r);
#endif
#pragma unroll
        for (int i = 0; i < WORK_M; i++)
#pragma unroll
          for (int j = 0; j < WORK_N; j++) sum[i][j] += l[i] * r[j];
        left += A_PITCH;
        right += B_PITCH;
      }
      if (s % (256 / DEPTH) == 0 || s == slices) {
#pragma unroll
        for (int i = 0; i < WORK_M; i++)
#pragma unroll
          for (int j = 0; j < WORK_N; j++) {
            total[(i * WORK_N + j) ^ hidden] += sum[i][j];
            sum[i][j] = 0.0f;
          }
      }
    }
    if (s < slices) {
#pragma unroll
      for (int i = 0; i < A_LOADS; i++) STORE(next_a, i, a_slice[s & 1], TILE_M, A_PITCH, A_ALONG_K, A_WIDTH)
#pragma unroll
      for (int i = 0; i < B_LOADS; i++) STORE(next_b, i, b_slice[s & 1], TILE_N, B_PITCH, B_ALONG_K, B_WIDTH)
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  for (int i = 0; i < WORK_M; i++) {
    const int row = first_row + i / M_RUN * (LOCAL_Y * M_RUN) + ly * M_RUN + i % M_RUN;
    if (row >= m) continue;
    for (int j = 0; j < WORK_N; j++) {
      const int column = first_column + j / N_RUN * (LOCAL_X * N_RUN) + lx * N_RUN + j % N_RUN;
      if (column >= n) continue;
      float value = total[(i * WORK_N + j) ^ hidden];
      if (has_bias) value += bias[column];
      // Not max: NaN must stay NaN.
      if (relu) value = value < 0.0f ? 0.0f : value;
      c[(size_t)row * n + column] = value;
    }
  }
}
