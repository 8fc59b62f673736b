#include "check.h"

// Sums over rows that linear models need, against loops over one element after the other.

static double *random_doubles(long count) {
  double *values = room(count, sizeof *values);
  for (long i = 0; i < count; i++) values[i] = next_float() + 1e-9 * next_float();
  return values;
}

static void check_sums_of_rows(long rows, long columns, long outputs) {
  describe("%ld rows of %ld columns, %ld outputs", rows, columns, outputs);
  double *x = random_doubles(rows * columns), *w = random_doubles(outputs * columns);
  double *g = random_doubles(rows * outputs), *h = random_doubles(rows);
  double *scores = room(rows * outputs, sizeof *scores), *naive = zero_doubles(rows * outputs);
  lathe_linear_scores(x, rows, columns, w, outputs, scores);
  for (long r = 0; r < rows; r++)
    for (long k = 0; k < outputs; k++)
      for (long j = 0; j < columns; j++) naive[r * outputs + k] += x[r * columns + j] * w[k * columns + j];
  expect_close_f64("scores", scores, naive, rows * outputs, 1e-14, (double)columns);
  double *sums = zero_doubles(outputs * columns), *expected = zero_doubles(outputs * columns);
  lathe_linear_gradient(x, rows, columns, g, outputs, sums);
  for (long r = 0; r < rows; r++)
    for (long k = 0; k < outputs; k++)
      for (long j = 0; j < columns; j++) expected[k * columns + j] += g[r * outputs + k] * x[r * columns + j];
  expect_close_f64("gradient", sums, expected, outputs * columns, 1e-14, (double)rows);
  double *gram = zero_doubles(columns * columns), *products = zero_doubles(columns * columns);
  lathe_linear_gram(x, rows, columns, h, gram);
  for (long r = 0; r < rows; r++)
    for (long i = 0; i < columns; i++)
      for (long j = i; j < columns; j++)
        products[i * columns + j] += h[r] * x[r * columns + i] * x[r * columns + j];
  // Only the upper triangle has a meaning.
  for (long i = 0; i < columns; i++)
    for (long j = 0; j < i; j++) gram[i * columns + j] = 0;
  expect_close_f64("gram", gram, products, columns * columns, 1e-14, (double)rows);
  double *distances = room(rows, sizeof *distances), *squares = zero_doubles(rows);
  lathe_linear_distances(x, rows, columns, w, distances);
  for (long r = 0; r < rows; r++)
    for (long j = 0; j < columns; j++) squares[r] += (x[r * columns + j] - w[j]) * (x[r * columns + j] - w[j]);
  expect_close_f64("distances", distances, squares, rows, 1e-14, (double)columns);
  const double dot = lathe_linear_dot(x, x, rows * columns);
  double square = 0;
  for (long i = 0; i < rows * columns; i++) square += x[i] * x[i];
  expect_close_f64("dot", &dot, &square, 1, 1e-13, 1);
  lathe_linear_add(0.5, x, sums, columns);
  for (long j = 0; j < columns; j++) expected[j] += 0.5 * x[j];
  expect_close_f64("add", sums, expected, columns, 1e-14, (double)rows);
  release();
}

static void check_log_loss(bool weighted) {
  describe("log loss%s", weighted ? " with weights" : "");
  enum { COUNT = 37 };
  double *scores = random_doubles(COUNT), *targets = room(COUNT, sizeof *targets), *weights = random_doubles(COUNT);
  double *found = room(COUNT, sizeof *found), *expected = room(COUNT, sizeof *expected), sum = 0;
  for (long i = 0; i < COUNT; i++) {
    scores[i] *= 20;
    targets[i] = (double)next_below(2);
    weights[i] = fabs(weights[i]);
    const double weight = weighted ? weights[i] : 1, p = 1 / (1 + exp(-scores[i]));
    sum -= weight * (targets[i] > 0 ? log(p) : log1p(-p));
    expected[i] = weight * (p - targets[i]);
  }
  const double loss = lathe_linear_log_loss(scores, targets, weighted ? weights : NULL, COUNT, found);
  expect_close_f64("loss", &loss, &sum, 1, 1e-9, 1);
  expect_close_f64("derivatives", found, expected, COUNT, 1e-14, 1);
  release();
}

void check_linear(void) {
  const long shapes[][3] = {{1, 1, 1}, {3, 7, 2}, {4, 8, 1}, {9, 17, 3}, {67, 33, 1}, {130, 40, 2}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    check_sums_of_rows(shapes[i][0], shapes[i][1], shapes[i][2]);
  check_log_loss(false);
  check_log_loss(true);
}
