// 2-D convolution for CPU devices: forward, and backward to the input.
//
//                 PIXELS = VECTORS x LATHE_LANES             a work-item packs the image patch of its pixels
//              +-------------------------+                   into `panel`, one row per (channel, tap), and
//   reduced    | panel [channel][tap]    |                   multiplies it with BLOCK_OUT x NV register blocks.
//   channels   |                         |                   Channels that do not fit in the panel at once
//   x taps     +-------------------------+                   (PANEL_CHANNELS) are added in a further pass
//              +-------------------------+                   through the destination.
//   ROWS of    |  destination            |
//   the filter +-------------------------+
//
// A "line" is a run of SEGMENT destination pixels of one image row; lines are counted through the batch, and a
// work-item takes BLOCK_LINES of them. Forward, line y reads the source at y * STRIDE + tap * DILATION - PADDING.
// Backward, the destination falls into STRIDE_Y x STRIDE_X phases; inside a phase the source moves by one, and
// only the taps that hit it count, so no multiplication with inserted zeros is done.
//
// Contract: the geometry is fixed by definitions, the batch is in `lines`. Grid: (ceil(lines / BLOCK_LINES),
// GROUPS x splits of the output channels, phases), work-group (1, 1, 1). NCHW, contiguous. Sums run over channels
// and taps in a fixed order.
//
// Definitions without a default: BACKWARD (0, 1), HAS_BIAS, RELU, GROUPS, ROWS and CHANNELS (per group),
// KERNEL_*, STRIDE_*, PADDING_*, DILATION_*, SOURCE_HEIGHT, SOURCE_WIDTH, TARGET_HEIGHT, TARGET_WIDTH.

// Tunables: set by the host from the geometry.
#ifndef SEGMENT
#define SEGMENT TARGET_WIDTH
#endif
#ifndef BLOCK_LINES
#define BLOCK_LINES 1
#endif
#ifndef BLOCK_OUT
#define BLOCK_OUT 1
#endif
#ifndef NV
#define NV 2
#endif
#ifndef VECTORS
#define VECTORS ((BLOCK_LINES * SEGMENT + LATHE_LANES * NV - 1) / (LATHE_LANES * NV) * NV)
#endif
#ifndef PANEL_CHANNELS
#define PANEL_CHANNELS CHANNELS
#endif

#define TAPS (KERNEL_HEIGHT * KERNEL_WIDTH)
#define PIXELS (VECTORS * LATHE_LANES)
#if BACKWARD
#define PHASES_Y STRIDE_Y
#define PHASES_X STRIDE_X
#define STEP_Y 1
#define STEP_X 1
#define FILTER_ROW TAPS
#define FILTER_CHANNEL (ROWS * TAPS)
#else
#define PHASES_Y 1
#define PHASES_X 1
#define STEP_Y STRIDE_Y
#define STEP_X STRIDE_X
#define FILTER_ROW (CHANNELS * TAPS)
#define FILTER_CHANNEL TAPS
#endif
#define ALL_TAPS (PHASES_Y * PHASES_X == 1)
// Lines of an image and pixels of a full line, in the largest phase.
#define GRID_HEIGHT ((TARGET_HEIGHT + PHASES_Y - 1) / PHASES_Y)
#define GRID_WIDTH ((TARGET_WIDTH + PHASES_X - 1) / PHASES_X)
#define SEGMENTS ((GRID_WIDTH + SEGMENT - 1) / SEGMENT)
#define TARGET_PLANE (TARGET_HEIGHT * TARGET_WIDTH)
#define SOURCE_PLANE (SOURCE_HEIGHT * SOURCE_WIDTH)

// The panel: blocks of NV vectors of pixels, in each a row for each channel and tap.
#define BLOCK (NV * LATHE_LANES)
#define PANEL_ROWS (PANEL_CHANNELS * TAPS)
#define PANEL_AT(row, pixel) ((pixel) / BLOCK * (PANEL_ROWS * BLOCK) + (row) * BLOCK + (pixel) % BLOCK)

// Pixels that are written at a time: lines consist of whole pieces, and so do blocks.
#if SEGMENT % LATHE_LANES == 0
#define PIECE LATHE_LANES
#elif LATHE_LANES > 8 && SEGMENT % 8 == 0
#define PIECE 8
#elif LATHE_LANES > 4 && SEGMENT % 4 == 0
#define PIECE 4
#elif SEGMENT % 2 == 0
#define PIECE 2
#else
#define PIECE 1
#endif
#if PIECE > 1
#define COPY_PIECE(from, to) LATHE_JOIN(vstore, PIECE)(LATHE_JOIN(vload, PIECE)(0, from), 0, to)
#else
#define COPY_PIECE(from, to) (*(to) = *(from))
#endif

// The source columns under a line: REACH of them.
#if ALL_TAPS
#define REACH ((SEGMENT - 1) * STEP_X + (KERNEL_WIDTH - 1) * DILATION_X + 1)
#else
#define REACH SEGMENT
#endif

// Copies REACH columns of a row from column x on, zero outside the image; `row` is null outside, too.
static inline void copy_columns(float *to, __global const float *row, const int x) {
  if (row == 0) {
    for (int i = 0; i < REACH; i++) to[i] = 0.0f;
    return;
  }
  const int low = min(max(-x, 0), REACH), high = max(min(SOURCE_WIDTH - x, REACH), low);
  for (int i = 0; i < low; i++) to[i] = 0.0f;
  int i = low;
  for (; i + 8 <= high; i += 8) vstore8(vload8(0, row + x + i), 0, to + i);
  for (; i < high; i++) to[i] = row[x + i];
  for (; i < REACH; i++) to[i] = 0.0f;
}

// Writes the SEGMENT columns of a line that a tap is over, STEP_X apart, to a row of the panel from a pixel on.
static inline void write_line(float *panel, const int row, const int pixel, const float *from) {
#if STEP_X == 1
#pragma unroll
  for (int i = 0; i < SEGMENT; i += PIECE) COPY_PIECE(from + i, panel + PANEL_AT(row, pixel + i));
#else
  for (int i = 0; i < SEGMENT; i++) panel[PANEL_AT(row, pixel + i)] = from[i * STEP_X];
#endif
}

#define EACH_SUM(statement)                                     \
  {                                                             \
    _Pragma("unroll") for (int r = 0; r < BLOCK_OUT; r++)       \
      _Pragma("unroll") for (int j = 0; j < NV; j++) statement; \
  }
// Whether the pixels of a vector are next to each other in the destination, and where those of a sum are then.
#define IS_RUN(place) ((place)[0] >= 0 && (place)[LATHE_LANES - 1] == (place)[0] + LATHE_LANES - 1)
#define RUN_OF(r, j) (to + (size_t)(r) * TARGET_PLANE + place[(j) * LATHE_LANES])

// Pixels of a vector wherever they are; -1 for none.
static inline LATHE_V load_pixels(__global const float *from, const int *place) {
  if (IS_RUN(place)) return LATHE_LOAD(0, from + place[0]);
  float lanes[LATHE_LANES];
  for (int l = 0; l < LATHE_LANES; l++) lanes[l] = place[l] >= 0 ? from[place[l]] : 0.0f;
  return LATHE_LOAD(0, lanes);
}

static inline void store_pixels(const LATHE_V value, __global float *to, const int *place) {
  if (IS_RUN(place)) {
    LATHE_STORE(value, 0, to + place[0]);
    return;
  }
  float lanes[LATHE_LANES];
  LATHE_STORE(value, 0, lanes);
  for (int l = 0; l < LATHE_LANES; l++)
    if (place[l] >= 0) to[place[l]] = lanes[l];
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void convolution(__global const float *restrict source, __global const float *restrict filter,
#if HAS_BIAS
                          __global const float *restrict bias,
#endif
                          __global float *restrict target, const int lines, const int rows_per_split) {
  const int first_line = (int)get_global_id(0) * BLOCK_LINES;
  const int group = (int)get_global_id(1) % GROUPS;
  const int first_row = (int)get_global_id(1) / GROUPS * rows_per_split;
  const int end_row = min(first_row + rows_per_split, ROWS);
  const int phase_y = (int)get_global_id(2) / PHASES_X;
  const int phase_x = (int)get_global_id(2) % PHASES_X;

  LATHE_V panel_vectors[PANEL_CHANNELS * TAPS * VECTORS];
  float *panel = (float *)panel_vectors;

  // Where each pixel of the block goes, relative to the first image's first channel of the group; -1 for none.
  int places[PIXELS];
  int line_image[BLOCK_LINES], line_y[BLOCK_LINES], line_x[BLOCK_LINES];
  const int first_image = first_line / (GRID_HEIGHT * SEGMENTS);
  for (int i = 0; i < PIXELS; i++) places[i] = -1;
  for (int l = 0; l < BLOCK_LINES; l++) {
    const int line = first_line + l;
    const int image = line / (GRID_HEIGHT * SEGMENTS);
    const int y = line / SEGMENTS % GRID_HEIGHT;
    const int x = line % SEGMENTS * SEGMENT;
    line_image[l] = line < lines ? image - first_image : -1;
    line_y[l] = y;
    line_x[l] = x;
    const int target_y = y * PHASES_Y + phase_y;
    if (line < lines && target_y < TARGET_HEIGHT) {
      for (int i = 0; i < SEGMENT; i++) {
        const int target_x = (x + i) * PHASES_X + phase_x;
        if (target_x < TARGET_WIDTH) {
          places[l * SEGMENT + i] =
              (image - first_image) * (GROUPS * ROWS * TARGET_PLANE) + target_y * TARGET_WIDTH + target_x;
        }
      }
    }
  }
  target += ((size_t)first_image * GROUPS + group) * (ROWS * TARGET_PLANE);
  source += ((size_t)first_image * GROUPS + group) * (CHANNELS * SOURCE_PLANE);
  filter += (size_t)group * (ROWS * CHANNELS * TAPS);
#if BLOCK_LINES * SEGMENT < PIXELS
  for (int k = 0; k < PANEL_ROWS; k++)
    for (int i = BLOCK_LINES * SEGMENT; i < PIXELS; i++) panel[PANEL_AT(k, i)] = 0.0f;
#endif

#if !ALL_TAPS
  // The filter elements that reach this phase, and the source line and column at which they do for pixel 0.
  int tap_offset[TAPS], tap_y[TAPS], tap_x[TAPS];
  int taps = 0;
  for (int ky = 0; ky < KERNEL_HEIGHT; ky++) {
    for (int kx = 0; kx < KERNEL_WIDTH; kx++) {
      const int y = phase_y + PADDING_Y - ky * DILATION_Y;
      const int x = phase_x + PADDING_X - kx * DILATION_X;
      if (y % STRIDE_Y == 0 && x % STRIDE_X == 0) {
        tap_offset[taps] = ky * KERNEL_WIDTH + kx;
        tap_y[taps] = y / STRIDE_Y;
        tap_x[taps] = x / STRIDE_X;
        taps++;
      }
    }
  }
#else
  const int taps = TAPS;
#endif

  for (int first_channel = 0; first_channel < CHANNELS; first_channel += PANEL_CHANNELS) {
    const int channels = min(PANEL_CHANNELS, CHANNELS - first_channel);
    for (int c = 0; c < channels; c++) {
      for (int l = 0; l < BLOCK_LINES; l++) {
        __global const float *plane =
            source + (size_t)line_image[l] * (GROUPS * CHANNELS * SOURCE_PLANE) + (first_channel + c) * SOURCE_PLANE;
        float under[REACH];
#if ALL_TAPS
        for (int ky = 0; ky < KERNEL_HEIGHT; ky++) {
#if BACKWARD
          const int y = line_y[l] + PADDING_Y - ky * DILATION_Y;
          const int x = PADDING_X - (KERNEL_WIDTH - 1) * DILATION_X;
#else
          const int y = line_y[l] * STEP_Y + ky * DILATION_Y - PADDING_Y;
          const int x = -PADDING_X;
#endif
          __global const float *row =
              line_image[l] >= 0 && y >= 0 && y < SOURCE_HEIGHT ? plane + y * SOURCE_WIDTH : 0;
#if SEGMENTS == 1
          copy_columns(under, row, x);
#else
          copy_columns(under, row, line_x[l] * STEP_X + x);
#endif
          for (int kx = 0; kx < KERNEL_WIDTH; kx++)
            write_line(panel, c * TAPS + ky * KERNEL_WIDTH + kx, l * SEGMENT,
                       under + (BACKWARD ? KERNEL_WIDTH - 1 - kx : kx) * DILATION_X);
        }
#else
        for (int t = 0; t < taps; t++) {
          const int y = line_y[l] + tap_y[t];
          __global const float *row =
              line_image[l] >= 0 && y >= 0 && y < SOURCE_HEIGHT ? plane + y * SOURCE_WIDTH : 0;
          copy_columns(under, row, line_x[l] + tap_x[t]);
          write_line(panel, c * taps + t, l * SEGMENT, under);
        }
#endif
      }
    }

    const bool is_last = first_channel + PANEL_CHANNELS >= CHANNELS;
    for (int row = first_row; row < end_row; row += BLOCK_OUT) {
      for (int v = 0; v < VECTORS; v += NV) {
        const int *place = places + v * LATHE_LANES;
        bool is_run = true;
#pragma unroll
        for (int j = 0; j < NV; j++) is_run &= IS_RUN(place + j * LATHE_LANES);
        // The last block is moved up so that it is full; the rows that it shares with the one before are not stored.
        const int base = min(row, ROWS - BLOCK_OUT);
        // The channels of a panel have sums of their own, so that long ones keep their digits.
        LATHE_V sum[BLOCK_OUT][NV];
        EACH_SUM(sum[r][j] = (LATHE_V)0.0f);

        const LATHE_V *column = panel_vectors + v * PANEL_ROWS;
        __global const float *weight = filter + base * FILTER_ROW + first_channel * FILTER_CHANNEL;
        for (int c = 0; c < channels; c++) {
          for (int t = 0; t < taps; t++) {
#if ALL_TAPS
            __global const float *w = weight + t;
#else
            __global const float *w = weight + tap_offset[t];
#endif
            LATHE_V value[NV];
#pragma unroll
            for (int j = 0; j < NV; j++) value[j] = column[j];
#pragma unroll
            for (int r = 0; r < BLOCK_OUT; r++) {
              const LATHE_V factor = (LATHE_V)w[r * FILTER_ROW];
#pragma unroll
              for (int j = 0; j < NV; j++) sum[r][j] += factor * value[j];
            }
            column += NV;
          }
          weight += FILTER_CHANNEL;
        }

        if (is_run && row == base) {
          __global float *to = target + (size_t)base * TARGET_PLANE;
          if (first_channel > 0) EACH_SUM(sum[r][j] += LATHE_LOAD(0, RUN_OF(r, j)));
          if (is_last) {
#if HAS_BIAS
            EACH_SUM(sum[r][j] += (LATHE_V)bias[group * ROWS + base + r]);
#endif
#if RELU
            EACH_SUM(sum[r][j] = LATHE_RELU_V(sum[r][j]));
#endif
          }
          EACH_SUM(LATHE_STORE(sum[r][j], 0, RUN_OF(r, j)));
          continue;
        }
        // The loop over `tile` stays rolled: unrolled, its tail would make the kernel slow to compile.
        LATHE_V tile[BLOCK_OUT * NV];
        EACH_SUM(tile[r * NV + j] = sum[r][j]);
#pragma unroll 1
        for (int i = (row - base) * NV; i < BLOCK_OUT * NV; i++) {
          const int *at = place + i % NV * LATHE_LANES;
          __global float *to = target + (base + i / NV) * TARGET_PLANE;
          LATHE_V value = tile[i];
          if (first_channel > 0) value += load_pixels(to, at);
          // The bias comes last, as in the other kernels: sums that are equal there stay equal here.
#if HAS_BIAS
          if (is_last) value += (LATHE_V)bias[group * ROWS + base + i / NV];
#endif
#if RELU
          if (is_last) value = LATHE_RELU_V(value);
#endif
          store_pixels(value, to, at);
        }
      }
    }
  }
}
