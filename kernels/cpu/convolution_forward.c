#include "convolution_internal.h"
#include "include/workspace.h"
#include "levels.h"

// Forward convolution on the inner kernel of GEMM: rows are output channels, columns are pixels.

/// Without window, stride and padding an image is one row of pixels: longer runs, fewer of them. The result of a
/// transposed convolution with output padding has pixels that no window reaches, so that rows stay apart.
static lathe_convolution flattened(const lathe_convolution *s) {
  lathe_convolution f = *s;
  if (s->kernel_height == 1 && s->kernel_width == 1 && s->stride_y == 1 && s->stride_x == 1 && s->padding_y == 0
      && s->padding_x == 0 && s->output_height == s->height && s->output_width == s->width) {
    f.width = f.output_width = s->height * s->width;
    f.height = f.output_height = 1;
  }
  return f;
}

static long group_rows(const lathe_convolution *s) { return s->output_channels / s->groups; }
static long group_depth(const lathe_convolution *s) {
  return s->channels / s->groups * s->kernel_height * s->kernel_width;
}

size_t lathe_convolution_packed_size(const lathe_convolution *s) {
  return (size_t)s->groups * lathe_gemm_packed_size(group_rows(s), group_depth(s));
}

long lathe_convolution_tiles(const lathe_convolution *s) { return s->groups * lathe_gemm_tiles(group_rows(s)); }

void lathe_convolution_pack(
    const lathe_convolution *s, const float *filter, float *packed, long first, long last) {
  const long rows = group_rows(s), depth = group_depth(s), tiles = lathe_gemm_tiles(rows);
  for (long task = first; task < last; task++) {
    const long g = task / tiles, tile = task % tiles;
    lathe_gemm_pack(
        filter + g * rows * depth, depth, 1, rows, depth,
        packed + (size_t)g * lathe_gemm_packed_size(rows, depth), tile, tile + 1);
  }
}

long lathe_convolution_panels(const lathe_convolution *s) {
  const long width = lathe_gemm_panel_columns();
  return (s->batch * s->output_height * s->output_width + width - 1) / width;
}

/// Copies a panel of results whose pixels belong to more than one image.
static void store_split(
    const lathe_convolution *s, const float *from, long width, long first, long columns, long row, long rows,
    float *y) {
  const long pixels = s->output_height * s->output_width;
  for (long j = 0; j < columns;) {
    const long image = (first + j) / pixels, at = (first + j) % pixels;
    const long count = pixels - at < columns - j ? pixels - at : columns - j;
    for (long r = 0; r < rows; r++)
      memcpy(
          y + (image * s->output_channels + row + r) * pixels + at, from + r * width + j,
          (size_t)count * sizeof(float));
    j += count;
  }
}

/// Adds a panel of sums over some of many passes to y, pixel by pixel, and ends the last with bias and relu.
static void add_split(
    const lathe_convolution *s, const float *from, long width, long first, long columns, long row, long rows,
    const float *bias, bool relu, float *y) {
  const long pixels = s->output_height * s->output_width;
  for (long r = 0; r < rows; r++)
    for (long j = 0; j < columns; j++) {
      float *to = y + ((first + j) / pixels * s->output_channels + row + r) * pixels + (first + j) % pixels;
      const float sum = *to + from[r * width + j] + (bias ? bias[row + r] : 0);
      *to = relu && sum < 0 ? 0 : sum;
    }
}

/// Panels that are worked on together, so that the filter's part is read once from memory for all of them.
#define GROUP 8

void lathe_convolution_run(
    const lathe_convolution *sizes, const float *x, const float *packed, const float *bias, float *y,
    long row_blocks, long first, long last) {
  const lathe_convolution f = flattened(sizes), *s = &f;
  const gemm_isa *isa = lathe_gemm_isa();
  const long width = isa->columns, rows = group_rows(s), depth = group_depth(s), tiles = lathe_gemm_tiles(rows);
  const long pixels = s->output_height * s->output_width, all = s->batch * pixels;
  const long panels = (all + width - 1) / width, passes = gemm_passes(depth);
  const long channels = s->channels / s->groups, plane = s->height * s->width;
  const float *end = x + s->batch * s->channels * plane;
  float panel[LATHE_GEMM_DEPTH * GEMM_MAX_COLUMNS] __attribute__((aligned(64)));
  pixel_run runs[GEMM_MAX_COLUMNS];
  const bool has_padding = s->padding_y > 0 || s->padding_x > 0;
  padded_window window = {0};
  // Whole rows of results for panels that cross images; they are put in their places at the end.
  float *split = lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)(rows * width * GROUP));
  if (!split) return;
  for (long task = first; task < last;) {
    const long block = task / panels, g = block / row_blocks, rb = block % row_blocks;
    const long p0 = task % panels;
    long p1 = p0 + (last - task);
    if (p1 > panels) p1 = panels;
    if (p1 > p0 + GROUP) p1 = p0 + GROUP;
    task += p1 - p0;
    const long tile0 = gemm_tile_start(tiles, row_blocks, rb), tile1 = gemm_tile_start(tiles, row_blocks, rb + 1);
    const float *filter = packed + (size_t)g * lathe_gemm_packed_size(rows, depth);
    const long row0 = gemm_tile_start(rows, tiles, tile0), row1 = gemm_tile_start(rows, tiles, tile1);
    const long end_pixel = p1 * width < all ? p1 * width : all;
    const bool padded =
        has_padding
        && lathe_pad_window(&window, s, x, g * channels, channels, p0 * width, end_pixel - p0 * width, true);
    // What is read: a copy with padding, or x.
    const lathe_convolution *source = padded ? &window.sizes : s;
    const float *source_x = padded ? window.memory : x + g * channels * plane;
    const float *source_end = padded ? window.end : end;
    const long before = padded ? window.image * pixels : 0;
    for (long pass = 0; pass < passes; pass++) {
      const long k0 = gemm_pass_start(depth, passes, pass), k1 = gemm_pass_start(depth, passes, pass + 1);
      const bool is_last = pass == passes - 1;
      const bool starts = pass % PASSES_IN_ORDER == 0, ends = is_last || (pass + 1) % PASSES_IN_ORDER == 0;
      for (long p = p0; p < p1; p++) {
        const long j = p * width, columns = all - j < width ? all - j : width;
        const long run_count = lathe_pixel_runs(source, source_x, j - before, columns, runs);
        const long used = columns * 2 > width ? width : width / 2;
        const bool inside = padded || lathe_runs_inside(s, runs, run_count);
        lathe_pack_pixels(source, runs, run_count, inside, source_end, k0, k1, panel, used, used);
        const long image = j / pixels, at = j % pixels;
        const bool is_split = passes > PASSES_IN_ORDER || at + columns > pixels;
        // The kernel ends the sums, unless `add_split` does.
        const bool finishes = is_last && passes <= PASSES_IN_ORDER;
        float *rows_at = split + (p - p0) * rows * width;
        gemm_tile t = {
            .k = k1 - k0,
            .b = panel,
            .b_row = used,
            .columns = columns,
            .c_row = is_split ? width : pixels,
            .flags = (starts ? 0 : GEMM_ACCUMULATE) | (finishes && s->relu ? GEMM_RELU : 0),
        };
        for (long tile = tile0; tile < tile1; tile++) {
          const long i = gemm_tile_start(rows, tiles, tile), count = gemm_tile_start(rows, tiles, tile + 1) - i;
          t.a = gemm_packed_tile(filter, tiles, isa->rows, k0, k1 - k0, tile);
          t.c = is_split ? rows_at + i * width : y + (image * s->output_channels + g * rows + i) * pixels + at;
          t.row_bias = finishes && bias ? bias + g * rows + i : NULL;
          isa->kernel(count, &t);
        }
        const float *sums = rows_at + row0 * width;
        if (is_split && ends && pass < PASSES_IN_ORDER)
          store_split(s, sums, width, j, columns, g * rows + row0, row1 - row0, y);
        else if (is_split && ends)
          add_split(
              s, sums, width, j, columns, g * rows + row0, row1 - row0, is_last ? bias : NULL, is_last && s->relu,
              y);
      }
    }
  }
}

bool lathe_convolution_turn(const lathe_convolution *s, lathe_convolution *turned) {
  const long py = (s->kernel_height - 1) * s->dilation_y - s->padding_y;
  const long px = (s->kernel_width - 1) * s->dilation_x - s->padding_x;
  if (s->stride_y != 1 || s->stride_x != 1 || py < 0 || px < 0) return false;
  // Output padding: pixels of x that no window reaches.
  if (s->output_height + py != s->height + s->padding_y || s->output_width + px != s->width + s->padding_x)
    return false;
  // It computes kernel x kernel products for each pixel of x, the other way one for each pixel of y.
  if (s->height * s->width * 10 > s->output_height * s->output_width * 14) return false;
  *turned = *s;
  turned->channels = s->output_channels;
  turned->output_channels = s->channels;
  turned->height = s->output_height;
  turned->width = s->output_width;
  turned->output_height = s->height;
  turned->output_width = s->width;
  turned->padding_y = py;
  turned->padding_x = px;
  turned->relu = false;
  return true;
}

void lathe_convolution_turn_filter(
    const lathe_convolution *s, const float *filter, float *turned, long first, long last) {
  const long outputs = s->output_channels / s->groups, inputs = s->channels / s->groups;
  const long taps = s->kernel_height * s->kernel_width;
  for (long channel = first; channel < last; channel++) {
    const float *from = filter + (channel / inputs * outputs * inputs + channel % inputs) * taps;
    float *to = turned + channel * outputs * taps;
    for (long o = 0; o < outputs; o++) {
      for (long t = 0; t < taps; t++) to[t] = from[taps - 1 - t];
      from += inputs * taps;
      to += taps;
    }
  }
}

LATHE_LEVELS(void, lathe_depthwise_run,
    (const lathe_convolution *s, const float *x, const float *filter, const float *bias, float *y, long first,
     long last),
    (s, x, filter, bias, y, first, last)) {
  const long oh = s->output_height, ow = s->output_width, taps = s->kernel_height * s->kernel_width;
  const long step = s->stride_x;
  for (long task = first; task < last; task++) {
    const long channel = task % s->channels;
    const float *from = x + task * s->height * s->width, *weights = filter + channel * taps;
    for (long oy = 0; oy < oh; oy++) {
      float *to = y + (task * oh + oy) * ow;
      const float start = bias ? bias[channel] : 0;
      for (long ox = 0; ox < ow; ox++) to[ox] = start;
      for (long ky = 0; ky < s->kernel_height; ky++) {
        const long iy = oy * s->stride_y - s->padding_y + ky * s->dilation_y;
        if (iy < 0 || iy >= s->height) continue;
        for (long kx = 0; kx < s->kernel_width; kx++) {
          const long x0 = kx * s->dilation_x - s->padding_x;
          const long low = x0 < 0 ? (-x0 + step - 1) / step : 0;
          long high = x0 >= s->width ? 0 : (s->width - x0 + step - 1) / step;
          if (high > ow) high = ow;
          const float w = weights[ky * s->kernel_width + kx], *row = from + iy * s->width + x0;
          if (step == 1) {
            for (long ox = low; ox < high; ox++) to[ox] += w * row[ox];
          } else {
            for (long ox = low; ox < high; ox++) to[ox] += w * row[ox * step];
          }
        }
      }
      if (s->relu)
        for (long ox = 0; ox < ow; ox++) to[ox] = to[ox] < 0 ? 0 : to[ox];
    }
  }
}
