#include "include/elementwise.h"

#include "math_arcs.h"
#include "math_f32.h"
#include "math_f64.h"

// Helpers of the rows in elementwise_ops.h.

#define lathe_clamp(a, low, high) ((a) < (low) ? ((low) > (high) ? (high) : (low)) : ((a) > (high) ? (high) : (a)))

/// Rounded towards zero; NaN is 0, numbers beyond the range are its limits.
LATHE_INLINE int32_t lathe_f32_to_i32(float x) {
  float t = x != x ? 0.0f : x;
  t = t > 2147483520.0f ? 2147483520.0f : t;
  t = t < -2147483648.0f ? -2147483648.0f : t;
  return x >= 2147483648.0f ? INT32_MAX : (int32_t)t;
}
LATHE_INLINE int64_t lathe_f32_to_i64(float x) {
  float t = x != x ? 0.0f : x;
  t = t > 0x1.fffffep62f ? 0x1.fffffep62f : t;
  t = t < -0x1p63f ? -0x1p63f : t;
  return x >= 0x1p63f ? INT64_MAX : (int64_t)t;
}
LATHE_INLINE uint8_t lathe_f32_to_u8(float x) {
  float t = x != x ? 0.0f : x;
  t = t > 255.0f ? 255.0f : t;
  t = t < 0.0f ? 0.0f : t;
  return (uint8_t)(int32_t)t;
}

/// With the divisor's sign.
static float lathe_remainder(float a, float b) {
  float r = fmodf(a, b);
  return r != 0.0f && (r < 0.0f) != (b < 0.0f) ? r + b : r;
}

/// With the divisor's sign; 0 for a divisor of 0.
static int64_t lathe_integer_remainder(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/// Rounded down; by 0 what the division gives.
static float lathe_floor_divide(float a, float b) {
  float r = fmodf(a, b);
  float quotient = (a - r) / b;
  quotient = r != 0.0f && (r < 0.0f) != (b < 0.0f) ? quotient - 1.0f : quotient;
  // What the subtraction rounded is less than a half.
  return b == 0.0f ? a / b : quotient == 0.0f ? copysignf(0.0f, a / b) : roundf(quotient);
}

/// Rounded down; 0 for a divisor of 0, wrapping around for the smallest number by -1.
static int64_t lathe_integer_floor_divide(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return (int64_t)(0 - (uint64_t)a);
  int64_t q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

// Shifts by less than 0 or by all bits and more leave nothing but, to the right, the sign.
LATHE_INLINE int64_t lathe_shift_left(int64_t a, int64_t b) {
  return b >= 0 && b < 64 ? (int64_t)((uint64_t)a << (b & 63)) : 0;
}
LATHE_INLINE int64_t lathe_shift_right(int64_t a, int64_t b) { return a >> (b >= 0 && b < 64 ? b & 63 : 63); }

/// Wraps around; a negative exponent gives the power rounded towards zero.
static int64_t lathe_integer_power(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : (a == -1 ? (b & 1 ? -1 : 1) : 0);
  uint64_t base = (uint64_t)a, result = 1;
  for (; b; b >>= 1) {
    if (b & 1) result *= base;
    base *= base;
  }
  return (int64_t)result;
}

#define LATHE_BODY "elementwise_ops.h"
#include "variants.h"

const struct lathe_elementwise_kernels *lathe_elementwise(void) { return LATHE_PICK(lathe_table); }
