#include "include/copy.h"

#include <stdlib.h>
#include <string.h>

#define LATHE_COPY(T)                                                                        \
  for (size_t r0 = 0; r0 < rows; r0 += tile_rows) {                                          \
    size_t r1 = r0 + tile_rows < rows ? r0 + tile_rows : rows;                               \
    for (size_t c0 = 0; c0 < columns; c0 += tile_columns) {                                  \
      size_t c1 = c0 + tile_columns < columns ? c0 + tile_columns : columns;                 \
      for (size_t r = r0; r < r1; r++) {                                                     \
        char *t = to + (int64_t)r * to_row;                                                  \
        const char *f = from + (int64_t)r * from_row;                                        \
        for (size_t c = c0; c < c1; c++)                                                     \
          *(T *)(t + (int64_t)c * to_column) = *(const T *)(f + (int64_t)c * from_column);   \
      }                                                                                      \
    }                                                                                        \
  }                                                                                          \
  break;

void lathe_copy_2d(char *to, int64_t to_row, int64_t to_column, const char *from, int64_t from_row,
                   int64_t from_column, size_t rows, size_t columns, size_t size) {
  if (to_column == (int64_t)size && from_column == (int64_t)size) {
    for (size_t r = 0; r < rows; r++)
      memcpy(to + (int64_t)r * to_row, from + (int64_t)r * from_row, columns * size);
    return;
  }
  // Where one side steps by whole rows a tile keeps the cache lines of both sides in the L1 cache.
  int is_transposed = from_row != 0 && llabs(from_row) < llabs(from_column);
  size_t tile_rows = is_transposed ? 16 : 1;
  size_t tile_columns = is_transposed ? 64 : columns;
  switch (size) {
    case 1: LATHE_COPY(uint8_t)
    case 2: LATHE_COPY(uint16_t)
    case 4: LATHE_COPY(uint32_t)
    default: LATHE_COPY(uint64_t)
  }
}
