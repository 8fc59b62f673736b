#include "include/normalization.h"

#include <math.h>

#include "vector_types.h"

// Layer normalisation: the variance is the mean of squared differences, in a pass of its own, so that nothing cancels.

LATHE_CLONES void lathe_layer_norm(
    const float *x, const float *weight, const float *bias, float *y, float *mean, float *rstd, long n,
    float epsilon, long first, long last) {
  for (long row = first; row < last; row++) {
    const float *from = x + row * n;
    float *to = y + row * n;
    f16v lanes = {};
    long i = 0;
    for (; i + 16 <= n; i += 16) lanes += load16(from + i);
    float sum = sum16(&lanes);
    for (; i < n; i++) sum += from[i];
    const float m = sum / (float)n;
    lanes = (f16v){};
    for (i = 0; i + 16 <= n; i += 16) {
      const f16v d = load16(from + i) - m;
      lanes += d * d;
    }
    float squares = sum16(&lanes);
    for (; i < n; i++) squares += (from[i] - m) * (from[i] - m);
    const float r = 1 / sqrtf(squares / (float)n + epsilon);
    mean[row] = m;
    rstd[row] = r;
    i = 0;
    if (weight) {
      for (; i + 16 <= n; i += 16)
        store16(to + i, (load16(from + i) - m) * r * load16(weight + i) + load16(bias + i));
      for (; i < n; i++) to[i] = (from[i] - m) * r * weight[i] + bias[i];
    } else {
      for (; i + 16 <= n; i += 16) store16(to + i, (load16(from + i) - m) * r);
      for (; i < n; i++) to[i] = (from[i] - m) * r;
    }
  }
}

LATHE_CLONES void lathe_layer_norm_backward(
    const float *dy, const float *x, const float *mean, const float *rstd, const float *weight, float *dx, long n,
    long first, long last) {
  for (long row = first; row < last; row++) {
    const float *g = dy + row * n, *from = x + row * n;
    float *to = dx + row * n;
    const float m = mean[row], r = rstd[row];
    f16v sums = {}, products = {};
    long i = 0;
    for (; i + 16 <= n; i += 16) {
      f16v d = load16(g + i);
      if (weight) d *= load16(weight + i);
      sums += d;
      products += d * ((load16(from + i) - m) * r);
    }
    float sum = sum16(&sums), product = sum16(&products);
    for (; i < n; i++) {
      const float d = weight ? g[i] * weight[i] : g[i];
      sum += d;
      product += d * ((from[i] - m) * r);
    }
    sum /= (float)n;
    product /= (float)n;
    for (i = 0; i + 16 <= n; i += 16) {
      f16v d = load16(g + i);
      if (weight) d *= load16(weight + i);
      store16(to + i, r * (d - sum - (load16(from + i) - m) * r * product));
    }
    for (; i < n; i++) {
      const float d = weight ? g[i] * weight[i] : g[i];
      to[i] = r * (d - sum - (from[i] - m) * r * product);
    }
  }
}

LATHE_CLONES void lathe_layer_norm_sums(
    const float *dy, const float *x, const float *mean, const float *rstd, float *dweight, float *dbias, long n,
    long first, long last) {
  memset(dweight, 0, (size_t)n * sizeof(float));
  memset(dbias, 0, (size_t)n * sizeof(float));
  for (long row = first; row < last; row++) {
    const float *g = dy + row * n, *from = x + row * n;
    const float m = mean[row], r = rstd[row];
    long i = 0;
    for (; i + 16 <= n; i += 16) {
      const f16v d = load16(g + i);
      store16(dweight + i, load16(dweight + i) + d * ((load16(from + i) - m) * r));
      store16(dbias + i, load16(dbias + i) + d);
    }
    for (; i < n; i++) {
      dweight[i] += g[i] * ((from[i] - m) * r);
      dbias[i] += g[i];
    }
  }
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
