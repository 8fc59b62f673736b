#include "include/sums.h"

#include "vector_types.h"

LATHE_CLONES float lathe_sum_run(const float *x, long count, bool squares) {
  // Four sums side by side hide the addition's latency and keep rounding errors small.
  f16v a = {}, b = {}, c = {}, d = {};
  long i = 0;
  for (; i + 64 <= count; i += 64) {
    f16v p = load16(x + i), q = load16(x + i + 16), r = load16(x + i + 32), s = load16(x + i + 48);
    a += squares ? p * p : p;
    b += squares ? q * q : q;
    c += squares ? r * r : r;
    d += squares ? s * s : s;
  }
  for (; i < count; i += 16) {
    f16v p = {};
    load_first(&p, x + i, count - i < 16 ? count - i : 16);
    a += squares ? p * p : p;
  }
  a = (a + b) + (c + d);
  return sum16(&a);
}

LATHE_CLONES void lathe_sum_columns(
    float *y, const float *x, long rows, long stride, long columns, bool squares, float scale) {
  for (long j = 0; j < columns; j += 16) {
    const long width = columns - j < 16 ? columns - j : 16;
    f16v sum = {};
    for (long i = 0; i < rows; i++) {
      f16v p = {};
      load_first(&p, x + i * stride + j, width);
      sum += squares ? p * p : p;
    }
    sum *= scale;
    store_first(y + j, &sum, width);
  }
}
