// Gradient of a 2-D convolution's input for CPU devices where the image is much larger than the output: products
// of the filter with dy are added where each tap belongs, so that nothing is multiplied with the border's zeros.
//
//              PIXELS of dy                         a work-item makes BLOCK channels of one image's dx. For each
//            +---------------+                      tap (ky, kx) and tile of ROWS_TILE x NV registers it sums over
//   outputs  | dy            |    +-----------+     the output channels, and adds the tile's lines into `plane`
//            +---------------+    | plane     |     at (ky, kx) * DILATION; `plane` is the image with its padding,
//   BLOCK    +---------------+    |  +----+   |     so that no addition asks where the image ends.
//   channels | tile per tap  | -> |  |tile|   |
//            +---------------+    +-----------+
//
// Contract: stride 1. Grid (batch, GROUPS x ROWS / BLOCK, 1), work-group (1, 1, 1). NCHW, contiguous. Sums run over
// output channels, then taps, in a fixed order.
//
// Definitions without a default: GROUPS, ROWS (input channels) and CHANNELS (output channels) per group, KERNEL_*,
// PADDING_*, DILATION_*, SOURCE_HEIGHT and SOURCE_WIDTH (of dy), TARGET_HEIGHT and TARGET_WIDTH (of dx).

// Tunables: BLOCK divides ROWS, NV the vectors of dy; ROWS_TILE <= BLOCK.
#ifndef BLOCK
#define BLOCK ROWS
#endif
#ifndef ROWS_TILE
#define ROWS_TILE BLOCK
#endif
#ifndef NV
#define NV 1
#endif

#define TAPS (KERNEL_HEIGHT * KERNEL_WIDTH)
#define PIXELS (SOURCE_HEIGHT * SOURCE_WIDTH)
#define FULL_VECTORS (PIXELS / LATHE_LANES)
#define VECTORS ((PIXELS + LATHE_LANES - 1) / LATHE_LANES)
// No less than the windows reach: with output padding the image is larger than that.
#define PADDED_HEIGHT (TARGET_HEIGHT + 2 * PADDING_Y)
#define PADDED_WIDTH (TARGET_WIDTH + 2 * PADDING_X)
#define PLANE (PADDED_HEIGHT * PADDED_WIDTH)
#define BLOCKS (ROWS / BLOCK)

// Pixels of dy that are added at a time: whole pieces make a line.
#if SOURCE_WIDTH % LATHE_LANES == 0
#define PIECE LATHE_LANES
#elif LATHE_LANES > 8 && SOURCE_WIDTH % 8 == 0
#define PIECE 8
#elif LATHE_LANES > 4 && SOURCE_WIDTH % 4 == 0
#define PIECE 4
#else
#define PIECE 1
#endif
#define PIECE_LOAD LATHE_JOIN(vload, PIECE)
#define PIECE_STORE LATHE_JOIN(vstore, PIECE)

// Adds LATHE_LANES neighbouring pixels of dy, from pixel `first` on, at a tap whose plane begins at `to`.
static inline void add_pixels(float *to, LATHE_V value, int first) {
#if PIECE == LATHE_LANES
  float *at = to + first / SOURCE_WIDTH * PADDED_WIDTH + first % SOURCE_WIDTH;
  LATHE_STORE(LATHE_LOAD(0, at) + value, 0, at);
#else
  float lanes[LATHE_LANES];
  LATHE_STORE(value, 0, lanes);
  for (int i = 0; i < LATHE_LANES && first + i < PIXELS; i += PIECE) {
    float *at = to + (first + i) / SOURCE_WIDTH * PADDED_WIDTH + (first + i) % SOURCE_WIDTH;
#if PIECE > 1
    PIECE_STORE(PIECE_LOAD(0, at) + PIECE_LOAD(0, lanes + i), 0, at);
#else
    *at += lanes[i];
#endif
  }
#endif
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void convolution_scatter(__global const float *restrict source, __global const float *restrict filter,
                                  __global float *restrict target) {
  const int image = (int)get_global_id(0);
  const int group = (int)get_global_id(1) / BLOCKS;
  const int first_row = (int)get_global_id(1) % BLOCKS * BLOCK;
  source += ((size_t)image * GROUPS + group) * (CHANNELS * PIXELS);
  filter += ((size_t)group * CHANNELS * ROWS + first_row) * TAPS;
  target += (((size_t)image * GROUPS + group) * ROWS + first_row) * (TARGET_HEIGHT * TARGET_WIDTH);

  float plane[BLOCK * PLANE];
  for (int i = 0; i < BLOCK * PLANE; i++) plane[i] = 0.0f;
#if FULL_VECTORS < VECTORS
  // The last vector of each channel of dy, with zeros behind it.
  float tail[CHANNELS * LATHE_LANES];
  for (int o = 0; o < CHANNELS; o++)
    for (int i = 0; i < LATHE_LANES; i++) {
      const int pixel = FULL_VECTORS * LATHE_LANES + i;
      tail[o * LATHE_LANES + i] = pixel < PIXELS ? source[o * PIXELS + pixel] : 0.0f;
    }
#endif

  // Pixels outermost: the order in which the CPU's own kernel adds, so that devices agree to the bit more often.
  for (int v = 0; v < VECTORS; v += NV) {
    for (int tap = 0; tap < TAPS; tap++) {
      float *tap_plane = plane + tap / KERNEL_WIDTH * DILATION_Y * PADDED_WIDTH + tap % KERNEL_WIDTH * DILATION_X;
      for (int row = 0; row < BLOCK; row += ROWS_TILE) {
        // The last tile is moved up so that it is full; rows that it shares with the one before are not added again.
        const int base = min(row, BLOCK - ROWS_TILE);
        LATHE_V sum[ROWS_TILE][NV];
#pragma unroll
        for (int r = 0; r < ROWS_TILE; r++)
#pragma unroll
          for (int j = 0; j < NV; j++) sum[r][j] = (LATHE_V)0.0f;
        for (int o = 0; o < CHANNELS; o++) {
          __global const float *weight = filter + (o * ROWS + base) * TAPS + tap;
          LATHE_V value[NV];
#pragma unroll
          for (int j = 0; j < NV; j++) {
#if FULL_VECTORS < VECTORS
            value[j] = v + j < FULL_VECTORS ? LATHE_LOAD(v + j, source + o * PIXELS) : LATHE_LOAD(o, tail);
#else
            value[j] = LATHE_LOAD(v + j, source + o * PIXELS);
#endif
          }
#pragma unroll
          for (int r = 0; r < ROWS_TILE; r++) {
            const LATHE_V factor = (LATHE_V)weight[r * TAPS];
#pragma unroll
            for (int j = 0; j < NV; j++) sum[r][j] += factor * value[j];
          }
        }
        // A loop over the tile that stays rolled: unrolled, the additions would make the kernel slow to compile.
        LATHE_V tile[ROWS_TILE * NV];
#pragma unroll
        for (int r = 0; r < ROWS_TILE; r++)
#pragma unroll
          for (int j = 0; j < NV; j++) tile[r * NV + j] = sum[r][j];
#pragma unroll 1
        for (int i = (row - base) * NV; i < ROWS_TILE * NV; i++)
          add_pixels(tap_plane + (base + i / NV) * PLANE, tile[i], (v + i % NV) * LATHE_LANES);
      }
    }
  }

  for (int r = 0; r < BLOCK; r++)
    for (int y = 0; y < TARGET_HEIGHT; y++) {
      const float *from = plane + r * PLANE + (y + PADDING_Y) * PADDED_WIDTH + PADDING_X;
      for (int x = 0; x < TARGET_WIDTH; x++) target[(r * TARGET_HEIGHT + y) * TARGET_WIDTH + x] = from[x];
    }
}
