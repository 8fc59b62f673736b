#include "include/normalization.h"

#include <math.h>

#include "vector_types.h"

// Layer normalisation: the variance is the mean of squared differences, in a pass of its own, so that nothing cancels.

// Sums run in four chains, since an addition waits for the one before it.

/// The sum of the first `n` floats of x, less `offset` and squared if `squares`.
LATHE_INLINE float row_sum(const float *x, long n, const bool squares, float offset) {
  f16v chains[4] = {};
  long i = 0;
  for (; i + 64 <= n; i += 64) {
    for (int j = 0; j < 4; j++) {
      const f16v d = load16(x + i + 16 * j) - offset;
      chains[j] += squares ? d * d : d;
    }
  }
  for (; i + 16 <= n; i += 16) {
    const f16v d = load16(x + i) - offset;
    chains[0] += squares ? d * d : d;
  }
  const f16v lanes = (chains[0] + chains[1]) + (chains[2] + chains[3]);
  float sum = sum16(&lanes);
  for (; i < n; i++) sum += squares ? (x[i] - offset) * (x[i] - offset) : x[i] - offset;
  return sum;
}

LATHE_CLONES void lathe_layer_norm(
    const float *x, const float *weight, const float *bias, float *y, float *mean, float *rstd, long n,
    float epsilon, bool streams, long first, long last) {
  streams = streams && are_lines(y, n);
  for (long row = first; row < last; row++) {
    const float *from = x + row * n;
    float *to = y + row * n;
    const float m = row_sum(from, n, false, 0) / (float)n;
    const float r = 1 / sqrtf(row_sum(from, n, true, m) / (float)n + epsilon);
    mean[row] = m;
    rstd[row] = r;
    long i = 0;
    for (; i + 16 <= n; i += 16) {
      // The next row comes while this one is written.
      __builtin_prefetch(from + n + i);
      f16v value = (load16(from + i) - m) * r;
      if (weight) value = value * load16(weight + i) + load16(bias + i);
      if (streams) {
        stream16(to + i, value);
      } else {
        store16(to + i, value);
      }
    }
    for (; i < n; i++) {
      const float value = (from[i] - m) * r;
      to[i] = weight ? value * weight[i] + bias[i] : value;
    }
  }
  if (streams) stream_end();
}

LATHE_CLONES void lathe_layer_norm_backward(
    const float *dy, const float *x, const float *mean, const float *rstd, const float *weight, float *dx,
    float *dweight, float *dbias, long n, bool streams, long first, long last) {
  streams = streams && are_lines(dx, n);
  if (weight) {
    memset(dweight, 0, (size_t)n * sizeof(float));
    memset(dbias, 0, (size_t)n * sizeof(float));
  }
  for (long row = first; row < last; row++) {
    const float *g = dy + row * n, *from = x + row * n;
    float *to = dx + row * n;
    const float m = mean[row], r = rstd[row];
    f16v sums[2] = {}, products[2] = {};
    long i = 0;
    for (; i + 32 <= n; i += 32) {
      for (int j = 0; j < 2; j++) {
        f16v d = load16(g + i + 16 * j);
        if (weight) d *= load16(weight + i + 16 * j);
        sums[j] += d;
        products[j] += d * ((load16(from + i + 16 * j) - m) * r);
      }
    }
    sums[0] += sums[1];
    products[0] += products[1];
    float sum = sum16(&sums[0]), product = sum16(&products[0]);
    for (; i < n; i++) {
      const float d = weight ? g[i] * weight[i] : g[i];
      sum += d;
      product += d * ((from[i] - m) * r);
    }
    sum /= (float)n;
    product /= (float)n;
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
      const f16v value = r * (weighted - sum - normal * product);
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
      to[i] = r * ((weight ? g[i] * weight[i] : g[i]) - sum - normal * product);
    }
  }
  if (streams) stream_end();
}

LATHE_CLONES void lathe_sum_rows(const float *rows, long count, long n, float *to) {
  memset(to, 0, (size_t)n * sizeof(float));
  for (long row = 0; row < count; row++) {
    const float *from = rows + row * n;
    long i = 0;
    for (; i + 16 <= n; i += 16) store16(to + i, load16(to + i) + load16(from + i));
    for (; i < n; i++) to[i] += from[i];
  }
}
