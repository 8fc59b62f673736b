// 2-D convolution of 16-bit numbers on matrix units, summed in float32 (LATHE_STORED, MATRIX_GROUP): stored.clh,
// matrix_units.clh, the form, matrix_slices.clh and convolution_taps.clh go in front. What is said of convolution_gpu.cl
// holds here, too, but for these points:
//
//   pack_filter      the filter as [group][row][tap][channel], channels padded to a multiple of DEPTH
//   convolution      slices are of one tap; a work-item reads some channels of one pixel, eight neighbours of a slice at a time
//   filter_gradient  channels are a multiple of 16, so that the columns that a work-item reads are of one tap
//
// Contract: grid (ceil(columns / TILE_N) x ITEMS, ceil(rows / TILE_M), groups x phases, or x slices), work-group (ITEMS, 1, 1).
// Every work-item passes every barrier. 32 KB of local memory with tiles of 128 x 128.

#ifndef A_VECTOR
#define A_VECTOR 0
#endif

// One of `count` elements for each work-item; `steps` are those of the filter's group, row and channel.
__kernel void pack_filter(__global const ushort *restrict filter, __global ushort *restrict packed, const int4 sizes,
                          const int taps, const long4 steps, const int count) {
  const int place = (int)get_global_id(0);
  if (place >= count) return;
  const int padded = (sizes.w + DEPTH - 1) / DEPTH * DEPTH, line = place / padded, channel = place % padded;
  const int tap = line % taps, row = line / taps % sizes.z, group = line / taps / sizes.z;
  packed[place] = channel < sizes.w ? filter[group * steps.x + row * steps.y + channel * steps.z + tap] : (ushort)0;
}

// Numbers of a slice that a work-item reads of one pixel: PATCH / 8 groups of channels.
#define PATCH (TILE_N * DEPTH / ITEMS)

MATRIX_GROUP(ITEMS) __kernel void convolution(
    __global const ushort *restrict source, __global const ushort *restrict packed, __global const float *restrict bias,
    __global lathe_result *restrict target, const int4 sizes, const int4 taps, const int4 planes, const int4 steps,
    const int has_bias, const int relu) {
  LATHE_MATRIX_TILE
  CONVOLUTION_TILE
  const int rows = sizes.z, channels = sizes.w, padded = (channels + DEPTH - 1) / DEPTH * DEPTH;
  const int reduced = tap_count * padded;

  const int own = item % TILE_N, pixel = first_pixel + own, first_step = item / TILE_N * PATCH;
  CONVOLUTION_PATCH(ushort)
  packed += ((long)group * rows + first_row) * reduced;
  uint4 next_a[A_LOADS], next_b[PATCH / 8];
  sum_fragment sum[FRAGMENTS_M][FRAGMENTS_N];
  clear_sums(sum);

  FIRST_TAP(ushort, padded)
#define CHANNEL(i) (inside && channel + first_step + (i) < channels ? patch[(long)(i) * source_plane] : (ushort)0)
#define LOAD_SLICES                                                                                              \
  EACH_GROUP(A_LOADS, A_GROUPS, TILE_M, 1)                                                                       \
    next_a[i] = first_row + row < rows                                                                           \
                    ? *(__global const uint4 *)(packed + (long)row * reduced + tap * padded + channel + p) : (uint4)0; \
  }                                                                                                              \
  _Pragma("unroll") for (int i = 0; i < PATCH / 8; i++)                                                          \
    next_b[i] = as_uint4((ushort8)(CHANNEL(8 * i), CHANNEL(8 * i + 1), CHANNEL(8 * i + 2), CHANNEL(8 * i + 3),   \
                                   CHANNEL(8 * i + 4), CHANNEL(8 * i + 5), CHANNEL(8 * i + 6), CHANNEL(8 * i + 7)));
#define WRITE_SLICES(stage)                                                                                      \
  EACH_GROUP(A_LOADS, A_GROUPS, TILE_M, 1) write_run(a_slice[stage], row, p, next_a[i], true, TILE_M); }       \
  _Pragma("unroll") for (int i = 0; i < PATCH / 8; i++)                                                          \
    write_run(b_slice[stage], own, first_step + 8 * i, next_b[i], true, TILE_N);

  ADVANCE_TAP(padded)
  if (tap < tap_count) {
    LOAD_SLICES
    WRITE_SLICES(0)
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  int stage = 0;
#pragma unroll 1
  while (tap < tap_count) {
    ADVANCE_TAP(padded)
    if (tap < tap_count) { LOAD_SLICES }
    multiply_slice(sum, a_slice[stage], b_slice[stage], wave_row, wave_column, lane, true, true);
    stage ^= 1;
    if (tap < tap_count) { WRITE_SLICES(stage) }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  // 0, which no compiler foresees: else it keeps what results need in registers all the time.
  const int zero = tap & (rows >> 31), first = first_pixel + wave_column + zero, above = first_row + wave_row + zero;
  MATRIX_UNROLL for (int j = 0; j < FRAGMENTS_N; j++)
    MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) {
      const int at = first + j * 16 + SUM_COLUMN(lane, e), place = at % plane;
      if (at >= pixels) continue;
      const int row = above + SUM_ROW(lane, e);
      __global lathe_result *to = target + (((long)(at / plane) * sizes.y + group) * rows + row) * target_plane
                                + TARGET_PLACE(place);
      MATRIX_UNROLL for (int i = 0; i < FRAGMENTS_M; i++) {
        if (row + i * 16 < rows) {
          float value = SUM_AT(sum[i][j], e);
          if (has_bias) value += bias[group * rows + row + i * 16];
          // Not max: NaN must stay NaN.
          *to = lathe_narrow(relu && value < 0.0f ? 0.0f : value);
        }
        to += 16 * (long)target_plane;
      }
    }
}

#if !BACKWARD
// Eight neighbours of `left` pixels of a row of dy from pixel `first` on, a pixel of any image; A_VECTOR: planes are multiples
// of eight.
static inline uint4 eight_of_dy(__global const ushort *dy, int first, int left, long image_rows, long row, int plane) {
  int place = first % plane;
  __global const ushort *from = dy + (first / plane * image_rows + row) * plane;
#if A_VECTOR
  return left > 0 ? *(__global const uint4 *)(from + place) : (uint4)0;
#else
  ushort x[8];
#pragma unroll
  for (int i = 0; i < 8; i++) {
    x[i] = i < left ? from[place] : (ushort)0;
    if (++place == plane) {
      place = 0;
      from += image_rows * plane;
    }
  }
  return as_uint4((ushort8)(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]));
#endif
}

MATRIX_GROUP(ITEMS) __kernel void filter_gradient(
    __global const ushort *restrict dy, __global const ushort *restrict source, __global float *restrict partial,
    const int4 sizes, const int4 taps, const int4 planes, const int4 steps, const int pixels_per_slice) {
  LATHE_MATRIX_TILE
  const int rows = sizes.z, channels = sizes.w, tap_count = taps.x * taps.y, columns = tap_count * channels;
  const int source_plane = planes.z * planes.w, plane = planes.x * planes.y, pixels = sizes.x * plane;
  const int group = (int)get_group_id(2) % sizes.y, part = (int)get_group_id(2) / sizes.y;
  const int first_row = (int)get_group_id(1) * TILE_M, first_column = (int)get_group_id(0) * TILE_N;
  const int end_pixel = min(pixels, (part + 1) * pixels_per_slice);

  // The columns whose patches this work-item loads, channels of one tap.
  const int own = item / DEPTH * PATCH, own_pixel = item % DEPTH, column = first_column + own, tap = column / channels;
  const int place_y = tap_place(tap / taps.y, taps.z, steps.z, 1, 0);
  const int place_x = tap_place(tap % taps.y, taps.w, steps.w, 1, 0);
  uint4 next_a[A_LOADS];
  ushort next_b[PATCH];
  sum_fragment sum[FRAGMENTS_M][FRAGMENTS_N];
  clear_sums(sum);

#define LOAD_PIXELS                                                                                              \
  EACH_GROUP(A_LOADS, A_GROUPS, TILE_M, 1)                                                                       \
    const int first = pixel + p, left = first_row + row < rows ? end_pixel - first : 0;                          \
    next_a[i] = eight_of_dy(dy, first, left, (long)sizes.y * rows, (long)group * rows + first_row + row, plane); \
  }                                                                                                              \
  {                                                                                                              \
    const int p = pixel + own_pixel, y = p % plane / planes.y * steps.x, x = p % planes.y * steps.y;             \
    const int at_y = y + place_y, at_x = x + place_x;                                                            \
    const bool inside = p < end_pixel && column < columns && at_y >= 0 && at_y < planes.z && at_x >= 0           \
        && at_x < planes.w;                                                                                      \
    __global const ushort *from = source                                                                         \
        + (((long)(p / plane) * sizes.y + group) * channels + column - tap * channels) * source_plane            \
        + at_y * planes.w + at_x;                                                                                \
    _Pragma("unroll") for (int i = 0; i < PATCH; i++, from += source_plane)                                         \
      next_b[i] = inside ? *from : (ushort)0;                                                                      \
  }
#define WRITE_PIXELS(stage)                                                                                      \
  EACH_GROUP(A_LOADS, A_GROUPS, TILE_M, 1) write_run(a_slice[stage], row, p, next_a[i], true, TILE_M); }       \
  _Pragma("unroll") for (int i = 0; i < PATCH; i++)                                                              \
    b_slice[stage][place_along(own + i, own_pixel, DEPTH)] = next_b[i];

  int pixel = part * pixels_per_slice, stage = 0;
  LOAD_PIXELS
  WRITE_PIXELS(0)
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
  while (pixel < end_pixel) {
    pixel += DEPTH;
    if (pixel < end_pixel) { LOAD_PIXELS }
    multiply_slice(sum, a_slice[stage], b_slice[stage], wave_row, wave_column, lane, true, true);
    stage ^= 1;
    if (pixel < end_pixel) { WRITE_PIXELS(stage) }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const int zero = pixel & (rows >> 31), first = first_column + wave_column + zero, above = first_row + wave_row + zero;
  partial += ((long)part * sizes.y + group) * rows * columns;
  MATRIX_UNROLL for (int j = 0; j < FRAGMENTS_N; j++)
    MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) {
      const int at = first + j * 16 + SUM_COLUMN(lane, e);
      if (at >= columns) continue;
      const int row = above + SUM_ROW(lane, e);
      __global float *to = partial + (long)row * columns + at % channels * tap_count + at / channels;
      MATRIX_UNROLL for (int i = 0; i < FRAGMENTS_M; i++) {
        if (row + i * 16 < rows) *to = SUM_AT(sum[i][j], e);
        to += 16 * (long)columns;
      }
    }
}
#endif
