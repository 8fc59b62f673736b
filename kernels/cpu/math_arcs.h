#pragma once

#include "math_f32.h"

// Inverse trigonometric and hyperbolic functions, in float64 lanes: one rounding is all that is lost.
//
// Polynomials are minimax fits in x^2 with the fit's relative error beside them.

/// atan t for 0 <= t <= tan(pi / 8), error 5e-14.
LATHE_INLINE double lathe_atan_core(double t) {
  double u = t * t;
  double p = 0x1.f63c0fb6b5072p-6;
  p = p * u - 0x1.e192e4b31fefbp-5;
  p = p * u + 0x1.35eaeea408360p-4;
  p = p * u - 0x1.73e0928416247p-4;
  p = p * u + 0x1.c715a1ef05793p-4;
  p = p * u - 0x1.24922f5ed778ep-3;
  p = p * u + 0x1.999999405e568p-3;
  p = p * u - 0x1.555555552733cp-2;
  return t + t * u * p;
}

/// The angle of (x, y) for x, y >= 0 and finite, not both 0: the one of their quotient turned by pi / 4 where it is large.
LATHE_INLINE double lathe_angle(double y, double x) {
  double high = y > x ? y : x, low = y > x ? x : y;
  int turned = low > 0x1.a827999fcef32p-2 * high;
  double t = (turned ? low - high : low) / (turned ? low + high : high);
  double a = lathe_atan_core(t < 0.0 ? -t : t);
  double angle = turned ? 0x1.921fb54442d18p-1 - a : a;
  return y > x ? 0x1.921fb54442d18p0 - angle : angle;
}

LATHE_INLINE float lathe_atan(float x) {
  float a = __builtin_fabsf(x);
  float y = (float)lathe_angle(a == INFINITY ? 1.0 : a, a == INFINITY ? 0.0 : 1.0);
  return x != x ? x : __builtin_copysignf(y, x);
}

/// The angle of the point (x, y), as C's atan2.
LATHE_INLINE float lathe_atan2(float y, float x) {
  float a = __builtin_fabsf(y), b = __builtin_fabsf(x);
  // Infinities are as far as one another, and much farther than the rest; the origin lies on the axis.
  double up = a == INFINITY ? 1.0 : (b == INFINITY ? 0.0 : a);
  double along = b == INFINITY ? 1.0 : (a == INFINITY ? 0.0 : b);
  double angle = lathe_angle(up, up == 0.0 && along == 0.0 ? 1.0 : along);
  angle = lathe_bits(x) >> 31 ? 0x1.921fb54442d18p1 - angle : angle;
  return x != x || y != y ? NAN : __builtin_copysignf((float)angle, y);
}

/// asin s for 0 <= s <= 1/2, error 2e-12.
LATHE_INLINE double lathe_asin_core(double s) {
  double u = s * s;
  double p = 0x1.0f163ebe2541cp-5;
  p = p * u + 0x1.f2bb8d011aaf4p-10;
  p = p * u + 0x1.5201c7a945663p-6;
  p = p * u + 0x1.667cdb1c2fd4bp-6;
  p = p * u + 0x1.f274b3cc931dep-6;
  p = p * u + 0x1.6db2fde3541bdp-5;
  p = p * u + 0x1.33333d22add49p-4;
  p = p * u + 0x1.5555554dcc43ap-3;
  return s + s * u * p;
}

/// Beyond 1/2 by asin x = pi / 2 - 2 asin sqrt((1 - x) / 2).
LATHE_INLINE float lathe_asin(float x) {
  double a = __builtin_fabsf(x);
  int far = a > 0.5;
  double s = lathe_asin_core(far ? __builtin_elementwise_sqrt(0.5 - 0.5 * a) : a);
  return __builtin_copysignf((float)(far ? 0x1.921fb54442d18p0 - 2.0 * s : s), x);
}

LATHE_INLINE float lathe_acos(float x) {
  double a = __builtin_fabsf(x);
  int far = a > 0.5;
  double s = lathe_asin_core(far ? __builtin_elementwise_sqrt(0.5 - 0.5 * a) : a);
  double near = 0x1.921fb54442d18p0 - (x < 0.0f ? -s : s);
  double beyond = x < 0.0f ? 0x1.921fb54442d18p1 - 2.0 * s : 2.0 * s;
  return (float)(far ? beyond : near);
}

/// By e^|x| beyond 1, below by a polynomial with an error of 2e-13.
LATHE_INLINE float lathe_sinh(float x) {
  double a = __builtin_fabsf(x);
  double t = a > 100.0 ? 100.0 : a;
  double e = lathe_exp2_f64(t * 0x1.71547652b82fep0);
  double u = a * a;
  double p = 0x1.b6be61f1ab6fcp-26;
  p = p * u + 0x1.71cbb8f99c689p-19;
  p = p * u + 0x1.a01a260983bbcp-13;
  p = p * u + 0x1.111110f32f1fdp-7;
  p = p * u + 0x1.5555555571b0bp-3;
  double y = a < 1.0 ? a + a * u * p : 0.5 * e - 0.5 / e;
  return x != x ? x : __builtin_copysignf((float)y, x);
}

LATHE_INLINE float lathe_cosh(float x) {
  double a = __builtin_fabsf(x);
  double e = lathe_exp2_f64((a > 100.0 ? 100.0 : a) * 0x1.71547652b82fep0);
  return x != x ? x : (float)(0.5 * e + 0.5 / e);
}

/// ln(a + sqrt(a^2 + 1)) without the cancellation near 0.
LATHE_INLINE float lathe_asinh(float x) {
  double a = __builtin_fabsf(x);
  double t = a > 0x1p127 ? 0x1p127 : a;
  double y = lathe_log1p_f64(t + t * t / (1.0 + __builtin_elementwise_sqrt(t * t + 1.0)));
  // The largest finite numbers lie a factor below 2 above the limit.
  y = a > 0x1p127 ? y + lathe_log1p_f64(a * 0x1p-127 - 1.0) : y;
  y = a == INFINITY ? INFINITY : y;
  return x != x ? x : __builtin_copysignf((float)y, x);
}

/// ln(x + sqrt(x^2 - 1)), by what x is above 1.
LATHE_INLINE float lathe_acosh(float x) {
  double t = (double)(x >= 1.0f && x < INFINITY ? x : 1.0f) - 1.0;
  double y = lathe_log1p_f64(t + __builtin_elementwise_sqrt(t * (t + 2.0)));
  y = x == INFINITY ? INFINITY : y;
  return x >= 1.0f ? (float)y : NAN;
}

/// ln((1 + a) / (1 - a)) / 2.
LATHE_INLINE float lathe_atanh(float x) {
  double a = __builtin_fabsf(x);
  double t = a < 1.0 ? a : 0.0;
  double y = 0.5 * lathe_log1p_f64(2.0 * t / (1.0 - t));
  y = a == 1.0 ? INFINITY : y;
  return a <= 1.0 ? __builtin_copysignf((float)y, x) : NAN;
}
