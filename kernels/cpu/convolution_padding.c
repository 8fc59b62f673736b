#include "convolution_internal.h"
#include "include/workspace.h"
#include "levels.h"

// A copy of a part of x with its padding written out, so that gathering pixels never asks where the image ends: the
// checks are paid once for a pixel and not once for each tap of the filter.

/// Floats of a copy that serves many calls; it stays in a part of the second-level cache.
#define WINDOW_FLOATS (1 << 17)

/// Copies rows row0..<row0 + rows of the padded image, of each channel.
LATHE_STATIC_LEVELS(void, pad_image,
    (const lathe_convolution *s, const float *x, long channels, long row0, long rows, float *to),
    (s, x, channels, row0, rows, to)) {
  const long width = s->width + 2 * s->padding_x, px = s->padding_x;
  for (long c = 0; c < channels; c++) {
    for (long row = row0; row < row0 + rows; row++) {
      const long y = row - s->padding_y;
      if (y < 0 || y >= s->height) {
        for (long i = 0; i < width; i++) to[i] = 0;
      } else {
        const float *from = x + (c * s->height + y) * s->width;
        for (long i = 0; i < px; i++) to[i] = 0;
        for (long i = 0; i < s->width; i++) to[px + i] = from[i];
        for (long i = px + s->width; i < width; i++) to[i] = 0;
      }
      to += width;
    }
  }
}

bool lathe_pad_window(
    padded_window *w, const lathe_convolution *s, const float *x, long first_channel, long channels, long first,
    long count, bool ahead) {
  const long pixels = s->output_height * s->output_width, ow = s->output_width;
  const long height = s->height + 2 * s->padding_y, width = s->width + 2 * s->padding_x;
  const long image = first / pixels, images = (first + count - 1) / pixels - image + 1;
  long row0 = 0, rows = height;
  if (images == 1) {
    row0 = first % pixels / ow * s->stride_y;
    rows = ((first + count - 1) % pixels / ow) * s->stride_y + (s->kernel_height - 1) * s->dilation_y + 1 - row0;
  }
  if (w->memory && w->first_channel == first_channel && w->channels == channels && w->image <= image
      && image + images <= w->image + w->images && w->row <= row0 && row0 + rows <= w->row + w->sizes.height)
    return true;

  const long plane_row = channels * width, size = plane_row * height;
  w->images = images;
  if (ahead && (images > 1 || size <= WINDOW_FLOATS)) {
    // Whole images, as many as stay near.
    row0 = 0;
    rows = height;
    const long near = WINDOW_FLOATS / size;
    if (w->images < near) w->images = near;
    if (w->images > s->batch - image) w->images = s->batch - image;
  } else if (ahead) {
    const long near = WINDOW_FLOATS / plane_row;
    if (rows < near) rows = near < height - row0 ? near : height - row0;
  }
  // Two halves of large images are not worth copying both.
  if (images > 1 && size > WINDOW_FLOATS) return false;

  // Eight more: packing reads whole vectors.
  w->memory = lathe_workspace(LATHE_WORKSPACE_PADDED, (size_t)(w->images * plane_row * rows + 8));
  if (!w->memory) return false;
  w->end = w->memory + w->images * plane_row * rows + 8;
  w->first_channel = first_channel;
  w->channels = channels;
  w->image = image;
  w->row = row0;
  w->sizes = *s;
  w->sizes.channels = channels;
  w->sizes.height = rows;
  w->sizes.width = width;
  // A run starts at oy * stride - padding: in rows of the copy, whose first is `row0`.
  w->sizes.padding_y = row0;
  w->sizes.padding_x = 0;
  for (long i = 0; i < w->images; i++)
    pad_image(
        s, x + ((image + i) * s->channels + first_channel) * s->height * s->width, channels, row0, rows,
        w->memory + i * plane_row * rows);
  return true;
}
