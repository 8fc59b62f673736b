// Products of small matrices that lie in the caches: c [rows, columns] (+)= a [rows, depth] x b [depth, columns].
//
// Included by attention_body.h for each SIMD level. An element of a is broadcast from where it is, whichever way the
// matrix lies; rows of b and c are read and written as whole vectors.

// Sums, a row of b and an element of a are in registers; without a multiply-add a product, too.
#define PRODUCT_ROWS (LATHE_REGISTERS >= 32 || LATHE_LANES > 4 ? 6 : 4)
#define PRODUCT_WIDTH (LATHE_REGISTERS >= 32 ? 4 : 2)

/// A matrix: element (i, j) is at first[i * row + j * step]; row or step is 1.
typedef struct LATHE_NAME(matrix) {
  const float *first;
  long row, step;
} LATHE_NAME(matrix);

/// Adds one column of a, whose elements are `row` apart, times one row of b.
LATHE_INLINE void LATHE_NAME(product_step)(
    const int rows, const int width, LATHE_NAME(lanes) sum[PRODUCT_ROWS][PRODUCT_WIDTH], const float *left, long row,
    const float *b) {
  LATHE_NAME(lanes) x[PRODUCT_WIDTH];
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) x[v] = load_lanes(b + v * LATHE_LANES);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    const LATHE_NAME(lanes) y = left[r * row] - (LATHE_NAME(lanes)){};
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) sum[r][v] += y * x[v];
  }
}

/// `is_transposed` where the rows of a are neighbours, else its columns are.
LATHE_INLINE void LATHE_NAME(tile)(
    const int rows, const int width, const bool is_transposed, long depth, const LATHE_NAME(matrix) *a, const float *b,
    long b_row, float *c, long c_row, bool accumulate) {
  LATHE_NAME(lanes) sum[PRODUCT_ROWS][PRODUCT_WIDTH];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < width; v++)
      sum[r][v] = accumulate ? load_lanes(c + r * c_row + v * LATHE_LANES) : (LATHE_NAME(lanes)){};
  const float *left = a->first;
  const long row = is_transposed ? 1 : a->row, step = is_transposed ? a->step : 1;
  // Steps ahead are loaded together where registers are left for that.
  const int steps = rows * width <= 12 ? 4 : 1;
  long k = depth;
  for (; k >= steps; k -= steps) {
#pragma clang loop unroll(full)
    for (int u = 0; u < steps; u++) {
      LATHE_NAME(product_step)(rows, width, sum, left + u * step, row, b);
      b += b_row;
    }
    left += steps * step;
  }
  for (; k > 0; k--) {
    LATHE_NAME(product_step)(rows, width, sum, left, row, b);
    left += step;
    b += b_row;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) store_lanes(c + r * c_row + v * LATHE_LANES, sum[r][v]);
}

/// A tile of `width` vectors, which is PRODUCT_WIDTH, 2 or 1.
LATHE_INLINE void LATHE_NAME(tile_of_width)(
    const int rows, const int width, const bool is_transposed, long depth, const LATHE_NAME(matrix) *a, const float *b,
    long b_row, float *c, long c_row, bool accumulate) {
  if (width == PRODUCT_WIDTH)
    LATHE_NAME(tile)(rows, PRODUCT_WIDTH, is_transposed, depth, a, b, b_row, c, c_row, accumulate);
  else if (width == 2)
    LATHE_NAME(tile)(rows, 2, is_transposed, depth, a, b, b_row, c, c_row, accumulate);
  else
    LATHE_NAME(tile)(rows, 1, is_transposed, depth, a, b, b_row, c, c_row, accumulate);
}

/// `columns` is a multiple of 16.
static void LATHE_NAME(product)(
    long rows, long columns, long depth, LATHE_NAME(matrix) a, const float *b, long b_row, float *c, long c_row,
    bool accumulate) {
  const long tiles = (rows + PRODUCT_ROWS - 1) / PRODUCT_ROWS;
  for (long j = 0; j < columns;) {
    const long left = (columns - j) / LATHE_LANES;
    const int width = left >= PRODUCT_WIDTH ? PRODUCT_WIDTH : left >= 2 ? 2 : 1;
    for (long t = 0; t < tiles; t++) {
      const long i = gemm_tile_start(rows, tiles, t), count = gemm_tile_start(rows, tiles, t + 1) - i;
      const LATHE_NAME(matrix) part = {a.first + i * a.row, a.row, a.step};
      float *to = c + i * c_row + j;
      const float *from = b + j;
#define PRODUCT_CASE(r)                                                                                  \
  case r:                                                                                                \
    if (a.row == 1)                                                                                      \
      LATHE_NAME(tile_of_width)(r, width, true, depth, &part, from, b_row, to, c_row, accumulate);       \
    else                                                                                                 \
      LATHE_NAME(tile_of_width)(r, width, false, depth, &part, from, b_row, to, c_row, accumulate);      \
    break;
      switch (count) {
        PRODUCT_CASE(1)
        PRODUCT_CASE(2)
        PRODUCT_CASE(3)
        PRODUCT_CASE(4)
#if LATHE_REGISTERS >= 32 || LATHE_LANES > 4
        PRODUCT_CASE(5)
        PRODUCT_CASE(6)
#endif
      }
#undef PRODUCT_CASE
    }
    j += width * LATHE_LANES;
  }
}

#undef PRODUCT_ROWS
#undef PRODUCT_WIDTH
