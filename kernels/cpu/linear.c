#include "include/linear.h"

#include <math.h>

#include "levels.h"

// Four rows at a time, so that what a row is multiplied with is loaded once for all of them, and eight numbers of each side by
// side: one register at the widest level, two at AVX2.

typedef double d8v __attribute__((vector_size(64), aligned(8)));
#define load_d8(p) (*(const d8v *)(p))

LATHE_INLINE double sum_d8(const d8v *x) {
  const d8v v = *x;
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

LATHE_LEVELS(double, lathe_linear_dot, (const double *a, const double *b, long count), (a, b, count)) {
  d8v s = {}, t = {};
  long i = 0;
  for (; i + 16 <= count; i += 16) {
    s += load_d8(a + i) * load_d8(b + i);
    t += load_d8(a + i + 8) * load_d8(b + i + 8);
  }
  s += t;
  double rest = 0;
  for (; i < count; i++) rest += a[i] * b[i];
  return sum_d8(&s) + rest;
}

LATHE_LEVELS(void, lathe_linear_add, (double factor, const double *x, double *y, long count), (factor, x, y, count)) {
  for (long i = 0; i < count; i++) y[i] += factor * x[i];
}

LATHE_LEVELS(void, lathe_linear_scores,
    (const double *x, long rows, long columns, const double *w, long outputs, double *scores),
    (x, rows, columns, w, outputs, scores)) {
  long r = 0;
  for (; r + 4 <= rows; r += 4) {
    const double *row = x + r * columns;
    for (long k = 0; k < outputs; k++) {
      const double *weights = w + k * columns;
      d8v a = {}, b = {}, c = {}, d = {};
      long j = 0;
      for (; j + 8 <= columns; j += 8) {
        const d8v v = load_d8(weights + j);
        a += load_d8(row + j) * v;
        b += load_d8(row + columns + j) * v;
        c += load_d8(row + 2 * columns + j) * v;
        d += load_d8(row + 3 * columns + j) * v;
      }
      double sums[4] = {sum_d8(&a), sum_d8(&b), sum_d8(&c), sum_d8(&d)};
      for (; j < columns; j++)
        for (long i = 0; i < 4; i++) sums[i] += row[i * columns + j] * weights[j];
      for (long i = 0; i < 4; i++) scores[(r + i) * outputs + k] = sums[i];
    }
  }
  for (; r < rows; r++)
    for (long k = 0; k < outputs; k++) {
      double sum = 0;
      for (long j = 0; j < columns; j++) sum += x[r * columns + j] * w[k * columns + j];
      scores[r * outputs + k] = sum;
    }
}

LATHE_LEVELS(void, lathe_linear_gradient,
    (const double *x, long rows, long columns, const double *g, long outputs, double *sums),
    (x, rows, columns, g, outputs, sums)) {
  long r = 0;
  for (; r + 4 <= rows; r += 4) {
    const double *row = x + r * columns;
    for (long k = 0; k < outputs; k++) {
      const double *f = g + r * outputs + k;
      const double a = f[0], b = f[outputs], c = f[2 * outputs], d = f[3 * outputs];
      double *sum = sums + k * columns;
      for (long j = 0; j < columns; j++)
        sum[j] += (a * row[j] + b * row[columns + j]) + (c * row[2 * columns + j] + d * row[3 * columns + j]);
    }
  }
  for (; r < rows; r++)
    for (long k = 0; k < outputs; k++) {
      const double f = g[r * outputs + k];
      for (long j = 0; j < columns; j++) sums[k * columns + j] += f * x[r * columns + j];
    }
}

LATHE_LEVELS(void, lathe_linear_distances,
    (const double *x, long rows, long columns, const double *points, long count, double *distances),
    (x, rows, columns, points, count, distances)) {
  for (long r = 0; r < rows; r++) {
    const double *row = x + r * columns;
    for (long k = 0; k < count; k++) {
      const double *point = points + k * columns;
      d8v s = {};
      long j = 0;
      for (; j + 8 <= columns; j += 8) {
        const d8v d = load_d8(row + j) - load_d8(point + j);
        s += d * d;
      }
      double sum = sum_d8(&s);
      for (; j < columns; j++) sum += (row[j] - point[j]) * (row[j] - point[j]);
      distances[r * count + k] = sum;
    }
  }
}

double lathe_linear_log_loss(
    const double *scores, const double *targets, const double *weights, long count, double *gradients) {
  double sum = 0;
  for (long i = 0; i < count; i++) {
    const double s = scores[i], weight = weights ? weights[i] : 1.0;
    // e^-|s| never overflows.
    const double e = exp(-fabs(s));
    const double p = (s < 0 ? e : 1.0) / (1.0 + e);
    sum += weight * (log1p(e) + (s > 0 ? s : 0.0) - targets[i] * s);
    gradients[i] = weight * (p - targets[i]);
  }
  return sum;
}
