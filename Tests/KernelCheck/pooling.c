#include "check.h"

// Pooling and its gradients.

typedef struct range {
  long low, high;
} range;

/// The elements of an axis that a window holds.
static range window(long i, long size, long outputs, long kernel, long stride, long padding, bool adaptive) {
  if (adaptive) return (range){i * size / outputs, (long)ceil((double)((i + 1) * size) / (double)outputs)};
  const long start = i * stride - padding;
  return (range){start < 0 ? 0 : start, start + kernel > size ? size : start + kernel};
}

static range rows_of(const lathe_pool *s, long oy) {
  return window(oy, s->height, s->output_height, s->kernel_height, s->stride_y, s->padding_y, s->adaptive);
}

static range columns_of(const lathe_pool *s, long ox) {
  return window(ox, s->width, s->output_width, s->kernel_width, s->stride_x, s->padding_x, s->adaptive);
}

#define FOR_EACH_WINDOW(s, body)                                       \
  for (long plane = 0; plane < (s)->planes; plane++)                   \
    for (long oy = 0; oy < (s)->output_height; oy++)                   \
      for (long ox = 0; ox < (s)->output_width; ox++) {                \
        const range rows = rows_of(s, oy), columns = columns_of(s, ox); \
        const long i = (plane * (s)->output_height + oy) * (s)->output_width + ox; \
        body                                                           \
      }

static void check_maximum(const lathe_pool *s) {
  const long size = s->height * s->width, x_count = s->planes * size;
  const long y_count = s->planes * s->output_height * s->output_width;
  float *x = blank_floats(x_count), *dy = random_floats(y_count), *y = blank_floats(y_count),
      *dx = blank_floats(x_count);
  double *best = zero_doubles(y_count), *expected_dx = zero_doubles(x_count);
  int32_t *places = room(y_count, sizeof *places), *index = room(y_count, sizeof *index);
  // Few distinct values, so that there are ties; some NaN and infinities.
  for (long i = 0; i < x_count; i++) x[i] = i % 37 == 5 ? NAN : i % 41 == 7 ? -INFINITY : rintf(next_float() * 4);
  FOR_EACH_WINDOW(s, {
    bool is_first = true;
    for (long iy = rows.low; iy < rows.high; iy++)
      for (long ix = columns.low; ix < columns.high; ix++) {
        const float value = x[plane * size + iy * s->width + ix];
        // The last NaN counts.
        if (!is_first && !(value > best[i]) && !isnan(value)) continue;
        if (!is_first && isnan(best[i]) && !isnan(value)) continue;
        is_first = false;
        best[i] = value;
        places[i] = (int32_t)(iy * s->width + ix);
      }
    expected_dx[plane * size + places[i]] += dy[i];
  })
  lathe_max_pool(s, x, y, index, 0, s->planes / 2);
  lathe_max_pool(s, x, y, index, s->planes / 2, s->planes);
  expect_close("maximum", y, best, y_count, 0, 1);
  // Where there are several NaN, which of them counts is open.
  for (long i = 0; i < y_count; i++)
    if (!isnan(best[i])) expect_same("index", index + i, places + i, 1, sizeof *index);
  memset(dx, 0, (size_t)x_count * sizeof *dx);
  lathe_max_pool_backward(s, dy, places, dx, 0, s->planes / 2);
  lathe_max_pool_backward(s, dy, places, dx, s->planes / 2, s->planes);
  expect_close("gradient of the maximum", dx, expected_dx, x_count, 2e-6, 1);
}

static void check_average(const lathe_pool *s) {
  const long size = s->height * s->width, x_count = s->planes * size;
  const long y_count = s->planes * s->output_height * s->output_width;
  float *x = random_floats(x_count), *dy = random_floats(y_count), *y = blank_floats(y_count),
      *dx = blank_floats(x_count);
  double *mean = zero_doubles(y_count), *expected_dx = zero_doubles(x_count);
  FOR_EACH_WINDOW(s, {
    const double inside = (double)((rows.high - rows.low) * (columns.high - columns.low));
    const double count = s->counts_padding && !s->adaptive ? (double)(s->kernel_height * s->kernel_width) : inside;
    for (long iy = rows.low; iy < rows.high; iy++)
      for (long ix = columns.low; ix < columns.high; ix++) {
        mean[i] += x[plane * size + iy * s->width + ix] / count;
        expected_dx[plane * size + iy * s->width + ix] += dy[i] / count;
      }
  })
  lathe_average_pool(s, x, y, 0, s->planes / 2);
  lathe_average_pool(s, x, y, s->planes / 2, s->planes);
  expect_close("average", y, mean, y_count, 2e-6, 1);
  memset(dx, 0, (size_t)x_count * sizeof *dx);
  lathe_average_pool_backward(s, dy, dx, 0, s->planes / 2);
  lathe_average_pool_backward(s, dy, dx, s->planes / 2, s->planes);
  expect_close("gradient of the average", dx, expected_dx, x_count, 2e-6, 1);
}

static void check_pool(lathe_pool s) {
  describe(
      "%ld x %ld to %ld x %ld, kernel %ld x %ld, stride %ld x %ld, padding %ld x %ld%s", s.height, s.width,
      s.output_height, s.output_width, s.kernel_height, s.kernel_width, s.stride_y, s.stride_x, s.padding_y,
      s.padding_x,
      s.adaptive ? ", adaptive" : "");
  check_maximum(&s);
  for (int counts = 0; counts < 2; counts++) {
    s.counts_padding = counts;
    check_average(&s);
  }
  release();
}

void check_pooling(void) {
  static const long images[][2] = {{2, 2}, {8, 8}, {24, 24}, {5, 7}, {33, 65}, {14, 31}};
  // Kernel, stride and padding of both axes; the last one's windows are large.
  static const long windows[][6] = {{2, 2, 2, 2, 0, 0}, {3, 3, 2, 2, 1, 1}, {2, 3, 1, 1, 1, 1}, {3, 2, 3, 1, 0, 1},
                                    {2, 2, 2, 2, 1, 1}, {1, 1, 2, 3, 0, 0}, {9, 11, 3, 4, 4, 5}};
  for (int i = 0; i < 6; i++) {
    for (int j = 0; j < 7; j++) {
      const long *w = windows[j], height = images[i][0], width = images[i][1];
      if (height + 2 * w[4] < w[0] || width + 2 * w[5] < w[1]) continue;
      check_pool((lathe_pool){
          .planes = 5, .height = height, .width = width, .kernel_height = w[0], .kernel_width = w[1], .stride_y = w[2],
          .stride_x = w[3], .padding_y = w[4], .padding_x = w[5], .output_height = (height + 2 * w[4] - w[0])
          / w[2] + 1,
          .output_width = (width + 2 * w[5] - w[1]) / w[3] + 1});
    }
    check_pool((lathe_pool){
        .planes = 4, .height = images[i][0], .width = images[i][1], .output_height = images[i][0] / 2 + 1,
        .output_width = (images[i][1] + 2) / 3, .adaptive = true});
  }
}
