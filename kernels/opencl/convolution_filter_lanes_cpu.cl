// Gradient of a 2-D convolution's filter for CPU devices, with a channel in each lane.
//
//      source block, turned to [image][line][column][channel], padding included
//    +-------------------+
//    |  x x x            |    a pixel of dy in ROWS_TILE rows times the KERNEL_LINES x KERNEL_WIDTH vectors of x under
//    |  x x x            |    the filter: each sum is a vector of channels, and none is added up across its lanes:
//    |                   |    partial [slice][group][chunk of channels][row][tap][lane]
//    +-------------------+
//
// Contract: grid (slices, chunks of LATHE_LANES channels, GROUPS), work-group (1, 1, 1). A block is BLOCK_LINES lines of dy of one
// image, or BLOCK_IMAGES whole images. Slice s takes the blocks [s * blocks_per_slice, (s + 1) * blocks_per_slice), never
// none; lane_slices_cpu.cl adds the slices.
//
// Definitions without a default: GROUPS, ROWS and CHANNELS (per group), KERNEL_*, STRIDE_*, PADDING_*, DILATION_*,
// SOURCE_HEIGHT, SOURCE_WIDTH, TARGET_HEIGHT, TARGET_WIDTH (of dy), BLOCK_LINES, BLOCK_IMAGES, and KERNEL_LINES, which
// divides KERNEL_HEIGHT. ROWS_TILE * KERNEL_LINES * KERNEL_WIDTH sums are to fit the registers.

#define TAPS (KERNEL_HEIGHT * KERNEL_WIDTH)
#define TILE_TAPS (KERNEL_LINES * KERNEL_WIDTH)
#define CHUNKS ((CHANNELS + LATHE_LANES - 1) / LATHE_LANES)
#define COLUMNS ((TARGET_WIDTH - 1) * STRIDE_X + (KERNEL_WIDTH - 1) * DILATION_X + 1)
#define LINES ((BLOCK_LINES - 1) * STRIDE_Y + (KERNEL_HEIGHT - 1) * DILATION_Y + 1)
#define IMAGE_BLOCKS ((TARGET_HEIGHT + BLOCK_LINES - 1) / BLOCK_LINES)
#define TARGET_PLANE (TARGET_HEIGHT * TARGET_WIDTH)
// Lines whose pixels are added up in registers: few enough for long sums to keep their digits.
#define RUN_LINES ((384 + TARGET_WIDTH - 1) / TARGET_WIDTH)
#define SOURCE_PLANE (SOURCE_HEIGHT * SOURCE_WIDTH)
#define TAP_AT(t) ((t) / KERNEL_WIDTH * DILATION_Y * COLUMNS + (t) % KERNEL_WIDTH * DILATION_X)

// One line of LATHE_LANES channels, channel by channel in memory, to vectors of channels. Behind the last channel the last one is
// repeated: these lanes are never stored.
static inline void turn_line(LATHE_V *to, __global const float *from, const int channels) {
  const int end = min(COLUMNS, SOURCE_WIDTH + PADDING_X);
  for (int c = 0; c < LATHE_LANES; c += 4) {
    __global const float *p0 = from + (size_t)min(c, channels - 1) * SOURCE_PLANE;
    __global const float *p1 = from + (size_t)min(c + 1, channels - 1) * SOURCE_PLANE;
    __global const float *p2 = from + (size_t)min(c + 2, channels - 1) * SOURCE_PLANE;
    __global const float *p3 = from + (size_t)min(c + 3, channels - 1) * SOURCE_PLANE;
    for (int x = PADDING_X; x < end; x++) {
      const int at = x - PADDING_X;
      vstore4((float4)(p0[at], p1[at], p2[at], p3[at]), 0, (float *)(to + x) + c);
    }
  }
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void filter_lanes(__global const float *restrict dy, __global const float *restrict source,
                           __global float *restrict partial, const int images, const int blocks,
                           const int blocks_per_slice) {
  const int slice = (int)get_global_id(0);
  const int chunk = (int)get_global_id(1);
  const int group = (int)get_global_id(2);
  const int channels = min(LATHE_LANES, CHANNELS - chunk * LATHE_LANES);
  const int first_block = slice * blocks_per_slice;
  const int end_block = min(blocks, first_block + blocks_per_slice);
  partial += (((size_t)slice * GROUPS + group) * CHUNKS + chunk) * (ROWS * TAPS * LATHE_LANES);

  LATHE_V panel[BLOCK_IMAGES * LINES * COLUMNS];
  // Columns of padding are never written again.
  for (int i = 0; i < BLOCK_IMAGES * LINES * COLUMNS; i++) panel[i] = (LATHE_V)0.0f;

  for (int block = first_block; block < end_block; block++) {
    const int first_image = block / IMAGE_BLOCKS * BLOCK_IMAGES;
    const int image_count = min(BLOCK_IMAGES, images - first_image);
    const int first_line = block % IMAGE_BLOCKS * BLOCK_LINES;
    const int line_count = min(BLOCK_LINES, TARGET_HEIGHT - first_line);

    for (int i = 0; i < image_count; i++) {
      __global const float *from =
          source + (((size_t)(first_image + i) * GROUPS + group) * CHANNELS + chunk * LATHE_LANES) * SOURCE_PLANE;
      for (int l = 0; l < LINES; l++) {
        const int y = first_line * STRIDE_Y + l - PADDING_Y;
        LATHE_V *to = panel + (i * LINES + l) * COLUMNS;
        if (y >= 0 && y < SOURCE_HEIGHT) {
          turn_line(to, from + (size_t)y * SOURCE_WIDTH, channels);
        } else {
          for (int x = 0; x < COLUMNS; x++) to[x] = (LATHE_V)0.0f;
        }
      }
    }

    for (int row = 0; row < ROWS; row += ROWS_TILE) {
      // Rows behind the last repeat it and are not stored.
      size_t row_at[ROWS_TILE];
#pragma unroll
      for (int r = 0; r < ROWS_TILE; r++) row_at[r] = (size_t)min(row + r, ROWS - 1) * TARGET_PLANE;
      for (int ky = 0; ky < KERNEL_HEIGHT; ky += KERNEL_LINES) {
        LATHE_V sum[ROWS_TILE][TILE_TAPS];
#pragma unroll
        for (int r = 0; r < ROWS_TILE; r++)
#pragma unroll
          for (int t = 0; t < TILE_TAPS; t++) sum[r][t] = (LATHE_V)0.0f;
        bool is_first = block == first_block;
        int image = 0, line = 0;
        for (int start = 0; start < image_count * line_count; start += RUN_LINES) {
          const int end = min(start + RUN_LINES, image_count * line_count);
          for (int count = start; count < end; count++) {
            __global const float *pixels = dy + (((size_t)(first_image + image) * GROUPS + group) * ROWS) * TARGET_PLANE
                                         + (first_line + line) * TARGET_WIDTH;
            const LATHE_V *under = panel + (image * LINES + line * STRIDE_Y + ky * DILATION_Y) * COLUMNS;
// With few sums a step is too short for the loop around it; wide filters would keep too much of the next steps.
#if LATHE_REGISTERS < 32 && TILE_TAPS < ROWS_TILE
#pragma unroll 4
#endif
            for (int x = 0; x < TARGET_WIDTH; x++, pixels++, under += STRIDE_X) {
#if TILE_TAPS < ROWS_TILE
              LATHE_V value[TILE_TAPS];
#pragma unroll
              for (int t = 0; t < TILE_TAPS; t++) value[t] = under[TAP_AT(t)];
#pragma unroll
              for (int r = 0; r < ROWS_TILE; r++) {
                const LATHE_V factor = (LATHE_V)pixels[row_at[r]];
#pragma unroll
                for (int t = 0; t < TILE_TAPS; t++) sum[r][t] += factor * value[t];
              }
#else
              LATHE_V factor[ROWS_TILE];
#pragma unroll
              for (int r = 0; r < ROWS_TILE; r++) factor[r] = (LATHE_V)pixels[row_at[r]];
#pragma unroll
              for (int t = 0; t < TILE_TAPS; t++) {
                const LATHE_V value = under[TAP_AT(t)];
#pragma unroll
                for (int r = 0; r < ROWS_TILE; r++) sum[r][t] += factor[r] * value;
              }
#endif
            }
            if (++line == line_count) {
              line = 0;
              image++;
            }
          }
#pragma unroll
          for (int r = 0; r < ROWS_TILE; r++) {
            if (row + r >= ROWS) break;
            __global float *to = partial + ((size_t)(row + r) * TAPS + ky * KERNEL_WIDTH) * LATHE_LANES;
#pragma unroll
            for (int t = 0; t < TILE_TAPS; t++) LATHE_STORE(is_first ? sum[r][t] : LATHE_LOAD(t, to) + sum[r][t], t, to);
          }
#pragma unroll
          for (int r = 0; r < ROWS_TILE; r++)
#pragma unroll
            for (int t = 0; t < TILE_TAPS; t++) sum[r][t] = (LATHE_V)0.0f;
          is_first = false;
        }
      }
    }
  }
}
