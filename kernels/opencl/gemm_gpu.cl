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
// contiguous extent is one, so 128 bits are read at once and a group of four is inside or outside as a whole; C_VECTOR
// says so of c. WIDE: the elements of a tile may be 2^31 or more apart.
//
// A sum of more than RUN steps is added to c in memory, RUN steps at a time, so that long sums keep their digits without
// registers for a second one.
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
#ifndef C_VECTOR
#define C_VECTOR 0
#endif

#define RUN 512
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

#if A_VECTOR
typedef float4 a_load;
#else
typedef float a_load;
#endif
#if B_VECTOR
typedef float4 b_load;
#else
typedef float b_load;
#endif
// Rows and columns of a work-item's block that are neighbours.
#if WORK_M == 1
#define M_RUN 1
typedef float m_run;
#else
#define M_RUN 4
typedef float4 m_run;
#endif
#if WORK_N == 1
#define N_RUN 1
typedef float n_run;
#else
#define N_RUN 4
typedef float4 n_run;
#endif
#define M_RUNS (WORK_M / M_RUN)
#define N_RUNS (WORK_N / N_RUN)
// Steps of k whose operands are in registers at once: more would leave room for fewer groups.
#define STEPS (WORK_M * WORK_N > 16 ? 2 : 8)
#if WIDE
typedef long offset;
#else
typedef int offset;
#endif

#if A_VECTOR
#define A_KEEP keep_four
#else
#define A_KEEP keep_one
#endif
#if B_VECTOR
#define B_KEEP keep_four
#else
#define B_KEEP keep_one
#endif

static void keep_one(__local float *to, float value, int step) { to[0] = value; }
static void keep_four(__local float *to, float4 value, int step) {
  if (step == 1) {
    *(__local float4 *)to = value;
  } else {
    to[0] = value.x;
    to[step] = value.y;
    to[2 * step] = value.z;
    to[3 * step] = value.w;
  }
}

// Load number i of a slice, and where it lies there: row `row` (of c's axis) and step `p`.
#define EACH_LOAD(LOADS, TILE, ALONG_K, WIDTH)                                               \
  _Pragma("unroll") for (int i = 0, e = item; i < LOADS; i++, e += ITEMS)                    \
    if (TILE * DEPTH / WIDTH % ITEMS == 0 || e < TILE * DEPTH / WIDTH) {                     \
      const int row = ALONG_K ? e / (DEPTH / WIDTH) : e % (TILE / WIDTH) * WIDTH;            \
      const int p = ALONG_K ? e % (DEPTH / WIDTH) * WIDTH : e / (TILE / WIDTH);

// Reads a slice, of which `rows` rows and `steps` steps are inside.
#define LOAD(loaded, TYPE, from, rows, steps, row_step, k_step, LOADS, TILE, ALONG_K, WIDTH)           \
  EACH_LOAD(LOADS, TILE, ALONG_K, WIDTH)                                                               \
    const offset at = ALONG_K ? (offset)row * row_step + p : (offset)p * k_step + row;                 \
    loaded[i] = row < rows && p < steps ? *(__global const TYPE *)(from + at) : (TYPE)0.0f;            \
  }

// Writes it to local memory, [k][row].
#define STORE(loaded, KEEP, slice, PITCH, LOADS, TILE, ALONG_K, WIDTH)     \
  EACH_LOAD(LOADS, TILE, ALONG_K, WIDTH)                                   \
    KEEP(slice + p * PITCH + row, loaded[i], ALONG_K ? PITCH : 1);         \
  }

#define LOAD_BOTH(k0)                                                                                                \
  LOAD(next_a, a_load, a + (long)(k0) * (A_ALONG_K ? 1 : a_step), m - first_row, k - (k0), a_row, a_step, A_LOADS,   \
       TILE_M, A_ALONG_K, A_WIDTH)                                                                                   \
  LOAD(next_b, b_load, b + (long)(k0) * (B_ALONG_K ? 1 : b_row), n - first_column, k - (k0), b_step, b_row, B_LOADS, \
       TILE_N, B_ALONG_K, B_WIDTH)

#define STORE_BOTH(number)                                                                      \
  STORE(next_a, A_KEEP, a_slice[number], A_PITCH, A_LOADS, TILE_M, A_ALONG_K, A_WIDTH)          \
  STORE(next_b, B_KEEP, b_slice[number], B_PITCH, B_LOADS, TILE_N, B_ALONG_K, B_WIDTH)

// Writes `left` results that are neighbours, or adds them to what is there; a bias may be NULL.
static void take(__global float *to, n_run value, int left, bool adds, __global const float *bias, bool relu) {
#if C_VECTOR && N_RUN == 4
  if (left <= 0) return;
  if (adds) value += *(__global const float4 *)to;
  if (bias) value += *(__global const float4 *)bias;
  // Not max: NaN must stay NaN.
  if (relu) value = value < 0.0f ? (float4)0.0f : value;
  *(__global float4 *)to = value;
#else
#if N_RUN == 4
  const float parts[N_RUN] = {value.x, value.y, value.z, value.w};
#else
  const float parts[N_RUN] = {value};
#endif
#pragma unroll
  for (int i = 0; i < N_RUN; i++) {
    if (i >= left) continue;
    float part = parts[i];
    if (adds) part += to[i];
    if (bias) part += bias[i];
    if (relu) part = part < 0.0f ? 0.0f : part;
    to[i] = part;
  }
#endif
}

__attribute__((reqd_work_group_size(LOCAL_X, LOCAL_Y, 1)))
__kernel void gemm(__global const float *restrict a_base, __global const float *restrict b_base,
                   __global const float *restrict bias, __global float *restrict c, const long c_offset,
                   const int m, const int n, const int k, const long a_offset, const long b_offset, const int a_row, const int a_step,
                   const int b_row, const int b_step, const int has_bias, const int relu, const int batch1,
                   const int batch2, const long a0, const long a1, const long a2, const long b0, const long b1,
                   const long b2) {
  __local float a_slice[2][DEPTH * A_PITCH] __attribute__((aligned(16)));
  __local float b_slice[2][DEPTH * B_PITCH] __attribute__((aligned(16)));
  const int lx = (int)get_local_id(0);
  const int ly = (int)get_local_id(1);
  const int item = ly * LOCAL_X + lx;
  const int first_row = (int)get_group_id(1) * TILE_M;
  const int first_column = (int)get_group_id(0) * TILE_N;
  const int batch = (int)get_group_id(2);
  const int i0 = batch / (batch1 * batch2), i1 = batch / batch2 % batch1, i2 = batch % batch2;
  __global const float *a = a_base + a_offset + i0 * a0 + i1 * a1 + i2 * a2 + first_row * (A_ALONG_K ? (long)a_row : 1);
  __global const float *b = b_base + b_offset + i0 * b0 + i1 * b1 + i2 * b2 + first_column * (B_ALONG_K ? (long)b_step : 1);
  const int row = first_row + ly * M_RUN, column = first_column + lx * N_RUN;
  c += c_offset + ((long)batch * m + row) * n + column;

  n_run sum[WORK_M][N_RUNS];
#pragma unroll
  for (int i = 0; i < WORK_M; i++)
#pragma unroll
    for (int j = 0; j < N_RUNS; j++) sum[i][j] = 0.0f;
  a_load next_a[A_LOADS];
  b_load next_b[B_LOADS];
  const int slices = (k + DEPTH - 1) / DEPTH, hidden = k >> 31;
  LOAD_BOTH(0)
  STORE_BOTH(0)
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int s = 0;; s++) {
    if (s + 1 < slices) { LOAD_BOTH((s + 1) * DEPTH) }
    if (s < slices) {
      __local const float *left = a_slice[s & 1] + ly * M_RUN;
      __local const float *right = b_slice[s & 1] + lx * N_RUN;
#pragma unroll 1
      for (int p0 = 0; p0 < DEPTH; p0 += STEPS)
#pragma unroll
        for (int p = p0; p < p0 + STEPS; p++) {
          m_run l[M_RUNS];
          n_run r[N_RUNS];
#pragma unroll
          for (int q = 0; q < M_RUNS; q++) l[q] = *(__local const m_run *)(left + p * A_PITCH + q * LOCAL_Y * M_RUN);
#pragma unroll
          for (int q = 0; q < N_RUNS; q++) r[q] = *(__local const n_run *)(right + p * B_PITCH + q * LOCAL_X * N_RUN);
#pragma unroll
          for (int q = 0; q < M_RUNS; q++)
#pragma unroll
            for (int j = 0; j < N_RUNS; j++) {
#if M_RUN == 1
              sum[q][j] += l[q] * r[j];
#else
              sum[q * 4][j] += l[q].x * r[j];
              sum[q * 4 + 1][j] += l[q].y * r[j];
              sum[q * 4 + 2][j] += l[q].z * r[j];
              sum[q * 4 + 3][j] += l[q].w * r[j];
#endif
            }
        }
    }
    const bool ends = s + 1 >= slices;
    if (ends || (s + 1) % (RUN / DEPTH) == 0) {
      const bool adds = s >= RUN / DEPTH;
      // 0, which no compiler foresees: else it keeps the address of each result in registers all the time.
      const int zero = s & hidden;
      __global float *to = c + zero;
      __global const float *add = ends && has_bias ? bias + column + zero : 0;
      const int rows = m - row + zero, columns = n - column + zero;
#pragma unroll
      for (int i = 0; i < WORK_M; i++) {
        if (i % M_RUN == 0 && i > 0) to += (LOCAL_Y - 1) * M_RUN * (long)n;
#pragma unroll
        for (int j = 0; j < N_RUNS; j++) {
          const int right = j * LOCAL_X * N_RUN;
          if (i / M_RUN * (LOCAL_Y * M_RUN) + i % M_RUN < rows)
            take(to + right, sum[i][j], columns - right, adds, add ? add + right : 0, ends && relu);
          sum[i][j] = 0.0f;
        }
        to += n;
      }
    }
    if (ends) break;
    STORE_BOTH((s + 1) & 1)
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
