#include "check.h"

#include <math.h>

// Rows turned by the angles of their positions.

static void check_case(long width, long pairs, bool is_interleaved, bool is_inverse) {
  const long batch = 2, heads = 3, time = 5, rows = batch * heads * time;
  describe("rotation of %ld pairs of %ld%s%s", pairs, width, is_interleaved ? ", interleaved" : "", is_inverse ? ", back" : "");
  // Heads behind time, and gaps behind rows.
  const long row = width + 2;
  float *x = random_floats(rows * row), *cosines = random_floats(time * pairs), *sines = random_floats(time * pairs);
  float *y = blank_floats(rows * width);
  double *expected = zero_doubles(rows * width);
  const lathe_rotation r = {
      .heads = heads, .time = time, .width = width, .pairs = pairs, .is_interleaved = is_interleaved, .is_inverse = is_inverse,
      .x = x, .x_batch = time * heads * row, .x_head = row, .x_time = heads * row,
      .cosines = cosines, .sines = sines, .cosine_row = pairs, .sine_row = pairs, .y = y};
  for (long i = 0; i < rows; i++) {
    const long t = i % time, head = i / time % heads, b = i / time / heads;
    const float *from = x + ((b * time + t) * heads + head) * row;
    double *to = expected + i * width;
    for (long j = 0; j < width; j++) to[j] = from[j];
    for (long p = 0; p < pairs; p++) {
      const long first = is_interleaved ? 2 * p : p, second = is_interleaved ? 2 * p + 1 : p + pairs;
      const double c = cosines[t * pairs + p], s = sines[t * pairs + p] * (is_inverse ? -1.0 : 1.0);
      to[first] = from[first] * c - from[second] * s;
      to[second] = from[first] * s + from[second] * c;
    }
  }
  lathe_rotate(&r, 0, rows / 2);
  lathe_rotate(&r, rows / 2, rows);
  expect_close("y", y, expected, rows * width, 1e-6, 1);
  release();
}

void check_rotation(void) {
  static const long sizes[][2] = {{2, 1}, {64, 32}, {70, 35}, {40, 17}, {33, 16}};
  for (int i = 0; i < 5; i++)
    for (int form = 0; form < 4; form++) check_case(sizes[i][0], sizes[i][1], form % 2, form / 2);
}
