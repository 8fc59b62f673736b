#pragma once

#include <stddef.h>
#include <stdint.h>

/// Makes negative indices count from the end: `out[i]` is index i of `index`, strides in elements.
///
/// Returns the first position p * inner + i whose index is outside -count..<count, or -1.
int64_t lathe_resolve_indices(int32_t *out, const int32_t *index, int64_t stride_p, int64_t stride_i, size_t picked,
                              size_t count, size_t inner);

/// y[index[p, i], i] joined with x[p, i] in the order of p, for those whose index is in low..<high; y [count, inner], x and
/// the resolved index [picked, inner], or the index [picked] where `is_row` says that it is the same for all i.
typedef void lathe_scatter(void *y, const void *x, const int32_t *index, int is_row, size_t picked, size_t inner,
                           size_t low, size_t high);
lathe_scatter lathe_scatter_add_f32, lathe_scatter_add_f64;
lathe_scatter lathe_scatter_add_i32, lathe_scatter_add_i64;
lathe_scatter lathe_scatter_product_f32, lathe_scatter_product_f64;
lathe_scatter lathe_scatter_product_i32, lathe_scatter_product_i64;
lathe_scatter lathe_scatter_maximum_f32, lathe_scatter_maximum_f64;
lathe_scatter lathe_scatter_maximum_i32, lathe_scatter_maximum_i64;
lathe_scatter lathe_scatter_minimum_f32, lathe_scatter_minimum_f64;
lathe_scatter lathe_scatter_minimum_i32, lathe_scatter_minimum_i64;
/// Elements of 8 to 64 bits written over those that are there.
lathe_scatter lathe_scatter_set_8, lathe_scatter_set_16, lathe_scatter_set_32, lathe_scatter_set_64;

/// Numbers the targets to which more than `most` are added, from `first` on, and gives the others -1: `width` targets
/// for each of `count` rows, `index` [picked, width] as `lathe_resolve_indices` writes it. Returns the next number.
int32_t lathe_number_targets(int32_t *numbers, const int32_t *index, size_t picked, size_t count, size_t width,
                             size_t most, int32_t first);

/// `lathe_scatter_add_f32` with the sums of the numbered targets in float64: `sums` has `inner` of them for each number
/// where `is_row`, else one.
void lathe_scatter_add_numbered(float *y, const float *x, const int32_t *index, int is_row, size_t picked, size_t inner,
                                size_t low, size_t high, const int32_t *numbers, double *sums);

/// Rows gathered from x [count, inner] into y [picked, inner] by index[p * index_stride], rows of `bytes` bytes.
///
/// Returns the position of the first index that is outside -count..<count, or -1.
int64_t lathe_gather_rows(char *y, const char *x, const int32_t *index, int64_t index_stride, size_t picked,
                          size_t count, size_t bytes);

/// Elements of `size` bytes: y[p, i] = x[index[p, i], i], strides of the index in elements.
///
/// Returns the first bad index' p * inner + i, or -1.
int64_t lathe_gather_elements(char *y, const char *x, const int32_t *index, int64_t stride_p, int64_t stride_i,
                              size_t picked, size_t count, size_t inner, size_t size);
