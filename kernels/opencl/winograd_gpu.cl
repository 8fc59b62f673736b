// Convolutions of 3x3 with step 1 for GPUs by Winograd's F(4x4, 3x3), as in winograd_cpu.cl:
//
//   x   -> v [36][channels][pitch]     the 6x6 of x under each tile       filter -> u [36][rows][channels]
//   y      <- m [36][rows][pitch]      = u v, by gemm_gpu.cl
//
// A tile is 4x4 results; tiles of all images of a chunk lie row after row, image after image, along `pitch`, a multiple of 4:
// what is behind them in v is 0. A chunk's images start at x_offset and y_offset. Work-items of what has tiles are
// (tiles, channels or rows), neighbours in neighbouring tiles.
//
// VECTOR: rows of y are a multiple of 4 long, so that a tile's are written as a whole. winograd_points.clh goes in front.

#ifndef VECTOR
#define VECTOR 0
#endif

// u of a filter [outputs][channels][3][3]: row r and column k of a product are `row_step` and `step` floats apart; `turned`
// reads the taps from the last on. Work-items are (channels, rows).
__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void winograd_filter(__global const float *restrict filter, __global float *restrict u, const int rows,
                     const int channels, const int row_step, const int step, const int turned) {
  const int k = (int)get_global_id(0), row = (int)get_global_id(1);
  if (k >= channels) return;
  __global const float *from = filter + (long)row * row_step + (long)k * step + (turned ? 8 : 0);
  const int next = turned ? -1 : 1;
  const long plane = (long)rows * channels;
  u += (long)row * channels + k;
  float taps[9], mixed[3 * 6], points[6];
#pragma unroll
  for (int tap = 0; tap < 9; tap++) taps[tap] = from[tap * next];
#pragma unroll
  for (int i = 0; i < 3; i++) taps_to_points(taps + 3 * i, 1, mixed + 6 * i);
#pragma unroll
  for (int column = 0; column < 6; column++) {
    taps_to_points(mixed + column, 6, points);
#pragma unroll
    for (int i = 0; i < 6; i++) u[(i * 6 + column) * plane] = points[i];
  }
}

// v of x [images][channels][height][width]; `tiles` of `across` x `down` in an image.
__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void winograd_input(__global const float *restrict x, __global float *restrict v, const long x_offset,
                    const int channels, const int height, const int width, const int padding_y, const int padding_x, const int across, const int down,
                    const uint2 by_across, const uint2 by_down, const int tiles, const int pitch) {
  const int tile = (int)get_global_id(0), channel = (int)get_global_id(1);
  if (tile >= pitch) return;
  const int tile_row = lathe_quotient(tile, by_across), image = lathe_quotient(tile_row, by_down);
  const int top = (tile_row - image * down) * 4 - padding_y, left = (tile - tile_row * across) * 4 - padding_x;
  __global const float *from = x + x_offset + ((long)image * channels + channel) * height * width + (long)top * width + left;
  const int step = channels * pitch;
  v += (long)channel * pitch + tile;
  float mixed[6 * 6], column[6], points[6];
#pragma unroll
  for (int j = 0; j < 6; j++) {
    const bool is_inside = tile < tiles && left + j >= 0 && left + j < width;
#pragma unroll
    for (int i = 0; i < 6; i++)
      column[i] = is_inside && top + i >= 0 && top + i < height ? from[i * width + j] : 0.0f;
    input_to_points(column, points);
#pragma unroll
    for (int i = 0; i < 6; i++) mixed[i * 6 + j] = points[i];
  }
#pragma unroll
  for (int i = 0; i < 6; i++) {
    input_to_points(mixed + i * 6, points);
#pragma unroll
    for (int j = 0; j < 6; j++) v[(i * 6 + j) * step] = points[j];
  }
}

// y [images][rows][height][width] from m, with bias [rows] and relu.
__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void winograd_output(__global const float *restrict m, __global const float *restrict bias, __global float *restrict y,
                     const long y_offset, const int rows, const int height, const int width, const int across, const int down,
                     const uint2 by_across, const uint2 by_down, const int tiles, const int pitch, const int has_bias,
                     const int relu) {
  const int tile = (int)get_global_id(0), row = (int)get_global_id(1);
  if (tile >= tiles) return;
  const int tile_row = lathe_quotient(tile, by_across), image = lathe_quotient(tile_row, by_down);
  const int top = (tile_row - image * down) * 4, left = (tile - tile_row * across) * 4;
  __global float *to = y + y_offset + ((long)image * rows + row) * height * width + (long)top * width + left;
  const int step = rows * pitch;
  m += (long)row * pitch + tile;
  float mixed[4 * 6], points[6];
#pragma unroll
  for (int column = 0; column < 6; column++) {
#pragma unroll
    for (int i = 0; i < 6; i++) points[i] = m[(i * 6 + column) * step];
    points_to_output(points, mixed + column, 6);
  }
  const float shift = has_bias ? bias[row] : 0.0f;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    float result[4];
    points_to_output(mixed + 6 * i, result, 1);
#pragma unroll
    for (int j = 0; j < 4; j++) {
      result[j] += shift;
      // Not max: NaN must stay NaN.
      if (relu && result[j] < 0.0f) result[j] = 0.0f;
    }
    if (top + i >= height) continue;
#if VECTOR
    *(__global float4 *)(to + i * width) = (float4)(result[0], result[1], result[2], result[3]);
#else
#pragma unroll
    for (int j = 0; j < 4; j++)
      if (left + j < width) to[i * width + j] = result[j];
#endif
  }
}
