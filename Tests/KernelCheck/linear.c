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
  double *distances = room(rows * outputs, sizeof *distances), *squares = zero_doubles(rows * outputs);
  lathe_linear_distances(x, rows, columns, w, outputs, distances);
  for (long r = 0; r < rows; r++)
    for (long k = 0; k < outputs; k++)
      for (long j = 0; j < columns; j++) {
        const double difference = x[r * columns + j] - w[k * columns + j];
        squares[r * outputs + k] += difference * difference;
      }
  expect_close_f64("distances", distances, squares, rows * outputs, 1e-14, (double)columns);
  const double dot = lathe_linear_dot(x, x, rows * columns);
  double square = 0;
  for (long i = 0; i < rows * columns; i++) square += x[i] * x[i];
  expect_close_f64("dot", &dot, &square, 1, 1e-13, 1);
  lathe_linear_add(0.5, x, sums, columns);
  for (long j = 0; j < columns; j++) expected[j] += 0.5 * x[j];
  expect_close_f64("add", sums, expected, columns, 1e-14, (double)rows);
  release();
}

static void check_gram(long rows, long columns, bool centered, bool weighted) {
  describe("gram of %ld x %ld%s%s", rows, columns, centered ? ", centered" : "", weighted ? ", weighted" : "");
  double *x = random_doubles(rows * columns), *means = random_doubles(columns), *h = random_doubles(rows);
  double *panels = scratch_room(lathe_linear_gram_room(columns), sizeof *panels);
  double *gram = zero_doubles(columns * columns), *products = zero_doubles(columns * columns);
  lathe_linear_gram(x, rows, columns, centered ? means : NULL, weighted ? h : NULL, panels, gram);
  for (long r = 0; r < rows; r++)
    for (long i = 0; i < columns; i++)
      for (long j = i; j < columns; j++)
        products[i * columns + j] += (weighted ? h[r] : 1) * (x[r * columns + i] - (centered ? means[i] : 0))
            * (x[r * columns + j] - (centered ? means[j] : 0));
  // Only the upper triangle has a meaning.
  for (long i = 0; i < columns; i++)
    for (long j = 0; j < i; j++) gram[i * columns + j] = 0;
  expect_close_f64("gram", gram, products, columns * columns, 1e-14, (double)rows);
  release();
}

static void check_nearest(long rows, long columns, long groups) {
  describe("nearest of %ld centers for %ld rows of %ld columns", groups, rows, columns);
  enum { WIDTH = LATHE_NEAREST_GROUPS };
  const long padded = (groups + WIDTH - 1) / WIDTH * WIDTH;
  double *x = random_doubles(rows * columns), *centers = random_doubles(groups * columns);
  double *turned = zero_doubles(padded * columns), *halves = room(padded, sizeof *halves);
  for (long k = 0; k < padded; k++) {
    halves[k] = k < groups ? 0 : INFINITY;
    for (long j = 0; j < columns && k < groups; j++) {
      const double value = centers[k * columns + j];
      halves[k] += 0.5 * value * value;
      turned[(k / WIDTH * columns + j) * WIDTH + k % WIDTH] = value;
    }
  }
  long *labels = room(rows, sizeof *labels), *expected = room(rows, sizeof *expected), *alone = room(rows, sizeof *alone);
  double *sums = zero_doubles(groups * (columns + 1)), *naive = zero_doubles(groups * (columns + 1));
  for (long r = 0; r < rows; r++) {
    double least = INFINITY;
    for (long k = 0; k < groups; k++) {
      double distance = 0;
      for (long j = 0; j < columns; j++) {
        const double difference = x[r * columns + j] - centers[k * columns + j];
        distance += difference * difference;
      }
      if (distance < least) {
        least = distance;
        expected[r] = k;
      }
    }
    for (long j = 0; j < columns; j++) naive[expected[r] * columns + j] += x[r * columns + j];
    naive[groups * columns + expected[r]] += 1;
  }
  lathe_linear_nearest(x, rows, columns, turned, halves, groups, labels, sums);
  expect_same("labels", labels, expected, rows, sizeof *labels);
  expect_close_f64("sums of groups", sums, naive, groups * (columns + 1), 1e-14, (double)rows);
  lathe_linear_nearest(x, rows, columns, turned, halves, groups, alone, NULL);
  expect_same("labels without sums", alone, expected, rows, sizeof *labels);
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
  for (int kind = 0; kind < 4; kind++) {
    check_gram(1, 1, kind & 1, kind & 2);
    check_gram(128, 16, kind & 1, kind & 2);
    check_gram(131, 37, kind & 1, kind & 2);
  }
  check_nearest(1, 1, 1);
  check_nearest(9, 5, 3);
  check_nearest(64, 50, 8);
  check_nearest(67, 33, 19);
  check_log_loss(false);
  check_log_loss(true);
}
