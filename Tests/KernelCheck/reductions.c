#include "check.h"

// The table of reductions, and the places of extremes.

/// A and `join` as in an accumulator: float64 for floats, int64 for the rest.
#define CHECK_REDUCTION(name, s, T, A, initial, random, join, close)                                       \
  static void check_##name##_##s(long rows, long n) {                                                      \
    const struct lathe_reduction_kernels *kernels = lathe_reductions();                                    \
    T *x = room(rows * n, sizeof *x);                                                                      \
    A *columns = room(n, sizeof *columns), *expected = room(n, sizeof *expected), one = initial, all = initial; \
    for (long j = 0; j < n; j++) columns[j] = expected[j] = initial;                                       \
    for (long i = 0; i < rows * n; i++) {                                                                  \
      x[i] = (T)(random);                                                                                  \
      A p = all;                                                                                           \
      const A q = (A)x[i];                                                                                 \
      (void)q;                                                                                             \
      all = join;                                                                                          \
      p = expected[i % n];                                                                                 \
      expected[i % n] = join;                                                                              \
    }                                                                                                      \
    describe(#name " of [%ld, %ld] of " #s, rows, n);                                                      \
    /* In two pieces, so that what an accumulator holds before counts. */                                  \
    kernels->name##_##s(&one, x, (size_t)(rows * n / 3));                                                  \
    kernels->name##_##s(&one, x + rows * n / 3, (size_t)(rows * n - rows * n / 3));                        \
    close("of all", &one, &all, 1);                                                                        \
    kernels->name##_##s##_rows(columns, x, (size_t)(rows / 2), (size_t)n);                                 \
    kernels->name##_##s##_rows(columns, x + rows / 2 * n, (size_t)(rows - rows / 2), (size_t)n);           \
    close("of columns", columns, expected, n);                                                             \
    release();                                                                                             \
  }

static void same_wholes(const char *what, const int64_t *a, const int64_t *b, long n) { expect_same(what, a, b, n, 8); }
static void same_doubles(const char *what, const double *a, const double *b, long n) {
  expect_close_f64(what, a, b, n, 0, 1);
}
static void close_doubles(const char *what, const double *a, const double *b, long n) {
  expect_close_f64(what, a, b, n, 1e-13, 1);
}

// Sums of float32 are made of short runs in float32.
static void close_runs(const char *what, const double *a, const double *b, long n) {
  expect_close_f64(what, a, b, n, 1e-6, 30);
}

#define CHECK_FLOATS(s, T, close_sums)                                                                                \
  CHECK_REDUCTION(sum, s, T, double, 0, 3 * next_float(), p + q, close_sums)                                          \
  CHECK_REDUCTION(product, s, T, double, 1, 1 + 0.01 * next_float(), p *q, close_doubles)                             \
  CHECK_REDUCTION(max, s, T, double, -INFINITY, next_below(900) ? next_float() : NAN, isnan(p) || p > q ? p : q, same_doubles) \
  CHECK_REDUCTION(min, s, T, double, INFINITY, next_below(900) ? next_float() : NAN, isnan(p) || p < q ? p : q, same_doubles)  \
  CHECK_REDUCTION(any, s, T, int64_t, 0, next_below(rows) ? 0 : 0.5, p || x[i] != 0, same_wholes)                     \
  CHECK_REDUCTION(all, s, T, int64_t, 1, next_below(rows) ? 0.5 : 0, p && x[i] != 0, same_wholes)                     \
  static void check_##s(long rows, long n) {                                                                          \
    check_sum_##s(rows, n), check_product_##s(rows, n), check_max_##s(rows, n), check_min_##s(rows, n);               \
    check_any_##s(rows, n), check_all_##s(rows, n);                                                                   \
  }
CHECK_FLOATS(f32, float, close_runs)
CHECK_FLOATS(f64, double, close_doubles)

#define CHECK_WHOLES(s, T)                                                                                     \
  CHECK_REDUCTION(sum, s, T, int64_t, 0, next_bits(), (int64_t)((uint64_t)p + (uint64_t)q), same_wholes)       \
  CHECK_REDUCTION(product, s, T, int64_t, 1, next_bits() | 1, (int64_t)((uint64_t)p * (uint64_t)q), same_wholes) \
  CHECK_REDUCTION(max, s, T, int64_t, INT64_MIN, next_bits(), p > q ? p : q, same_wholes)                      \
  CHECK_REDUCTION(min, s, T, int64_t, INT64_MAX, next_bits(), p < q ? p : q, same_wholes)                      \
  CHECK_REDUCTION(any, s, T, int64_t, 0, next_below(rows) ? 0 : 2, p || q, same_wholes)                        \
  CHECK_REDUCTION(all, s, T, int64_t, 1, next_below(rows) ? 2 : 0, p && q, same_wholes)                        \
  static void check_##s(long rows, long n) {                                                                   \
    check_sum_##s(rows, n), check_product_##s(rows, n), check_max_##s(rows, n), check_min_##s(rows, n);        \
    check_any_##s(rows, n), check_all_##s(rows, n);                                                            \
  }
CHECK_WHOLES(i32, int32_t)
CHECK_WHOLES(i64, int64_t)
CHECK_WHOLES(u8, uint8_t)

#define CHECK_PLACE(s, T, random)                                                                                  \
  static void check_place_##s(long count, long step) {                                                             \
    T *x = room((count - 1) * step + 1, sizeof *x);                                                                \
    int32_t most = 0, least = 0;                                                                                   \
    for (long i = 0; i < count; i++) {                                                                             \
      x[i * step] = (T)(random);                                                                                   \
      if (x[i * step] > x[most * step]) most = (int32_t)i;                                                         \
      if (x[i * step] < x[least * step]) least = (int32_t)i;                                                       \
    }                                                                                                              \
    describe("the place among %ld of " #s ", %ld apart", count, step);                                             \
    expect_true("of the largest", lathe_arg_##s(x, (size_t)count, (size_t)step, true) == most);                    \
    expect_true("of the smallest", lathe_arg_##s(x, (size_t)count, (size_t)step, false) == least);                 \
    release();                                                                                                     \
  }
CHECK_PLACE(f32, float, rint(10 * next_float()))
CHECK_PLACE(f64, double, rint(10 * next_float()))
CHECK_PLACE(i32, int32_t, next_below(100) - 50)
CHECK_PLACE(i64, int64_t, next_below(100) - 50)
CHECK_PLACE(u8, uint8_t, next_below(100))
CHECK_PLACE(i8, int8_t, next_below(100) - 50)
CHECK_PLACE(i16, int16_t, next_below(100) - 50)
CHECK_PLACE(u16, uint16_t, next_below(60000))
CHECK_PLACE(u32, uint32_t, next_bits() >> 32)
// Positive numbers of 16 bits are ordered as their bits are.
CHECK_PLACE(f16, uint16_t, 0x3800 + next_below(100))
CHECK_PLACE(bf16, uint16_t, 0x3f00 + next_below(100))

void check_reductions(void) {
  static const long shapes[][2] = {{1, 1}, {5, 3}, {1, 31}, {4, 33}, {7, 100}, {1025, 5}};
  for (int i = 0; i < 6; i++) {
    const long rows = shapes[i][0], n = shapes[i][1];
    check_f32(rows, n), check_f64(rows, n), check_i32(rows, n), check_i64(rows, n), check_u8(rows, n);
    for (long step = 1; step < 4; step += 2) {
      const long count = rows * n;
      check_place_f32(count, step), check_place_f64(count, step), check_place_i32(count, step);
      check_place_i64(count, step), check_place_u8(count, step), check_place_i8(count, step);
      check_place_i16(count, step), check_place_u16(count, step), check_place_u32(count, step);
      check_place_f16(count, step), check_place_bf16(count, step);
    }
  }
  // NaN counts as largest and smallest.
  const float x[] = {1, 5, NAN, 7, NAN};
  describe("the place of NaN");
  expect_true("is that of the largest", lathe_arg_f32(x, 5, 1, true) == 2);
  expect_true("is that of the smallest", lathe_arg_f32(x, 5, 1, false) == 2);
}
