#include "check.h"

// Sums, means and variances, and running sums.

static void check_sum_run(long count, bool squares) {
  float *x = random_floats(count);
  double expected = 0, magnitude = 0;
  for (long i = 0; i < count; i++) {
    x[i] += 0.25f;
    const double value = squares ? (double)x[i] * (double)x[i] : x[i];
    expected += value;
    magnitude += fabs(value);
  }
  describe("the sum of %ld%s", count, squares ? " squares" : "");
  const double sum = lathe_sum_run(x, count, squares);
  expect_close_f64("sum", &sum, &expected, 1, 2e-7, magnitude);
  release();
}

static void check_sum_columns(long rows, long columns, bool squares) {
  const long stride = columns + 3;
  float *x = random_floats(rows * stride), *y = blank_floats(columns);
  double *expected = zero_doubles(columns);
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) {
      const double value = x[i * stride + j];
      expected[j] += (squares ? value * value : value) / 3;
    }
  describe("the sums of %ld rows of %ld%s", rows, columns, squares ? " squares" : "");
  lathe_sum_columns(y, x, rows, stride, columns, squares, 3);
  expect_close("sums", y, expected, columns, 3e-7, (double)rows / 6 + 1);
  release();
}

static void expect_moments(const char *what, struct lathe_moments found, const float *x, long rows, long stride,
    long n) {
  const double count = (double)(rows * n);
  double mean = 0, squares = 0;
  for (long row = 0; row < rows; row++)
    for (long i = 0; i < n; i++) mean += x[row * stride + i] / count;
  for (long row = 0; row < rows; row++)
    for (long i = 0; i < n; i++) squares += (x[row * stride + i] - mean) * (x[row * stride + i] - mean);
  expect_close_f64(what, &found.count, &count, 1, 0, 1);
  // As far from the true mean as sums of differences in float32 are, whatever the mean is.
  const double off = found.mean - mean, none = 0;
  expect_close_f64(what, &off, &none, 1, 2e-7, 1);
  expect_close_f64(what, &found.squares, &squares, 1, 2e-6, 1);
}

/// Large means beside small deviations.
static void check_moments(long rows, long n, float mean) {
  const long stride = n + 5;
  float *x = random_floats(rows * stride);
  for (long i = 0; i < rows * stride; i++) x[i] += mean;
  describe("moments of %ld runs of %ld, mean %g", rows, n, (double)mean);
  const struct lathe_moments all = lathe_row_moments(x, rows, stride, n);
  expect_moments("of runs", all, x, rows, stride, n);
  struct lathe_moments joined = {0}, part = lathe_row_moments(x, rows / 2, stride, n);
  lathe_join_moments(&joined, &part);
  part = lathe_row_moments(x + rows / 2 * stride, rows - rows / 2, stride, n);
  lathe_join_moments(&joined, &part);
  expect_moments("joined", joined, x, rows, stride, n);
  struct lathe_moments *columns = room(stride, sizeof *columns);
  lathe_column_moments(x, rows, stride, columns);
  for (long j = 0; j < stride; j++) expect_moments("of columns", columns[j], x + j, rows, stride, 1);
  release();
}

#define CHECK_CUMULATIVE(s, T, A, random)                                                                       \
  static void check_cumulative_##s(long count, long step) {                                                     \
    T *x = room((count - 1) * step + 1, sizeof *x), *sum = room((count - 1) * step + 1, sizeof *x);             \
    T *product = room((count - 1) * step + 1, sizeof *x), *most = room((count - 1) * step + 1, sizeof *x);      \
    T *expected = room(count, sizeof *x), *products = room(count, sizeof *x), *largest = room(count, sizeof *x); \
    int32_t *places = room(count, sizeof *places), *index = room((count - 1) * step + 1, sizeof *index);        \
    A total = 0, factor = 1;                                                                                    \
    long best = 0;                                                                                              \
    for (long i = 0; i < count; i++) {                                                                          \
      const T value = x[i * step] = (T)(random);                                                                \
      total += (A)value;                                                                                        \
      factor *= (A)value;                                                                                       \
      if (value >= x[best * step]) best = i;                                                                    \
      expected[i] = (T)total;                                                                                   \
      products[i] = (T)factor;                                                                                  \
      largest[i] = x[best * step];                                                                              \
      places[i] = (int32_t)best;                                                                                \
    }                                                                                                           \
    describe("running over %ld of " #s ", %ld apart", count, step);                                             \
    lathe_cumulative_sum_##s(sum, x, (size_t)count, (size_t)step);                                              \
    lathe_cumulative_product_##s(product, x, (size_t)count, (size_t)step);                                      \
    lathe_cumulative_extremum_##s(most, index, x, (size_t)count, (size_t)step, true);                           \
    for (long i = 0; i < count; i++) {                                                                          \
      expect_same("sum", sum + i * step, expected + i, 1, sizeof *x);                                           \
      expect_same("product", product + i * step, products + i, 1, sizeof *x);                                   \
      expect_same("largest", most + i * step, largest + i, 1, sizeof *x);                                       \
      expect_same("its index", index + i * step, places + i, 1, sizeof *index);                                 \
    }                                                                                                           \
    release();                                                                                                  \
  }
// Quarters and eighths, whose sums have no rounding; products of numbers near 1 are rounded once in float64.
CHECK_CUMULATIVE(f32, float, double, 1 + (double)next_below(9) / 64)
CHECK_CUMULATIVE(f64, double, double, 1 + (double)next_below(9) / 64)
CHECK_CUMULATIVE(i32, int32_t, uint32_t, (int64_t)next_bits() % 1000000)
CHECK_CUMULATIVE(i64, int64_t, uint64_t, (int64_t)next_bits())

void check_sums(void) {
  static const long counts[] = {1, 15, 16, 63, 64, 65, 1000, 4097, 70001};
  for (int i = 0; i < 9; i++) {
    check_sum_run(counts[i], false);
    check_sum_run(counts[i], true);
  }
  static const long shapes[][2] = {{1, 1}, {3, 17}, {64, 16}, {1000, 5}, {129, 40}};
  for (int i = 0; i < 5; i++) {
    check_sum_columns(shapes[i][0], shapes[i][1], false);
    check_sum_columns(shapes[i][0], shapes[i][1], true);
    check_moments(shapes[i][0], shapes[i][1], 0.5f);
    check_moments(shapes[i][0], shapes[i][1], 1000);
    check_moments(shapes[i][0], shapes[i][1], 1e6f);
  }
  check_moments(2, 9001, 300);
  for (long step = 1; step < 4; step += 2)
    for (int i = 0; i < 7; i++) {
      check_cumulative_f32(counts[i], step);
      check_cumulative_f64(counts[i], step);
      check_cumulative_i32(counts[i], step);
      check_cumulative_i64(counts[i], step);
    }
}
