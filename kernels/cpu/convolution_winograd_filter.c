#include "convolution_winograd.h"
#include "include/workspace.h"

// The gradient of a 3x3 filter over the same tiles as in convolution_winograd.c: the tiles of x are transformed as
// there, those of dy by A, 36 matrix products sum over tiles, and G turns their results back into nine numbers.
//
// Chunks of tiles are transformed on all threads; then threads share the points. Nothing depends on their number.

#if defined(__x86_64__)

enum { points = winograd_points, lanes = winograd_lanes, width = 32 };

static long all_tiles(const lathe_convolution *s) {
  return s->batch * (s->output_height / 4) * (s->output_width / 4);
}

static long panel_count(const lathe_convolution *s) { return (s->channels + width - 1) / width; }

long lathe_winograd_filter_chunk(const lathe_convolution *s) {
  // Both operands of a chunk stay in a part of the last cache.
  long tiles = (1 << 21) / (points * (panel_count(s) * width + s->output_channels)) / lanes * lanes;
  if (tiles < 64) tiles = 64;
  if (tiles > LATHE_GEMM_DEPTH) tiles = LATHE_GEMM_DEPTH;
  const long all = (all_tiles(s) + lanes - 1) / lanes * lanes;
  return tiles < all ? tiles : all;
}

size_t lathe_winograd_filter_size(const lathe_convolution *s) {
  const long columns = panel_count(s) * width, chunk = lathe_winograd_filter_chunk(s);
  return (size_t)(points * (chunk * (columns + s->output_channels) + s->output_channels * columns));
}

/// The parts of the memory: x by point, panel of channels and tile; dy by point, channel and tile; sums.
typedef struct {
  float *x, *dy, *sums;
} parts;

static parts find_parts(const lathe_convolution *s, float *memory) {
  const long columns = panel_count(s) * width, chunk = lathe_winograd_filter_chunk(s);
  parts p = {.x = memory};
  p.dy = p.x + points * chunk * columns;
  p.sums = p.dy + points * chunk * s->output_channels;
  return p;
}

/// Six numbers from four, by A.
WIDE_INLINE void transform_gradient(const f16v *d, f16v *u, const long step) {
  const f16v even = d[0] + d[2 * step], odd = d[step] + d[3 * step];
  const f16v far_even = d[0] + 4 * d[2 * step], far_odd = 2 * d[step] + 8 * d[3 * step], last = d[3 * step];
  u[0] = d[0];
  u[step] = even + odd;
  u[2 * step] = even - odd;
  u[3 * step] = far_even + far_odd;
  u[4 * step] = far_even - far_odd;
  u[5 * step] = last;
}

/// Three numbers from six, by the transpose of G.
WIDE_INLINE void transform_sums(const f16v m[6], f16v w[3]) {
  const f16v near = (m[1] + m[2]) * (1.0f / 6), far = m[3] + m[4];
  w[0] = m[0] * 0.25f - near + far * (1.0f / 24);
  w[1] = (m[2] - m[1]) * (1.0f / 6) + (m[3] - m[4]) * (1.0f / 12);
  w[2] = far * (1.0f / 6) - near + m[5];
}

/// Where tile `tile` starts in images of `channels` planes of height x width, `y0` and `x0` off.
static long tile_start(
    const lathe_convolution *s, long tile, long channels, long height, long row, long y0, long x0) {
  const long across = s->output_width / 4, down = s->output_height / 4;
  const long y = tile / across % down * 4 + y0, x = tile % across * 4 + x0;
  return (tile / (across * down) * channels * height + y) * row + x;
}

WIDE static void transform_x(
    const lathe_convolution *s, const float *x, long first_tile, long count, long channel, float *v, long step) {
  const long plane = s->height * s->width, across = s->output_width / 4, down = s->output_height / 4;
  const long left = s->channels - channel;
  const __mmask16 used = left >= lanes ? 0xffff : left > 0 ? (__mmask16)((1u << left) - 1) : 0;
  i16v index;
  for (int i = 0; i < lanes; i++) index[i] = (int32_t)(i * plane);
  for (long i = 0; i < count; i++) {
    const long tile = first_tile + i;
    const long y0 = tile / across % down * 4 - s->padding_y, x0 = tile % across * 4 - s->padding_x;
    const float *from = x + channel * plane
        + tile_start(s, tile, s->channels, s->height, s->width, -s->padding_y, -s->padding_x);
    f16v d[points];
    for (int row = 0; row < 6; row++) {
      const bool has_row = y0 + row >= 0 && y0 + row < s->height;
      for (int column = 0; column < 6; column++) {
        const bool inside = has_row && x0 + column >= 0 && x0 + column < s->width;
        d[row * 6 + column] = gather(from + row * s->width + column, index, inside ? used : 0);
      }
    }
    for (int column = 0; column < 6; column++) transform_input(d + column, d + column, 6);
    for (int row = 0; row < 6; row++) {
      transform_input(d + row * 6, d + row * 6, 1);
      for (int column = 0; column < 6; column++)
        store16(v + (row * 6 + column) * step + i * width, d[row * 6 + column]);
    }
  }
}

WIDE static void transform_dy(
    const lathe_convolution *s, const float *dy, long first_tile, long count, long channel, float *u, long step) {
  const float *plane = dy + channel * s->output_height * s->output_width;
  for (long i = 0; i < count; i += lanes) {
    const long left = count - i;
    const __mmask16 used = left >= lanes ? 0xffff : (__mmask16)((1u << left) - 1);
    i16v index = {};
    for (int lane = 0; lane < lanes && lane < left; lane++)
      index[lane] = (int32_t)tile_start(
          s, first_tile + i + lane, s->output_channels, s->output_height, s->output_width, 0, 0);
    f16v d[points];
    for (int row = 0; row < 4; row++)
      for (int column = 0; column < 4; column++)
        d[row * 6 + column] = gather(plane + row * s->output_width + column, index, used);
    for (int column = 0; column < 4; column++) transform_gradient(d + column, d + column, 6);
    for (int row = 0; row < 6; row++) {
      transform_gradient(d + row * 6, d + row * 6, 1);
      for (int column = 0; column < 6; column++) store16(u + (row * 6 + column) * step + i, d[row * 6 + column]);
    }
  }
}

long lathe_winograd_filter_tasks(const lathe_convolution *s) { return 2 * panel_count(s) + s->output_channels; }

void lathe_winograd_filter_transform(
    const lathe_convolution *s, const float *dy, const float *x, float *memory, long chunk, long first, long last) {
  const long size = lathe_winograd_filter_chunk(s), panels = panel_count(s), tile = chunk * size;
  const long count = all_tiles(s) - tile < size ? all_tiles(s) - tile : size;
  const parts p = find_parts(s, memory);
  for (long task = first; task < last; task++) {
    if (task < 2 * panels)
      transform_x(
          s, x, tile, count, task * lanes, p.x + task / 2 * size * width + task % 2 * lanes, panels * size * width);
    else
      transform_dy(
          s, dy, tile, count, task - 2 * panels, p.dy + (task - 2 * panels) * size, s->output_channels * size);
  }
}

long lathe_winograd_filter_products(const lathe_convolution *s) { return points * panel_count(s); }

void lathe_winograd_filter_multiply(const lathe_convolution *s, float *memory, long chunk, long first, long last) {
  const gemm_isa *isa = lathe_gemm_isa();
  const long size = lathe_winograd_filter_chunk(s), panels = panel_count(s), tile = chunk * size;
  const long outputs = s->output_channels, tiles = lathe_gemm_tiles(outputs);
  const parts p = find_parts(s, memory);
  for (long task = first; task < last; task++) {
    const long point = task / panels, panel = task % panels;
    gemm_tile t = {
        .k = all_tiles(s) - tile < size ? all_tiles(s) - tile : size,
        .a_row = size,
        .b = p.x + (point * panels + panel) * size * width,
        .b_row = width,
        .c_row = panels * width,
        .columns = width,
        .flags = chunk > 0 ? GEMM_ACCUMULATE : 0,
    };
    for (long i = 0; i < tiles; i++) {
      const long o = gemm_tile_start(outputs, tiles, i);
      t.a = p.dy + (point * outputs + o) * size;
      t.c = p.sums + (point * outputs + o) * panels * width + panel * width;
      isa->kernel(gemm_tile_start(outputs, tiles, i + 1) - o, &t);
    }
  }
}

WIDE void lathe_winograd_filter_finish(
    const lathe_convolution *s, float *memory, float *dfilter, long first, long last) {
  const long row = panel_count(s) * width, step = s->output_channels * row;
  const float *sums = find_parts(s, memory).sums;
  i16v index;
  for (int i = 0; i < lanes; i++) index[i] = i * 9;
  for (long o = first; o < last; o++) {
    for (long c = 0; c < s->channels; c += lanes) {
      const long left = s->channels - c;
      const __mmask16 used = left >= lanes ? 0xffff : (__mmask16)((1u << left) - 1);
      f16v half[3][6], m[6], w[3];
      for (int column = 0; column < 6; column++) {
        for (int i = 0; i < 6; i++) m[i] = load16(sums + (i * 6 + column) * step + o * row + c);
        transform_sums(m, w);
        for (int i = 0; i < 3; i++) half[i][column] = w[i];
      }
      for (int i = 0; i < 3; i++) {
        transform_sums(half[i], w);
        for (int j = 0; j < 3; j++)
          _mm512_mask_i32scatter_ps(
              dfilter + (o * s->channels + c) * 9 + i * 3 + j, used, (__m512i)index, (__m512)w[j], 4);
      }
    }
  }
}

#else

long lathe_winograd_filter_chunk(const lathe_convolution *s) { return 1; }
size_t lathe_winograd_filter_size(const lathe_convolution *s) { return 0; }
long lathe_winograd_filter_tasks(const lathe_convolution *s) { return 0; }
long lathe_winograd_filter_products(const lathe_convolution *s) { return 0; }
void lathe_winograd_filter_transform(
    const lathe_convolution *s, const float *dy, const float *x, float *memory, long chunk, long first, long last) {}
void lathe_winograd_filter_multiply(const lathe_convolution *s, float *memory, long chunk, long first, long last) {}
void lathe_winograd_filter_finish(
    const lathe_convolution *s, float *memory, float *dfilter, long first, long last) {}

#endif
