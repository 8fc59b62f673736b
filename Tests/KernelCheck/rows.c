#include "check.h"

// What is done row by row: softmax, cross-entropy and layer normalisation, with their gradients.

/// Exponentials of a row divided by their sum, and the logarithm of that sum.
static double weights_of(const float *x, long n, double *p) {
  double most = -INFINITY, sum = 0;
  for (long j = 0; j < n; j++) most = fmax(most, x[j]);
  for (long j = 0; j < n; j++) sum += p[j] = exp(x[j] - most);
  for (long j = 0; j < n; j++) p[j] /= sum;
  return most + log(sum);
}

/// Memory for results: aligned to cache lines where they are written past the caches.
static float *result_floats(long count, bool streams) {
  return streams ? scratch_room(count, sizeof(float)) : blank_floats(count);
}

static void check_softmax(long n, bool logarithm, bool streams) {
  enum { ROWS = 9 };
  static const float spread[] = {1, 10, 100};
  float *x = random_floats(ROWS * n), *dy = random_floats(ROWS * n), *y32 = blank_floats(ROWS * n);
  double *y = zero_doubles(ROWS * n), *dx = zero_doubles(ROWS * n), *p = zero_doubles(n);
  for (long row = 0; row < ROWS; row++) {
    // The last rows would overflow without the maximum taken away.
    for (long j = 0; j < n; j++) x[row * n + j] = x[row * n + j] * spread[row % 3] + (float)(50 * row);
    const double sum = weights_of(x + row * n, n, p);
    double dot = 0;
    for (long j = 0; j < n; j++) dot += dy[row * n + j] * (logarithm ? 1 : p[j]);
    for (long j = 0; j < n; j++) {
      const long i = row * n + j;
      y[i] = logarithm ? x[i] - sum : p[j];
      dx[i] = logarithm ? dy[i] - p[j] * dot : p[j] * (dy[i] - dot);
      y32[i] = (float)y[i];
    }
  }
  describe("softmax of %ld%s%s", n, logarithm ? ", logarithm" : "", streams ? ", past the caches" : "");
  float *result = result_floats(ROWS * n, streams);
  lathe_softmax(x, result, n, logarithm, streams, 0, ROWS / 2);
  lathe_softmax(x, result, n, logarithm, streams, ROWS / 2, ROWS);
  expect_close("y", result, y, ROWS * n, logarithm ? 1e-6 : 3e-7, 1);
  result = result_floats(ROWS * n, streams);
  lathe_softmax_backward(dy, y32, result, n, logarithm, streams, 0, ROWS / 2);
  lathe_softmax_backward(dy, y32, result, n, logarithm, streams, ROWS / 2, ROWS);
  expect_close("dx", result, dx, ROWS * n, 3e-6, logarithm ? sqrt((double)n) : 1);
  release();
}

/// The exponential down to the smallest normal number, and rows of infinities and NaN.
static void check_softmax_edges(void) {
  describe("softmax of 0 and x");
  for (int i = 0; i < 4000; i++) {
    const float x[2] = {0, -(float)i * 0.026f};
    float y[2];
    lathe_softmax(x, y, 2, false, false, 0, 1);
    const double expected = exp(x[1]) / (1 + exp(x[1]));
    // What is below the smallest normal number may be 0.
    expect_close("weight of x", y + 1, &expected, 1, 3e-7, 0x1p-126 / 3e-7);
  }
  for (long n = 3; n < 40; n += 17) {
    float *x = blank_floats(n), *y = blank_floats(n);
    double *expected = zero_doubles(n);
    for (long j = 0; j < n; j++) x[j] = j == 1 ? 0 : -INFINITY;
    expected[1] = 1;
    describe("softmax of %ld with one finite number", n);
    lathe_softmax(x, y, n, false, false, 0, 1);
    expect_close("y", y, expected, n, 0, 1);
    for (long j = 0; j < n; j++) expected[j] = x[j];
    lathe_softmax(x, y, n, true, false, 0, 1);
    expect_close("logarithm", y, expected, n, 0, 1);
    for (long j = 0; j < n; j++) expected[j] = NAN;
    x[1] = -INFINITY;
    lathe_softmax(x, y, n, false, false, 0, 1);
    expect_close("y of infinities", y, expected, n, 0, 1);
    x[0] = NAN;
    x[1] = 2;
    lathe_softmax(x, y, n, true, false, 0, 1);
    expect_close("y with NaN", y, expected, n, 0, 1);
  }
  release();
}

static void check_cross_entropy(long classes, float smoothing) {
  enum { ROWS = 300 };
  float *x = random_floats(ROWS * classes), *dloss = random_floats(ROWS), *loss = blank_floats(ROWS);
  float *parts = blank_floats(2 * ROWS), *dx = blank_floats(ROWS * classes);
  int32_t *labels = room(ROWS, sizeof *labels);
  double *losses = zero_doubles(ROWS), *gradients = zero_doubles(ROWS * classes), *p = zero_doubles(classes);
  const double s = smoothing, share = s / (double)classes;
  for (long row = 0; row < ROWS; row++) {
    float *from = x + row * classes;
    for (long j = 0; j < classes; j++) from[j] *= 20;
    labels[row] = (int32_t)(row % 11 == 3 ? -100 : row % classes);
    if (labels[row] < 0) continue;
    const double sum = weights_of(from, classes, p);
    losses[row] = sum - (1 - s) * from[labels[row]];
    for (long j = 0; j < classes; j++) {
      losses[row] -= share * from[j];
      gradients[row * classes + j] = dloss[row] * (p[j] - (j == labels[row] ? 1 - s : 0) - share);
    }
  }
  const lathe_cross_entropy sizes = {.classes = classes, .has_ignored = true, .ignored = -100, .smoothing = smoothing};
  describe("cross-entropy of %ld classes, smoothing %g", classes, (double)smoothing);
  expect_true("all labels are good", lathe_cross_entropy_forward(&sizes, x, labels, loss, parts, 0, ROWS) == -1);
  expect_close("loss", loss, losses, ROWS, 2e-6, 10);
  expect_true("all are good again", lathe_cross_entropy_backward(&sizes, x, labels, parts, dloss, dx, 0, ROWS) == -1);
  expect_close("gradient", dx, gradients, ROWS * classes, 4e-6, 1);
  labels[77] = (int32_t)classes;
  labels[99] = -1;
  expect_true("the first bad label is found", lathe_cross_entropy_forward(&sizes, x, labels, loss, parts, 0, ROWS)
      == 77);
  expect_true("backward, too", lathe_cross_entropy_backward(&sizes, x, labels, parts, dloss, dx, 80, ROWS) == 99);
  release();
}

static void check_layer_norm(long rows, long n, bool affine, bool streams) {
  const long count = rows * n;
  const float epsilon = 1e-2f;
  float *x = random_floats(count), *dy = random_floats(count);
  float *weight = affine ? random_floats(n) : NULL, *bias = affine ? random_floats(n) : NULL;
  double *y = zero_doubles(count), *dx = zero_doubles(count), *means = zero_doubles(rows), *rstds = zero_doubles(rows);
  double *dweight = zero_doubles(n), *dbias = zero_doubles(n);
  for (long row = 0; row < rows; row++) {
    float *from = x + row * n;
    const float *g = dy + row * n;
    double mean = 0, variance = 0, sum = 0, product = 0;
    // A large mean: the variance must not be computed from the sum of squares.
    for (long j = 0; j < n; j++) mean += (from[j] += 100) / (double)n;
    for (long j = 0; j < n; j++) variance += (from[j] - mean) * (from[j] - mean) / (double)n;
    const double rstd = 1 / sqrt(variance + (double)epsilon);
    for (long j = 0; j < n; j++) {
      const double normal = (from[j] - mean) * rstd, d = g[j] * (affine ? (double)weight[j] : 1);
      y[row * n + j] = affine ? normal * weight[j] + bias[j] : normal;
      sum += d;
      product += d * normal;
      dweight[j] += g[j] * normal;
      dbias[j] += g[j];
    }
    for (long j = 0; j < n; j++) {
      const double normal = (from[j] - mean) * rstd, d = g[j] * (affine ? (double)weight[j] : 1);
      dx[row * n + j] = rstd * (d - sum / (double)n - normal * product / (double)n);
    }
    means[row] = mean;
    rstds[row] = rstd;
  }
  describe("layer norm of [%ld, %ld]%s%s", rows, n, affine ? " with weights" : "", streams ? ", past the caches" : "");
  float *result = result_floats(count, streams), *mean = blank_floats(rows), *rstd = blank_floats(rows);
  lathe_layer_norm(x, weight, bias, result, mean, rstd, n, epsilon, streams, 0, rows / 2);
  lathe_layer_norm(x, weight, bias, result, mean, rstd, n, epsilon, streams, rows / 2, rows);
  // One unit in the last place of the mean, 100, is 7.6e-6, times a deviation of up to 1/10.
  expect_close("mean", mean, means, rows, 2e-6, 1);
  expect_close("1 / deviation", rstd, rstds, rows, 1e-4, 1);
  expect_close("y", result, y, count, 1e-4, 1);
  result = result_floats(count, streams);
  double *sums = affine ? room(4 * n, sizeof *sums) : NULL;
  float *run = affine ? blank_floats(2 * n) : NULL, *columns = blank_floats(n);
  lathe_layer_norm_backward(dy, x, mean, rstd, weight, result, sums, run, n, streams, 0, rows / 2);
  lathe_layer_norm_backward(
      dy, x, mean, rstd, weight, result, affine ? sums + 2 * n : NULL, run, n, streams, rows / 2, rows);
  expect_close("dx", result, dx, count, 1e-4, 10);
  if (affine) {
    lathe_sum_rows(sums, 2, 2 * n, n, columns);
    expect_close("dweight", columns, dweight, n, 1e-4, 30);
    lathe_sum_rows(sums + n, 2, 2 * n, n, columns);
    expect_close("dbias", columns, dbias, n, 1e-6, 30);
  }
  release();
}

static void check_rms_norm(long rows, long n, bool weighted, bool streams) {
  const long count = rows * n;
  float *x = random_floats(count), *weight = weighted ? random_floats(n) : NULL, *result = result_floats(count, streams);
  double *y = zero_doubles(count);
  for (long row = 0; row < rows; row++) {
    double squares = 0;
    for (long j = 0; j < n; j++) squares += (double)x[row * n + j] * x[row * n + j] / (double)n;
    for (long j = 0; j < n; j++)
      y[row * n + j] = x[row * n + j] / sqrt(squares + (double)1e-2f) * (weighted ? (double)weight[j] : 1);
  }
  describe("root mean square norm of [%ld, %ld]%s", rows, n, weighted ? " with weights" : "");
  lathe_rms_norm(x, weight, result, n, 1e-2f, streams, 0, rows / 2);
  lathe_rms_norm(x, weight, result, n, 1e-2f, streams, rows / 2, rows);
  expect_close("y", result, y, count, 1e-6, 1);
  release();
}

void check_rows(void) {
  static const long columns[] = {1, 7, 10, 16, 31, 33, 64, 65, 1000};
  for (int i = 0; i < 9; i++)
    for (int logarithm = 0; logarithm < 2; logarithm++) check_softmax(columns[i], logarithm, false);
  check_softmax(64, false, true);
  check_softmax(1024, false, true);
  check_softmax_edges();
  static const long classes[] = {2, 10, 33, 64};
  for (int i = 0; i < 4; i++) {
    check_cross_entropy(classes[i], 0);
    check_cross_entropy(classes[i], 0.1f);
  }
  static const long widths[] = {1, 7, 31, 33, 64, 65, 768}, rows[] = {1, 7, 65, 300};
  for (int i = 0; i < 7; i++)
    for (int j = 0; j < 4; j++)
      for (int affine = 0; affine < 2; affine++) {
        check_layer_norm(rows[j], widths[i], affine, widths[i] == 64);
        check_rms_norm(rows[j], widths[i], affine, widths[i] == 64);
      }
}
