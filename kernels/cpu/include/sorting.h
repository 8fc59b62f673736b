#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Stable sorting of one row: values and the indices they had. NaN counts as larger than every number.

/// Writes the sorted values and indices; `scratch` has room for 2 x count pairs of 16 bytes.
void lathe_sort_f32(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_i32(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_i64(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
void lathe_sort_u8(void *values, int32_t *indices, const void *x, size_t count, bool descending, void *scratch);
