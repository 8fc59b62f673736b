#include "include/workspace.h"
#include "pooling_windows.h"
#include "levels.h"

// Maximum pooling. Windows of 2 x 2 with a stride of 2 read two rows of the image and deal their elements out to even
// and odd lanes; everything else runs over the window element by element.

typedef float f4v __attribute__((vector_size(16), aligned(4)));
typedef int32_t i4v __attribute__((vector_size(16), aligned(4)));

/// Whether b takes a's place as the largest: it is larger, or NaN, as in PyTorch.
LATHE_INLINE bool beats(float b, float a) { return b > a || b != b; }

static bool is_two_by_two(const lathe_pool *s) {
  return !s->adaptive && s->kernel_height == 2 && s->kernel_width == 2 && s->stride_y == 2 && s->stride_x == 2 && s->padding_y == 0
      && s->padding_x == 0 && s->output_height * 2 <= s->height && s->output_width * 2 <= s->width;
}

#define TAKE(F, I, b, bi) \
  do { \
    const I better = ((b) > best) | ((b) != (b)); \
    best = (F)(((I)(b)&better) | ((I)best & ~better)); \
    at = ((bi)&better) | (at & ~better); \
  } while (0)

LATHE_INLINE void two_by_two_row(const float *upper, const float *lower, long w, long start, float *y, int32_t *index, long count) {
  long i = 0;
  const i8v lanes8 = {0, 2, 4, 6, 8, 10, 12, 14};
  for (; i + 8 <= count; i += 8) {
    const f8v a = load8(upper + 2 * i), b = load8(upper + 2 * i + 8);
    const f8v c = load8(lower + 2 * i), d = load8(lower + 2 * i + 8);
    const i8v first = lanes8 + (int32_t)(start + 2 * i);
    f8v best = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
    i8v at = first;
    const f8v odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
    TAKE(f8v, i8v, odd, first + 1);
    const f8v even2 = __builtin_shufflevector(c, d, 0, 2, 4, 6, 8, 10, 12, 14);
    TAKE(f8v, i8v, even2, first + (int32_t)w);
    const f8v odd2 = __builtin_shufflevector(c, d, 1, 3, 5, 7, 9, 11, 13, 15);
    TAKE(f8v, i8v, odd2, first + (int32_t)(w + 1));
    store8(y + i, best);
    *(i8v *)(index + i) = at;
  }
  const i4v lanes4 = {0, 2, 4, 6};
  for (; i + 4 <= count; i += 4) {
    const f8v a = load8(upper + 2 * i), b = load8(lower + 2 * i);
    const i4v first = lanes4 + (int32_t)(start + 2 * i);
    f4v best = __builtin_shufflevector(a, a, 0, 2, 4, 6);
    i4v at = first;
    const f4v odd = __builtin_shufflevector(a, a, 1, 3, 5, 7);
    TAKE(f4v, i4v, odd, first + 1);
    const f4v even2 = __builtin_shufflevector(b, b, 0, 2, 4, 6);
    TAKE(f4v, i4v, even2, first + (int32_t)w);
    const f4v odd2 = __builtin_shufflevector(b, b, 1, 3, 5, 7);
    TAKE(f4v, i4v, odd2, first + (int32_t)(w + 1));
    *(f4v *)(y + i) = best;
    *(i4v *)(index + i) = at;
  }
  for (; i < count; i++) {
    float best = upper[2 * i];
    long at = 0;
    if (beats(upper[2 * i + 1], best)) best = upper[2 * i + 1], at = 1;
    if (beats(lower[2 * i], best)) best = lower[2 * i], at = w;
    if (beats(lower[2 * i + 1], best)) best = lower[2 * i + 1], at = w + 1;
    y[i] = best;
    index[i] = (int32_t)(start + 2 * i + at);
  }
}

/// Whether one of `count` elements beats `best`.
LATHE_INLINE bool any_beats(const float *x, long count, float best) {
  i16v found = {};
  const f16v limit = best - (f16v){};
  long i = 0;
  for (; i + 16 <= count; i += 16) {
    const f16v value = load16(x + i);
    found |= (value > limit) | (value != value);
  }
  for (; i < count; i++) found[0] |= beats(x[i], best);
  int32_t any = 0;
  for (int lane = 0; lane < 16; lane++) any |= found[lane];
  return any != 0;
}

LATHE_INLINE void any_window(const lathe_pool *s, const float *x, float *y, int32_t *index) {
  const pool_axis vertical = vertical_axis(s), horizontal = horizontal_axis(s);
  for (long oy = 0; oy < s->output_height; oy++) {
    long y0, y1;
    window_elements(&vertical, oy, &y0, &y1);
    for (long ox = 0; ox < s->output_width; ox++) {
      long x0, x1;
      window_elements(&horizontal, ox, &x0, &x1);
      float best = x[y0 * s->width + x0];
      long at = y0 * s->width + x0;
      for (long iy = y0; iy < y1; iy++) {
        const float *row = x + iy * s->width;
        // Most rows of a large window hold nothing larger.
        if (x1 - x0 >= 32 && !any_beats(row + x0, x1 - x0, best)) continue;
        for (long ix = x0; ix < x1; ix++)
          if (beats(row[ix], best)) best = row[ix], at = iy * s->width + ix;
      }
      *y++ = best;
      *index++ = (int32_t)at;
    }
  }
}

LATHE_LEVELS(void, lathe_max_pool,
    (const lathe_pool *s, const float *x, float *y, int32_t *index, long first, long last),
    (s, x, y, index, first, last)) {
  const long in = s->height * s->width, ow = s->output_width, out = s->output_height * ow, w = s->width;
  const bool fast = is_two_by_two(s);
  for (long p = first; p < last; p++) {
    const float *from = x + p * in;
    if (fast) {
      for (long oy = 0; oy < s->output_height; oy++) {
        const float *upper = from + 2 * oy * w;
        two_by_two_row(upper, upper + w, w, 2 * oy * w, y + p * out + oy * ow, index + p * out + oy * ow, ow);
      }
    } else {
      any_window(s, from, y + p * out, index + p * out);
    }
  }
}

/// Writes two rows of dx for a row of dy: each element is written once.
LATHE_INLINE void two_by_two_row_backward(
    const float *dy, const int32_t *index, long w, long start, float *upper, float *lower, long count) {
  long i = 0;
  const i8v lanes = {0, 2, 4, 6, 8, 10, 12, 14};
  for (; i + 8 <= count; i += 8) {
    const i8v at = *(const i8v *)(index + i) - (lanes + (int32_t)(start + 2 * i));
    const i8v g = (i8v)load8(dy + i);
    const f8v a = (f8v)(g & (at == 0)), b = (f8v)(g & (at == 1));
    const f8v c = (f8v)(g & (at == (int32_t)w)), d = (f8v)(g & (at == (int32_t)(w + 1)));
    store8(upper + 2 * i, __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
    store8(upper + 2 * i + 8, __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
    store8(lower + 2 * i, __builtin_shufflevector(c, d, 0, 8, 1, 9, 2, 10, 3, 11));
    store8(lower + 2 * i + 8, __builtin_shufflevector(c, d, 4, 12, 5, 13, 6, 14, 7, 15));
  }
  const i4v lanes4 = {0, 2, 4, 6};
  for (; i + 4 <= count; i += 4) {
    const i4v at = *(const i4v *)(index + i) - (lanes4 + (int32_t)(start + 2 * i));
    const i4v g = (i4v) * (const f4v *)(dy + i);
    const f4v a = (f4v)(g & (at == 0)), b = (f4v)(g & (at == 1));
    const f4v c = (f4v)(g & (at == (int32_t)w)), d = (f4v)(g & (at == (int32_t)(w + 1)));
    store8(upper + 2 * i, __builtin_shufflevector(a, b, 0, 4, 1, 5, 2, 6, 3, 7));
    store8(lower + 2 * i, __builtin_shufflevector(c, d, 0, 4, 1, 5, 2, 6, 3, 7));
  }
  for (; i < count; i++) {
    const long at = index[i] - (start + 2 * i);
    upper[2 * i] = at == 0 ? dy[i] : 0;
    upper[2 * i + 1] = at == 1 ? dy[i] : 0;
    lower[2 * i] = at == w ? dy[i] : 0;
    lower[2 * i + 1] = at == w + 1 ? dy[i] : 0;
  }
}

LATHE_LEVELS(void, lathe_max_pool_backward,
    (const lathe_pool *s, const float *dy, const int32_t *index, float *dx, long first, long last),
    (s, dy, index, dx, first, last)) {
  const long w = s->width, in = s->height * w, ow = s->output_width, out = s->output_height * ow;
  const bool fast = is_two_by_two(s);
  for (long p = first; p < last; p++) {
    float *to = dx + p * in;
    if (fast) {
      for (long oy = 0; oy < s->output_height; oy++) {
        float *upper = to + 2 * oy * w;
        two_by_two_row_backward(
            dy + p * out + oy * ow, index + p * out + oy * ow, w, 2 * oy * w, upper, upper + w, ow);
        for (long i = 2 * ow; i < w; i++) upper[i] = upper[w + i] = 0;
      }
      for (long i = 2 * s->output_height * w; i < in; i++) to[i] = 0;
    } else if (has_large_windows(s)) {
      // Many windows may have one largest element.
      double *sums = (double *)lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)in * 2);
      if (!sums) return;
      for (long i = 0; i < in; i++) sums[i] = 0;
      for (long i = 0; i < out; i++) sums[index[p * out + i]] += dy[p * out + i];
      for (long i = 0; i < in; i++) to[i] = (float)sums[i];
    } else {
      memset(to, 0, (size_t)in * sizeof(float));
      for (long i = 0; i < out; i++) to[index[p * out + i]] += dy[p * out + i];
    }
  }
}
