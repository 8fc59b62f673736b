#include "check.h"

// The element-wise operations on whole numbers and truth values, against the compiler's arithmetic with overflow.

enum { EDGES = 11 };
#define COUNT (EDGES * EDGES + 3001)

// Whole numbers wrap around: the builtins store the low bits of the exact result.
#define CHECK_TYPE(s, T, low, high, is_signed)                                                                      \
  static T power_##s(T base, T exponent) {                                                                          \
    if (is_signed && exponent < 0) return base == 1 ? 1 : is_signed && base == (T)-1 ? (exponent & 1 ? base : 1) : 0; \
    T result = 1;                                                                                                   \
    for (T square = base, left = exponent; left > 0; left = (T)(left >> 1)) {                                       \
      if (left & 1) (void)__builtin_mul_overflow(result, square, &result);                                          \
      (void)__builtin_mul_overflow(square, square, &square);                                                        \
    }                                                                                                               \
    return result;                                                                                                  \
  }                                                                                                                 \
  static T floor_of_##s(T a, T b) {                                                                                 \
    T negative;                                                                                                     \
    if (b == 0) return 0;                                                                                           \
    (void)__builtin_sub_overflow((T)0, a, &negative);                                                               \
    if (is_signed && b == (T)-1) return negative;                                                                   \
    const T q = (T)(a / b);                                                                                         \
    return a % b != 0 && (a < 0) != (b < 0) ? (T)(q - 1) : q;                                                       \
  }                                                                                                                 \
  static T rest_of_##s(T a, T b) {                                                                                  \
    if (b == 0 || (is_signed && b == (T)-1)) return 0;                                                              \
    const T r = (T)(a % b);                                                                                         \
    return r != 0 && (r < 0) != (b < 0) ? (T)(r + b) : r;                                                           \
  }                                                                                                                 \
  static T left_##s(T a, T b) {                                                                                     \
    return b >= 0 && (uint64_t)b < 8 * sizeof(T) ? (T)((uint64_t)a << b) : 0;                                       \
  }                                                                                                                 \
  static T right_##s(T a, T b) {                                                                                    \
    return b >= 0 && (uint64_t)b < 8 * sizeof(T) ? (T)(a >> b) : a < 0 ? (T)-1 : 0;                                 \
  }                                                                                                                 \
  static void check_##s(void) {                                                                                     \
    static const T edges[EDGES] = {0, 1, 2, 3, 7, high, low, high - 1, low + 1, (T)-1, (T)-2};                      \
    const struct lathe_elementwise_kernels *k = lathe_elementwise();                                                \
    T *a = room(COUNT, sizeof *a), *b = room(COUNT, sizeof *b), *c = room(COUNT, sizeof *c);                        \
    T *y = room(COUNT, sizeof *y), *expected = room(COUNT, sizeof *expected);                                       \
    uint8_t *truths = room(COUNT, 1), *told = room(COUNT, 1);                                                       \
    for (long i = 0; i < COUNT; i++) {                                                                              \
      a[i] = i < EDGES * EDGES ? edges[i / EDGES] : (T)next_bits();                                                 \
      b[i] = i < EDGES * EDGES ? edges[i % EDGES] : i % 2 ? (T)next_bits() : (T)next_below(10);                     \
      c[i] = (T)next_bits();                                                                                        \
      truths[i] = (uint8_t)next_below(2);                                                                           \
    }                                                                                                               \
    describe(#s);                                                                                                   \
    CHECK_VALUES(T, negate_##s, (void)__builtin_sub_overflow((T)0, a[i], &z))                                       \
    CHECK_VALUES(T, absolute_##s, if (a[i] < 0) (void)__builtin_sub_overflow((T)0, a[i], &z); else z = a[i])        \
    CHECK_VALUES(T, square_##s, (void)__builtin_mul_overflow(a[i], a[i], &z))                                       \
    CHECK_VALUES(T, sign_##s, z = (T)(a[i] > 0 ? 1 : a[i] < 0 ? -1 : 0))                                            \
    CHECK_VALUES(T, relu_##s, z = a[i] < 0 ? 0 : a[i])                                                              \
    CHECK_VALUES(T, add_##s, (void)__builtin_add_overflow(a[i], b[i], &z))                                          \
    CHECK_VALUES(T, subtract_##s, (void)__builtin_sub_overflow(a[i], b[i], &z))                                     \
    CHECK_VALUES(T, multiply_##s, (void)__builtin_mul_overflow(a[i], b[i], &z))                                     \
    CHECK_VALUES(T, power_##s, z = power_##s(a[i], b[i]))                                                           \
    CHECK_VALUES(T, floor_divide_##s, z = floor_of_##s(a[i], b[i]))                                                 \
    CHECK_VALUES(T, remainder_##s, z = rest_of_##s(a[i], b[i]))                                                     \
    CHECK_VALUES(T, minimum_##s, z = b[i] < a[i] ? b[i] : a[i])                                                     \
    CHECK_VALUES(T, maximum_##s, z = b[i] > a[i] ? b[i] : a[i])                                                     \
    CHECK_VALUES(T, bitwise_and_##s, z = a[i] & b[i])                                                               \
    CHECK_VALUES(T, bitwise_or_##s, z = a[i] | b[i])                                                                \
    CHECK_VALUES(T, bitwise_xor_##s, z = a[i] ^ b[i])                                                               \
    CHECK_VALUES(T, shift_left_##s, z = left_##s(a[i], b[i]))                                                       \
    CHECK_VALUES(T, shift_right_##s, z = right_##s(a[i], b[i]))                                                     \
    CHECK_TRUTHS(equal_##s, a[i] == b[i])                                                                           \
    CHECK_TRUTHS(not_equal_##s, a[i] != b[i])                                                                       \
    CHECK_TRUTHS(less_##s, a[i] < b[i])                                                                             \
    CHECK_TRUTHS(less_equal_##s, a[i] <= b[i])                                                                      \
    CHECK_TRUTHS(greater_##s, a[i] > b[i])                                                                          \
    CHECK_TRUTHS(greater_equal_##s, a[i] >= b[i])                                                                   \
    CHECK_TRUTHS(s##_to_bool, a[i] != 0)                                                                            \
    k->copy_##s(y, a, NULL, NULL, COUNT);                                                                           \
    expect_same("copy", y, a, COUNT, sizeof *y);                                                                    \
    for (long i = 0; i < COUNT; i++) {                                                                              \
      const T most = b[i] < c[i] ? c[i] : b[i], least = b[i] < c[i] ? b[i] : c[i];                                  \
      b[i] = least;                                                                                                 \
      c[i] = most;                                                                                                  \
    }                                                                                                               \
    CHECK_VALUES(T, clamp_##s, z = a[i] < b[i] ? b[i] : a[i] > c[i] ? c[i] : a[i])                                  \
    for (long i = 0; i < COUNT; i++) expected[i] = truths[i] ? b[i] : c[i];                                         \
    k->select_##s(y, truths, b, c, COUNT);                                                                          \
    expect_same("select", y, expected, COUNT, sizeof *y);                                                           \
    release();                                                                                                      \
  }
#define CHECK_VALUES(T, kernel, compute)               \
  for (long i = 0; i < COUNT; i++) {                   \
    T z;                                               \
    compute;                                           \
    expected[i] = z;                                   \
  }                                                    \
  k->kernel(y, a, b, c, COUNT);                        \
  expect_same(#kernel, y, expected, COUNT, sizeof *y);
#define CHECK_TRUTHS(kernel, condition)                                        \
  {                                                                            \
    uint8_t *expected_truths = room(COUNT, 1);                                 \
    for (long i = 0; i < COUNT; i++) expected_truths[i] = (condition) ? 1 : 0; \
    k->kernel(told, a, b, c, COUNT);                                           \
    expect_same(#kernel, told, expected_truths, COUNT, 1);                     \
  }

CHECK_TYPE(i32, int32_t, INT32_MIN, INT32_MAX, true)
CHECK_TYPE(i64, int64_t, INT64_MIN, INT64_MAX, true)
CHECK_TYPE(u8, uint8_t, 0, UINT8_MAX, false)

static void check_logic(void) {
  const struct lathe_elementwise_kernels *k = lathe_elementwise();
  uint8_t a[100], b[100], c[100] = {0}, told[100];
  for (int i = 0; i < 100; i++) {
    a[i] = i / 2 % 2;
    b[i] = i % 2;
  }
  describe("truth values");
#undef COUNT
#define COUNT 100
  CHECK_TRUTHS(logical_not, !a[i])
  CHECK_TRUTHS(logical_and, a[i] && b[i])
  CHECK_TRUTHS(logical_or, a[i] || b[i])
  CHECK_TRUTHS(logical_xor, a[i] != b[i])
#undef COUNT
  release();
}

void check_whole_numbers(void) {
  check_i32();
  check_i64();
  check_u8();
  check_logic();
}
