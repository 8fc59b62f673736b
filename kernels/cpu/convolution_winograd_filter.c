#include "convolution_winograd.h"

// The gradient of a 3x3 filter over the same tiles as in convolution_winograd.c: the tiles of x are transformed as
// there, those of dy by A, 36 matrix products sum over tiles, and G turns their results back into nine numbers.
//
// Chunks of tiles are transformed on all threads; then threads share the points. Nothing depends on their number.

#define LATHE_BODY "winograd_filter_body.h"
#include "variants.h"

enum {
  /// The widest vector: chunks are whole vectors.
  most_lanes = 16,
  /// Floats of a chunk's operands, which stay in a part of the last cache.
  chunk_floats = 1 << 22,
};

static long smaller(long a, long b) { return a < b ? a : b; }

winograd_sums_layout winograd_sums_layout_for(const lathe_convolution *s, float *memory) {
  const long columns = lathe_gemm_isa()->columns, outputs = s->output_channels, all = winograd_tiles(s);
  const long panels = (s->channels + columns - 1) / columns, channels = panels * columns;
  // As many as fit, all of nearly one length.
  const long wanted = chunk_floats / (winograd_points * (channels + outputs));
  const long most = wanted < 64 ? 64 : smaller(wanted, LATHE_GEMM_DEPTH), parts = (all + most - 1) / most;
  const long tiles = ((all + parts - 1) / parts + most_lanes - 1) / most_lanes * most_lanes;
  winograd_sums_layout w = {
      .x = memory,
      .columns = columns,
      .panels = panels,
      .tiles = tiles,
      .chunks = (all + tiles - 1) / tiles,
      .x_step = channels * tiles + winograd_gap,
      .dy_step = outputs * tiles + winograd_gap,
      .sums_step = outputs * channels + winograd_gap,
  };
  if (memory) {
    w.dy = w.x + winograd_points * w.x_step;
    w.sums = w.dy + winograd_points * w.dy_step;
  }
  return w;
}

/// Tiles of a chunk; the last may have fewer than the others.
static long chunk_tiles(const lathe_convolution *s, const winograd_sums_layout *w, long chunk) {
  return smaller(winograd_tiles(s) - chunk * w->tiles, w->tiles);
}

long lathe_winograd_filter_chunks(const lathe_convolution *s) { return winograd_sums_layout_for(s, NULL).chunks; }

size_t lathe_winograd_filter_size(const lathe_convolution *s) {
  const winograd_sums_layout w = winograd_sums_layout_for(s, NULL);
  return (size_t)(winograd_points * (w.x_step + w.dy_step + w.sums_step));
}

/// Tasks for x; those for dy follow.
static long input_tasks(const winograd_sums_layout *w, long lanes) { return w->panels * w->columns / lanes; }

long lathe_winograd_filter_tasks(const lathe_convolution *s) {
  const winograd_sums_layout w = winograd_sums_layout_for(s, NULL);
  const long lanes = LATHE_PICK(filter_level)->lanes;
  return input_tasks(&w, lanes) + (s->output_channels + lanes - 1) / lanes;
}

void lathe_winograd_filter_transform(
    const lathe_convolution *s, const float *dy, const float *x, float *memory, long chunk, long first, long last) {
  const winograd_sums_layout w = winograd_sums_layout_for(s, memory);
  const winograd_filter_level *level = LATHE_PICK(filter_level);
  const long inputs = input_tasks(&w, level->lanes), tile = chunk * w.tiles, count = chunk_tiles(s, &w, chunk);
  for (long task = first; task < last; task++) {
    if (task < inputs)
      level->transform_x(s, &w, x, tile, count, task * level->lanes);
    else
      level->transform_dy(s, &w, dy, tile, count, (task - inputs) * level->lanes);
  }
}

long lathe_winograd_filter_products(const lathe_convolution *s) {
  return winograd_points * winograd_sums_layout_for(s, NULL).panels;
}

void lathe_winograd_filter_multiply(const lathe_convolution *s, float *memory, long chunk, long first, long last) {
  const gemm_isa *isa = lathe_gemm_isa();
  const winograd_sums_layout w = winograd_sums_layout_for(s, memory);
  const long outputs = s->output_channels, tiles = lathe_gemm_tiles(outputs);
  for (long task = first; task < last; task++) {
    const long point = task / w.panels, panel = task % w.panels;
    gemm_tile t = {
        .k = chunk_tiles(s, &w, chunk),
        .a_row = w.tiles,
        .b = w.x + point * w.x_step + panel * w.tiles * w.columns,
        .b_row = w.columns,
        .c_row = w.panels * w.columns,
        .columns = w.columns,
        .flags = chunk > 0 ? GEMM_ACCUMULATE : 0,
    };
    for (long i = 0; i < tiles; i++) {
      const long o = gemm_tile_start(outputs, tiles, i);
      t.a = w.dy + point * w.dy_step + o * w.tiles;
      t.c = w.sums + point * w.sums_step + o * t.c_row + panel * w.columns;
      isa->kernel(gemm_tile_start(outputs, tiles, i + 1) - o, &t);
    }
  }
}

void lathe_winograd_filter_finish(
    const lathe_convolution *s, float *memory, float *dfilter, long first, long last) {
  const winograd_sums_layout w = winograd_sums_layout_for(s, memory);
  LATHE_PICK(filter_level)->finish(s, &w, dfilter, first, last);
}
