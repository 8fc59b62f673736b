#pragma once

#include "math_f32.h"

// Helpers of the rows in elementwise_f64.h.

/// Rounded towards zero; NaN is 0, numbers beyond the range are its limits.
LATHE_INLINE int32_t lathe_f64_to_i32(double x) {
  double t = x != x ? 0.0 : x;
  t = t > 2147483647.0 ? 2147483647.0 : t;
  t = t < -2147483648.0 ? -2147483648.0 : t;
  return (int32_t)t;
}
LATHE_INLINE int64_t lathe_f64_to_i64(double x) {
  double t = x != x ? 0.0 : x;
  t = t > 0x1.fffffffffffffp62 ? 0x1.fffffffffffffp62 : t;
  t = t < -0x1p63 ? -0x1p63 : t;
  return x >= 0x1p63 ? INT64_MAX : (int64_t)t;
}
LATHE_INLINE uint8_t lathe_f64_to_u8(double x) {
  double t = x != x ? 0.0 : x;
  t = t > 255.0 ? 255.0 : t;
  t = t < 0.0 ? 0.0 : t;
  return (uint8_t)(int32_t)t;
}

/// A float32 that rounds to 16 bits as the float64 itself would: cut towards zero, with the last bit set where anything was
/// cut off.
LATHE_INLINE float lathe_to_odd(double x) {
  float f = (float)x;
  uint32_t bits = lathe_bits(f);
  bits = __builtin_fabs((double)f) > __builtin_fabs(x) ? bits - 1 : bits;
  bits |= (double)f != x;
  return lathe_float(bits);
}

/// By e^-|x|, so that nothing overflows where the result is small.
static inline double lathe_sigmoid_f64(double x) {
  const double e = exp(-fabs(x));
  return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

/// With the divisor's sign.
static inline double lathe_remainder_f64(double a, double b) {
  const double r = fmod(a, b);
  return r != 0.0 && (r < 0.0) != (b < 0.0) ? r + b : r;
}

/// Rounded down; by 0 what the division gives.
static inline double lathe_floor_divide_f64(double a, double b) {
  const double r = fmod(a, b);
  double quotient = (a - r) / b;
  quotient = r != 0.0 && (r < 0.0) != (b < 0.0) ? quotient - 1.0 : quotient;
  // What the subtraction rounded is less than a half.
  return b == 0.0 ? a / b : quotient == 0.0 ? copysign(0.0, a / b) : round(quotient);
}
