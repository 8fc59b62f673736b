// Products of rows of float32 with matrices whose rows are GGUF's blocks of 32 elements, which stay as they are in
// memory.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Elements that share a scale.
#define LATHE_BLOCK_ELEMENTS 32

/// How a block is stored: a float16 scale d, of q4_1 a float16 least value m behind it, then the elements.
typedef enum lathe_block {
  /// Four bits, those of elements 16 to 31 above those of elements 0 to 15: d (q - 8).
  LATHE_BLOCK_Q4_0,
  /// The same as d q + m.
  LATHE_BLOCK_Q4_1,
  /// Eight bits with a sign: d q.
  LATHE_BLOCK_Q8_0,
} lathe_block;

/// Bytes of a block.
long lathe_block_bytes(lathe_block block);

/// Rows of float32 rounded to eight bits in blocks: x is about scale times quant.
typedef struct lathe_rounded {
  /// Of each row its elements, -127 to 127.
  int8_t *quants;
  /// Of each block its scale, and the scale times the sum of its quants.
  float *scales, *sums;
} lathe_rounded;

/// Rounds `count` blocks that lie one behind the other. An element that is not finite makes its block not finite.
void lathe_round_blocks(const float *x, long count, const lathe_rounded *result);

/// Products of blocks.
typedef struct lathe_block_product {
  lathe_block block;
  /// The matrix: rows of `columns` elements, a multiple of LATHE_BLOCK_ELEMENTS, as blocks.
  const void *matrix;
  long columns;
  /// The rows that each row of the matrix is multiplied with.
  lathe_rounded x;
  long x_rows;
  /// Where the product with row r of x and row m of the matrix goes: y + r * y_row + m.
  float *y;
  long y_row;
} lathe_block_product;

/// Computes the products with some rows of the matrix; threads take rows that are apart.
void lathe_block_product_rows(const lathe_block_product *p, long first, long last);

#ifdef __cplusplus
}
#endif
