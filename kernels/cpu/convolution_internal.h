#pragma once

#include "gemm_internal.h"
#include "include/convolution.h"

/// Passes over k that are added up in order; the sums of more are added up apart, so that they lose no digits.
#define PASSES_IN_ORDER 64

/// Pixels of one output row: where their window starts in the image (padding counted, so it may be negative),
/// and where they go.
typedef struct pixel_run {
  const float *image;
  long y, x;
  long count;
  long to;
} pixel_run;

/// Describes `count` pixels from pixel `first` on (counted over all images) of a group whose channels start at
/// `x`; returns the number of runs, at most `count`.
long lathe_pixel_runs(const lathe_convolution *s, const float *x, long first, long count, pixel_run *runs);

/// Whether every tap of every run lies inside the image.
bool lathe_runs_inside(const lathe_convolution *s, const pixel_run *runs, long run_count);

/// dst[i * dst_row + ...] = for filter elements first..<last (channel, row, column) of a group the x that each
/// pixel meets; pixels from the last run on up to `width` get 0.
///
/// Row i may be written up to 7 floats beyond its last run before row i + 1 is, and the last row is written
/// exactly. `end` is the end of x: nothing is read there.
void lathe_pack_pixels(
    const lathe_convolution *s, const pixel_run *runs, long run_count, bool inside, const float *end, long first,
    long last, float *dst, long dst_row, long width);

/// The case of four runs of eight, and of many, with a stride of 1 inside the image.
void lathe_pack_four_pieces(
    const lathe_convolution *s, const float *const *pieces, long first, long last, float *dst, long dst_row);
void lathe_pack_pieces(
    const lathe_convolution *s, const float *const *pieces, long count, long first, long last, float *dst,
    long dst_row, long width);

/// Rows of some images and channels with their padding written out.
typedef struct padded_window {
  /// The copy, null before the first, and its end.
  float *memory, *end;
  /// What it holds: channels of x, images, and the first row of the padded images.
  long first_channel, channels, image, images, row;
  /// The convolution with the copy in x's place: no padding, everything inside.
  lathe_convolution sizes;
} padded_window;

/// Makes `w` hold what pixels first..<first + count need of the channels named; false where x itself serves better.
///
/// `ahead` copies more than that, for calls with the pixels that follow. Pixels are then to be counted from
/// w->image on, and filter elements from the first channel on.
bool lathe_pad_window(
    padded_window *w, const lathe_convolution *s, const float *x, long first_channel, long channels, long first,
    long count, bool ahead);
