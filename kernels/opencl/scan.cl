// arg_reduce and what is cumulated along the middle axis of [outer, count, inner].
//
// ELEMENT is the stored type, VALUE the type computed in (IS_FLOAT where it is float) and LOAD(x) its conversion.
// A work-item does per_item columns (gpu: one); neighbouring columns are neighbours in memory where inner > 1. On GPUs long
// rows (inner = 1), and long columns that are few, are done by scan_rows_gpu.cl.

#if LATHE_PROFILE_CPU
#define EACH_COLUMN                                                         \
  const size_t first = get_global_id(0) * per_item;                         \
  const size_t last = min((size_t)columns, first + (size_t)per_item);       \
  for (size_t column = first; column < last; column++)
#else
#define EACH_COLUMN                       \
  const size_t column = get_global_id(0); \
  if (column < columns)
#endif

#ifdef ARG_REDUCE

// The place of the first largest (LARGEST = 1) or smallest element; the first NaN counts as both.
__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void arg_reduce(
    __global const ELEMENT *restrict x, __global int *restrict y, ulong columns, ulong count, ulong inner,
    ulong per_item) {
  EACH_COLUMN {
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

#elif defined(CUMULATIVE_PRODUCT)

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void cumulative_product(
    __global const ELEMENT *restrict x, __global ELEMENT *restrict y, ulong columns, ulong count, ulong inner,
    ulong per_item) {
  EACH_COLUMN {
    const size_t o = column / inner;
    const size_t start = o * count * inner + (column - o * inner);
    VALUE product = 1;
    for (size_t i = 0; i < count; i++) {
      product *= x[start + i * inner];
      y[start + i * inner] = product;
    }
  }
}

#elif defined(CUMULATIVE_EXTREMUM)

// The largest (LARGEST = 1) or smallest element up to each and its place: the last of equal ones, NaN from the first on.
__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void cumulative_extremum(
    __global const ELEMENT *restrict x, __global ELEMENT *restrict y, __global int *restrict places, ulong columns,
    ulong count, ulong inner, ulong per_item) {
  EACH_COLUMN {
    const size_t o = column / inner;
    const size_t start = o * count * inner + (column - o * inner);
    VALUE best = x[start];
    int place = 0;
    for (size_t i = 0; i < count; i++) {
      const VALUE v = x[start + i * inner];
      int better = LARGEST ? v >= best : v <= best;
#if IS_FLOAT
      better = isnan(v) || (better && !isnan(best));
#endif
      if (better) {
        best = v;
        place = (int)i;
      }
      y[start + i * inner] = best;
      places[start + i * inner] = place;
    }
  }
}

#else

#define SCAN_RUN (2 * LATHE_RUN)

// A run has been summed: the next one stands on sum + rest.
#define END_RUN(runs, sum, rest, run)                                                    \
  {                                                                                      \
    LATHE_ADD_RUN(float, sum, rest, run)                                                 \
    if (++runs % LATHE_SETTLED_RUNS == 0) LATHE_SETTLE(float, lathe_total_f1, sum, rest) \
  }

#if LATHE_PROFILE_CPU
// The running sums of 16 numbers.
static inline float16 running_sums(float16 v) {
  v += (float16)(0.0f, v.s012, v.s3456, v.s789a, v.sbcde);
  v += (float16)(0.0f, 0.0f, v.s01, v.s2345, v.s6789, v.sabcd);
  v += (float16)((float4)0.0f, v.s0123, v.s4567, v.s89ab);
  return v + (float16)((float8)0.0f, v.lo);
}
#endif

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void cumulative_sum(
    __global const ELEMENT *restrict x, __global ELEMENT *restrict y, ulong columns, ulong count, ulong inner,
    ulong per_item) {
  EACH_COLUMN {
    const size_t o = column / inner;
    const size_t start = o * count * inner + (column - o * inner);
    VALUE sum = 0;
#if IS_FLOAT
    float rest = 0.0f;
    int runs = 0;
    size_t i = 0;
#if LATHE_PROFILE_CPU
    if (inner == 1) {
      for (; i + 64 <= count; i += 64) {
        float16 sums[4];
#pragma unroll
        for (int k = 0; k < 4; k++) sums[k] = running_sums(vload16(k, x + start + i));
        const float before = lathe_total_f1(sum, rest, 1.0f);
        float run = 0.0f;
#pragma unroll
        for (int k = 0; k < 4; k++) {
          vstore16(sums[k] + (before + run), k, y + start + i);
          run += sums[k].sf;
        }
        END_RUN(runs, sum, rest, run)
      }
    }
#endif
    while (i < count) {
      const size_t end = min((size_t)count, i + SCAN_RUN);
      const float before = lathe_total_f1(sum, rest, 1.0f);
      float run = 0.0f;
      for (; i < end; i++) {
        run += x[start + i * inner];
        y[start + i * inner] = before + run;
      }
      END_RUN(runs, sum, rest, run)
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
