// 2-D convolution for GPUs as matrix products whose right operand is read from the image; stored.clh,
// product_tiles.clh and convolution_taps.clh go in front.
//
//   pack_filter      the filter as [group][tap][channel][row], rows padded to a multiple of four
//   convolution      a: packed filter, rows x (tap, channel); b: patches, (tap, channel) x pixels; forward, or with
//                    BACKWARD to the input
//   filter_gradient  a: dy, rows x pixels; b: patches, pixels x (tap, channel); slices of the pixels give partial
//                    results, added in order by slices.cl
//
// Rows and channels are those of one group: the target's and the source's. A program serves every geometry, which comes as
// arguments:
//
//   sizes       batch, groups, rows, channels
//   taps        the filter's height and width, dilation along y and x
//   planes      the target's height and width, the source's height and width
//   steps       stride along y and x, padding along y and x
//
// Backward, pixels of the target whose places have the same remainder by the stride are a phase: they have the same taps, and
// neighbours among them read neighbours of the source. ALIGNED: channels are a multiple of DEPTH, so that a slice has one
// tap. C_VECTOR: four pixels of a run are neighbours in one plane, aligned.
//
// Operands are stored as OPERANDS says, results of `convolution` as RESULTS does, those of filter_gradient in float32.
//
// Contract: NCHW, contiguous; grid (ceil(columns / TILE_N) x LOCAL_X, ceil(rows / TILE_M) x LOCAL_Y, groups x phases, or
// x slices), a LATHE_TILE_GROUP. Every work-item passes every barrier. 17 KB of local memory with the tiles built in.

#ifndef ALIGNED
#define ALIGNED 0
#endif
// Whether four pixels of dy are read at once.
#ifndef A_VECTOR
#define A_VECTOR 0
#endif

#define A_LOADS ((TILE_M * DEPTH / 4 + ITEMS - 1) / ITEMS)
// Steps that neighbouring loads of a work-item are apart; it reads B_LOADS of one pixel.
#define B_STEP (ITEMS / TILE_N)
#define B_LOADS (DEPTH / B_STEP)

// One of `count` elements for each work-item; `steps` are those of the filter's group, row and channel.
__kernel void pack_filter(__global const lathe_operand *restrict filter, __global lathe_operand *restrict packed, const int4 sizes,
                          const int taps, const long4 steps, const int count) {
  const int place = (int)get_global_id(0);
  if (place >= count) return;
  const int rows = sizes.z, padded = (rows + 3) / 4 * 4, line = place / padded, row = place % padded;
  const int channel = line % sizes.w, tap = line / sizes.w % taps, group = line / sizes.w / taps;
  packed[place] = row < rows ? filter[group * steps.x + row * steps.y + channel * steps.z + tap] : (lathe_operand)0;
}

LATHE_TILE_GROUP __kernel void convolution(
    __global const lathe_operand *restrict source, __global const lathe_operand *restrict packed,
    __global const float *restrict bias, __global lathe_result *restrict target, const int4 sizes, const int4 taps, const int4 planes, const int4 steps,
    const int has_bias, const int relu) {
  LATHE_TILE_MEMORY
  CONVOLUTION_TILE
  const int rows = sizes.z, channels = sizes.w, padded = (rows + 3) / 4 * 4, reduced = tap_count * channels;

  // What this work-item loads: rows of the packed filter, and one pixel's patch.
  const int pixel = first_pixel + item % TILE_N, first_step = item / TILE_N;
  CONVOLUTION_PATCH(lathe_operand)
  packed += (long)group * reduced * padded + first_row;
  lathe_operand4 next_a[A_LOADS];
  lathe_operand next_b[B_LOADS];
  n_run sum[WORK_M][N_RUNS];
  lathe_clear(sum);

#if ALIGNED
  FIRST_TAP(lathe_operand, channels)
#define ADVANCE ADVANCE_TAP(channels)
#define ENDED (tap == tap_count)
#define LOAD_PATCHES                                                                                             \
  _Pragma("unroll") for (int i = 0; i < B_LOADS; i++)                                                            \
    next_b[i] = inside ? patch[(long)(i * B_STEP) * source_plane] : (lathe_operand)0;
#define FIRST_STEP (tap * channels + channel)
#else
  int k0 = -DEPTH;
#define ADVANCE k0 += DEPTH;
#define ENDED (k0 >= reduced)
#define LOAD_PATCHES                                                                                             \
  _Pragma("unroll") for (int i = 0; i < B_LOADS; i++) {                                                          \
    const int k = k0 + first_step + i * B_STEP, tap = k / channels;                                              \
    const int place_y = tap_place(tap / taps.y, taps.z, steps.z, steps.x, phase_y);                              \
    const int place_x = tap_place(tap % taps.y, taps.w, steps.w, steps.y, phase_x);                              \
    const int at_y = y + place_y, at_x = x + place_x;                                                            \
    const bool inside = counts && k < reduced && place_y != SKIPPED && place_x != SKIPPED && at_y >= 0           \
        && at_y < planes.z && at_x >= 0 && at_x < planes.w;                                                      \
    next_b[i] = inside ? image[(long)(k - tap * channels) * source_plane + at_y * planes.w + at_x]               \
                       : (lathe_operand)0;                                                                           \
  }
#define FIRST_STEP k0
#endif
#define EACH_A_LOAD                                                                                  \
  _Pragma("unroll") for (int i = 0, e = item; i < A_LOADS; i++, e += ITEMS)                          \
    if (TILE_M * DEPTH / 4 % ITEMS == 0 || e < TILE_M * DEPTH / 4)
#define LOAD_SLICES                                                                                  \
  EACH_A_LOAD {                                                                                      \
    const int k = FIRST_STEP + e / (TILE_M / 4), row = e % (TILE_M / 4) * 4;                         \
    next_a[i] = first_row + row < padded && k < reduced                                              \
                    ? *(__global const lathe_operand4 *)(packed + (long)k * padded + row) : (lathe_operand4)0; \
  }                                                                                                  \
  LOAD_PATCHES
#define STORE_SLICES(number)                                                                                   \
  EACH_A_LOAD keep_four(a_slice[number] + e / (TILE_M / 4) * A_PITCH + e % (TILE_M / 4) * 4, \
                        lathe_wide4(next_a[i]), 1);                                                            \
  _Pragma("unroll") for (int i = 0; i < B_LOADS; i++)                                                          \
    keep_one(b_slice[number] + (first_step + i * B_STEP) * B_PITCH + item % TILE_N, lathe_wide(next_b[i]), 1);

  ADVANCE
  bool more = !ENDED;
  if (more) {
    LOAD_SLICES
    STORE_SLICES(0)
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  int s = 0;
  for (;;) {
#pragma unroll 1
    for (const int end = s + RUN / DEPTH; more && s < end; s++) {
      ADVANCE
      more = !ENDED;
      if (more) { LOAD_SLICES }
      LATHE_MULTIPLY(sum, s);
      if (more) { STORE_SLICES((s + 1) & 1) }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    const bool adds = s > RUN / DEPTH, biased = !more && has_bias, clips = !more && relu;
    // 0, which no compiler foresees: else it keeps the address of each result in registers all the time.
    const int zero = s & (rows >> 31), row = first_row + ly * M_RUN + zero;
    const int first = first_pixel + lx * N_RUN + zero;
#pragma unroll
    for (int j = 0; j < N_RUNS; j++) {
#pragma unroll
      for (int e = 0; e < (C_VECTOR ? 1 : N_RUN); e++) {
        const int at = first + COLUMN_OF(j) + e, place = at % plane;
        if (at >= pixels) continue;
        const int image_number = at / plane;
        __global lathe_result *to = target + (((long)image_number * sizes.y + group) * rows + row) * target_plane
                             + TARGET_PLACE(place);
        __global const float *add = bias + group * rows + row;
#pragma unroll
        for (int i = 0; i < WORK_M; i++) {
          if (i % M_RUN == 0 && i > 0) to += (LOCAL_Y - 1) * M_RUN * (long)target_plane;
          if (ROW_OF(i) < rows - row) {
#if C_VECTOR
            write_four(to, sum[i][j], adds, (float4)(biased ? add[ROW_OF(i)] : 0.0f), clips);
#else
            const float parts[4] = {sum[i][j].x, sum[i][j].y, sum[i][j].z, sum[i][j].w};
            write_one(to, parts[e], adds, biased ? add[ROW_OF(i)] : 0.0f, clips);
#endif
          }
          to += target_plane;
        }
      }
    }
    if (!more) break;
    lathe_clear(sum);
  }
}

#if !BACKWARD
#define DY_WIDTH (A_VECTOR ? 4 : 1)
#define DY_LOADS ((TILE_M * DEPTH / DY_WIDTH + ITEMS - 1) / ITEMS)
// Columns that a work-item reads of one pixel.
#define COLUMN_LOADS (TILE_N * DEPTH / ITEMS)
#define EACH_DY_LOAD                                                                                 \
  _Pragma("unroll") for (int i = 0, e = item; i < DY_LOADS; i++, e += ITEMS)                         \
    if (TILE_M * DEPTH / DY_WIDTH % ITEMS == 0 || e < TILE_M * DEPTH / DY_WIDTH)
#if A_VECTOR
typedef lathe_operand4 dy_load;
#define DY_KEEP keep_four
#define DY_WIDE lathe_wide4
#else
typedef lathe_operand dy_load;
#define DY_KEEP keep_one
#define DY_WIDE lathe_wide
#endif

LATHE_TILE_GROUP __kernel void filter_gradient(
    __global const lathe_operand *restrict dy, __global const lathe_operand *restrict source, __global float *restrict partial,
    const int4 sizes, const int4 taps, const int4 planes, const int4 steps, const int pixels_per_slice) {
  LATHE_TILE_MEMORY
  const int rows = sizes.z, channels = sizes.w, tap_count = taps.x * taps.y, columns = tap_count * channels;
  const int source_plane = planes.z * planes.w, plane = planes.x * planes.y, pixels = sizes.x * plane;
  const int group = (int)get_group_id(2) % sizes.y, part = (int)get_group_id(2) / sizes.y;
  const int first_row = (int)get_group_id(1) * TILE_M, first_column = (int)get_group_id(0) * TILE_N;
  const int end_pixel = min(pixels, (part + 1) * pixels_per_slice);

  // The columns whose patches this work-item loads, as places of the source for the first pixel.
  int place_y[COLUMN_LOADS], place_x[COLUMN_LOADS], place[COLUMN_LOADS];
#pragma unroll
  for (int i = 0; i < COLUMN_LOADS; i++) {
    const int column = first_column + item / DEPTH + i * (ITEMS / DEPTH), tap = column / channels;
    // A column outside is above every image.
    place_y[i] = column < columns ? tap_place(tap / taps.y, taps.z, steps.z, 1, 0) : INT_MIN / 2;
    place_x[i] = tap_place(tap % taps.y, taps.w, steps.w, 1, 0);
    place[i] = (column - tap * channels) * source_plane + place_y[i] * planes.w + place_x[i];
  }
  dy_load next_a[DY_LOADS];
  lathe_operand next_b[COLUMN_LOADS];
  n_run sum[WORK_M][N_RUNS];
  lathe_clear(sum);

#define LOAD_PIXELS(p0)                                                                                          \
  EACH_DY_LOAD {                                                                                                 \
    const int p = (p0) + e % (DEPTH / DY_WIDTH) * DY_WIDTH, row = first_row + e / (DEPTH / DY_WIDTH);            \
    __global const lathe_operand *from = dy + (((long)(p / plane) * sizes.y + group) * rows + row) * plane + p % plane;  \
    next_a[i] = row < rows && p < end_pixel ? *(__global const dy_load *)from : (dy_load)0;                      \
  }                                                                                                              \
  {                                                                                                              \
    const int p = (p0) + item % DEPTH, y = p % plane / planes.y * steps.x, x = p % planes.y * steps.y;           \
    __global const lathe_operand *image =                                                                        \
        source + ((long)(p / plane) * sizes.y + group) * channels * source_plane + y * planes.w + x;             \
    _Pragma("unroll") for (int i = 0; i < COLUMN_LOADS; i++) {                                                   \
      const int at_y = y + place_y[i], at_x = x + place_x[i];                                                    \
      const bool inside = p < end_pixel && at_y >= 0 && at_y < planes.z && at_x >= 0 && at_x < planes.w;         \
      next_b[i] = inside ? image[place[i]] : (lathe_operand)0;                                                   \
    }                                                                                                            \
  }
#define STORE_PIXELS(number)                                                                                     \
  EACH_DY_LOAD DY_KEEP(a_slice[number] + e % (DEPTH / DY_WIDTH) * DY_WIDTH * A_PITCH + e / (DEPTH / DY_WIDTH),   \
                       DY_WIDE(next_a[i]), A_PITCH);                                                             \
  _Pragma("unroll") for (int i = 0; i < COLUMN_LOADS; i++)                                                       \
    keep_one(b_slice[number] + item % DEPTH * B_PITCH + item / DEPTH + i * (ITEMS / DEPTH), lathe_wide(next_b[i]), 1);

  int pixel = part * pixels_per_slice;
  LOAD_PIXELS(pixel)
  STORE_PIXELS(0)
  barrier(CLK_LOCAL_MEM_FENCE);
  partial += ((long)part * sizes.y + group) * rows * columns;
  bool more = true;
  int s = 0;
  for (;;) {
#pragma unroll 1
    for (const int end = s + RUN / DEPTH; more && s < end; s++) {
      pixel += DEPTH;
      more = pixel < end_pixel;
      if (more) { LOAD_PIXELS(pixel) }
      LATHE_MULTIPLY(sum, s);
      if (more) { STORE_PIXELS((s + 1) & 1) }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    const bool adds = s > RUN / DEPTH;
    const int zero = s & (rows >> 31), row = first_row + ly * M_RUN + zero;
    const int first = first_column + lx * N_RUN + zero;
#pragma unroll
    for (int j = 0; j < N_RUNS; j++)
#pragma unroll
      for (int e = 0; e < N_RUN; e++) {
        const int column = first + COLUMN_OF(j) + e;
        if (column >= columns) continue;
        __global float *to = partial + (long)row * columns + column % channels * tap_count + column / channels;
#pragma unroll
        for (int i = 0; i < WORK_M; i++) {
          if (i % M_RUN == 0 && i > 0) to += (LOCAL_Y - 1) * M_RUN * (long)columns;
          const float parts[4] = {sum[i][j].x, sum[i][j].y, sum[i][j].z, sum[i][j].w};
          if (ROW_OF(i) < rows - row) to[0] = adds ? to[0] + parts[e] : parts[e];
          to += columns;
        }
      }
    if (!more) break;
    lathe_clear(sum);
  }
}
#endif
