// Matrix products for CPU devices: c [m, n] = a [m, k] x b [k, n] (+ bias [n]) (relu), batched.
//
//                      columns_per_item                     gemm: a work-item packs its rows of a, BLOCK_K columns
//                    +------------------+                   at a time, as [row block][k][MR] and multiplies them
//        b   BLOCK_K | WIDTH = NV vectors|                   with WIDTH columns of b, which stay in the first-level
//                    +------------------+                   cache meanwhile: MR x NV vector registers of sums.
//            +---+   +------------------+
//   rows_per | a |   | c                |
//   _item    +---+   +------------------+
//
// With PACKED_B, b is in panels [n / WIDTH][k][WIDTH], zero behind the last column, as pack_panels writes them;
// else it is contiguous along n with b_step between its rows.
//
// Contract: grid of gemm (column blocks, row blocks, batches), of pack_panels (panels, 1, batches); work-group
// (1, 1, 1). c is contiguous and starts at c_offset. Element (i, j) of a is at i * a_row + j * a_step. A
// batch number is split into three axes, the last two of sizes batch1 and batch2. Sums run over k in a fixed order.

// Tunables.
#ifndef MR
#define MR 12
#endif
#ifndef NV
#define NV 2
#endif
#ifndef BLOCK_K
#define BLOCK_K 256
#endif
#ifndef MAX_ROWS
#define MAX_ROWS 96
#endif
// Columns of b that is not packed are copied, GROUP blocks at a time, for COPY_ROWS tiles of rows and more where rows of b lie
// COPY_STEP elements apart and more.
#ifndef COPY_ROWS
#define COPY_ROWS 3
#endif
#ifndef COPY_STEP
#define COPY_STEP 512
#endif
#ifndef GROUP
#define GROUP 4
#endif
#ifndef PACKED_B
#define PACKED_B 0
#endif
#define WIDTH (NV * LATHE_LANES)

static inline long batch_offset(int batch, int batch1, int batch2, long stride0, long stride1, long stride2) {
  return batch / (batch1 * batch2) * stride0 + batch / batch2 % batch1 * stride1 + batch % batch2 * stride2;
}

static inline float finish(float value, int relu) { return relu && value < 0.0f ? 0.0f : value; }

// Writes `count` <= LATHE_LANES values of a row of c, with the epilogue if `last`.
static inline void store_row(__global float *to, LATHE_V value, int count, __global const float *bias, int has_bias,
                             int relu) {
  if (count >= LATHE_LANES) {
    if (has_bias) value += LATHE_LOAD(0, bias);
    if (relu) value = LATHE_RELU_V(value);
    LATHE_STORE(value, 0, to);
  } else {
    float lanes[LATHE_LANES];
    LATHE_STORE(value, 0, lanes);
    for (int i = 0; i < count; i++) to[i] = finish(has_bias ? lanes[i] + bias[i] : lanes[i], relu);
  }
}

static inline LATHE_V load_row(__global const float *from, int count) {
  if (count >= LATHE_LANES) return LATHE_LOAD(0, from);
  float lanes[LATHE_LANES];
  for (int i = 0; i < LATHE_LANES; i++) lanes[i] = i < count ? from[i] : 0.0f;
  return LATHE_LOAD(0, lanes);
}

#define EACH_SUM(statement)                                     \
  {                                                             \
    _Pragma("unroll") for (int r = 0; r < MR; r++)              \
      _Pragma("unroll") for (int j = 0; j < NV; j++) statement; \
  }

// sum += the MR rows at `left` x the columns at `right`, over `depth` steps; b may be in either address space. Rows of b
// that is not packed are too far apart for the processor to foresee the next one.
#if PACKED_B
#define FETCH_ROW(from)
#else
#define FETCH_ROW(from) LATHE_FETCH(from)
#endif
#define MULTIPLY(right, pitch)                                                                       \
  for (int p = 0; p < depth; p++) {                                                                  \
    LATHE_V value[NV];                                                                               \
    _Pragma("unroll") for (int j = 0; j < NV; j++) FETCH_ROW(right + 8 * (pitch) + LATHE_LANES * j); \
    _Pragma("unroll") for (int j = 0; j < NV; j++) value[j] = LATHE_LOAD(j, right);                  \
    _Pragma("unroll") for (int r = 0; r < MR; r++) {                                                 \
      const LATHE_V factor = (LATHE_V)left[r];                                                       \
      _Pragma("unroll") for (int j = 0; j < NV; j++) sum[r][j] += factor * value[j];                 \
    }                                                                                                \
    left += MR;                                                                                      \
    right += pitch;                                                                                  \
  }

// Copies `blocks` blocks of WIDTH columns of `depth` rows, block after block, of which `columns` are there; zeros behind them.
static inline void copy_columns(__global const float *from, const int b_step, const int depth, const int columns,
                                const int blocks, LATHE_V *to) {
  for (int p = 0; p < depth; p++, from += b_step, to += NV)
    for (int block = 0; block < blocks; block++) {
      __global const float *part = from + block * WIDTH;
      LATHE_V *copy = to + block * BLOCK_K * NV;
      LATHE_FETCH(part + 8 * (size_t)b_step);
      if ((block + 1) * WIDTH <= columns) {
#pragma unroll
        for (int j = 0; j < NV; j++) copy[j] = LATHE_LOAD(j, part);
      } else {
        for (int i = 0; i < WIDTH; i++) ((float *)copy)[i] = block * WIDTH + i < columns ? part[i] : 0.0f;
      }
    }
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void gemm(__global const float *restrict a_base, __global const float *restrict b_base,
                   __global const float *restrict bias, __global float *restrict c, const long c_offset,
                   const int m, const int n, const int k, const long a_offset, const long b_offset, const int a_row, const int a_step,
                   const int b_step, const int has_bias, const int relu, const int rows_per_item,
                   const int columns_per_item, const int batch1, const int batch2, const long a0, const long a1,
                   const long a2, const long b0, const long b1, const long b2) {
  const int batch = (int)get_global_id(2);
  __global const float *a = a_base + a_offset + batch_offset(batch, batch1, batch2, a0, a1, a2);
  __global const float *b = b_base + b_offset + batch_offset(batch, batch1, batch2, b0, b1, b2);
  c += c_offset + (size_t)batch * m * n;
  const int first_row = (int)get_global_id(1) * rows_per_item;
  const int end_row = min(m, first_row + rows_per_item);
  const int first_column = (int)get_global_id(0) * columns_per_item;
  const int end_column = min(n, first_column + columns_per_item);

  float a_panel[MAX_ROWS * BLOCK_K];
#if !PACKED_B
  // Blocks of columns that are copied: those that many rows read, by whole runs of each row of b, since a line of each would
  // wait for memory; and partial ones, so that whole vectors can be loaded.
  LATHE_V tail[GROUP * BLOCK_K * NV];
  const bool copies = end_row - first_row >= COPY_ROWS * MR && b_step >= COPY_STEP;
#endif

  for (int first_k = 0; first_k < k; first_k += BLOCK_K) {
    const int depth = min(BLOCK_K, k - first_k);
    const int last = first_k + BLOCK_K >= k;
    for (int row = first_row; row < end_row; row += MR) {
      float *to = a_panel + (row - first_row) * BLOCK_K;
      __global const float *from = a + (size_t)row * a_row + (size_t)first_k * a_step;
      if (row + MR <= end_row) {
        if (a_row == 1) {
          for (int p = 0; p < depth; p++)
#pragma unroll
            for (int r = 0; r < MR; r++) to[p * MR + r] = from[(size_t)p * a_step + r];
        } else {
          for (int p = 0; p < depth; p++)
#pragma unroll
            for (int r = 0; r < MR; r++) to[p * MR + r] = from[(size_t)r * a_row + (size_t)p * a_step];
        }
      } else {
        for (int p = 0; p < depth; p++)
          for (int r = 0; r < MR; r++)
            to[p * MR + r] = row + r < end_row ? from[(size_t)r * a_row + (size_t)p * a_step] : 0.0f;
      }
    }

    for (int column = first_column; column < end_column; column += WIDTH) {
      const int count = min(WIDTH, n - column);
#if PACKED_B
      __global const float *panel = b + (size_t)column * k + (size_t)first_k * WIDTH;
#else
      __global const float *panel = b + (size_t)first_k * b_step + column;
      const int place = (column - first_column) / WIDTH % GROUP;
      const bool is_copied = count < WIDTH || copies;
      LATHE_V *copy = tail + (copies ? place * BLOCK_K * NV : 0);
      const int blocks = copies ? min(GROUP, (end_column - column + WIDTH - 1) / WIDTH) : 1;
      if (is_copied && (place == 0 || !copies)) copy_columns(panel, b_step, depth, n - column, blocks, copy);
#endif
      for (int row = first_row; row < end_row; row += MR) {
        // Each block of k has sums of its own, so that long ones keep their digits.
        LATHE_V sum[MR][NV];
        EACH_SUM(sum[r][j] = (LATHE_V)0.0f);
        const float *left = a_panel + (row - first_row) * BLOCK_K;
#if PACKED_B
        __global const float *right = panel;
        MULTIPLY(right, WIDTH)
#else
        if (is_copied) {
          const float *right = (const float *)copy;
          MULTIPLY(right, WIDTH)
        } else {
          __global const float *right = panel;
          MULTIPLY(right, b_step)
        }
#endif
        if (count >= WIDTH && row + MR <= end_row) {
          __global float *to = c + (size_t)row * n + column;
          if (first_k > 0) EACH_SUM(sum[r][j] = LATHE_LOAD(j, to + (size_t)r * n) + sum[r][j]);
          if (has_bias && last) EACH_SUM(sum[r][j] += LATHE_LOAD(j, bias + column));
          if (relu && last) EACH_SUM(sum[r][j] = LATHE_RELU_V(sum[r][j]));
          EACH_SUM(LATHE_STORE(sum[r][j], j, to + (size_t)r * n));
          continue;
        }
        // The loop over `tile` stays rolled: unrolled, its tail would make the kernel slow to compile.
        LATHE_V tile[MR * NV];
        EACH_SUM(tile[r * NV + j] = sum[r][j]);
        const int stored = min(MR, end_row - row) * NV;
#pragma unroll 1
        for (int i = 0; i < stored; i++) {
          const int j = i % NV;
          __global float *to = c + (size_t)(row + i / NV) * n + column + j * LATHE_LANES;
          const int rest = count - j * LATHE_LANES;
          const LATHE_V value = first_k == 0 ? tile[i] : load_row(to, rest) + tile[i];
          store_row(to, value, rest, bias + column + j * LATHE_LANES, has_bias && last, relu && last);
        }
      }
    }
  }
}

// Copies a matrix of n columns with k elements each to panels [n / WIDTH][k][WIDTH].
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void pack_panels(__global const float *restrict b_base, __global float *restrict panels, const int n,
                          const int k, const long b_offset, const int b_column, const int b_step, const int batch1,
                          const int batch2, const long b0, const long b1, const long b2) {
  const int column = (int)get_global_id(0) * WIDTH;
  const int batch = (int)get_global_id(2);
  const int panel_count = (n + WIDTH - 1) / WIDTH;
  __global const float *from =
      b_base + b_offset + batch_offset(batch, batch1, batch2, b0, b1, b2) + (size_t)column * b_column;
  __global float *to = panels + ((size_t)batch * panel_count * WIDTH + column) * k;
  const int count = min(WIDTH, n - column);
  if (count == WIDTH && b_column == 1) {
    for (int p = 0; p < k; p++)
#pragma unroll
      for (int j = 0; j < NV; j++) LATHE_STORE(LATHE_LOAD(j, from + (size_t)p * b_step), j, to + (size_t)p * WIDTH);
  } else {
    for (int p = 0; p < k; p++)
      for (int i = 0; i < WIDTH; i++)
        to[(size_t)p * WIDTH + i] = i < count ? from[(size_t)i * b_column + (size_t)p * b_step] : 0.0f;
  }
}
