#include "convolution_filter.h"
#include "include/workspace.h"

// The gradient of a convolution's filter as a product: (rows of pixels that elements of the filter meet) (dy)^T, chunk of
// pixels by chunk. The rows are read as they lie; dy is turned once for all of them. With few output channels a panel
// would be mostly empty: convolution_backward_filter.c serves them.

/// Sums of a task: they stay in a part of the L2 cache.
#define SUM_FLOATS (1 << 17)
/// Tiles whose rows are gathered at a time, for all output channels.
#define GROUP_TILES 8

static long panel_count(const lathe_convolution *s) {
  const long columns = lathe_gemm_isa()->columns;
  return (s->output_channels / s->groups + columns - 1) / columns;
}

bool lathe_filter_product_suits(const lathe_convolution *s) {
  const long outputs = s->output_channels / s->groups, columns = lathe_gemm_isa()->columns;
  const long depth = s->channels / s->groups * s->kernel_height * s->kernel_width;
  // Turning dy pays by as many elements of the filter.
  return outputs * 4 >= panel_count(s) * columns * 3 && depth >= columns;
}

void lathe_filter_product_plan(const lathe_convolution *s, lathe_filter_plan *plan) {
  const long depth = s->channels / s->groups * s->kernel_height * s->kernel_width;
  const long pixels = s->output_height * s->output_width, rows = lathe_gemm_isa()->rows;
  if (pixels >= LATHE_GEMM_DEPTH) {
    const long parts = (pixels + LATHE_GEMM_DEPTH - 1) / LATHE_GEMM_DEPTH;
    plan->chunk_images = 1;
    plan->chunk_pixels = (pixels + parts - 1) / parts;
    plan->chunks = s->batch * ((pixels + plan->chunk_pixels - 1) / plan->chunk_pixels);
  } else {
    plan->chunk_images = LATHE_GEMM_DEPTH / pixels;
    if (plan->chunk_images > s->batch) plan->chunk_images = s->batch > 0 ? s->batch : 1;
    plan->chunk_pixels = pixels;
    plan->chunks = (s->batch + plan->chunk_images - 1) / plan->chunk_images;
  }
  long taps = SUM_FLOATS / (panel_count(s) * lathe_gemm_isa()->columns);
  if (taps < rows * GROUP_TILES) taps = rows * GROUP_TILES;
  const long blocks = (depth + taps - 1) / taps;
  plan->taps = ((depth + blocks - 1) / blocks + rows - 1) / rows * rows;
  plan->tap_blocks = (depth + plan->taps - 1) / plan->taps;
}

/// dy of a chunk, turned: to[panel][pixel][output], `row` pixels for each panel.
static void turn_gradient(
    const lathe_convolution *s, const float *dy, long group, const filter_chunk *c, float *to, long row) {
  const long columns = lathe_gemm_isa()->columns, outputs = s->output_channels / s->groups;
  const long pixels = s->output_height * s->output_width;
  for (long o = 0; o < outputs; o += columns)
    for (long i = 0; i < c->images; i++)
      lathe_gemm_pack_block(
          dy + ((c->image + i) * s->output_channels + group * outputs + o) * pixels + c->at, pixels, 1,
          outputs - o < columns ? outputs - o : columns, c->count, to + o * row + i * c->count * columns, columns,
          columns);
}

void lathe_filter_product_run(
    const lathe_convolution *s, const lathe_filter_plan *plan, const float *dy, const float *x, float *partial,
    long first, long last) {
  const gemm_isa *isa = lathe_gemm_isa();
  const long outputs = s->output_channels / s->groups, columns = isa->columns, panels = panel_count(s);
  const long taps_of_channel = s->kernel_height * s->kernel_width, depth = s->channels / s->groups * taps_of_channel;
  const long row = (plan->chunk_images * plan->chunk_pixels + 15) / 16 * 16, group_rows = GROUP_TILES * isa->rows;
  const long run_floats = filter_run_floats(s, row), sum_count = panels * plan->taps * columns;
  float *memory = lathe_workspace(
      LATHE_WORKSPACE_PRIVATE, (size_t)(run_floats + sum_count + panels * columns * row + group_rows * row + 16));
  if (!memory) return;
  pixel_run *runs = (pixel_run *)memory;
  float *sums = memory + run_floats, *turned = sums + sum_count, *rows = turned + panels * columns * row;
  for (long task = first; task < last; task++) {
    const long block = task % plan->tap_blocks, slice = task / plan->tap_blocks % plan->slices;
    const long g = task / plan->tap_blocks / plan->slices;
    const long k0 = block * plan->taps, k1 = k0 + plan->taps < depth ? k0 + plan->taps : depth;
    const long chunk0 = plan->chunks * slice / plan->slices, chunk1 = plan->chunks * (slice + 1) / plan->slices;
    for (long chunk = chunk0; chunk < chunk1; chunk++) {
      const filter_chunk c = filter_chunk_at(s, plan, chunk);
      filter_source source;
      // The channels that these taps belong to.
      filter_find_source(s, x, g, k0 / taps_of_channel, (k1 - 1) / taps_of_channel + 1, &c, runs, &source);
      turn_gradient(s, dy, g, &c, turned, row);
      for (long k = k0; k < k1; k += group_rows) {
        const long count = k1 - k < group_rows ? k1 - k : group_rows, tiles = lathe_gemm_tiles(count);
        filter_pack_rows(&source, k, k + count, rows, row, c.images * c.count);
        for (long panel = 0; panel < panels; panel++) {
          gemm_tile t = {
              .k = c.images * c.count,
              .a_row = row,
              .b = turned + panel * columns * row,
              .b_row = columns,
              .c_row = columns,
              .columns = columns,
              .flags = chunk > chunk0 ? GEMM_ACCUMULATE : 0,
          };
          for (long tile = 0; tile < tiles; tile++) {
            const long i = gemm_tile_start(count, tiles, tile);
            t.a = rows + i * row;
            t.c = sums + (panel * plan->taps + k - k0 + i) * columns;
            isa->kernel(gemm_tile_start(count, tiles, tile + 1) - i, &t);
          }
        }
      }
    }
    // Sums by element and output become rows of the filter.
    float *to = partial + (slice * s->output_channels + g * outputs) * depth + k0;
    for (long o = 0; o < outputs; o += columns)
      lathe_gemm_pack_block(
          sums + o * plan->taps, columns, 1, k1 - k0, outputs - o < columns ? outputs - o : columns, to + o * depth,
          depth, k1 - k0);
  }
}
