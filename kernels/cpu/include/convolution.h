#pragma once

#include <stdbool.h>
#include <stddef.h>

/// The sizes of a 2-D convolution in the forward direction, as `Convolution2D` of LatheCore.
typedef struct lathe_convolution {
  long batch, channels, height, width;
  long output_channels, groups;
  long kernel_height, kernel_width;
  long stride_y, stride_x, padding_y, padding_x, dilation_y, dilation_x;
  long output_height, output_width;
  bool relu;
} lathe_convolution;

// Forward: y = filter x as a matrix product whose second operand is never stored as a whole: panels of pixels
// (of all images, one behind the other) are packed from x where they are needed.

/// Floats that the packed filter takes.
size_t lathe_convolution_packed_size(const lathe_convolution *s);
/// Tiles of output channels.
long lathe_convolution_tiles(const lathe_convolution *s);
/// Packs tiles first..<last of the filter.
void lathe_convolution_pack(
    const lathe_convolution *s, const float *filter, float *packed, long first, long last);
/// Panels of pixels.
long lathe_convolution_panels(const lathe_convolution *s);
/// Computes tasks first..<last of groups x `row_blocks` x panels; bias may be NULL.
void lathe_convolution_run(
    const lathe_convolution *s, const float *x, const float *packed, const float *bias, float *y, long row_blocks,
    long first, long last);

// The same for 3x3 filters with fewer products, by transformed tiles (see convolution_winograd.c).

/// Whether it can be done so and is worth it.
bool lathe_winograd_suits(const lathe_convolution *s);
/// Floats that the packed, transformed filter takes.
size_t lathe_winograd_packed_size(const lathe_convolution *s);
/// Transforms and packs tiles first..<last of the filter, of the same number as for the others; `turned` as
/// lathe_convolution_turn_filter would first make it.
void lathe_winograd_pack(
    const lathe_convolution *s, const float *filter, bool turned, float *packed, long first, long last);
/// Blocks of tiles of y.
long lathe_winograd_blocks(const lathe_convolution *s);
/// Computes tasks first..<last of blocks x `parts` of the output channels; bias may be NULL.
void lathe_winograd_run(
    const lathe_convolution *s, const float *x, const float *packed, const float *bias, float *y, long parts,
    long first, long last);

/// The same for one input and one output channel in each group.
///
/// Tasks are planes of y.
void lathe_depthwise_run(
    const lathe_convolution *s, const float *x, const float *filter, const float *bias, float *y, long first,
    long last);

// Backward to the input, with a stride of 1: a forward convolution with the filter turned round.

/// Whether it can be done so and is worth it; if so `turned` holds the sizes of that convolution.
bool lathe_convolution_turn(const lathe_convolution *s, lathe_convolution *turned);
/// Writes channels first..<last of the filter with input and output channels exchanged and taps reversed.
void lathe_convolution_turn_filter(
    const lathe_convolution *s, const float *filter, float *turned, long first, long last);

// Backward to the input in general: filter^T dy tile by tile, added into dx where each tap belongs.

/// Channels that a task of an image and a group takes.
long lathe_convolution_scatter_channels(const lathe_convolution *s, long threads);
/// Floats that the packed filter takes.
size_t lathe_convolution_scatter_size(const lathe_convolution *s, long block_channels);
/// Tiles of the packed filter.
long lathe_convolution_scatter_tiles(const lathe_convolution *s, long block_channels);
/// Packs tiles first..<last of the filter.
void lathe_convolution_scatter_pack(
    const lathe_convolution *s, const float *filter, long block_channels, float *packed, long first, long last);
/// Computes tasks first..<last of images x groups x channel blocks.
void lathe_convolution_scatter_run(
    const lathe_convolution *s, const float *dy, const float *packed, float *dx, long block_channels, long first,
    long last);

// Backward to the filter: sums over the pixels, cut into slices whose number depends on the sizes alone.

/// How the work is cut.
typedef struct lathe_filter_plan {
  /// Whether the sums are those of a matrix product.
  bool product;
  long taps, tap_blocks, slices, chunks, chunk_images, chunk_pixels;
} lathe_filter_plan;

lathe_filter_plan lathe_convolution_filter_plan(const lathe_convolution *s);
/// Computes tasks first..<last of groups x slices x tap blocks; `partial` holds `slices` filters.
void lathe_convolution_filter_run(
    const lathe_convolution *s, const lathe_filter_plan *plan, const float *dy, const float *x, float *partial,
    long first, long last);
/// Adds up the slices in their order, elements first..<last.
void lathe_convolution_filter_sum(
    const lathe_convolution *s, const lathe_filter_plan *plan, const float *partial, float *dfilter, long first,
    long last);

// The same for what `lathe_winograd_suits`: for each chunk of tiles all transform tasks, then all products.

/// Chunks of tiles.
long lathe_winograd_filter_chunks(const lathe_convolution *s);
/// Floats of scratch memory.
size_t lathe_winograd_filter_size(const lathe_convolution *s);
/// Tasks that transform a chunk.
long lathe_winograd_filter_tasks(const lathe_convolution *s);
/// Transforms tasks first..<last of a chunk.
void lathe_winograd_filter_transform(
    const lathe_convolution *s, const float *dy, const float *x, float *memory, long chunk, long first, long last);
/// Products for each chunk: of 36 points and panels of channels.
long lathe_winograd_filter_products(const lathe_convolution *s);
/// Computes products first..<last of a chunk.
void lathe_winograd_filter_multiply(const lathe_convolution *s, float *memory, long chunk, long first, long last);
/// Transforms the sums back, for output channels first..<last.
void lathe_winograd_filter_finish(
    const lathe_convolution *s, float *memory, float *dfilter, long first, long last);
