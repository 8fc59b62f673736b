#include "convolution_winograd.h"

// 3x3 convolution by F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): a tile
// of 4x4 results takes 36 products instead of 144. Tiles and filters are transformed, 36 matrix products do the sums
// over channels, and their results are transformed back.
//
// Its errors are about ten times those of sums in order: 1e-5 of the largest result. Where x is infinite, a tile becomes
// NaN.

#define LATHE_BODY "winograd_forward_body.h"
#include "variants.h"

const float winograd_zeros[winograd_columns(winograd_most_tiles)];

bool lathe_winograd_suits(const lathe_convolution *s) {
  if (s->kernel_height != 3 || s->kernel_width != 3 || s->groups != 1) return false;
  if (s->stride_y != 1 || s->stride_x != 1 || s->dilation_y != 1 || s->dilation_x != 1) return false;
  // Whole tiles, as many as the transformation of the filter takes to pay; enough channels on both sides to be worth
  // those of the tiles.
  return s->output_height % 4 == 0 && s->output_width % 4 == 0 && winograd_tiles(s) >= 6 && s->channels >= 32
      && s->output_channels >= 32;
}

winograd_strip winograd_strip_from(const lathe_convolution *s, long first, long most) {
  const long across = s->output_width / 4, down = s->output_height / 4;
  const long column = first % across, row = first / across, left = across - column;
  return (winograd_strip){
      .image = row / down,
      .y = row % down * 4 - s->padding_y,
      .x = column * 4 - s->padding_x,
      .count = left < most ? left : most,
  };
}

void winograd_find_results(const lathe_convolution *s, long first, long count, long *at) {
  for (long i = 0; i < count;) {
    const winograd_strip strip = winograd_strip_from(s, first + i, count - i);
    const long row = strip.image * s->output_channels * s->output_height + strip.y + s->padding_y;
    const long start = row * s->output_width + strip.x + s->padding_x;
    for (long j = 0; j < strip.count; j++) at[i++] = start + 4 * j;
  }
}

winograd_layout winograd_layout_for(const lathe_convolution *s) {
  const gemm_isa *isa = lathe_gemm_isa();
  winograd_layout w = {
      .columns = isa->columns,
      .tiles = winograd_most_tiles / isa->columns * isa->columns,
      .rows = winograd_group * isa->rows,
  };
  w.input_step = w.tiles * s->channels + winograd_gap;
  w.product_step = w.tiles * w.rows + winograd_gap;
  return w;
}

void winograd_find_block(const lathe_convolution *s, const winograd_layout *w, long block, winograd_block *b) {
  const long first = block * w->tiles, left = winograd_tiles(s) - first;
  // Lanes in use fill halves of panels, as the products read them.
  const long half = w->columns / 2;
  b->count = left < w->tiles ? left : w->tiles;
  b->lanes = (b->count + half - 1) / half * half;
  b->strip_count = 0;
  long lane = 0, at = 0;
  while (lane < b->count) {
    const winograd_strip strip = winograd_strip_from(s, first + lane, b->count - lane);
    b->strips[b->strip_count++] = strip;
    for (long i = 0; i < strip.count; i++) b->row_at[lane++] = at + 4 * i;
    at += winograd_columns(strip.count);
  }
  // Lanes beyond the last tile compute the first once more.
  for (; lane < b->lanes; lane++) b->row_at[lane] = 0;
  winograd_find_results(s, first, b->count, b->y_at);
}

size_t lathe_winograd_packed_size(const lathe_convolution *s) {
  return winograd_points * lathe_gemm_packed_size(s->output_channels, s->channels);
}

long lathe_winograd_blocks(const lathe_convolution *s) {
  const long tiles = winograd_layout_for(s).tiles;
  return (winograd_tiles(s) + tiles - 1) / tiles;
}

void lathe_winograd_pack(
    const lathe_convolution *s, const float *filter, bool turned, float *packed, long first, long last) {
  const winograd_filter f = {filter, s->output_channels, s->channels, turned};
  LATHE_PICK(level)->pack(&f, packed, first, last);
}

void lathe_winograd_run(
    const lathe_convolution *s, const float *x, const float *packed, const float *bias, float *y, long parts,
    long first, long last) {
  LATHE_PICK(level)->run(s, x, packed, bias, y, parts, first, last);
}
