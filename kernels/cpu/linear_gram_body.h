// A tile of X^T X in float64. Compiled for each SIMD level by variants.h.

/// A register of the level.
typedef double LATHE_NAME(lathe_doubles) __attribute__((vector_size(4 * LATHE_LANES), aligned(8)));
#define DOUBLES LATHE_NAME(lathe_doubles)
/// Columns and rows of the tile whose sums stay in registers: two for each row.
#define TILE_COLUMNS LATHE_LANES
#define TILE_ROWS (LATHE_REGISTERS == 32 ? 8 : 4)

/// c[LATHE_GRAM_WIDTH][LATHE_GRAM_WIDTH] = a^T b for `rows` rows of LATHE_GRAM_WIDTH numbers.
static void LATHE_NAME(lathe_gram_tile)(
    const double *restrict a, const double *restrict b, long rows, double *restrict c) {
  for (int i = 0; i < LATHE_GRAM_WIDTH; i += TILE_ROWS)
    for (int j = 0; j < LATHE_GRAM_WIDTH; j += TILE_COLUMNS) {
      DOUBLES sums[TILE_ROWS][2] = {};
      for (long r = 0; r < rows; r++) {
        const double *x = a + r * LATHE_GRAM_WIDTH + i, *y = b + r * LATHE_GRAM_WIDTH + j;
        const DOUBLES low = *(const DOUBLES *)y, high = *(const DOUBLES *)(y + LATHE_LANES / 2);
        _Pragma("clang loop unroll(full)") for (int p = 0; p < TILE_ROWS; p++) {
          sums[p][0] += x[p] * low;
          sums[p][1] += x[p] * high;
        }
      }
      _Pragma("clang loop unroll(full)") for (int p = 0; p < TILE_ROWS; p++)
        _Pragma("clang loop unroll(full)") for (int q = 0; q < 2; q++)
          *(DOUBLES *)(c + (i + p) * LATHE_GRAM_WIDTH + j + q * LATHE_LANES / 2) = sums[p][q];
    }
}

#undef DOUBLES
#undef TILE_COLUMNS
#undef TILE_ROWS

static const struct lathe_gram LATHE_NAME(lathe_table) = {LATHE_NAME(lathe_gram_tile)};
