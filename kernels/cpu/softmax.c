#include "include/softmax.h"

#include <math.h>

#include "vector_exp.h"
#include "levels.h"

// Softmax along rows: the maximum is subtracted first, so that no exponential overflows.

/// The largest element; NaN is passed over, as it shows in the sum.
LATHE_INLINE float row_maximum(const float *x, long n) {
  // Four chains: a comparison waits for the one before it.
  f16v chains[4];
  for (int j = 0; j < 4; j++) chains[j] = (f16v){} - INFINITY;
  long i = 0;
  for (; i + 64 <= n; i += 64) {
    for (int j = 0; j < 4; j++) {
      const f16v y = load16(x + i + 16 * j);
      chains[j] = select16(y > chains[j], y, chains[j]);
    }
  }
  for (int j = 1; j < 4; j++) chains[0] = select16(chains[j] > chains[0], chains[j], chains[0]);
  f16v m = chains[0];
  for (; i + 16 <= n; i += 16) {
    const f16v y = load16(x + i);
    m = select16(y > m, y, m);
  }
  if (i < n) {
    f16v y = (f16v){} - INFINITY;
    load_first(&y, x + i, n - i);
    m = select16(y > m, y, m);
  }
  float largest = m[0];
  for (int j = 1; j < 16; j++) largest = m[j] > largest ? m[j] : largest;
  return largest;
}

/// The sum of e^(x - maximum), stored in y unless that is NULL.
LATHE_INLINE float exponentials(const float *x, float *y, long n, float maximum) {
  f16v sum = {};
  long i = 0;
  for (; i + 16 <= n; i += 16) {
    f16v e = load16(x + i) - maximum;
    exp16(&e);
    sum += e;
    if (y) store16(y + i, e);
  }
  if (i < n) {
    f16v e = (f16v){} - INFINITY;
    load_first(&e, x + i, n - i);
    // Lanes beyond the row must not turn into NaN where the maximum is -inf.
    e = e - maximum;
    f16v rest = (f16v){} - INFINITY;
    load_first(&rest, (const float *)&e, n - i);
    exp16(&rest);
    sum += rest;
    if (y) store_first(y + i, &rest, n - i);
  }
  return sum16(&sum);
}

/// The longest row whose exponentials wait in the L1 cache until they are scaled.
#define STREAMED_ROW 6144

LATHE_LEVELS(void, lathe_softmax,
    (const float *x, float *y, long n, bool logarithm, bool streams, long first, long last),
    (x, y, n, logarithm, streams, first, last)) {
  float row_exponentials[STREAMED_ROW] __attribute__((aligned(64)));
  streams = streams && !logarithm && n <= STREAMED_ROW && are_lines(y, n);
  for (long row = first; row < last; row++) {
    const float *from = x + row * n;
    float *to = y + row * n;
    const float maximum = row_maximum(from, n);
    long i = 0;
    if (streams) {
      const float scale = 1 / exponentials(from, row_exponentials, n, maximum);
      for (; i < n; i += 16) {
        // The next row comes while this one is written.
        __builtin_prefetch(from + n + i);
        stream16(to + i, load16(row_exponentials + i) * scale);
      }
      continue;
    }
    if (logarithm) {
      const float log_sum = logf(exponentials(from, NULL, n, maximum));
      for (; i + 16 <= n; i += 16) store16(to + i, load16(from + i) - maximum - log_sum);
      for (; i < n; i++) to[i] = from[i] - maximum - log_sum;
    } else {
      const float scale = 1 / exponentials(from, to, n, maximum);
      for (; i + 16 <= n; i += 16) store16(to + i, load16(to + i) * scale);
      for (; i < n; i++) to[i] *= scale;
    }
  }
  if (streams) stream_end();
}

LATHE_LEVELS(void, lathe_softmax_backward,
    (const float *dy, const float *y, float *dx, long n, bool logarithm, bool streams, long first, long last),
    (dy, y, dx, n, logarithm, streams, first, last)) {
  streams = streams && !logarithm && are_lines(dx, n);
  for (long row = first; row < last; row++) {
    const float *g = dy + row * n, *out = y + row * n;
    float *to = dx + row * n;
    f16v lanes = {};
    long i = 0;
    for (; i + 16 <= n; i += 16) lanes += logarithm ? load16(g + i) : load16(g + i) * load16(out + i);
    float sum = sum16(&lanes);
    for (; i < n; i++) sum += logarithm ? g[i] : g[i] * out[i];
    i = 0;
    if (streams) {
      for (; i < n; i += 16) {
        __builtin_prefetch(g + n + i);
        __builtin_prefetch(out + n + i);
        stream16(to + i, load16(out + i) * (load16(g + i) - sum));
      }
    } else if (logarithm) {
      for (; i + 16 <= n; i += 16) {
        f16v e = load16(out + i);
        exp16(&e);
        store16(to + i, load16(g + i) - e * sum);
      }
      if (i < n) {
        f16v e = {}, d = {};
        load_first(&e, out + i, n - i);
        load_first(&d, g + i, n - i);
        exp16(&e);
        d = d - e * sum;
        store_first(to + i, &d, n - i);
      }
    } else {
      for (; i + 16 <= n; i += 16) store16(to + i, load16(out + i) * (load16(g + i) - sum));
      for (; i < n; i++) to[i] = out[i] * (g[i] - sum);
    }
  }
  if (streams) stream_end();
}

LATHE_INLINE bool is_ignored(const lathe_cross_entropy *s, int32_t label) {
  return s->has_ignored && label == s->ignored;
}

LATHE_INLINE bool is_outside(const lathe_cross_entropy *s, int32_t label) { return label < 0 || label >= s->classes; }

LATHE_LEVELS(long, lathe_cross_entropy_forward,
    (const lathe_cross_entropy *s, const float *logits, const int32_t *labels, float *loss, float *parts, long first,
     long last),
    (s, logits, labels, loss, parts, first, last)) {
  const long n = s->classes;
  for (long row = first; row < last; row++) {
    const float *x = logits + row * n;
    const int32_t label = labels[row];
    const bool ignored = is_ignored(s, label);
    if (!ignored && is_outside(s, label)) return row;
    // Apart: their sum would round the logarithm away beside a large element.
    const float maximum = s->of_logarithms ? 0 : row_maximum(x, n);
    const float rest = s->of_logarithms ? 0 : logf(exponentials(x, NULL, n, maximum));
    parts[2 * row] = maximum;
    parts[2 * row + 1] = rest;
    if (ignored) {
      loss[row] = 0;
      continue;
    }
    // Relative to the maximum: nothing large cancels.
    float value = rest - (1 - s->smoothing) * (x[label] - maximum);
    if (s->smoothing != 0) {
      f16v lanes = {};
      long i = 0;
      for (; i + 16 <= n; i += 16) lanes += load16(x + i) - maximum;
      float sum = sum16(&lanes);
      for (; i < n; i++) sum += x[i] - maximum;
      value -= s->smoothing / (float)n * sum;
    }
    loss[row] = value;
  }
  return -1;
}

LATHE_LEVELS(long, lathe_cross_entropy_backward,
    (const lathe_cross_entropy *s, const float *logits, const int32_t *labels, const float *parts,
     const float *dloss, float *dlogits, long first, long last),
    (s, logits, labels, parts, dloss, dlogits, first, last)) {
  const long n = s->classes;
  const float share = s->smoothing / (float)n;
  for (long row = first; row < last; row++) {
    const float *x = logits + row * n;
    float *to = dlogits + row * n;
    const int32_t label = labels[row];
    if (is_ignored(s, label)) {
      memset(to, 0, (size_t)n * sizeof(float));
      continue;
    }
    if (is_outside(s, label)) return row;
    const float g = dloss[row], maximum = parts[2 * row], rest = parts[2 * row + 1];
    long i = 0;
    if (s->of_logarithms)
      for (; i < n; i++) to[i] = -g * share;
    for (; i + 16 <= n; i += 16) {
      f16v e = load16(x + i) - maximum - rest;
      exp16(&e);
      store16(to + i, g * (e - share));
    }
    if (i < n) {
      f16v e = {};
      load_first(&e, x + i, n - i);
      e = e - maximum - rest;
      exp16(&e);
      e = g * (e - share);
      store_first(to + i, &e, n - i);
    }
    to[label] -= g * (1 - s->smoothing);
  }
  return -1;
}
