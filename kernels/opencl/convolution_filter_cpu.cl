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

// Tunables: set by the host from the geometry. TILE_ROWS * TILE_TAPS <= 25 keeps the tile in registers.
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
#define VECTORS ((BLOCK_LINES * SEGMENT + 15) / 16)
#define PIXELS (VECTORS * 16)
#define SEGMENTS ((TARGET_WIDTH + SEGMENT - 1) / SEGMENT)
#define TARGET_PLANE (TARGET_HEIGHT * TARGET_WIDTH)
#define SOURCE_PLANE (SOURCE_HEIGHT * SOURCE_WIDTH)
#define PANEL_ROWS ((CHUNK * TAPS + TILE_TAPS - 1) / TILE_TAPS * TILE_TAPS)
#define TILE_VECTORS ((TILE_ROWS * TILE_TAPS + 15) / 16)

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

// Lane i of the result is the sum of the lanes of v[i]: four rounds that halve the number of vectors.
static inline float16 sums_of_16(const float16 *v) {
  float16 a[8], b[4], c[2];
#pragma unroll
  for (int i = 0; i < 8; i++) {
    a[i] = (float16)(v[i].lo + v[i].hi, v[i + 8].lo + v[i + 8].hi);
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float16 p = a[i], q = a[i + 4];
    b[i] = (float16)(p.s0123, q.s0123, p.s89ab, q.s89ab) + (float16)(p.s4567, q.s4567, p.scdef, q.scdef);
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const float16 p = b[i], q = b[i + 2];
    c[i] = (float16)(p.s01, q.s01, p.s45, q.s45, p.s89, q.s89, p.scd, q.scd)
         + (float16)(p.s23, q.s23, p.s67, q.s67, p.sab, q.sab, p.sef, q.sef);
  }
  const float16 p = c[0], q = c[1];
  return (float16)(p.s0, q.s0, p.s2, q.s2, p.s4, q.s4, p.s6, q.s6, p.s8, q.s8, p.sa, q.sa, p.sc, q.sc, p.se, q.se)
       + (float16)(p.s1, q.s1, p.s3, q.s3, p.s5, q.s5, p.s7, q.s7, p.s9, q.s9, p.sb, q.sb, p.sd, q.sd, p.sf, q.sf);
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

  float16 panel_vectors[PANEL_ROWS * VECTORS];
  float16 dy_vectors[TILE_ROWS * VECTORS];
  float *panel = (float *)panel_vectors;
  float *dy_panel = (float *)dy_vectors;
  // Padding of lines and rows is never written again.
  for (int i = 0; i < PANEL_ROWS * VECTORS; i++) panel_vectors[i] = (float16)0.0f;
  for (int i = 0; i < TILE_ROWS * VECTORS; i++) dy_vectors[i] = (float16)0.0f;

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
        float16 sum[TILE_VECTORS * 16];
#pragma unroll
        for (int i = 0; i < TILE_VECTORS * 16; i++) sum[i] = (float16)0.0f;
        const float16 *left = dy_vectors;
        const float16 *right = panel_vectors + k * VECTORS;
        for (int v = 0; v < VECTORS; v++) {
          float16 value[TILE_TAPS];
#pragma unroll
          for (int j = 0; j < TILE_TAPS; j++) value[j] = right[j * VECTORS + v];
#pragma unroll
          for (int r = 0; r < TILE_ROWS; r++) {
            const float16 factor = left[r * VECTORS + v];
#pragma unroll
            for (int j = 0; j < TILE_TAPS; j++) sum[r * TILE_TAPS + j] += factor * value[j];
          }
        }
        float tile[TILE_VECTORS * 16];
#pragma unroll
        for (int i = 0; i < TILE_VECTORS; i++) vstore16(sums_of_16(sum + i * 16), i, tile);
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
