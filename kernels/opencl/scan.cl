// arg_reduce and cumulative_sum along the middle axis of [outer, count, inner].
//
// ELEMENT is the stored type, VALUE the type computed in (IS_FLOAT where it is float) and LOAD(x) its conversion.
// A work-item does per_item columns; neighbouring columns are neighbours in memory where inner > 1.

#ifdef ARG_REDUCE

// The place of the first largest (LARGEST = 1) or smallest element; the first NaN counts as both.
__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void arg_reduce(
    __global const ELEMENT *restrict x, __global int *restrict y, ulong columns, ulong count, ulong inner,
    ulong per_item) {
  const size_t first = get_global_id(0) * per_item;
  const size_t last = min((size_t)columns, first + (size_t)per_item);
  for (size_t column = first; column < last; column++) {
    const size_t o = column / inner;
    __global const ELEMENT *from = x + o * count * inner + (column - o * inner);
    VALUE best = LOAD(from[0]);
    int place = 0;
    for (size_t i = 1; i < count; i++) {
      const VALUE v = LOAD(from[i * inner]);
      int better = LARGEST ? v > best : v < best;
#if IS_FLOAT
      better = !isnan(best) && (better || isnan(v));
#endif
      if (better) {
        best = v;
        place = (int)i;
      }
    }
    y[column] = place;
  }
}

#else

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void cumulative_sum(
    __global const ELEMENT *restrict x, __global ELEMENT *restrict y, ulong columns, ulong count, ulong inner,
    ulong per_item) {
  const size_t first = get_global_id(0) * per_item;
  const size_t last = min((size_t)columns, first + (size_t)per_item);
  for (size_t column = first; column < last; column++) {
    const size_t o = column / inner;
    const size_t start = o * count * inner + (column - o * inner);
    VALUE sum = 0;
#if IS_FLOAT
    float rest = 0.0f;
    for (size_t i = 0; i < count;) {
      const size_t end = min((size_t)count, i + 2 * LATHE_RUN);
      float run = 0.0f;
      for (; i < end; i++) {
        run += x[start + i * inner];
        y[start + i * inner] = sum + run;
      }
      LATHE_ADD_RUN(float, sum, rest, run)
      LATHE_SETTLE(float, lathe_total_f1, sum, rest)
    }
#else
    for (size_t i = 0; i < count; i++) {
      sum += x[start + i * inner];
      y[start + i * inner] = sum;
    }
#endif
  }
}

#endif
