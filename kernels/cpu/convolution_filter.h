#pragma once

#include "convolution_internal.h"

// What both ways to the gradient of a filter share: a chunk of pixels and where its x is gathered from.

/// Pixels of the results: `count` from `at` on of each of some images.
typedef struct filter_chunk {
  long image, images, at, count;
} filter_chunk;

LATHE_INLINE filter_chunk filter_chunk_at(const lathe_convolution *s, const lathe_filter_plan *plan, long chunk) {
  const long pixels = s->output_height * s->output_width;
  const long parts = plan->chunks / ((s->batch + plan->chunk_images - 1) / plan->chunk_images);
  filter_chunk c = {.image = chunk / parts * plan->chunk_images, .at = chunk % parts * plan->chunk_pixels};
  c.images = plan->chunk_images < s->batch - c.image ? plan->chunk_images : s->batch - c.image;
  c.count = plan->chunk_pixels < pixels - c.at ? plan->chunk_pixels : pixels - c.at;
  return c;
}

/// The runs that a chunk of `row` pixels has at most.
LATHE_INLINE long filter_most_runs(const lathe_convolution *s, long row) {
  return row / s->output_width + row / (s->output_height * s->output_width) + 4;
}

/// Floats that these take in front of others that are aligned.
LATHE_INLINE long filter_run_floats(const lathe_convolution *s, long row) {
  return (filter_most_runs(s, row) * (long)sizeof(pixel_run) + 63) / 64 * 16;
}

/// Where a chunk's pixels are read for channels c0..<c1 of a group: x, or a copy with padding.
typedef struct filter_source {
  padded_window window;
  const lathe_convolution *sizes;
  const pixel_run *runs;
  long run_count;
  const float *end;
  bool inside;
  /// Filter elements before those that the copy holds.
  long before;
} filter_source;

LATHE_INLINE void filter_find_source(
    const lathe_convolution *s, const float *x, long group, long c0, long c1, const filter_chunk *c, pixel_run *runs,
    filter_source *f) {
  const long inputs = s->channels / s->groups, plane = s->height * s->width;
  const long pixels = s->output_height * s->output_width, pixel = c->image * pixels + c->at;
  const long count = c->images * c->count;
  f->window = (padded_window){0};
  const bool padded = (s->padding_y > 0 || s->padding_x > 0)
      && lathe_pad_window(&f->window, s, x, group * inputs + c0, c1 - c0, pixel, count, false);
  f->sizes = padded ? &f->window.sizes : s;
  f->runs = runs;
  f->run_count = padded ? lathe_pixel_runs(f->sizes, f->window.memory, c->at, count, runs)
                        : lathe_pixel_runs(s, x + group * inputs * plane, pixel, count, runs);
  f->end = padded ? f->window.end : x + s->batch * s->channels * plane;
  f->inside = padded || lathe_runs_inside(s, runs, f->run_count);
  f->before = padded ? c0 * s->kernel_height * s->kernel_width : 0;
}

/// Rows of the pixels that filter elements k0..<k1 meet.
LATHE_INLINE void filter_pack_rows(const filter_source *f, long k0, long k1, float *rows, long row, long used) {
  lathe_pack_pixels(
      f->sizes, f->runs, f->run_count, f->inside, f->end, k0 - f->before, k1 - f->before, rows, row, used);
}

/// The same gradient as a matrix product, see convolution_filter_product.c: whether it serves, how it is cut, and tasks
/// first..<last.
bool lathe_filter_product_suits(const lathe_convolution *s);
void lathe_filter_product_plan(const lathe_convolution *s, lathe_filter_plan *plan);
void lathe_filter_product_run(
    const lathe_convolution *s, const lathe_filter_plan *plan, const float *dy, const float *x, float *partial,
    long first, long last);
