// Products of small matrices that lie in the caches: c [rows, columns] (+)= a [rows, depth] x b [depth, columns].
//
// Included by attention_body.h for each SIMD level. An element of a is broadcast from where it is, whichever way the
// matrix lies; rows of b and c are read and written as whole vectors.

#define PRODUCT_ROWS 6
#define PRODUCT_WIDTH (LATHE_REGISTERS >= 32 ? 4 : 2)

typedef float LATHE_NAME(lanes) __attribute__((vector_size(LATHE_LANES * 4), aligned(4)));

/// A matrix: element (i, j) is at first[i * row + j * step].
typedef struct LATHE_NAME(matrix) {
  const float *first;
  long row, step;
} LATHE_NAME(matrix);

LATHE_INLINE void LATHE_NAME(tile)(
    const int rows, const int width, long depth, const LATHE_NAME(matrix) *a, const float *b, long b_row, float *c,
    long c_row, bool accumulate) {
  LATHE_NAME(lanes) sum[PRODUCT_ROWS][PRODUCT_WIDTH];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < width; v++)
      sum[r][v] = accumulate ? *(const LATHE_NAME(lanes) *)(c + r * c_row + v * LATHE_LANES) : (LATHE_NAME(lanes)){};
  const float *left = a->first;
  const long row = a->row, step = a->step;
  for (long k = depth; k > 0; k--) {
    LATHE_NAME(lanes) x[PRODUCT_WIDTH];
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) x[v] = *(const LATHE_NAME(lanes) *)(b + v * LATHE_LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const LATHE_NAME(lanes) y = left[r * row] - (LATHE_NAME(lanes)){};
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) sum[r][v] += y * x[v];
    }
    left += step;
    b += b_row;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) *(LATHE_NAME(lanes) *)(c + r * c_row + v * LATHE_LANES) = sum[r][v];
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
#define PRODUCT_CASE(r)                                                                        \
  case r:                                                                                      \
    if (width == PRODUCT_WIDTH)                                                                \
      LATHE_NAME(tile)(r, PRODUCT_WIDTH, depth, &part, from, b_row, to, c_row, accumulate);    \
    else if (width == 2)                                                                       \
      LATHE_NAME(tile)(r, 2, depth, &part, from, b_row, to, c_row, accumulate);                \
    else                                                                                       \
      LATHE_NAME(tile)(r, 1, depth, &part, from, b_row, to, c_row, accumulate);                \
    break;
      switch (count) {
        PRODUCT_CASE(1)
        PRODUCT_CASE(2)
        PRODUCT_CASE(3)
        PRODUCT_CASE(4)
        PRODUCT_CASE(5)
        PRODUCT_CASE(6)
      }
#undef PRODUCT_CASE
    }
    j += width * LATHE_LANES;
  }
}

#undef PRODUCT_ROWS
#undef PRODUCT_WIDTH
