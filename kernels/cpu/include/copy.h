#pragma once

#include <stddef.h>
#include <stdint.h>

/// Copies `rows` x `columns` elements of 1, 2, 4 or 8 bytes; all strides in bytes.
void lathe_copy_2d(char *to, int64_t to_row, int64_t to_column, const char *from, int64_t from_row,
                   int64_t from_column, size_t rows, size_t columns, size_t size);
