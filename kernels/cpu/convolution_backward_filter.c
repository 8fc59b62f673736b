#include "convolution_dot.h"
#include "convolution_filter.h"
#include "include/workspace.h"
#include "levels.h"

// The gradient of a convolution's filter: element (o, k) is the sum over all pixels of dy[o] times the pixels that
// element k of the filter meets. Chunks of pixels are gathered into rows, one for each k. Either they are multiplied by a
// turned dy (convolution_filter_product.c), or the sums are kept lane by lane until the end of a slice. Slices are added
// up in their order; nothing depends on the threads.

static long rounded(long count) { return (count + 15) / 16 * 16; }

/// Chunks whose sums are added in order: with those of a chunk as many as keep their digits.
#define CHUNKS_IN_ORDER 128

static void plan_chunks(const lathe_convolution *s, lathe_filter_plan *plan) {
  const long outputs = s->output_channels / s->groups;
  const long depth = s->channels / s->groups * s->kernel_height * s->kernel_width;
  const long pixels = s->output_height * s->output_width, step = lathe_dot_isa()->taps;
  // About 1024 pixels in a chunk: part of an image, or some images.
  if (pixels >= 768) {
    plan->chunk_images = 1;
    const long parts = (pixels + 767) / 768;
    plan->chunk_pixels = rounded((pixels + parts - 1) / parts);
    plan->chunks = s->batch * ((pixels + plan->chunk_pixels - 1) / plan->chunk_pixels);
  } else {
    plan->chunk_images = (1024 + pixels - 1) / pixels;
    if (plan->chunk_images > s->batch) plan->chunk_images = s->batch > 0 ? s->batch : 1;
    plan->chunk_pixels = pixels;
    plan->chunks = (s->batch + plan->chunk_images - 1) / plan->chunk_images;
  }
  // The sums of a block of taps stay in a part of the L2 cache.
  long taps = 2048 / (outputs > 0 ? outputs : 1) / step * step;
  if (taps < step) taps = step;
  if (taps > depth) taps = depth;
  plan->tap_blocks = (depth + taps - 1) / taps;
  plan->taps = ((depth + plan->tap_blocks - 1) / plan->tap_blocks + step - 1) / step * step;
  plan->tap_blocks = (depth + plan->taps - 1) / plan->taps;
}

lathe_filter_plan lathe_convolution_filter_plan(const lathe_convolution *s) {
  const long depth = s->channels / s->groups * s->kernel_height * s->kernel_width;
  lathe_filter_plan plan = {.product = lathe_filter_product_suits(s)};
  if (plan.product)
    lathe_filter_product_plan(s, &plan);
  else
    plan_chunks(s, &plan);
  // Enough tasks for many cores, as long as the partial sums stay small.
  const long others = plan.tap_blocks * s->groups;
  plan.slices = (64 + others - 1) / others;
  const long room = (1 << 22) / (s->output_channels * depth + 1) + 1;
  if (plan.slices > room) plan.slices = room;
  if (plan.slices > 16) plan.slices = 16;
  const long least = (plan.chunks + CHUNKS_IN_ORDER - 1) / CHUNKS_IN_ORDER;
  if (plan.slices < least) plan.slices = least;
  if (plan.slices > plan.chunks) plan.slices = plan.chunks;
  if (plan.slices < 1) plan.slices = 1;
  return plan;
}

/// Copies a chunk of dy into rows of `row` floats, behind the pixels zeros.
static void pack_gradient(
    const lathe_convolution *s, const float *dy, long image, long images, long at, long count, float *to,
    long row) {
  const long pixels = s->output_height * s->output_width, outputs = s->output_channels / s->groups;
  for (long o = 0; o < outputs; o++) {
    float *out = to + o * row;
    for (long i = 0; i < images; i++)
      memcpy(
          out + i * count, dy + ((image + i) * s->output_channels + o) * pixels + at,
          (size_t)count * sizeof(float));
    memset(out + images * count, 0, (size_t)(row - images * count) * sizeof(float));
  }
}

LATHE_STATIC_LEVELS(void, reduce_lanes,
    (const float *sums, long lanes, long count, float *to),
    (sums, lanes, count, to)) {
  for (long i = 0; i < count; i++) {
    if (lanes == 16) {
      const f16v x = load16(sums + i * 16);
      to[i] = sum16(&x);
    } else {
      float total = 0;
      for (long j = 0; j < lanes; j++) total += sums[i * lanes + j];
      to[i] = total;
    }
  }
}

void lathe_convolution_filter_run(
    const lathe_convolution *s, const lathe_filter_plan *plan, const float *dy, const float *x, float *partial,
    long first, long last) {
  if (plan->product) return lathe_filter_product_run(s, plan, dy, x, partial, first, last);
  const dot_isa *isa = lathe_dot_isa();
  const long outputs = s->output_channels / s->groups, taps_of_channel = s->kernel_height * s->kernel_width;
  const long depth = s->channels / s->groups * taps_of_channel, pixels = s->output_height * s->output_width;
  const long row = rounded(plan->chunk_images * plan->chunk_pixels), run_floats = filter_run_floats(s, row);
  const long sum_count = outputs * plan->taps * isa->lanes;
  float *memory = lathe_workspace(
      LATHE_WORKSPACE_PRIVATE, (size_t)(sum_count + isa->taps * row + outputs * row + run_floats + 64));
  if (!memory) return;
  pixel_run *runs = (pixel_run *)memory;
  float *sums = memory + run_floats, *rows = sums + (sum_count + 15) / 16 * 16, *copy = rows + isa->taps * row + 16;
  for (long task = first; task < last; task++) {
    const long block = task % plan->tap_blocks, slice = task / plan->tap_blocks % plan->slices;
    const long g = task / plan->tap_blocks / plan->slices;
    const long k0 = block * plan->taps, k1 = k0 + plan->taps < depth ? k0 + plan->taps : depth;
    memset(sums, 0, (size_t)sum_count * sizeof(float));
    const long chunk1 = plan->chunks * (slice + 1) / plan->slices;
    for (long chunk = plan->chunks * slice / plan->slices; chunk < chunk1; chunk++) {
      const filter_chunk c = filter_chunk_at(s, plan, chunk);
      const long used = rounded(c.images * c.count);
      const float *from = dy + g * outputs * pixels;
      dot_tile t = {.x_row = row, .sum_row = plan->taps, .x = rows};
      if (c.count % isa->lanes == 0) {
        t.dy_row = pixels;
        t.segment_step = s->output_channels * pixels;
        t.segments = c.images;
        t.segment_length = c.count;
        from += c.image * s->output_channels * pixels + c.at;
      } else {
        pack_gradient(s, from, c.image, c.images, c.at, c.count, copy, used);
        from = copy;
        t.dy_row = used;
        t.segments = 1;
        t.segment_length = used;
      }
      filter_source source;
      // The channels that these taps belong to.
      filter_find_source(s, x, g, k0 / taps_of_channel, (k1 - 1) / taps_of_channel + 1, &c, runs, &source);
      for (long k = k0; k < k1; k += isa->taps) {
        const long taps = k1 - k < isa->taps ? k1 - k : isa->taps;
        filter_pack_rows(&source, k, k + taps, rows, row, used);
        const long tiles = (outputs + isa->rows - 1) / isa->rows;
        for (long tile = 0; tile < tiles; tile++) {
          const long o = gemm_tile_start(outputs, tiles, tile);
          t.dy = from + o * t.dy_row;
          t.sums = sums + (o * plan->taps + k - k0) * isa->lanes;
          isa->kernel(gemm_tile_start(outputs, tiles, tile + 1) - o, taps, &t);
        }
      }
    }
    float *to = partial + (slice * s->output_channels + g * outputs) * depth + k0;
    for (long o = 0; o < outputs; o++)
      reduce_lanes(sums + o * plan->taps * isa->lanes, isa->lanes, k1 - k0, to + o * depth);
  }
}

LATHE_LEVELS(void, lathe_convolution_filter_sum,
    (const lathe_convolution *s, const lathe_filter_plan *plan, const float *partial, float *dfilter, long first,
     long last),
    (s, plan, partial, dfilter, first, last)) {
  const long size = s->output_channels * s->channels / s->groups * s->kernel_height * s->kernel_width;
  memcpy(dfilter + first, partial + first, (size_t)(last - first) * sizeof(float));
  for (long slice = 1; slice < plan->slices; slice++)
    for (long i = first; i < last; i++) dfilter[i] += partial[slice * size + i];
}
