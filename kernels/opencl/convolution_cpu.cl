// 2-D convolution for CPU devices: forward, and backward to the input.
//
//                 PIXELS = VECTORS x 16                      a work-item packs the image patch of its pixels
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
#define VECTORS ((BLOCK_LINES * SEGMENT + 16 * NV - 1) / (16 * NV) * NV)
#endif
#ifndef PANEL_CHANNELS
#define PANEL_CHANNELS CHANNELS
#endif

#define TAPS (KERNEL_HEIGHT * KERNEL_WIDTH)
#define PIXELS (VECTORS * 16)
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

// Copies one line's source pixels for a tap; `x` is the source column of the first, `row` null outside the image.
static inline void pack_line(float *to, __global const float *row, int x) {
  if (row == 0) {
    for (int i = 0; i < SEGMENT; i++) to[i] = 0.0f;
    return;
  }
#if STEP_X == 1
  const int low = min(max(-x, 0), SEGMENT);
  const int high = max(min(SOURCE_WIDTH - x, SEGMENT), low);
  if (low == 0 && high == SEGMENT) {
    __global const float *from = row + x;
    int i = 0;
    for (; i + 16 <= SEGMENT; i += 16) vstore16(vload16(0, from + i), 0, to + i);
    if (SEGMENT & 8) { vstore8(vload8(0, from + i), 0, to + i); i += 8; }
    if (SEGMENT & 4) { vstore4(vload4(0, from + i), 0, to + i); i += 4; }
    if (SEGMENT & 2) { vstore2(vload2(0, from + i), 0, to + i); i += 2; }
    if (SEGMENT & 1) to[i] = from[i];
    return;
  }
  for (int i = 0; i < low; i++) to[i] = 0.0f;
  for (int i = low; i < high; i++) to[i] = row[x + i];
  for (int i = high; i < SEGMENT; i++) to[i] = 0.0f;
#else
  for (int i = 0; i < SEGMENT; i++) {
    const int column = x + i * STEP_X;
    to[i] = column >= 0 && column < SOURCE_WIDTH ? row[column] : 0.0f;
  }
#endif
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

  float16 panel_vectors[PANEL_CHANNELS * TAPS * VECTORS];
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
  for (int k = 0; k < PANEL_CHANNELS * TAPS; k++)
    for (int i = BLOCK_LINES * SEGMENT; i < PIXELS; i++) panel[k * PIXELS + i] = 0.0f;
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
        float *to = panel + c * taps * PIXELS + l * SEGMENT;
#if ALL_TAPS
        for (int ky = 0; ky < KERNEL_HEIGHT; ky++) {
#if BACKWARD
          const int y = line_y[l] + PADDING_Y - ky * DILATION_Y;
#else
          const int y = line_y[l] * STEP_Y + ky * DILATION_Y - PADDING_Y;
#endif
          __global const float *row =
              line_image[l] >= 0 && y >= 0 && y < SOURCE_HEIGHT ? plane + y * SOURCE_WIDTH : 0;
#pragma unroll
          for (int kx = 0; kx < KERNEL_WIDTH; kx++) {
#if BACKWARD
            const int x = PADDING_X - kx * DILATION_X;
#else
            const int x = kx * DILATION_X - PADDING_X;
#endif
#if SEGMENTS == 1
            pack_line(to, row, x);
#else
            pack_line(to, row, line_x[l] * STEP_X + x);
#endif
            to += PIXELS;
          }
        }
#else
        for (int t = 0; t < taps; t++) {
          const int y = line_y[l] + tap_y[t];
          __global const float *row =
              line_image[l] >= 0 && y >= 0 && y < SOURCE_HEIGHT ? plane + y * SOURCE_WIDTH : 0;
          pack_line(to, row, line_x[l] + tap_x[t]);
          to += PIXELS;
        }
#endif
      }
    }

    for (int row = first_row; row < end_row; row += BLOCK_OUT) {
      // The last block is moved up so that it is full; the rows that it shares with the one before are not stored.
      const int base = min(row, ROWS - BLOCK_OUT);
      for (int v = 0; v < VECTORS; v += NV) {
        // The channels of a panel have sums of their own, so that long ones keep their digits.
        float16 sum[BLOCK_OUT][NV];
#pragma unroll
        for (int r = 0; r < BLOCK_OUT; r++)
#pragma unroll
          for (int j = 0; j < NV; j++) sum[r][j] = (float16)0.0f;

        const float16 *column = panel_vectors + v;
        __global const float *weight = filter + base * FILTER_ROW + first_channel * FILTER_CHANNEL;
        for (int c = 0; c < channels; c++) {
          for (int t = 0; t < taps; t++) {
#if ALL_TAPS
            __global const float *w = weight + t;
#else
            __global const float *w = weight + tap_offset[t];
#endif
            float16 value[NV];
#pragma unroll
            for (int j = 0; j < NV; j++) value[j] = column[j];
#pragma unroll
            for (int r = 0; r < BLOCK_OUT; r++) {
              const float16 factor = (float16)w[r * FILTER_ROW];
#pragma unroll
              for (int j = 0; j < NV; j++) sum[r][j] += factor * value[j];
            }
            column += VECTORS;
          }
          weight += FILTER_CHANNEL;
        }

        // The loop over `tile` stays rolled: unrolled, its tail would make the kernel slow to compile.
        float16 tile[BLOCK_OUT * NV];
#pragma unroll
        for (int r = 0; r < BLOCK_OUT; r++)
#pragma unroll
          for (int j = 0; j < NV; j++) tile[r * NV + j] = sum[r][j];
#pragma unroll 1
        for (int i = (row - base) * NV; i < BLOCK_OUT * NV; i++) {
          const int *place = places + (v + i % NV) * 16;
          __global float *to = target + (base + i / NV) * TARGET_PLANE;
          float16 value = tile[i];
          const bool is_run = place[0] >= 0 && place[15] == place[0] + 15;
          if (first_channel > 0 && is_run) value += vload16(0, to + place[0]);
          if (first_channel > 0 && !is_run) {
            float lanes[16];
            for (int l = 0; l < 16; l++) lanes[l] = place[l] >= 0 ? to[place[l]] : 0.0f;
            value += vload16(0, lanes);
          }
          // The bias comes last, as in the other kernels: sums that are equal there stay equal here.
          if (first_channel + PANEL_CHANNELS >= CHANNELS) {
#if HAS_BIAS
            value += (float16)bias[group * ROWS + base + i / NV];
#endif
#if RELU
            // Not max: NaN must stay NaN.
            value = select(value, (float16)0.0f, value < 0.0f);
#endif
          }
          if (is_run) {
            vstore16(value, 0, to + place[0]);
          } else {
            float lanes[16];
            vstore16(value, 0, lanes);
            for (int l = 0; l < 16; l++)
              if (place[l] >= 0) to[place[l]] = lanes[l];
          }
        }
      }
    }
  }
}
