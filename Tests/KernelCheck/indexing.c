#include "check.h"

// Indices, gathering, scattering and copies.

enum { ROWS = 12, PICKED = 40 };

static int32_t *random_index(long count) {
  int32_t *index = room(count, sizeof *index);
  for (long i = 0; i < count; i++) index[i] = (int32_t)next_below(2 * ROWS) - ROWS;
  return index;
}

static long resolved(int32_t k) { return k < 0 ? k + ROWS : k; }

static void check_gathering(long inner) {
  int32_t *index = random_index(PICKED * inner * 2), *out = room(PICKED * inner, sizeof *out);
  int32_t *expected = room(PICKED * inner, sizeof *expected);
  describe("rows of %ld", inner);
  // Every second element of an index.
  for (long i = 0; i < PICKED * inner; i++) expected[i] = (int32_t)resolved(index[2 * i]);
  expect_true("all are inside", lathe_resolve_indices(out, index, 2 * inner, 2, PICKED, ROWS, (size_t)inner) == -1);
  expect_same("resolved", out, expected, PICKED * inner, sizeof *out);
  for (size_t size = 1; size <= 8; size *= 2) {
    const long bytes = ROWS * inner * (long)size;
    char *x = room(bytes, 1), *y = room(PICKED * inner * (long)size, 1), *right = room(PICKED * inner * (long)size, 1);
    for (long i = 0; i < bytes; i++) x[i] = (char)next_bits();
    for (long p = 0; p < PICKED; p++)
      for (long i = 0; i < inner; i++)
        memcpy(
            right + (size_t)(p * inner + i) * size,
            x + (size_t)(resolved(index[2 * (p * inner + i)]) * inner + i) * size, size);
    expect_true(
        "all elements are found", lathe_gather_elements(y, x, index, 2 * inner, 2, PICKED, ROWS, (size_t)inner, size)
        == -1);
    expect_same("gathered elements", y, right, PICKED * inner, size);
    for (long p = 0; p < PICKED; p++)
      memcpy(
          right + (size_t)(p * inner) * size, x + (size_t)(resolved(index[2 * p]) * inner) * size,
              (size_t)inner * size);
    expect_true("all rows are found", lathe_gather_rows(y, x, index, 2, PICKED, ROWS, (size_t)inner * size) == -1);
    expect_same("gathered rows", y, right, PICKED * inner, size);
    if (inner < 2) continue;
    const int32_t bad = index[2 * inner + 2];
    index[2 * inner + 2] = ROWS;
    expect_true(
        "the first bad index is found",
        lathe_gather_elements(y, x, index, 2 * inner, 2, PICKED, ROWS, (size_t)inner, size) == inner + 1 &&
            lathe_resolve_indices(out, index, 2 * inner, 2, PICKED, ROWS, (size_t)inner) == inner + 1);
    index[2 * inner + 2] = bad;
  }
  index[6] = -ROWS - 1;
  char byte_rows[ROWS], byte_results[PICKED];
  memset(byte_rows, 0, sizeof byte_rows);
  expect_true("the first bad row is found", lathe_gather_rows(byte_results, byte_rows, index, 2, PICKED, ROWS, 1) == 3);
  release();
}

/// Scatters in two halves of the targets, as two threads do.
#define CHECK_SCATTER(name, T, random, join)                                                          \
  static void check_##name(long inner, int is_row) {                                                  \
    T *y = room(ROWS * inner, sizeof *y), *x = room(PICKED * inner, sizeof *x);                       \
    T *expected = room(ROWS * inner, sizeof *expected);                                               \
    int32_t *index = room(PICKED * inner, sizeof *index);                                             \
    for (long i = 0; i < ROWS * inner; i++) y[i] = expected[i] = (T)(random);                         \
    for (long i = 0; i < PICKED * inner; i++) {                                                       \
      x[i] = (T)(random);                                                                             \
      index[i] = (int32_t)next_below(ROWS);                                                           \
    }                                                                                                 \
    for (long p = 0; p < PICKED; p++)                                                                 \
      for (long i = 0; i < inner; i++) {                                                              \
        T *to = expected + index[is_row ? p : p * inner + i] * inner + i;                             \
        const T a = *to, b = x[p * inner + i];                                                        \
        (void)a;                                                                                      \
        *to = join;                                                                                   \
      }                                                                                               \
    describe(#name " of %ld%s", inner, is_row ? ", by rows" : "");                                    \
    lathe_##name(y, x, index, is_row, PICKED, (size_t)inner, 0, ROWS / 3);                            \
    lathe_##name(y, x, index, is_row, PICKED, (size_t)inner, ROWS / 3, ROWS);                         \
    expect_same("y", y, expected, ROWS * inner, sizeof *y);                                           \
    release();                                                                                        \
  }
#define CHECK_SCATTERS(s, T, U, random)                                \
  CHECK_SCATTER(scatter_add_##s, T, random, (T)((U)a + (U)b))          \
  CHECK_SCATTER(scatter_product_##s, T, random, (T)((U)a * (U)b))      \
  CHECK_SCATTER(scatter_maximum_##s, T, random, b > a ? b : a)         \
  CHECK_SCATTER(scatter_minimum_##s, T, random, b < a ? b : a)         \
  static void check_scatters_##s(long inner, int is_row) {             \
    check_scatter_add_##s(inner, is_row);                              \
    check_scatter_product_##s(inner, is_row);                          \
    check_scatter_maximum_##s(inner, is_row);                          \
    check_scatter_minimum_##s(inner, is_row);                          \
  }
CHECK_SCATTERS(f32, float, float, next_float())
CHECK_SCATTERS(f64, double, double, next_float())
CHECK_SCATTERS(i32, int32_t, uint32_t, next_bits())
CHECK_SCATTERS(i64, int64_t, uint64_t, next_bits())
CHECK_SCATTER(scatter_set_8, uint8_t, next_bits(), b)
CHECK_SCATTER(scatter_set_16, uint16_t, next_bits(), b)
CHECK_SCATTER(scatter_set_32, uint32_t, next_bits(), b)
CHECK_SCATTER(scatter_set_64, uint64_t, next_bits(), b)

/// Sums of many in float64.
static void check_numbered(long inner, int is_row) {
  enum { MANY = 3000, MOST = 100 };
  const long width = is_row ? 1 : inner;
  float *y = random_floats(ROWS * inner), *x = random_floats(MANY * inner);
  int32_t *index = room(MANY * width, sizeof *index), *numbers = room(ROWS * width, sizeof *numbers);
  double *expected = zero_doubles(ROWS * inner);
  long *counts = room(ROWS * width, sizeof *counts);
  memset(counts, 0, (size_t)(ROWS * width) * sizeof *counts);
  for (long i = 0; i < ROWS * inner; i++) expected[i] = y[i];
  for (long p = 0; p < MANY; p++)
    for (long i = 0; i < width; i++) {
      // Half of the targets get few.
      const long k = next_below(50) ? next_below(ROWS / 2) : next_below(ROWS);
      index[p * width + i] = (int32_t)k;
      counts[k * width + i]++;
      const long length = inner / width;
      for (long j = 0; j < length; j++) expected[(k * width + i) * length + j] += x[(p * width + i) * length + j];
    }
  describe("numbered targets of %ld%s", inner, is_row ? ", by rows" : "");
  const int32_t end = lathe_number_targets(numbers, index, MANY, ROWS, (size_t)width, MOST, 0);
  int32_t next = 0;
  for (long t = 0; t < ROWS * width; t++)
    expect_true("those with many have numbers", numbers[t] == (counts[t] > MOST ? next++ : -1));
  expect_true("the numbers end behind the last", end == next);
  double *sums = room((long)end * (is_row ? inner : 1), sizeof *sums);
  lathe_scatter_add_numbered(y, x, index, is_row, MANY, (size_t)inner, 0, 5, numbers, sums);
  lathe_scatter_add_numbered(y, x, index, is_row, MANY, (size_t)inner, 5, ROWS, numbers, sums);
  // In float32, sums of 400 numbers would be off by more.
  expect_close("y", y, expected, ROWS * inner, 1e-6, 1);
  release();
}

static void check_copy(size_t size, long rows, long columns, bool transposed) {
  const int64_t across = (int64_t)size * (transposed ? rows + 2 : 1);
  const int64_t down = (int64_t)size * (transposed ? 1 : columns + 3);
  char *from = room((rows + 3) * (columns + 3) * (long)size, 1), *to = room(rows * columns * (long)size, 1);
  char *expected = room(rows * columns * (long)size, 1);
  for (long i = 0; i < (rows + 3) * (columns + 3) * (long)size; i++) from[i] = (char)next_bits();
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++)
      memcpy(expected + (size_t)(i * columns + j) * size, from + i * down + j * across, size);
  describe("copy of %ld x %ld of %zu bytes%s", rows, columns, size, transposed ? ", transposed" : "");
  lathe_copy_2d(
      to, (int64_t)size * columns, (int64_t)size, from, down, across, (size_t)rows, (size_t)columns, size);
  expect_same("copy", to, expected, rows * columns, size);
  release();
}

void check_indexing(void) {
  static const long widths[] = {1, 3, 16, 33};
  for (int i = 0; i < 4; i++) {
    const long inner = widths[i];
    check_gathering(inner);
    for (int is_row = 0; is_row < 2; is_row++) {
      check_scatters_f32(inner, is_row), check_scatters_f64(inner, is_row);
      check_scatters_i32(inner, is_row), check_scatters_i64(inner, is_row);
      check_scatter_set_8(inner, is_row), check_scatter_set_16(inner, is_row);
      check_scatter_set_32(inner, is_row), check_scatter_set_64(inner, is_row);
      check_numbered(inner, is_row);
    }
  }
  for (size_t size = 1; size <= 8; size *= 2)
    for (int transposed = 0; transposed < 2; transposed++) {
      check_copy(size, 1, 1, transposed);
      check_copy(size, 19, 37, transposed);
      check_copy(size, 70, 8, transposed);
    }
}
