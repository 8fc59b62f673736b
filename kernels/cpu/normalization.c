#include "include/normalization.h"

#include <float.h>
#include <math.h>

#include "blocked_sums.h"
#include "levels.h"

// Of layer normalisation the variance is the mean of squared differences, in a pass of its own, so that nothing cancels.

// Sums run in four chains, since an addition waits for the one before it.

/// The mean of n floats less `offset`, or of their squares; scale is 1 / n.
LATHE_INLINE double row_mean(const float *x, long n, double scale, const bool squares, float offset) {
  double sum = 0;
  long i = 0;
  while (i + 16 <= n) {
    f16v lanes = {};
    for (int block = 0; block < LATHE_SUM_BLOCKS && i + 16 <= n; block++) {
      f16v chains[4] = {};
      const long end = i + LATHE_SUM_BLOCK < n ? i + LATHE_SUM_BLOCK : n;
      for (; i + 64 <= end; i += 64) {
        for (int j = 0; j < 4; j++) {
          const f16v d = load16(x + i + 16 * j) - offset;
          chains[j] += squares ? d * d : d;
        }
      }
      for (; i + 16 <= end; i += 16) {
        const f16v d = load16(x + i) - offset;
        chains[0] += squares ? d * d : d;
      }
      lanes += (chains[0] + chains[1]) + (chains[2] + chains[3]);
    }
    sum += sum16(&lanes);
  }
  for (; i < n; i++) sum += squares ? (x[i] - offset) * (x[i] - offset) : x[i] - offset;
  return sum * scale;
}

/// A row whose squares leave float32, in float64; mean and rstd get what the gradient needs.
static void normalize_wide_row(
    const float *x, const float *weight, const float *bias, float *y, float *mean, float *rstd, long n, float epsilon) {
  double sum = 0, squares = 0;
  for (long i = 0; i < n; i++) sum += x[i];
  const double m = sum / (double)n;
  for (long i = 0; i < n; i++) squares += (x[i] - m) * (x[i] - m);
  const double r = 1 / sqrt(squares / (double)n + (double)epsilon);
  for (long i = 0; i < n; i++) {
    const float value = (float)((x[i] - m) * r);
    y[i] = weight ? value * weight[i] + bias[i] : value;
  }
  *mean = (float)m;
  *rstd = (float)r;
}

/// A row less its mean m, times r; constants say what each element need not ask.
LATHE_INLINE void write_normalized(
    const float *from, const float *weight, const float *bias, float *to, long n, float m, float r, float correction,
    const bool is_weighted, const bool streams) {
  long i = 0;
  for (; i + 16 <= n; i += 16) {
    // The next row comes while this one is written.
    __builtin_prefetch(from + n + i);
    f16v value = (load16(from + i) - m) * r + correction;
    if (is_weighted) value = value * load16(weight + i) + load16(bias + i);
    if (streams) {
      stream16(to + i, value);
    } else {
      store16(to + i, value);
    }
  }
  for (; i < n; i++) {
    const float value = (from[i] - m) * r + correction;
    to[i] = is_weighted ? value * weight[i] + bias[i] : value;
  }
}

LATHE_LEVELS(void, lathe_layer_norm,
    (const float *x, const float *weight, const float *bias, float *y, float *mean, float *rstd, long n,
     float epsilon, bool streams, long first, long last),
    (x, weight, bias, y, mean, rstd, n, epsilon, streams, first, last)) {
  streams = streams && are_lines(y, n);
  const double scale = 1 / (double)n;
  for (long row = first; row < last; row++) {
    const float *from = x + row * n;
    float *to = y + row * n;
    const float m = (float)row_mean(from, n, scale, false, 0);
    double variance = row_mean(from, n, scale, true, m), shift = 0;
    if (!(variance <= (double)FLT_MAX)) {
      normalize_wide_row(from, weight, bias, to, mean + row, rstd + row, n, epsilon);
      continue;
    }
    // Where the mean is large beside the deviation, its rounding error counts.
    if ((double)m * m > 256 * variance) {
      shift = row_mean(from, n, scale, false, m);
      variance -= shift * shift;
    }
    const float r = 1 / sqrtf((float)(variance + (double)epsilon));
    const float correction = (float)(-shift * (double)r);
    mean[row] = (float)((double)m + shift);
    rstd[row] = r;
    if (weight && streams)
      write_normalized(from, weight, bias, to, n, m, r, correction, true, true);
    else if (weight)
      write_normalized(from, weight, bias, to, n, m, r, correction, true, false);
    else if (streams)
      write_normalized(from, weight, bias, to, n, m, r, correction, false, true);
    else
      write_normalized(from, weight, bias, to, n, m, r, correction, false, false);
  }
  if (streams) stream_end();
}

/// Adds a run's sums to those of all rows, and begins another.
LATHE_INLINE void add_run(double *sums, float *run, long n) {
  for (long i = 0; i < n; i++) {
    sums[i] += (double)run[i];
    run[i] = 0;
  }
}

LATHE_LEVELS(void, lathe_rms_norm,
    (const float *x, const float *weight, float *y, long n, float epsilon, bool streams, long first, long last),
    (x, weight, y, n, epsilon, streams, first, last)) {
  streams = streams && are_lines(y, n);
  for (long row = first; row < last; row++) {
    const float *from = x + row * n;
    float *to = y + row * n;
    const float r = 1 / sqrtf((float)(row_mean(from, n, 1 / (double)n, true, 0) + (double)epsilon));
    long i = 0;
    for (; i + 16 <= n; i += 16) {
      __builtin_prefetch(from + n + i);
      f16v value = load16(from + i) * r;
      if (weight) value *= load16(weight + i);
      if (streams) {
        stream16(to + i, value);
      } else {
        store16(to + i, value);
      }
    }
    for (; i < n; i++) to[i] = from[i] * r * (weight ? weight[i] : 1);
  }
  if (streams) stream_end();
}

LATHE_LEVELS(void, lathe_layer_norm_backward,
    (const float *dy, const float *x, const float *mean, const float *rstd, const float *weight, float *dx,
     double *weight_sums, float *run, long n, bool streams, long first, long last),
    (dy, x, mean, rstd, weight, dx, weight_sums, run, n, streams, first, last)) {
  streams = streams && are_lines(dx, n);
  double *bias_sums = weight ? weight_sums + n : NULL;
  float *dweight = run, *dbias = weight ? run + n : NULL;
  if (weight) {
    memset(weight_sums, 0, 2 * (size_t)n * sizeof(double));
    memset(run, 0, 2 * (size_t)n * sizeof(float));
  }
  const double scale = 1 / (double)n;
  for (long row = first; row < last; row++) {
    const float *g = dy + row * n, *from = x + row * n;
    float *to = dx + row * n;
    const float m = mean[row], r = rstd[row];
    double sum_g = 0, sum_product = 0;
    long i = 0;
    while (i + 32 <= n) {
      f16v sums[2] = {}, products[2] = {};
      const long end = i + LATHE_SUM_BLOCK < n ? i + LATHE_SUM_BLOCK : n;
      for (; i + 32 <= end; i += 32) {
        for (int j = 0; j < 2; j++) {
          f16v d = load16(g + i + 16 * j);
          if (weight) d *= load16(weight + i + 16 * j);
          sums[j] += d;
          products[j] += d * ((load16(from + i + 16 * j) - m) * r);
        }
      }
      sums[0] += sums[1];
      products[0] += products[1];
      sum_g += sum16(&sums[0]);
      sum_product += sum16(&products[0]);
    }
    for (; i < n; i++) {
      const float d = weight ? g[i] * weight[i] : g[i];
      sum_g += d;
      sum_product += d * ((from[i] - m) * r);
    }
    const float mean_g = (float)(sum_g * scale), mean_product = (float)(sum_product * scale);
    for (i = 0; i + 16 <= n; i += 16) {
      __builtin_prefetch(g + n + i);
      __builtin_prefetch(from + n + i);
      const f16v d = load16(g + i), normal = (load16(from + i) - m) * r;
      f16v weighted = d;
      if (weight) {
        store16(dweight + i, load16(dweight + i) + d * normal);
        store16(dbias + i, load16(dbias + i) + d);
        weighted = d * load16(weight + i);
      }
      const f16v value = r * (weighted - mean_g - normal * mean_product);
      if (streams) {
        stream16(to + i, value);
      } else {
        store16(to + i, value);
      }
    }
    for (; i < n; i++) {
      const float normal = (from[i] - m) * r;
      if (weight) {
        dweight[i] += g[i] * normal;
        dbias[i] += g[i];
      }
      to[i] = r * ((weight ? g[i] * weight[i] : g[i]) - mean_g - normal * mean_product);
    }
    if (weight && ((row - first + 1) % LATHE_SUM_ROWS == 0 || row + 1 == last)) {
      add_run(weight_sums, dweight, n);
      add_run(bias_sums, dbias, n);
    }
  }
  if (streams) stream_end();
}

LATHE_LEVELS(void, lathe_sum_rows,
    (const double *rows, long count, long stride, long n, float *to),
    (rows, count, stride, n, to)) {
  long i = 0;
  for (; i + 16 <= n; i += 16) {
    d16v sum = {};
    for (long row = 0; row < count; row++) sum += *(const d16v *)(rows + row * stride + i);
    store16(to + i, __builtin_convertvector(sum, f16v));
  }
  for (; i < n; i++) {
    double sum = 0;
    for (long row = 0; row < count; row++) sum += rows[row * stride + i];
    to[i] = (float)sum;
  }
}
