// The loops of the reductions. Compiled for each SIMD level by variants.h.

/// Elements as they are, and whether they are something other than 0: as a whole number, a fraction would be 0.
#define LATHE_VALUE(x) (x)
#define LATHE_TRUTH(x) ((x) != 0)

/// T elements, A accumulators, L lanes' type; joined by `join(lane, element)`, the element read by `read`.
#define LATHE_REDUCE(name, T, A, L, identity, read, join)                                                   \
  static void LATHE_NAME(name)(void *accumulator, const void *x_, size_t n) {                               \
    const T *x = x_;                                                                                        \
    A *a = accumulator;                                                                                     \
    if (n < 32) {                                                                                           \
      for (size_t i = 0; i < n; i++) {                                                                      \
        A p = *a, q = (A)read(x[i]);                                                                        \
        *a = join;                                                                                          \
      }                                                                                                     \
      return;                                                                                               \
    }                                                                                                       \
    L lanes[32];                                                                                            \
    for (int j = 0; j < 32; j++) lanes[j] = identity;                                                       \
    size_t i = 0;                                                                                           \
    for (; i + 32 <= n; i += 32) {                                                                          \
      LATHE_UNROLLED for (int j = 0; j < 32; j++) {                                                         \
        L p = lanes[j], q = (L)read(x[i + j]);                                                              \
        lanes[j] = join;                                                                                    \
      }                                                                                                     \
    }                                                                                                       \
    for (int j = 0; i < n; i++, j++) {                                                                      \
      L p = lanes[j], q = (L)read(x[i]);                                                                    \
      lanes[j] = join;                                                                                      \
    }                                                                                                       \
    for (int width = 16; width > 0; width /= 2) {                                                           \
      for (int j = 0; j < width; j++) {                                                                     \
        L p = lanes[j], q = lanes[j + width];                                                               \
        lanes[j] = join;                                                                                    \
      }                                                                                                     \
    }                                                                                                       \
    A p = *a, q = (A)lanes[0];                                                                              \
    *a = join;                                                                                              \
  }                                                                                                         \
  static void LATHE_NAME(name##_rows)(void *restrict accumulators, const void *restrict x_, size_t rows,    \
                                      size_t n) {                                                           \
    const T *restrict x = x_;                                                                               \
    A *restrict a = accumulators;                                                                           \
    for (size_t row = 0; row < rows; row++, x += n) {                                                       \
      LATHE_LOOP for (size_t i = 0; i < n; i++) {                                                           \
        A p = a[i], q = (A)read(x[i]);                                                                      \
        a[i] = join;                                                                                        \
      }                                                                                                     \
    }                                                                                                       \
  }

#define LATHE_REDUCE_FLOATS(T, s)                                                                         \
  LATHE_REDUCE(product_##s, T, double, double, 1.0, LATHE_VALUE, p *q)                                    \
  LATHE_REDUCE(max_##s, T, double, T, -INFINITY, LATHE_VALUE, ((p > q) | (p != p)) ? p : q)               \
  LATHE_REDUCE(min_##s, T, double, T, INFINITY, LATHE_VALUE, ((p < q) | (p != p)) ? p : q)                \
  LATHE_REDUCE(any_##s, T, int64_t, int64_t, 0, LATHE_TRUTH, (p != 0) | (q != 0))                         \
  LATHE_REDUCE(all_##s, T, int64_t, int64_t, 1, LATHE_TRUTH, (p != 0) & (q != 0))
LATHE_REDUCE_FLOATS(float, f32)
LATHE_REDUCE_FLOATS(double, f64)
LATHE_REDUCE(sum_f64, double, double, double, 0.0, LATHE_VALUE, p + q)
LATHE_REDUCE(sum_each_f32, float, double, double, 0.0, LATHE_VALUE, p + q)

/// Long runs by float32 sums of their parts, unless these are beyond float32.
static void LATHE_NAME(sum_f32)(void *accumulator, const void *x, size_t n) {
  if (n >= 64) {
    const double sum = lathe_sum_run(x, (long)n, false);
    if (isfinite(sum)) {
      *(double *)accumulator += sum;
      return;
    }
  }
  LATHE_NAME(sum_each_f32)(accumulator, x, n);
}
static void LATHE_NAME(sum_f32_rows)(void *accumulators, const void *x, size_t rows, size_t n) {
  LATHE_NAME(sum_each_f32_rows)(accumulators, x, rows, n);
}

#define LATHE_REDUCE_INTEGERS(T, s, low, high)                                                            \
  LATHE_REDUCE(sum_##s, T, int64_t, int64_t, 0, LATHE_VALUE, (int64_t)((uint64_t)p + (uint64_t)q))        \
  LATHE_REDUCE(product_##s, T, int64_t, int64_t, 1, LATHE_VALUE, (int64_t)((uint64_t)p * (uint64_t)q))    \
  LATHE_REDUCE(max_##s, T, int64_t, T, low, LATHE_VALUE, p > q ? p : q)                                   \
  LATHE_REDUCE(min_##s, T, int64_t, T, high, LATHE_VALUE, p < q ? p : q)                                  \
  LATHE_REDUCE(any_##s, T, int64_t, T, 0, LATHE_VALUE, (p != 0) | (q != 0))                               \
  LATHE_REDUCE(all_##s, T, int64_t, T, 1, LATHE_VALUE, (p != 0) & (q != 0))
LATHE_REDUCE_INTEGERS(int32_t, i32, INT32_MIN, INT32_MAX)
LATHE_REDUCE_INTEGERS(int64_t, i64, INT64_MIN, INT64_MAX)
LATHE_REDUCE_INTEGERS(uint8_t, u8, 0, UINT8_MAX)

static const struct lathe_reduction_kernels LATHE_NAME(lathe_table) = {
#define LATHE_FIELD(name) .name = LATHE_NAME(name), .name##_rows = LATHE_NAME(name##_rows),
    LATHE_REDUCTION_KERNELS(LATHE_FIELD, f32) LATHE_REDUCTION_KERNELS(LATHE_FIELD, f64)
    LATHE_REDUCTION_KERNELS(LATHE_FIELD, i32) LATHE_REDUCTION_KERNELS(LATHE_FIELD, i64)
    LATHE_REDUCTION_KERNELS(LATHE_FIELD, u8)
#undef LATHE_FIELD
};

#undef LATHE_VALUE
#undef LATHE_TRUTH
#undef LATHE_REDUCE
#undef LATHE_REDUCE_FLOATS
#undef LATHE_REDUCE_INTEGERS
