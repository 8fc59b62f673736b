#pragma once

#include <stddef.h>
#include <stdint.h>

/// Copies `count` elements of 1, 2, 4 or 8 bytes between strided places; strides count elements.
void lathe_copy_strided(
    const void *source, ptrdiff_t source_stride, void *target, ptrdiff_t target_stride, size_t count, size_t size);

/// Sizes of a gather or scatter along the middle axis, and the strides of its index.
struct lathe_index_sizes {
  size_t outer, count, inner, picked;
  ptrdiff_t outer_stride, picked_stride, inner_stride;
};

/// Makes rows first..<last of outer x picked: out[o, p, i] = x[o, index[o, p, i], i].
///
/// Returns -1, or the place in outer x picked x inner of the first index outside the axis.
int64_t lathe_gather(
    const void *x, const int32_t *index, void *out, size_t size, const struct lathe_index_sizes *s, size_t first,
    size_t last);

/// Adds source[o, p, i] to out[o, index[o, p, i], i], in the order of p, for columns first..<last of `inner` of one o.
///
/// Returns as lathe_gather. One function for each element type.
int64_t lathe_scatter_add_f32(
    const float *source, const int32_t *index, float *out, const struct lathe_index_sizes *s, size_t o, size_t first,
    size_t last);
int64_t lathe_scatter_add_i32(
    const int32_t *source, const int32_t *index, int32_t *out, const struct lathe_index_sizes *s, size_t o, size_t first,
    size_t last);
int64_t lathe_scatter_add_i64(
    const int64_t *source, const int32_t *index, int64_t *out, const struct lathe_index_sizes *s, size_t o, size_t first,
    size_t last);
