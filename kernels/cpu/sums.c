#include "include/sums.h"

#include "blocked_sums.h"
#include "levels.h"

LATHE_LEVELS(double, lathe_sum_run, (const float *x, long count, bool squares), (x, count, squares)) {
  double total = 0;
  long i = 0;
  for (; i + 64 <= count;) {
    // Four sums side by side hide the addition's latency.
    f16v a = {}, b = {}, c = {}, d = {};
    for (const long end = i + LATHE_SUM_BLOCK; i < end && i + 64 <= count; i += 64) {
      f16v p = load16(x + i), q = load16(x + i + 16), r = load16(x + i + 32), s = load16(x + i + 48);
      a += squares ? p * p : p;
      b += squares ? q * q : q;
      c += squares ? r * r : r;
      d += squares ? s * s : s;
    }
    a = (a + b) + (c + d);
    total += sum16(&a);
  }
  f16v rest = {};
  for (; i < count; i += 16) {
    f16v p = {};
    load_first(&p, x + i, count - i < 16 ? count - i : 16);
    rest += squares ? p * p : p;
  }
  return total + sum16(&rest);
}

LATHE_LEVELS(void, lathe_sum_columns,
    (float *y, const float *x, long rows, long stride, long columns, bool squares, float divisor),
    (y, x, rows, stride, columns, squares, divisor)) {
  for (long j = 0; j < columns; j += 16) {
    const long width = columns - j < 16 ? columns - j : 16;
    d16v total = {};
    for (long i = 0; i < rows;) {
      f16v sum = {};
      for (const long end = i + LATHE_SUM_ROWS < rows ? i + LATHE_SUM_ROWS : rows; i < end; i++) {
        f16v p = {};
        load_first(&p, x + i * stride + j, width);
        sum += squares ? p * p : p;
      }
      total += widened(sum);
    }
    const f16v result = __builtin_convertvector(total / (double)divisor, f16v);
    store_first(y + j, &result, width);
  }
}

LATHE_LEVELS(void, lathe_add_to_run, (float *run, const float *x, long rows, long columns), (run, x, rows, columns)) {
  long j = 0;
  for (; j + 64 <= columns; j += 64) {
    f16v a = load16(run + j), b = load16(run + j + 16), c = load16(run + j + 32), d = load16(run + j + 48);
    for (long i = 0; i < rows; i++) {
      const float *row = x + i * columns + j;
      a += load16(row);
      b += load16(row + 16);
      c += load16(row + 32);
      d += load16(row + 48);
    }
    store16(run + j, a);
    store16(run + j + 16, b);
    store16(run + j + 32, c);
    store16(run + j + 48, d);
  }
  for (; j < columns; j++)
    for (long i = 0; i < rows; i++) run[j] += x[i * columns + j];
}

LATHE_LEVELS(bool, lathe_end_run, (double *to, float *run, long columns), (to, run, columns)) {
  // A number that is not finite makes these NaN.
  f16v zeros = {};
  float zero = 0;
  long j = 0;
  for (; j + 16 <= columns; j += 16) {
    const f16v sum = load16(run + j);
    zeros += sum * 0;
    *(d16v *)(to + j) += widened(sum);
    store16(run + j, (f16v){});
  }
  for (; j < columns; j++) {
    zero += run[j] * 0;
    to[j] += (double)run[j];
    run[j] = 0;
  }
  return zero + sum16(&zeros) == 0;
}
