// The nearest of some centers for each row. Compiled for each SIMD level by variants.h.

/// A register of the level.
typedef double LATHE_NAME(lathe_doubles) __attribute__((vector_size(4 * LATHE_LANES), aligned(8)));
#define DOUBLES LATHE_NAME(lathe_doubles)
/// Registers that a row's products with eight centers take, and rows whose products stay in registers.
#define PARTS (2 * LATHE_NEAREST_GROUPS / LATHE_LANES)
#define NEAREST_ROWS (LATHE_REGISTERS / 2 / PARTS < LATHE_MOST_ROWS ? LATHE_REGISTERS / 2 / PARTS : LATHE_MOST_ROWS)

/// Takes `count` rows, NEAREST_ROWS at most, to the nearest of eight centers where that is nearer than what they have.
static void LATHE_NAME(lathe_nearest_tile)(const double *restrict x, long count, long columns,
    const double *restrict centers, const double *restrict halves, long first, double *restrict most, long *restrict labels) {
  DOUBLES sums[NEAREST_ROWS][PARTS] = {};
  // A row that is not there is read as the last one.
  const double *rows[NEAREST_ROWS];
  _Pragma("clang loop unroll(full)") for (int r = 0; r < NEAREST_ROWS; r++)
    rows[r] = x + (r < count ? r : count - 1) * columns;
  for (long j = 0; j < columns; j++) {
    const DOUBLES *y = (const DOUBLES *)(centers + j * LATHE_NEAREST_GROUPS);
    _Pragma("clang loop unroll(full)") for (int r = 0; r < NEAREST_ROWS; r++)
      _Pragma("clang loop unroll(full)") for (int k = 0; k < PARTS; k++) sums[r][k] += rows[r][j] * y[k];
  }
  double scores[NEAREST_ROWS][LATHE_NEAREST_GROUPS];
  _Pragma("clang loop unroll(full)") for (int r = 0; r < NEAREST_ROWS; r++)
    _Pragma("clang loop unroll(full)") for (int k = 0; k < PARTS; k++) {
      const DOUBLES *half = (const DOUBLES *)halves + k;
      *(DOUBLES *)(scores[r] + k * LATHE_LANES / 2) = sums[r][k] - *half;
    }
  for (int r = 0; r < NEAREST_ROWS && r < count; r++) {
    double best = most[r];
    long label = labels[r];
    // Without branches, which nothing could foresee.
    _Pragma("clang loop unroll(full)") for (int k = 0; k < LATHE_NEAREST_GROUPS; k++) {
      label = scores[r][k] > best ? first + k : label;
      best = scores[r][k] > best ? scores[r][k] : best;
    }
    most[r] = best;
    labels[r] = label;
  }
}

static void LATHE_NAME(lathe_add_row)(const double *restrict x, long columns, double *restrict sum) {
  for (long j = 0; j < columns; j++) sum[j] += x[j];
}

static const struct lathe_nearest LATHE_NAME(lathe_table) = {
    NEAREST_ROWS, LATHE_NAME(lathe_nearest_tile), LATHE_NAME(lathe_add_row)};

#undef DOUBLES
#undef NEAREST_ROWS
#undef PARTS
