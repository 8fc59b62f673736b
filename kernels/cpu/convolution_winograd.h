#pragma once

#include "convolution_internal.h"
#include "include/workspace.h"

// What the parts of the Winograd convolutions share: where tiles lie, and how scratch memory is laid out.

enum {
  winograd_points = 36,
  /// Tiles of a block of the forward pass at most: their transformed x stays in the L2 cache.
  winograd_most_tiles = 32,
  /// Tiles of output channels whose products are transformed back together.
  winograd_group = 4,
  /// Tiles of a strip at most where channels are lanes: the strip's rows of all lanes stay in the L1 cache.
  winograd_strip_tiles = 8,
  /// Floats between the numbers of two points beyond what they take, so that equal places of all points do not meet in
  /// one set of a cache.
  winograd_gap = 16,
};

/// Neighbouring tiles of a row of an image, and where their window of x begins; in the padding it may be negative.
typedef struct winograd_strip {
  long image, y, x, count;
} winograd_strip;

/// Columns of a strip's window: two more than its tiles take are needed, four are read.
#define winograd_columns(tiles) (4 * (tiles) + 4)

/// A row of the padding.
extern const float winograd_zeros[winograd_columns(winograd_most_tiles)];

/// The strip that starts with tile `first`, counted over all images, of at most `most` tiles.
winograd_strip winograd_strip_from(const lathe_convolution *s, long first, long most);

/// Where the results of tiles first..<first + count lie, from the first image's plane of a channel on.
void winograd_find_results(const lathe_convolution *s, long first, long count, long *at);

/// Tiles of all images.
LATHE_INLINE long winograd_tiles(const lathe_convolution *s) {
  return s->batch * (s->output_height / 4) * (s->output_width / 4);
}

/// The forward pass's scratch memory: v[point][panel][channel][columns] and m[point][panel][row][columns].
typedef struct winograd_layout {
  /// Columns of a panel, tiles of a block, rows of a group.
  long columns, tiles, rows;
  /// From point to point.
  long input_step, product_step;
} winograd_layout;

winograd_layout winograd_layout_for(const lathe_convolution *s);

/// A block of tiles: where they lie in the strips' rows and in a plane of y, for each lane.
typedef struct winograd_block {
  long count, lanes, strip_count;
  winograd_strip strips[winograd_most_tiles];
  long row_at[winograd_most_tiles], y_at[winograd_most_tiles];
} winograd_block;

/// Fetches what a strip reads of a plane; to the processor every channel's is a new place, far from the one before.
LATHE_INLINE void winograd_fetch_strip(const lathe_convolution *s, const float *plane, const winograd_strip *strip) {
  for (long i = 0; i < 6; i++)
    for (long j = 0; j < 4 * strip->count; j += 16)
      __builtin_prefetch(plane + (strip->y + i) * s->width + strip->x + 4 + j);
}

/// Fetches where a block's results go.
LATHE_INLINE void winograd_fetch_results(const lathe_convolution *s, const float *plane, const winograd_block *b) {
  for (long lane = 0; lane < b->count; lane += 4)
    for (long i = 0; i < 4; i++) __builtin_prefetch(plane + b->y_at[lane] + i * s->output_width, 1);
}

void winograd_find_block(const lathe_convolution *s, const winograd_layout *w, long block, winograd_block *b);

/// A filter as [outputs][channels][3][3], or, turned, as [channels][outputs][3][3] with its taps reversed.
typedef struct winograd_filter {
  const float *first;
  long outputs, channels;
  bool turned;
} winograd_filter;

/// The filter gradient's scratch memory: x[point][panel][tile][columns], dy[point][output][tile] and
/// sums[point][output][panel][column], for a chunk of tiles.
typedef struct winograd_sums_layout {
  float *x, *dy, *sums;
  /// Columns of a panel, panels, tiles of a chunk, chunks.
  long columns, panels, tiles, chunks;
  /// From point to point.
  long x_step, dy_step, sums_step;
} winograd_sums_layout;

/// Without memory only the sizes.
winograd_sums_layout winograd_sums_layout_for(const lathe_convolution *s, float *memory);

/// The forward pass compiled for one SIMD level.
typedef struct winograd_level {
  void (*pack)(const winograd_filter *f, float *packed, long first, long last);
  void (*run)(
      const lathe_convolution *s, const float *x, const float *packed, const float *bias, float *y, long parts,
      long first, long last);
} winograd_level;

/// The filter's gradient compiled for one SIMD level: transformations of tiles first..<first + count, `lanes` channels
/// from `channel` on, and back.
typedef struct winograd_filter_level {
  long lanes;
  void (*transform_x)(
      const lathe_convolution *s, const winograd_sums_layout *w, const float *x, long first, long count, long channel);
  void (*transform_dy)(
      const lathe_convolution *s, const winograd_sums_layout *w, const float *dy, long first, long count, long channel);
  void (*finish)(
      const lathe_convolution *s, const winograd_sums_layout *w, float *dfilter, long first, long last);
} winograd_filter_level;
