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
