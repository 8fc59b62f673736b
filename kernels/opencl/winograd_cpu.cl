// Convolutions of 3x3 with step 1 for CPU devices by Winograd's F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2016, arXiv:1509.09308): a tile of 4x4 results takes 36 products instead of 144.
//
//   x   -> v [36][channels][pitch]     the 6x6 of x under each tile       filter -> u [36][rows][depth]
//   dy  -> z [36][rows][pitch]         4x4 of dy
//   y      <- m [36][rows][pitch]      = u v, by gemm_cpu.cl              dfilter <- s [36][rows][channels] = z v^T
//
// Contract: work-group (1, 1, 1). The output's sides are multiples of 4; `tiles`, those of all images of a chunk, lie row after
// row, image after image, along `pitch`, a multiple of LATHE_LANES: what is behind them in v and z is 0. A chunk's images start
// at x_offset and y_offset. The grid of what has tiles is (blocks of BLOCK_TILES tiles, blocks of per_item channels or rows).
// There are LATHE_LANES channels and rows at least. winograd_points.clh goes in front.

#define BLOCK_TILES (4 * LATHE_LANES)
// Floats of a row of strips: each tile has 4 columns, each strip 2 more, and 8 zeros are behind the last.
#define ROW (6 * BLOCK_TILES + 8)
#define EACH_LANE _Pragma("unroll") for (int lane = 0; lane < LATHE_LANES; lane++)

// Six numbers from four, by A.
static inline void gradient_to_points(const LATHE_V *d, LATHE_V *z, const int step) {
  const LATHE_V even = d[0] + d[2], odd = d[1] + d[3];
  const LATHE_V far_even = d[0] + 4.0f * d[2], far_odd = 2.0f * d[1] + 8.0f * d[3];
  z[0] = d[0];
  z[step] = even + odd;
  z[2 * step] = even - odd;
  z[3 * step] = far_even + far_odd;
  z[4 * step] = far_even - far_odd;
  z[5 * step] = d[3];
}

// Three numbers from six, by the transpose of G.
static inline void points_to_taps(const LATHE_V *m, LATHE_V *w, const int step) {
  const LATHE_V near = (m[1] + m[2]) * (1.0f / 6), far = m[3] + m[4];
  w[0] = m[0] * 0.25f - near + far * (1.0f / 24);
  w[step] = (m[2] - m[1]) * (1.0f / 6) + (m[3] - m[4]) * (1.0f / 12);
  w[2 * step] = far * (1.0f / 6) - near + m[5];
}

// Four numbers of each lane, one behind the other, to four vectors.
static inline void fours_to_lanes(const float4 *q, LATHE_V *d) {
  EACH_LANE {
    d[0][lane] = q[lane].x;
    d[1][lane] = q[lane].y;
    d[2][lane] = q[lane].z;
    d[3][lane] = q[lane].w;
  }
}

// Where the results of some tiles start in the first of `rows` planes of their images; those behind the last are the last's.
static inline void find_results(long *at, const int count, const int first, const int tiles, const long y_offset,
                                const int rows, const int height, const int width) {
  const int across = width / 4, down = height / 4;
  for (int i = 0; i < count; i++) {
    const int tile = min(first + i, tiles - 1), row = tile / across;
    at[i] = y_offset + (long)(row / down) * height * width * rows + (long)(row % down * 4) * width + tile % across * 4;
  }
}

// u of a filter [outputs][channels][3][3]: row r and column k of a product are `row_step` and `step` floats apart; `turned`
// reads the taps from the last on. A work-item does one row.
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_filter(__global const float *restrict filter, __global float *restrict u, const int depth,
                              const int row_step, const int step, const int turned) {
  const int row = (int)get_global_id(0);
  const size_t plane = get_global_size(0) * (size_t)depth;
  filter += (size_t)row * row_step;
  u += (size_t)row * depth;
  // The last vector is a whole one, too, and does some of the columns before it again.
  for (int next = 0; next < depth; next += LATHE_LANES) {
    const int k = min(next, depth - LATHE_LANES);
    LATHE_V taps[9], mixed[3 * 6], points[6];
    for (int tap = 0; tap < 9; tap++) {
      __global const float *from = filter + (size_t)k * step + (turned ? 8 - tap : tap);
      EACH_LANE taps[tap][lane] = from[(size_t)lane * step];
    }
#pragma unroll
    for (int i = 0; i < 3; i++) taps_to_points(taps + 3 * i, 1, mixed + 6 * i);
#pragma unroll
    for (int column = 0; column < 6; column++) {
      taps_to_points(mixed + column, 6, points);
#pragma unroll
      for (int i = 0; i < 6; i++) LATHE_STORE(points[i], 0, u + (i * 6 + column) * plane + k);
    }
  }
}

// v of x [images][channels][height][width].
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_input(__global const float *restrict x, __global float *restrict v, const long x_offset,
                             const int channels, const int height, const int width, const int padding_y,
                             const int padding_x, const int across, const int down, const int tiles, const int pitch,
                             const int per_item) {
  const int first = (int)get_global_id(0) * BLOCK_TILES, lanes = min(BLOCK_TILES, pitch - first);
  const int first_channel = (int)get_global_id(1) * per_item, last_channel = min(channels, first_channel + per_item);
  // Strips of neighbouring tiles with the padding of their rows, which stays 0, one behind the other.
  float rows[6][ROW], points[6][ROW];
  int at[BLOCK_TILES], strip_row[BLOCK_TILES], strip_left[BLOCK_TILES], strip_count[BLOCK_TILES], strip_to[BLOCK_TILES];
  long strip_from[BLOCK_TILES];
  int strips = 0, used = 0;
  for (int i = 0; i < lanes;) {
    const int tile = first + i;
    if (tile >= tiles) {
      for (; i < lanes; i++) at[i] = used;
      break;
    }
    const int column = tile % across, row = tile / across, count = min(across - column, lanes - i);
    const int left = column * 4 - padding_x, length = 4 * count + 2;
    strip_row[strips] = row % down * 4 - padding_y;
    strip_left[strips] = max(0, left);
    strip_count[strips] = min(width, left + length) - max(0, left);
    strip_to[strips] = used + max(0, -left);
    strip_from[strips] = x_offset + (long)(row / down) * channels * height * width;
    for (int j = 0; j < count; j++) at[i + j] = used + 4 * j;
    strips++;
    used += length;
    i += count;
  }
  for (int i = 0; i < 6 * ROW; i++) rows[0][i] = points[0][i] = 0.0f;

  const size_t step = (size_t)channels * pitch;
  for (int channel = first_channel; channel < last_channel; channel++) {
    for (int s = 0; s < strips; s++) {
      __global const float *plane = x + strip_from[s] + (size_t)channel * height * width + strip_left[s];
      const int count = strip_count[s];
      for (int r = 0; r < 6; r++) {
        const int line = strip_row[s] + r;
        if (line < 0 || line >= height) continue;
        __global const float *from = plane + (size_t)line * width;
        float *to = rows[r] + strip_to[s];
        int i = 0;
        for (; i + 4 <= count; i += 4) vstore4(vload4(0, from + i), 0, to + i);
        for (; i < count; i++) to[i] = from[i];
      }
    }
    for (int i = 0; i < used; i += LATHE_LANES) {
      LATHE_V d[6], t[6];
#pragma unroll
      for (int r = 0; r < 6; r++) d[r] = LATHE_LOAD(0, rows[r] + i);
      input_to_points(d, t);
#pragma unroll
      for (int r = 0; r < 6; r++) LATHE_STORE(t[r], 0, points[r] + i);
    }
    for (int i = 0; i < lanes; i += LATHE_LANES) {
      __global float *to = v + (size_t)channel * pitch + first + i;
      for (int r = 0; r < 6; r++, to += 6 * step) {
        LATHE_V d[8], t[6];
        float4 q[LATHE_LANES];
        EACH_LANE q[lane] = vload4(0, points[r] + at[i + lane]);
        fours_to_lanes(q, d);
        EACH_LANE q[lane] = vload4(0, points[r] + at[i + lane] + 4);
        fours_to_lanes(q, d + 4);
        input_to_points(d, t);
#pragma unroll
        for (int column = 0; column < 6; column++) LATHE_STORE(t[column], 0, to + column * step);
      }
    }
  }
}

// z of dy [images][rows][height][width].
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_gradient(__global const float *restrict dy, __global float *restrict z, const long y_offset,
                                const int rows, const int height, const int width, const int tiles, const int pitch,
                                const int per_item) {
  const int first = (int)get_global_id(0) * BLOCK_TILES, lanes = min(BLOCK_TILES, pitch - first);
  const int first_row = (int)get_global_id(1) * per_item, last_row = min(rows, first_row + per_item);
  const long plane = (long)height * width;
  long at[BLOCK_TILES];
  find_results(at, lanes, first, tiles, y_offset, rows, height, width);
  const size_t step = (size_t)rows * pitch;
  for (int row = first_row; row < last_row; row++)
    for (int i = 0; i < lanes; i += LATHE_LANES) {
      __global const float *from = dy + row * plane;
      __global float *to = z + (size_t)row * pitch + first + i;
      const int valid = tiles - first - i;
      LATHE_V d[4 * 4], mixed[6 * 4], t[6];
#pragma unroll
      for (int y = 0; y < 4; y++) {
        float4 q[LATHE_LANES];
        EACH_LANE q[lane] = lane < valid ? vload4(0, from + at[i + lane] + y * width) : (float4)0.0f;
        fours_to_lanes(q, d + 4 * y);
      }
#pragma unroll
      for (int x = 0; x < 4; x++) {
        const LATHE_V column[4] = {d[x], d[4 + x], d[8 + x], d[12 + x]};
        gradient_to_points(column, mixed + x, 4);
      }
#pragma unroll
      for (int y = 0; y < 6; y++) {
        gradient_to_points(mixed + 4 * y, t, 1);
#pragma unroll
        for (int x = 0; x < 6; x++) LATHE_STORE(t[x], 0, to + (y * 6 + x) * step);
      }
    }
}

// y [images][rows][height][width] from m, with bias [rows] and relu.
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_output(__global const float *restrict m, __global const float *restrict bias,
                              __global float *restrict y, const long y_offset, const int rows, const int height,
                              const int width, const int tiles, const int pitch, const int has_bias, const int relu,
                              const int per_item) {
  const int first = (int)get_global_id(0) * BLOCK_TILES, lanes = min(BLOCK_TILES, tiles - first);
  const int first_row = (int)get_global_id(1) * per_item, last_row = min(rows, first_row + per_item);
  const long plane = (long)height * width;
  long at[BLOCK_TILES];
  find_results(at, lanes, first, tiles, y_offset, rows, height, width);
  const size_t step = (size_t)rows * pitch;
  for (int row = first_row; row < last_row; row++) {
    const float shift = has_bias ? bias[row] : 0.0f;
    for (int i = 0; i < lanes; i += LATHE_LANES) {
      __global const float *from = m + (size_t)row * pitch + first + i;
      LATHE_V mixed[4 * 6], points[6], result[4];
#pragma unroll
      for (int column = 0; column < 6; column++) {
#pragma unroll
        for (int r = 0; r < 6; r++) points[r] = LATHE_LOAD(0, from + (r * 6 + column) * step);
        points_to_output(points, mixed + column, 6);
      }
      const int count = min(LATHE_LANES, lanes - i);
#pragma unroll
      for (int r = 0; r < 4; r++) {
        points_to_output(mixed + 6 * r, result, 1);
#pragma unroll
        for (int j = 0; j < 4; j++) {
          result[j] += shift;
          if (relu) result[j] = LATHE_RELU_V(result[j]);
        }
        __global float *to = y + row * plane + r * width;
        EACH_LANE if (lane < count)
          vstore4((float4)(result[0][lane], result[1][lane], result[2][lane], result[3][lane]), 0, to + at[i + lane]);
      }
    }
  }
}

// dfilter [rows][channels][3][3] from s. A work-item does one row.
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_taps(__global const float *restrict s, __global float *restrict dfilter, const int channels) {
  const int row = (int)get_global_id(0);
  const size_t plane = get_global_size(0) * (size_t)channels;
  for (int next = 0; next < channels; next += LATHE_LANES) {
    const int c = min(next, channels - LATHE_LANES);
    __global const float *from = s + (size_t)row * channels + c;
    __global float *to = dfilter + ((size_t)row * channels + c) * 9;
    LATHE_V mixed[3 * 6], points[6], taps[9];
#pragma unroll
    for (int column = 0; column < 6; column++) {
#pragma unroll
      for (int r = 0; r < 6; r++) points[r] = LATHE_LOAD(0, from + (r * 6 + column) * plane);
      points_to_taps(points, mixed + column, 6);
    }
#pragma unroll
    for (int r = 0; r < 3; r++) points_to_taps(mixed + 6 * r, taps + 3 * r, 1);
    for (int tap = 0; tap < 9; tap++) EACH_LANE to[lane * 9 + tap] = taps[tap][lane];
  }
}
