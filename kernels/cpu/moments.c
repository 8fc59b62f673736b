#include "include/moments.h"

#include "blocked_sums.h"
#include "levels.h"

// Mean and squared differences of groups of numbers, joined as by Chan, Golub and LeVeque, "Updating formulae and a pairwise
// algorithm for computing sample variances" (1979). Of each group the differences are from its rounded mean, and what
// the rounding left is taken off.

/// Numbers that share an offset: they are read twice, the second time from a cache near by.
#define GROUP 4096

void lathe_join_moments(struct lathe_moments *to, const struct lathe_moments *from) {
  if (from->count == 0) return;
  const double total = to->count + from->count, share = from->count / total, delta = from->mean - to->mean;
  to->squares += from->squares + delta * delta * (to->count * share);
  // Not mean + delta * share, which is NaN behind an infinite mean.
  to->mean = to->mean * (1 - share) + from->mean * share;
  to->count = total;
}

LATHE_INLINE double sum_of_lanes(const d16v *x) {
  double sum = 0;
  for (int i = 0; i < 16; i++) sum += (*x)[i];
  return sum;
}

/// The sum of the differences from `offset`, and unless NULL of their squares.
LATHE_INLINE double deviations(
    const float *x, long rows, long stride, long n, float offset, double *squares) {
  d16v sum = {}, square_sum = {};
  double rest = 0, square_rest = 0;
  f16v runs[4] = {}, square_runs[4] = {};
  long run = 0;
  for (long row = 0; row < rows; row++, x += stride) {
    long i = 0;
    while (i + 16 <= n) {
      for (; i + 64 <= n && run < LATHE_SUM_BLOCK; i += 64, run += 64) {
        for (int j = 0; j < 4; j++) {
          const f16v d = load16(x + i + 16 * j) - offset;
          runs[j] += d;
          if (squares) square_runs[j] += d * d;
        }
      }
      if (i + 64 > n) {
        for (; i + 16 <= n; i += 16, run += 16) {
          const f16v d = load16(x + i) - offset;
          runs[0] += d;
          if (squares) square_runs[0] += d * d;
        }
      }
      if (run < LATHE_SUM_BLOCK) continue;
      sum += widened((runs[0] + runs[1]) + (runs[2] + runs[3]));
      if (squares) square_sum += widened((square_runs[0] + square_runs[1]) + (square_runs[2] + square_runs[3]));
      memset(runs, 0, sizeof(runs));
      memset(square_runs, 0, sizeof(square_runs));
      run = 0;
    }
    for (; i < n; i++) {
      const double d = (double)(x[i] - offset);
      rest += d;
      if (squares) square_rest += d * d;
    }
  }
  sum += widened((runs[0] + runs[1]) + (runs[2] + runs[3]));
  if (squares) {
    square_sum += widened((square_runs[0] + square_runs[1]) + (square_runs[2] + square_runs[3]));
    *squares = sum_of_lanes(&square_sum) + square_rest;
  }
  return sum_of_lanes(&sum) + rest;
}

LATHE_LEVELS(struct lathe_moments, lathe_row_moments,
    (const float *x, long rows, long stride, long n),
    (x, rows, stride, n)) {
  struct lathe_moments all = {};
  // Short runs share a group, long ones are cut.
  const long together = n < GROUP ? GROUP / n : 1, length = n < GROUP ? n : GROUP;
  for (long row = 0; row < rows; row += together) {
    const long some = rows - row < together ? rows - row : together;
    for (long i = 0; i < n; i += length) {
      const long width = n - i < length ? n - i : length;
      const float *from = x + row * stride + i;
      const double count = (double)some * (double)width;
      const float offset = (float)(deviations(from, some, stride, width, 0, NULL) / count);
      double squares;
      const double sum = deviations(from, some, stride, width, offset, &squares);
      const struct lathe_moments part = {count, (double)offset + sum / count, squares - sum * sum / count};
      lathe_join_moments(&all, &part);
    }
  }
  return all;
}

LATHE_LEVELS(void, lathe_column_moments,
    (const float *x, long rows, long columns, struct lathe_moments *to),
    (x, rows, columns, to)) {
  for (long j = 0; j < columns; j += 16) {
    const long width = columns - j < 16 ? columns - j : 16;
    d16v mean = {}, squares = {};
    double count = 0;
    for (long row = 0; row < rows; row += LATHE_SUM_ROWS) {
      const long some = rows - row < LATHE_SUM_ROWS ? rows - row : LATHE_SUM_ROWS;
      const float *from = x + row * columns + j;
      f16v sum = {}, square_sum = {}, rest = {};
      for (long i = 0; i < some; i++) {
        f16v value = {};
        load_first(&value, from + i * columns, width);
        sum += value;
      }
      const f16v offset = sum / (float)some;
      for (long i = 0; i < some; i++) {
        f16v value = {};
        load_first(&value, from + i * columns, width);
        const f16v d = value - offset;
        rest += d;
        square_sum += d * d;
      }
      const double n = (double)some, total = count + n, share = n / total;
      const d16v left = widened(rest), own = widened(offset) + left / n;
      const d16v delta = own - mean;
      squares += widened(square_sum) - left * left / n + delta * delta * (count * share);
      mean = mean * (1 - share) + own * share;
      count = total;
    }
    for (long i = 0; i < width; i++) to[j + i] = (struct lathe_moments){count, mean[i], squares[i]};
  }
}
