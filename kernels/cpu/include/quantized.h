// Products of rows of float32 with matrices whose rows stay in memory as they are stored: as GGUF's blocks, or in 16 bits.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Elements of x that share a scale.
#define LATHE_BLOCK_ELEMENTS 32
/// Blocks that a product with one row may look at together.
#define LATHE_BLOCK_GROUP 16

/// How the elements of a row are stored. Blocks of 32 begin with a float16 scale d, and where they have one a float16
/// least value m behind it; those of 256 have parts of 16 or 32 with whole numbers as scales.
typedef enum lathe_block {
  /// Four bits, those of elements 16 to 31 above those of elements 0 to 15: d (q - 8).
  LATHE_BLOCK_Q4_0,
  /// The same as d q + m.
  LATHE_BLOCK_Q4_1,
  /// A word of fifth bits before the four others: d (q - 16).
  LATHE_BLOCK_Q5_0,
  /// The same as d q + m.
  LATHE_BLOCK_Q5_1,
  /// Eight bits with a sign: d q.
  LATHE_BLOCK_Q8_0,
  /// Two bits: 16 bytes of scales (four bits of scale, four of least value), 64 of elements, d, the least values' scale.
  LATHE_BLOCK_Q2_K,
  /// Three bits: 32 bytes of third bits, 64 of the two others, 12 of scales of six bits, d.
  LATHE_BLOCK_Q3_K,
  /// Four bits: d, the least values' scale, 12 bytes of scales, 128 of elements.
  LATHE_BLOCK_Q4_K,
  /// Five bits: the same with 32 bytes of fifth bits before the four others.
  LATHE_BLOCK_Q5_K,
  /// Six bits: 128 bytes of the low four, 64 of the two others, 16 scales with a sign, d.
  LATHE_BLOCK_Q6_K,
  /// Elements alone.
  LATHE_BLOCK_F16,
  LATHE_BLOCK_BF16,
} lathe_block;

/// Elements and bytes of a block.
long lathe_block_elements(lathe_block block);
long lathe_block_bytes(lathe_block block);

/// Writes the elements of `count` blocks that lie one behind the other.
void lathe_unpack_blocks(lathe_block block, const void *from, long count, float *to);

/// Rows of float32 rounded to eight bits in blocks of LATHE_BLOCK_ELEMENTS: x is about scale times quant.
typedef struct lathe_rounded {
  /// Of each row its elements, -127 to 127.
  int8_t *quants;
  /// Of one row the same once more in another order, which products with it take: of four blocks their first halves, then
  /// their second. Blocks behind the last, up to a multiple of LATHE_BLOCK_GROUP, are zeros, as in scales and sums. NULL
  /// where there are more rows.
  int8_t *fours;
  /// Of each block its scale, the scale times the sum of its quants, and the same of each half of them.
  float *scales, *sums, *halves;
} lathe_rounded;

/// Floats of memory that rounded rows take, and their places in it. The zeros behind the blocks of one row are written.
size_t lathe_rounded_size(long x_rows, long columns);
lathe_rounded lathe_rounded_in(float *memory, long x_rows, long columns);

/// Rounds `count` blocks that lie one behind the other. An element that is not finite makes its block not finite.
void lathe_round_blocks(const float *x, long count, const lathe_rounded *result);

/// Products of rows of x with rows of a matrix.
typedef struct lathe_block_product {
  lathe_block block;
  /// The matrix: rows of `columns` elements, whole blocks.
  const void *matrix;
  long columns;
  /// The rows that each row of the matrix is multiplied with: rounded for blocks, as they are for elements of 16 bits.
  lathe_rounded x;
  const float *x_floats;
  long x_rows;
  /// One number for each row of the matrix, or NULL.
  const float *bias;
  /// Where the product with row r of x and row m of the matrix goes: y + r * y_row + m.
  float *y;
  long y_row;
} lathe_block_product;

/// Computes the products with some rows of the matrix; threads take rows that are apart. It reads the matrix once for
/// every four rows of x.
void lathe_block_product_rows(const lathe_block_product *p, long first, long last);

/// Whether the processor multiplies panels: rows of the matrix that are unpacked once for all rows of x.
bool lathe_block_panels_run(lathe_block block);
/// Tiles of rows of x, floats that all of them take, and packing some; distinct tiles may be packed by distinct threads.
long lathe_block_x_tiles(long x_rows);
size_t lathe_block_x_size(const lathe_block_product *p);
void lathe_block_pack_x(const lathe_block_product *p, float *packed, long first, long last);
/// Rows of a panel, and floats of scratch memory that one takes.
#define LATHE_BLOCK_PANEL_ROWS 16
size_t lathe_block_panel_size(const lathe_block_product *p);
/// Computes the products of packed x with panels first..<last of the `rows` rows of the matrix; `panel` is scratch memory.
void lathe_block_product_panels(
    const lathe_block_product *p, const float *x, long rows, float *panel, long first, long last);

#ifdef __cplusplus
}
#endif
