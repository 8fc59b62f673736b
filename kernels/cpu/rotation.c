#include "include/rotation.h"

#include <string.h>

#include "levels.h"

/// Elements p and p + pairs of a row turned by position p's angles.
LATHE_INLINE void rotate_halves(const lathe_rotation *r, const float *x, const float *c, const float *s, float sign, float *y) {
  const long pairs = r->pairs;
  long p = 0;
  for (; p + 16 <= pairs; p += 16) {
    const f16v a = load16(x + p), b = load16(x + pairs + p), cosine = load16(c + p), sine = load16(s + p) * sign;
    store16(y + p, a * cosine - b * sine);
    store16(y + pairs + p, a * sine + b * cosine);
  }
  for (; p < pairs; p++) {
    const float a = x[p], b = x[pairs + p], sine = s[p] * sign;
    y[p] = a * c[p] - b * sine;
    y[pairs + p] = a * sine + b * c[p];
  }
}

LATHE_INLINE void rotate_neighbours(const lathe_rotation *r, const float *x, const float *c, const float *s, float sign, float *y) {
  for (long p = 0; p < r->pairs; p++) {
    const float a = x[2 * p], b = x[2 * p + 1], sine = s[p] * sign;
    y[2 * p] = a * c[p] - b * sine;
    y[2 * p + 1] = a * sine + b * c[p];
  }
}

LATHE_LEVELS(void, lathe_rotate, (const lathe_rotation *r, long first, long last), (r, first, last)) {
  const float sign = r->is_inverse ? -1 : 1;
  for (long row = first; row < last; row++) {
    const long t = row % r->time, head = row / r->time % r->heads, batch = row / r->time / r->heads;
    const float *x = r->x + batch * r->x_batch + head * r->x_head + t * r->x_time;
    const float *c = r->cosines + t * r->cosine_row, *s = r->sines + t * r->sine_row;
    float *y = r->y + row * r->width;
    if (r->is_interleaved)
      rotate_neighbours(r, x, c, s, sign, y);
    else
      rotate_halves(r, x, c, s, sign, y);
    memcpy(y + 2 * r->pairs, x + 2 * r->pairs, (size_t)(r->width - 2 * r->pairs) * sizeof(float));
  }
}
