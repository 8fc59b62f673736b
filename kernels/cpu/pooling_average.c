#include "include/workspace.h"
#include "pooling_windows.h"
#include "levels.h"

// Average pooling: whole rows of small windows at once, one element of the window after the other; large windows one by
// one, with sums in float64.

/// Outputs low..<high whose window element `at` (from the window's start) lies inside the image.
LATHE_INLINE void inside(long at, long stride, long size, long outputs, long *low, long *high) {
  *low = at < 0 ? (-at + stride - 1) / stride : 0;
  *high = at >= size ? 0 : (size - at + stride - 1) / stride;
  if (*high > outputs) *high = outputs;
}

LATHE_INLINE long overlap(long start, long kernel, long size) {
  const long low = start < 0 ? 0 : start, high = start + kernel < size ? start + kernel : size;
  return high - low;
}

/// What a window's sum is divided by.
LATHE_INLINE float divisor(const lathe_pool *s, long rows, long ox) {
  if (s->counts_padding) return (float)(s->kernel_height * s->kernel_width);
  return (float)(rows * overlap(ox * s->stride_x - s->padding_x, s->kernel_width, s->width));
}

/// The sum of `count` neighbours, in runs that are short enough for float32.
LATHE_INLINE double sum_of_row(const float *x, long count) {
  double total = 0;
  for (long i = 0; i < count;) {
    const long end = i + 512 < count ? i + 512 : count;
    f16v lanes = {};
    for (; i + 16 <= end; i += 16) lanes += load16(x + i);
    total += sum16(&lanes);
    for (; i < end; i++) total += x[i];
  }
  return total;
}

/// What the sum of a large window is divided by.
LATHE_INLINE double large_divisor(const lathe_pool *s, long rows, long columns) {
  const bool counts_all = s->counts_padding && !s->adaptive;
  return counts_all ? (double)(s->kernel_height * s->kernel_width) : (double)(rows * columns);
}

LATHE_STATIC_LEVELS(void, average_large,
    (const lathe_pool *s, const float *x, float *y, long first, long last),
    (s, x, y, first, last)) {
  const pool_axis vertical = vertical_axis(s), horizontal = horizontal_axis(s);
  y += first * s->output_height * s->output_width;
  for (long p = first; p < last; p++)
    for (long oy = 0; oy < s->output_height; oy++) {
      long y0, y1;
      window_elements(&vertical, oy, &y0, &y1);
      for (long ox = 0; ox < s->output_width; ox++) {
        long x0, x1;
        window_elements(&horizontal, ox, &x0, &x1);
        double sum = 0;
        for (long iy = y0; iy < y1; iy++) sum += sum_of_row(x + (p * s->height + iy) * s->width + x0, x1 - x0);
        *y++ = (float)(sum / large_divisor(s, y1 - y0, x1 - x0));
      }
    }
}

/// Spreads rows of windows along x first, and the results along y.
LATHE_STATIC_LEVELS(void, average_large_backward,
    (const lathe_pool *s, const float *dy, float *dx, long first, long last),
    (s, dy, dx, first, last)) {
  const pool_axis vertical = vertical_axis(s), horizontal = horizontal_axis(s);
  const long oh = s->output_height, ow = s->output_width, width = s->width, in = s->height * width;
  double *sums = (double *)lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)(in + width) * 2);
  if (!sums) return;
  double *row = sums + in;
  for (long p = first; p < last; p++) {
    for (long i = 0; i < in; i++) sums[i] = 0;
    for (long oy = 0; oy < oh; oy++) {
      long y0, y1;
      window_elements(&vertical, oy, &y0, &y1);
      for (long i = 0; i < width; i++) row[i] = 0;
      for (long ox = 0; ox < ow; ox++) {
        long x0, x1;
        window_elements(&horizontal, ox, &x0, &x1);
        const double share = dy[(p * oh + oy) * ow + ox] / large_divisor(s, y1 - y0, x1 - x0);
        for (long i = x0; i < x1; i++) row[i] += share;
      }
      for (long r = y0; r < y1; r++)
        for (long i = 0; i < width; i++) sums[r * width + i] += row[i];
    }
    for (long i = 0; i < in; i++) dx[p * in + i] = (float)sums[i];
  }
}

LATHE_LEVELS(void, lathe_average_pool,
    (const lathe_pool *s, const float *x, float *y, long first, long last),
    (s, x, y, first, last)) {
  if (has_large_windows(s)) return average_large(s, x, y, first, last);
  const long ow = s->output_width, oh = s->output_height;
  for (long p = first; p < last; p++)
    for (long oy = 0; oy < oh; oy++) {
      float *to = y + (p * oh + oy) * ow;
      const long start = oy * s->stride_y - s->padding_y;
      memset(to, 0, (size_t)ow * sizeof(float));
      for (long ky = 0; ky < s->kernel_height; ky++) {
        if (start + ky < 0 || start + ky >= s->height) continue;
        for (long kx = 0; kx < s->kernel_width; kx++) {
          long low, high;
          const long at = kx - s->padding_x, step = s->stride_x;
          inside(at, step, s->width, ow, &low, &high);
          const float *row = x + (p * s->height + start + ky) * s->width + at;
          long i = low;
          if (step == 1) {
            for (; i + 8 <= high; i += 8) store8(to + i, load8(to + i) + load8(row + i));
          } else if (step == 2) {
            // The last element of the second load may lie behind the row's end.
            for (; i + 9 <= high; i += 8) {
              const f8v a = load8(row + 2 * i), b = load8(row + 2 * i + 8);
              store8(to + i, load8(to + i) + __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
            }
          }
          for (; i < high; i++) to[i] += row[i * step];
        }
      }
      const long rows = overlap(start, s->kernel_height, s->height);
      for (long ox = 0; ox < ow; ox++) to[ox] /= divisor(s, rows, ox);
    }
}

LATHE_LEVELS(void, lathe_average_pool_backward,
    (const lathe_pool *s, const float *dy, float *dx, long first, long last),
    (s, dy, dx, first, last)) {
  if (has_large_windows(s)) return average_large_backward(s, dy, dx, first, last);
  const long ow = s->output_width, oh = s->output_height, in = s->height * s->width;
  for (long p = first; p < last; p++) {
    memset(dx + p * in, 0, (size_t)in * sizeof(float));
    for (long oy = 0; oy < oh; oy++) {
      const long start = oy * s->stride_y - s->padding_y;
      const long y0 = start < 0 ? 0 : start, rows = overlap(start, s->kernel_height, s->height);
      for (long ox = 0; ox < ow; ox++) {
        const long left = ox * s->stride_x - s->padding_x;
        const long x0 = left < 0 ? 0 : left, columns = overlap(left, s->kernel_width, s->width);
        const float share = dy[(p * oh + oy) * ow + ox] / divisor(s, rows, ox);
        for (long r = y0; r < y0 + rows; r++) {
          float *row = dx + p * in + r * s->width + x0;
          for (long c = 0; c < columns; c++) row[c] += share;
        }
      }
    }
  }
}
