#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Stable sorting of one row: values and the indices they had. NaN counts as larger than every number.

/// Writes the sorted values and indices; `scratch` has room for 2 x count pairs of 16 bytes.
void lathe_sort_f32(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_f64(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_i32(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_i64(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_u8(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_i8(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_i16(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_u16(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_u32(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);

/// The first k of `lathe_sort_...`, found by selection: only those are sorted. `scratch` has 32 * k bytes.
typedef void lathe_top(void *values, int32_t *indices, const void *x, size_t count, size_t k, bool largest, void *scratch);
lathe_top lathe_top_f32, lathe_top_f64, lathe_top_i32, lathe_top_i64, lathe_top_u8, lathe_top_i8, lathe_top_i16,
    lathe_top_u16, lathe_top_u32;

/// y[p] is how many elements of a rising sequence are smaller (with `right` not larger) than values[p].
typedef void lathe_search(int32_t *y, const void *sequence, const void *values, size_t count, size_t picked, bool right);
lathe_search lathe_search_f32, lathe_search_f64, lathe_search_i32, lathe_search_i64;
