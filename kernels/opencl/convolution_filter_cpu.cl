// Gradient of a 2-D convolution's filter for CPU devices: few channels, single taps, lines too wide for filter_lanes.
//
//              PIXELS of the slice's next block of lines
//            +--------------------------+      +--------+      a work-item packs the patches of its channels as
//   channels | panel [channel][tap]     |  .   | dy     |      in convolution_cpu.cl and takes the dot products of
//   x taps   |                          |      | rows   |      its rows with the rows of dy, TILE_ROWS x TILE_TAPS
//            +--------------------------+      +--------+      at a time: partial[slice][row][channel][tap]
//
// Contract: grid (slices, chunks of CHUNK channels, GROUPS), work-group (1, 1, 1). Slice s takes the lines
// [s * lines_per_slice, (s + 1) * lines_per_slice); slices.cl adds the slices in order, so the result depends on
// their number but never on timing. With one slice `partial` may be the result itself.
//
// Definitions without a default: GROUPS, ROWS and CHANNELS (per group), KERNEL_*, STRIDE_*, PADDING_*, DILATION_*,
// SOURCE_HEIGHT, SOURCE_WIDTH, TARGET_HEIGHT, TARGET_WIDTH (of dy).

// Tunables: set by the host from the geometry; the sums of a tile, TILE_ROWS * TILE_TAPS, are to fit the registers.
#ifndef SEGMENT
#define SEGMENT TARGET_WIDTH
#endif
#ifndef BLOCK_LINES
#define BLOCK_LINES 1
#endif
#ifndef CHUNK
#define CHUNK CHANNELS
#endif
#ifndef TILE_ROWS
#define TILE_ROWS 4
#endif
#ifndef TILE_TAPS
#define TILE_TAPS 4
#endif

#define TAPS (KERNEL_HEIGHT * KERNEL_WIDTH)
#define PIXELS LATHE_TO_WHOLE_VECTORS(BLOCK_LINES * SEGMENT)
#define VECTORS (PIXELS / LATHE_LANES)
#define SEGMENTS ((TARGET_WIDTH + SEGMENT - 1) / SEGMENT)
#define TARGET_PLANE (TARGET_HEIGHT * TARGET_WIDTH)
#define SOURCE_PLANE (SOURCE_HEIGHT * SOURCE_WIDTH)
#define PANEL_ROWS ((CHUNK * TAPS + TILE_TAPS - 1) / TILE_TAPS * TILE_TAPS)
#define TILE_SUMS LATHE_TO_WHOLE_VECTORS(TILE_ROWS * TILE_TAPS)

static inline void pack_run(float *to, __global const float *from) {
  int i = 0;
  for (; i + 16 <= SEGMENT; i += 16) vstore16(vload16(0, from + i), 0, to + i);
  if (SEGMENT & 8) { vstore8(vload8(0, from + i), 0, to + i); i += 8; }
  if (SEGMENT & 4) { vstore4(vload4(0, from + i), 0, to + i); i += 4; }
  if (SEGMENT & 2) { vstore2(vload2(0, from + i), 0, to + i); i += 2; }
  if (SEGMENT & 1) to[i] = from[i];
}

// Copies `count` pixels from column x on, STRIDE_X apart, zero outside the row and behind `count`.
static inline void pack_line(float *to, __global const float *row, int x, int count) {
#if STRIDE_X == 1
  if (x >= 0 && x + SEGMENT <= SOURCE_WIDTH && count == SEGMENT) {
    pack_run(to, row + x);
    return;
  }
#endif
  for (int i = 0; i < SEGMENT; i++) {
    const int column = x + i * STRIDE_X;
    to[i] = i < count && column >= 0 && column < SOURCE_WIDTH ? row[column] : 0.0f;
  }
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void filter_gradient(__global const float *restrict dy, __global const float *restrict source,
                              __global float *restrict partial, const int lines, const int lines_per_slice) {
  const int slice = (int)get_global_id(0);
  const int first_channel = (int)get_global_id(1) * CHUNK;
  const int group = (int)get_global_id(2);
  const int channels = min(CHUNK, CHANNELS - first_channel);
  const int columns = channels * TAPS;
  const int first_line = slice * lines_per_slice;
  const int end_line = min(lines, first_line + lines_per_slice);

  LATHE_V panel_vectors[PANEL_ROWS * VECTORS];
  LATHE_V dy_vectors[TILE_ROWS * VECTORS];
  float *panel = (float *)panel_vectors;
  float *dy_panel = (float *)dy_vectors;
  // Padding of lines and rows is never written again.
  for (int i = 0; i < PANEL_ROWS * VECTORS; i++) panel_vectors[i] = (LATHE_V)0.0f;
  for (int i = 0; i < TILE_ROWS * VECTORS; i++) dy_vectors[i] = (LATHE_V)0.0f;

  partial += ((size_t)slice * GROUPS + group) * (ROWS * CHANNELS * TAPS) + first_channel * TAPS;
  if (first_line >= end_line) {
    for (int r = 0; r < ROWS; r++)
      for (int k = 0; k < columns; k++) partial[(size_t)r * (CHANNELS * TAPS) + k] = 0.0f;
  }

  for (int start = first_line; start < end_line; start += BLOCK_LINES) {
    for (int l = 0; l < BLOCK_LINES; l++) {
      const int line = start + l;
      const bool inside = line < end_line;
      const int image = line / (TARGET_HEIGHT * SEGMENTS);
      const int target_y = line / SEGMENTS % TARGET_HEIGHT;
      const int target_x = line % SEGMENTS * SEGMENT;
      const int count = min(SEGMENT, TARGET_WIDTH - target_x);
      for (int c = 0; c < channels; c++) {
        __global const float *plane =
            source + (((size_t)image * GROUPS + group) * CHANNELS + first_channel + c) * SOURCE_PLANE;
        float *to = panel + c * TAPS * PIXELS + l * SEGMENT;
        for (int ky = 0; ky < KERNEL_HEIGHT; ky++) {
          const int y = target_y * STRIDE_Y + ky * DILATION_Y - PADDING_Y;
          const bool present = inside && y >= 0 && y < SOURCE_HEIGHT;
#pragma unroll
          for (int kx = 0; kx < KERNEL_WIDTH; kx++) {
            if (present) {
#if SEGMENTS == 1
              pack_line(to, plane + y * SOURCE_WIDTH, kx * DILATION_X - PADDING_X, SEGMENT);
#else
              pack_line(to, plane + y * SOURCE_WIDTH, target_x * STRIDE_X + kx * DILATION_X - PADDING_X, count);
#endif
            } else {
              for (int i = 0; i < SEGMENT; i++) to[i] = 0.0f;
            }
            to += PIXELS;
          }
        }
      }
    }

    for (int row = 0; row < ROWS; row += TILE_ROWS) {
      for (int r = 0; r < TILE_ROWS; r++) {
        for (int l = 0; l < BLOCK_LINES; l++) {
          const int line = start + l;
          float *to = dy_panel + r * PIXELS + l * SEGMENT;
          if (line < end_line && row + r < ROWS) {
            const int image = line / (TARGET_HEIGHT * SEGMENTS);
            const int target_y = line / SEGMENTS % TARGET_HEIGHT;
            const int target_x = line % SEGMENTS * SEGMENT;
            __global const float *from = dy + (((size_t)image * GROUPS + group) * ROWS + row + r) * TARGET_PLANE
                                       + target_y * TARGET_WIDTH + target_x;
#if SEGMENTS == 1
            pack_run(to, from);
#else
            const int count = min(SEGMENT, TARGET_WIDTH - target_x);
            for (int i = 0; i < SEGMENT; i++) to[i] = i < count ? from[i] : 0.0f;
#endif
          } else {
            for (int i = 0; i < SEGMENT; i++) to[i] = 0.0f;
          }
        }
      }
      for (int k = 0; k < columns; k += TILE_TAPS) {
        LATHE_V sum[TILE_SUMS];
#pragma unroll
        for (int i = 0; i < TILE_SUMS; i++) sum[i] = (LATHE_V)0.0f;
        const LATHE_V *left = dy_vectors;
        const LATHE_V *right = panel_vectors + k * VECTORS;
        for (int v = 0; v < VECTORS; v++) {
          LATHE_V value[TILE_TAPS];
#pragma unroll
          for (int j = 0; j < TILE_TAPS; j++) value[j] = right[j * VECTORS + v];
#pragma unroll
          for (int r = 0; r < TILE_ROWS; r++) {
            const LATHE_V factor = left[r * VECTORS + v];
#pragma unroll
            for (int j = 0; j < TILE_TAPS; j++) sum[r * TILE_TAPS + j] += factor * value[j];
          }
        }
        float tile[TILE_SUMS];
#pragma unroll
        for (int i = 0; i < TILE_SUMS; i += LATHE_LANES) LATHE_STORE(lathe_lane_sums(sum + i), 0, tile + i);
        const int end_tap = min(TILE_TAPS, columns - k);
        for (int r = 0; r < TILE_ROWS && row + r < ROWS; r++) {
          __global float *to = partial + (size_t)(row + r) * (CHANNELS * TAPS) + k;
          if (start == first_line) {
            for (int j = 0; j < end_tap; j++) to[j] = tile[r * TILE_TAPS + j];
          } else {
            for (int j = 0; j < end_tap; j++) to[j] += tile[r * TILE_TAPS + j];
          }
        }
      }
    }
  }
}
