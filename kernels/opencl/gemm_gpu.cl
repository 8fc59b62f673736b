// Matrix products for GPUs: c [m, n] = a [m, k] x b [k, n] (+ bias [n]) (relu), batched; product_tiles.clh and stored.clh
// (LATHE_STORED) go in front.
//
// Element (i, j) of a is at i * a_row + j * a_step, of b at i * b_row + j * b_step; A_ALONG_K (B_ALONG_K) says that
// a (b) is contiguous along k, else it is along m (n). A_VECTOR (B_VECTOR): rows start at multiples of 4 and the
// contiguous extent is one, so 128 bits are read at once and a group of four is inside or outside as a whole; C_VECTOR
// says so of c. WIDE: the elements of a tile may be 2^31 or more apart.
//
// Contract: grid (ceil(n / TILE_N) x LOCAL_X, ceil(m / TILE_M) x LOCAL_Y, batches), a LATHE_TILE_GROUP. Every work-item
// passes every barrier. A batch number is split into three axes, the last two of sizes batch1 and batch2. 17 KB of local
// memory with the tiles built in.

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
#define A_WIDTH (A_VECTOR ? 4 : 1)
#define B_WIDTH (B_VECTOR ? 4 : 1)
// Loads of a work-item; the last may be beyond the slice where a slice has fewer elements than the group items.
#define A_LOADS ((TILE_M * DEPTH / A_WIDTH + ITEMS - 1) / ITEMS)
#define B_LOADS ((TILE_N * DEPTH / B_WIDTH + ITEMS - 1) / ITEMS)

#if A_VECTOR
typedef lathe_operand4 a_load;
#define A_KEEP keep_four
#define A_WIDE lathe_wide4
#else
typedef lathe_operand a_load;
#define A_KEEP keep_one
#define A_WIDE lathe_wide
#endif
#if B_VECTOR
typedef lathe_operand4 b_load;
#define B_KEEP keep_four
#define B_WIDE lathe_wide4
#else
typedef lathe_operand b_load;
#define B_KEEP keep_one
#define B_WIDE lathe_wide
#endif
#if WIDE
typedef long offset;
#else
typedef int offset;
#endif

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
    loaded[i] = row < rows && p < steps ? *(__global const TYPE *)(from + at) : (TYPE)0;            \
  }

// Writes it to local memory, [k][row].
#define STORE(loaded, KEEP, WIDE_OF, slice, PITCH, LOADS, TILE, ALONG_K, WIDTH)     \
  EACH_LOAD(LOADS, TILE, ALONG_K, WIDTH)                                   \
    KEEP(slice + p * PITCH + row, WIDE_OF(loaded[i]), ALONG_K ? PITCH : 1);         \
  }

#define LOAD_BOTH(k0)                                                                                                \
  LOAD(next_a, a_load, a + (long)(k0) * (A_ALONG_K ? 1 : a_step), m - first_row, k - (k0), a_row, a_step, A_LOADS,   \
       TILE_M, A_ALONG_K, A_WIDTH)                                                                                   \
  LOAD(next_b, b_load, b + (long)(k0) * (B_ALONG_K ? 1 : b_row), n - first_column, k - (k0), b_step, b_row, B_LOADS, \
       TILE_N, B_ALONG_K, B_WIDTH)

#define STORE_BOTH(number)                                                                      \
  STORE(next_a, A_KEEP, A_WIDE, a_slice[number], A_PITCH, A_LOADS, TILE_M, A_ALONG_K, A_WIDTH)          \
  STORE(next_b, B_KEEP, B_WIDE, b_slice[number], B_PITCH, B_LOADS, TILE_N, B_ALONG_K, B_WIDTH)

LATHE_TILE_GROUP __kernel void gemm(__global const lathe_operand *restrict a_base, __global const lathe_operand *restrict b_base,
                   __global const float *restrict bias, __global lathe_result *restrict c, const long c_offset,
                   const int m, const int n, const int k, const long a_offset, const long b_offset, const int a_row, const int a_step,
                   const int b_row, const int b_step, const int has_bias, const int relu, const int batch1,
                   const int batch2, const long a0, const long a1, const long a2, const long b0, const long b1,
                   const long b2) {
  LATHE_TILE_MEMORY
  const int first_row = (int)get_group_id(1) * TILE_M;
  const int first_column = (int)get_group_id(0) * TILE_N;
  const int batch = (int)get_group_id(2);
  const int i0 = batch / (batch1 * batch2), i1 = batch / batch2 % batch1, i2 = batch % batch2;
  __global const lathe_operand *a = a_base + a_offset + i0 * a0 + i1 * a1 + i2 * a2 + first_row * (A_ALONG_K ? (long)a_row : 1);
  __global const lathe_operand *b = b_base + b_offset + i0 * b0 + i1 * b1 + i2 * b2 + first_column * (B_ALONG_K ? (long)b_step : 1);
  const int row = first_row + ly * M_RUN, column = first_column + lx * N_RUN;
  c += c_offset + ((long)batch * m + row) * n + column;

  n_run sum[WORK_M][N_RUNS];
  lathe_clear(sum);
  a_load next_a[A_LOADS];
  b_load next_b[B_LOADS];
  const int slices = (k + DEPTH - 1) / DEPTH, hidden = k >> 31;
  LOAD_BOTH(0)
  STORE_BOTH(0)
  barrier(CLK_LOCAL_MEM_FENCE);
  int s = 0;
  for (;;) {
#pragma unroll 1
    for (const int end = min(slices, s + RUN / DEPTH); s < end; s++) {
      if (s + 1 < slices) { LOAD_BOTH((s + 1) * DEPTH) }
      LATHE_MULTIPLY(sum, s);
      if (s + 1 < slices) { STORE_BOTH((s + 1) & 1) }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    const bool adds = s > RUN / DEPTH, ends = s == slices;
    // 0, which no compiler foresees: else it keeps the address of each result in registers all the time.
    const int zero = s & hidden;
    __global lathe_result *to = c + zero;
    const bool biased = ends && has_bias, clips = ends && relu;
    const int rows = m - row + zero, columns = n - column + zero;
    __global const float *add = bias + column + zero;
#pragma unroll
    for (int i = 0; i < WORK_M; i++) {
      if (i % M_RUN == 0 && i > 0) to += (LOCAL_Y - 1) * M_RUN * (long)n;
#pragma unroll
      for (int j = 0; j < N_RUNS; j++) {
        const int at = COLUMN_OF(j);
        if (ROW_OF(i) < rows) {
#if C_VECTOR && N_RUN == 4
          if (at < columns)
            write_four(to + at, sum[i][j], adds, biased ? *(__global const float4 *)(add + at) : (float4)0.0f, clips);
#elif N_RUN == 4
          const float parts[4] = {sum[i][j].x, sum[i][j].y, sum[i][j].z, sum[i][j].w};
#pragma unroll
          for (int e = 0; e < 4; e++)
            if (at + e < columns) write_one(to + at + e, parts[e], adds, biased ? add[at + e] : 0.0f, clips);
#else
          if (at < columns) write_one(to + at, sum[i][j], adds, biased ? add[at] : 0.0f, clips);
#endif
        }
      }
      to += n;
    }
    if (ends) break;
    lathe_clear(sum);
  }
}
