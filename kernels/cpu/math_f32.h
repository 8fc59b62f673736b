#pragma once

#include <math.h>
#include <stdint.h>

// float32 functions without branches, so that loops over them are vectorised.
//
// Polynomials are minimax fits over the reduced range, with the fit's relative error beside them (one ulp of
// float32 is 6e-8 to 1.2e-7). Where cancellation would cost digits the work is done in float64 lanes.

#define LATHE_INLINE static inline __attribute__((always_inline))

LATHE_INLINE uint32_t lathe_bits(float x) {
  union { float f; uint32_t u; } v = {.f = x};
  return v.u;
}
LATHE_INLINE float lathe_float(uint32_t x) {
  union { uint32_t u; float f; } v = {.u = x};
  return v.f;
}
LATHE_INLINE int64_t lathe_bits64(double x) {
  union { double f; int64_t u; } v = {.f = x};
  return v.u;
}
LATHE_INLINE double lathe_double(int64_t x) {
  union { int64_t u; double f; } v = {.u = x};
  return v.f;
}

/// e^x: x = n ln 2 + r, |r| <= ln 2 / 2; 1 + r + r^2 P(r), error 3e-9.
LATHE_INLINE float lathe_exp(float x) {
  // Limits beyond which the result is 0 or infinite; a comparison lets NaN through.
  float t = x > 89.0f ? 89.0f : x;
  t = t < -105.0f ? -105.0f : t;
  float shifted = t * 0x1.715476p0f + 0x1.8p23f;
  int32_t n = (int32_t)(lathe_bits(shifted) - 0x4b400000u);
  float k = shifted - 0x1.8p23f;
  float r = t - k * 0x1.63p-1f;  // ln 2 in two parts, the first short enough for k times it to be exact
  r = r - k * -0x1.bd0106p-13f;
  float p = 1.395055747e-03f;
  p = p * r + 8.368928988e-03f;
  p = p * r + 4.166620481e-02f;
  p = p * r + 1.666651851e-01f;
  p = p * r + 5.000000095e-01f;
  p = (p * r) * r + r;
  p = p + 1.0f;
  int32_t half = n >> 1;
  p = p * lathe_float((uint32_t)(half + 127) << 23);
  return p * lathe_float((uint32_t)(n - half + 127) << 23);
}

/// ln x: x = 2^e m, sqrt(1/2) <= m < sqrt(2), f = m - 1; f - f^2 / 2 + f^3 P(f), error 6e-9.
LATHE_INLINE float lathe_log(float x) {
  int tiny = x < 0x1p-126f;
  float scaled = tiny ? x * 0x1p23f : x;
  uint32_t i = lathe_bits(scaled) - 0x3f3504f3u;
  float e = (float)((int32_t)i >> 23) - (tiny ? 23.0f : 0.0f);
  float f = lathe_float((i & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
  float p = -7.634429908e-02f;
  p = p * f + 1.276155036e-01f;
  p = p * f - 1.316019505e-01f;
  p = p * f + 1.420176247e-01f;
  p = p * f - 1.662335648e-01f;
  p = p * f + 2.000122667e-01f;
  p = p * f - 2.500082106e-01f;
  p = p * f + 3.333333171e-01f;
  float square = f * f;
  float low = e * -0x1.bd0106p-13f + (p * (square * f) - 0.5f * square);
  float y = e * 0x1.63p-1f + (f + low);
  y = x == INFINITY ? x : y;
  y = x == 0.0f ? -INFINITY : y;
  return x >= 0.0f ? y : NAN;
}

/// 2^t in float64 for |t| <= 1000, relative error 1e-11.
LATHE_INLINE double lathe_exp2_f64(double t) {
  double shifted = t + 0x1.8p52;
  double r = (t - (shifted - 0x1.8p52)) * 0x1.62e42fefa39efp-1;
  double p = 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return p * lathe_double((int64_t)((uint64_t)(lathe_bits64(shifted) - 0x4338000000000000 + 1023) << 52));
}

/// e^x - 1: with x = n ln 2 + r it is 2^n (e^r - 1) + (2^n - 1), in float64.
LATHE_INLINE float lathe_expm1(float x) {
  double t = x > 89.0f ? 89.0f : x;
  t = t < -40.0 ? -40.0 : t;
  double shifted = t * 0x1.71547652b82fep0 + 0x1.8p52;
  double r = t - (shifted - 0x1.8p52) * 0x1.62e42fefa39efp-1;
  double p = 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r * r + r;
  double scale = lathe_double((int64_t)((uint64_t)(lathe_bits64(shifted) - 0x4338000000000000 + 1023) << 52));
  double y = scale * p + (scale - 1.0);
  // The sign is that of x, for -0, too.
  return __builtin_copysignf((float)(scale == 1.0 ? p : y), x);
}

/// The exponent e and f = m - 1 of u = 2^e m, sqrt(1/2) <= m < sqrt(2), for a normal positive u.
LATHE_INLINE double lathe_split_f64(double u, double *f) {
  // Unsigned: numbers that are not normal and positive, whose results nobody uses, wrap around.
  uint64_t i = (uint64_t)lathe_bits64(u) - 0x3fe6a09e667f3bcd;
  *f = lathe_double((int64_t)((i & 0xfffffffffffff) + 0x3fe6a09e667f3bcd)) - 1.0;
  // A whole number becomes a float64 by way of its bits: conversion instructions are not everywhere. The bias
  // keeps the shifted number positive.
  int64_t e = (int64_t)((i + 0x4000000000000000) >> 52) - 1024;
  return lathe_double(e + 0x4338000000000000) - 0x1.8p52;
}

/// ln(1 + f) by 2 artanh(f / (2 + f)) for sqrt(1/2) <= 1 + f < sqrt(2), relative error 1e-11.
LATHE_INLINE double lathe_log1p_series(double f) {
  double s = f / (2.0 + f);
  double q = s * s;
  double p = 1.0 / 13;
  p = p * q + 1.0 / 11;
  p = p * q + 1.0 / 9;
  p = p * q + 1.0 / 7;
  p = p * q + 1.0 / 5;
  p = p * q + 1.0 / 3;
  return 2.0 * (s + s * q * p);
}

/// ln(1 + x) in float64.
LATHE_INLINE double lathe_log1p_f64(double x) {
  double f;
  double e = lathe_split_f64(1.0 + x, &f);
  double small = lathe_log1p_series(e == 0.0 ? x : f);
  return e == 0.0 ? small : e * 0x1.62e42fefa39efp-1 + small;
}

LATHE_INLINE float lathe_log1p(float x) {
  float y = (float)lathe_log1p_f64(x);
  y = x == INFINITY ? x : y;
  y = x == -1.0f ? -INFINITY : y;
  return x >= -1.0f ? y : NAN;
}

/// tanh x: x + x^3 P(x^2) below 0.625 (error 4e-9), else 1 - 2 / (e^2x + 1).
LATHE_INLINE float lathe_tanh(float x) {
  float a = __builtin_fabsf(x);
  float u = x * x;
  float p = -5.711001960e-03f;
  p = p * u + 2.064542270e-02f;
  p = p * u - 5.374199682e-02f;
  p = p * u + 1.333147438e-01f;
  p = p * u - 3.333328335e-01f;
  float small = p * (u * a) + a;
  float large = 1.0f - 2.0f / (lathe_exp(2.0f * a) + 1.0f);
  return __builtin_copysignf(a < 0.625f ? small : large, x);
}

/// 1 / (1 + e^-x), by e^-|x| so that nothing overflows.
LATHE_INLINE float lathe_sigmoid(float x) {
  float e = lathe_exp(-__builtin_fabsf(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

/// erf x: x P(x^2) below 0.9 (error 1.2e-8), else 1 - exp(-Q(|x|)) with Q = -ln erfc (error 1.6e-9 in erf).
LATHE_INLINE float lathe_erf(float x) {
  float a = __builtin_fabsf(x);
  float u = x * x;
  float p = -6.106336251e-04f;
  p = p * u + 5.015326565e-03f;
  p = p * u - 2.678139004e-02f;
  p = p * u + 1.128221566e-01f;
  p = p * u - 3.761253121e-01f;
  p = p * u + 1.128379155e+00f;
  float t = a > 4.0f ? 4.0f : a;
  float q = -1.971826222e-04f;
  q = q * t + 3.055615696e-03f;
  q = q * t - 2.227711705e-02f;
  q = q * t + 1.040374170e-01f;
  q = q * t + 6.370596928e-01f;
  q = q * t + 1.127749596e+00f;
  q = q * t + 1.774872451e-04f;
  float large = __builtin_copysignf(1.0f - lathe_exp(-q), x);
  return a < 0.9f ? p * x : large;
}

// Of -inf the three give NaN, 0 times infinity, as PyTorch does.

/// x Phi(x), with the error function.
LATHE_INLINE float lathe_gelu(float x) { return 0.5f * x * (1.0f + lathe_erf(x * 0x1.6a09e6p-1f)); }

/// The form of GELU with tanh; 1 + tanh u = 2 sigmoid(2u).
LATHE_INLINE float lathe_gelu_tanh(float x) {
  return x * lathe_sigmoid(1.5957691216f * (x + 0.044715f * x * x * x));
}

LATHE_INLINE float lathe_silu(float x) { return x * lathe_sigmoid(x); }

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|).
LATHE_INLINE float lathe_softplus(float x) {
  double tail = lathe_log1p_f64(lathe_exp(-__builtin_fabsf(x)));
  float y = (float)((x > 0.0f ? x : 0.0f) + tail);
  return x != x ? x : y;
}

/// sin r and cos r in float64 for |r| <= pi / 4.
LATHE_INLINE void lathe_sine_cosine(double r, double *sine, double *cosine) {
  double u = r * r;
  double s = -1.0 / 39916800;
  s = s * u + 1.0 / 362880;
  s = s * u - 1.0 / 5040;
  s = s * u + 1.0 / 120;
  s = s * u - 1.0 / 6;
  s = s * u * r + r;
  double c = 1.0 / 479001600;
  c = c * u - 1.0 / 3628800;
  c = c * u + 1.0 / 40320;
  c = c * u - 1.0 / 720;
  c = c * u + 1.0 / 24;
  c = c * u - 0.5;
  c = c * u + 1.0;
  *sine = s;
  *cosine = c;
}

/// sin(r + turn pi / 2) in float64 for |r| <= pi / 4.
LATHE_INLINE float lathe_sine_turned(double r, int64_t turn) {
  double s, c;
  lathe_sine_cosine(r, &s, &c);
  double y = (turn & 1) != 0 ? c : s;
  return (float)((turn & 2) != 0 ? -y : y);
}

/// tan(r + turn pi / 2) in float64 for |r| <= pi / 4.
LATHE_INLINE float lathe_tangent_turned(double r, int64_t turn) {
  double s, c;
  lathe_sine_cosine(r, &s, &c);
  return (float)((turn & 1) != 0 ? -c / s : s / c);
}

/// x less the quarter turns nearest to it; |x| <= 2^20, where n times pi/2's first part is exact.
LATHE_INLINE double lathe_quarter_turns(float x, int64_t *turn) {
  double t = x;
  double shifted = t * 0x1.45f306dc9c883p-1 + 0x1.8p52;
  double n = shifted - 0x1.8p52;
  double r = t - n * 0x1.921fb544p0;
  *turn = lathe_bits64(shifted);
  return r - n * 0x1.0b4611a626331p-34;
}

/// sin (quadrant 0) or cos (quadrant 1) of x; |x| <= 2^20.
LATHE_INLINE float lathe_sine(float x, int64_t quadrant) {
  int64_t turn;
  double r = lathe_quarter_turns(x, &turn);
  float y = lathe_sine_turned(r, turn + quadrant);
  // Keeps the sign of -0.
  return quadrant == 0 && x == 0.0f ? x : y;
}

/// tan x; |x| <= 2^20.
LATHE_INLINE float lathe_tangent(float x) {
  int64_t turn;
  double r = lathe_quarter_turns(x, &turn);
  float y = lathe_tangent_turned(r, turn);
  return x == 0.0f ? x : y;
}

/// |x| less the quarter turns nearest to it for any finite |x| above 2^11 (Payne and Hanek): x is a whole number m of 24
/// bits times 2^k, and of the bits of 2/pi only the 96 matter whose products are neither whole turns nor too small.
static double lathe_quarter_turns_far(float x, int64_t *turn) {
  // 31 bits in front of the binary point and 225 behind it.
  static const uint32_t table[8] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                    0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
  uint32_t magnitude = lathe_bits(x) & 0x7fffffffu;
  uint64_t m = (magnitude & 0x7fffffu) | 0x800000u;
  uint32_t place = (magnitude >> 23) - 120, shift = place & 31;
  const uint32_t *word = table + (place >> 5);
  uint64_t first = ((uint64_t)word[0] << 32 | word[1]) << shift >> 32;
  uint64_t second = ((uint64_t)word[1] << 32 | word[2]) << shift >> 32;
  uint64_t third = ((uint64_t)word[2] << 32 | word[3]) << shift >> 32;
  // Two bits of quarter turns, then their fraction; that of the nearest turn as a number with a sign.
  uint64_t product = ((m * first) << 32) + m * second + (m * third >> 32);
  *turn = (int64_t)((product + 0x2000000000000000u) >> 62);
  return (double)(int64_t)(product << 2) * (0x1.921fb54442d18p0 * 0x1p-64);
}

/// The same as lathe_sine for any |x| above 2^11.
static float lathe_sine_far(float x, int64_t quadrant) {
  if (!(__builtin_fabsf(x) < INFINITY)) return NAN;
  int64_t turn;
  double r = lathe_quarter_turns_far(x, &turn);
  float y = lathe_sine_turned(r, turn + quadrant);
  return quadrant == 0 && x < 0.0f ? -y : y;
}

/// The same as lathe_tangent for any |x| above 2^11.
static float lathe_tangent_far(float x) {
  if (!(__builtin_fabsf(x) < INFINITY)) return NAN;
  int64_t turn;
  double r = lathe_quarter_turns_far(x, &turn);
  float y = lathe_tangent_turned(r, turn);
  return x < 0.0f ? -y : y;
}

/// a to the power b, in float64, with the special cases of IEEE 754's pow.
LATHE_INLINE float lathe_power(float a, float b) {
  float magnitude = __builtin_fabsf(a);
  double f;
  double e = lathe_split_f64(magnitude, &f);
  double l = e + lathe_log1p_series(f) * 0x1.71547652b82fep0;
  l = magnitude == 0.0f ? -INFINITY : l;
  l = magnitude == INFINITY ? INFINITY : l;
  double t = b * l;
  t = t > 200.0 ? 200.0 : t;
  t = t < -200.0 ? -200.0 : t;
  float y = (float)lathe_exp2_f64(t);
  y = magnitude == 1.0f && b == b ? 1.0f : y;
  float halved = 0.5f * b;
  int whole = __builtin_floorf(b) == b;
  int odd = whole & (__builtin_floorf(halved) != halved);
  float sign = lathe_float(odd ? lathe_bits(a) & 0x80000000u : 0u);
  y = lathe_float(lathe_bits(y) | lathe_bits(sign));
  y = a < 0.0f && !whole && magnitude != INFINITY && magnitude != 0.0f ? NAN : y;
  y = a != a || b != b ? NAN : y;
  return a == 1.0f || b == 0.0f ? 1.0f : y;
}

/// A float16's bits as a float32.
LATHE_INLINE float lathe_from_f16(uint16_t h) {
  uint32_t magnitude = h & 0x7fffu;
  float subnormal = (float)(int32_t)magnitude * 0x1p-24f;
  uint32_t normal = (magnitude << 13) + (112u << 23);
  uint32_t special = (magnitude << 13) | 0x7f800000u;
  uint32_t r = magnitude < 0x400u ? lathe_bits(subnormal) : (magnitude >= 0x7c00u ? special : normal);
  return lathe_float(r | (uint32_t)(h & 0x8000u) << 16);
}

/// The nearest float16, ties to even; a NaN becomes a quiet one.
LATHE_INLINE uint16_t lathe_to_f16(float x) {
  uint32_t sign = lathe_bits(x) >> 16 & 0x8000u;
  uint32_t a = lathe_bits(x) & 0x7fffffffu;
  // Adding 1/2, whose ulp is the smallest float16, lets the hardware round.
  uint32_t subnormal = lathe_bits(lathe_float(a) + 0.5f) - 0x3f000000u;
  uint32_t normal = ((a + 0xfffu + (a >> 13 & 1u)) >> 13) - (112u << 10);
  uint32_t r = a < 0x38800000u ? subnormal : normal;
  r = a >= 0x47800000u ? 0x7c00u : r;
  r = a > 0x7f800000u ? 0x7e00u : r;
  return (uint16_t)(r | sign);
}

/// A bfloat16's bits as a float32.
LATHE_INLINE float lathe_from_bf16(uint16_t h) { return lathe_float((uint32_t)h << 16); }

/// The nearest bfloat16, ties to even; a NaN stays one.
LATHE_INLINE uint16_t lathe_to_bf16(float x) {
  uint32_t b = lathe_bits(x);
  uint32_t rounded = (b + 0x7fffu + (b >> 16 & 1u)) >> 16;
  uint32_t nan = b >> 16 | 0x40u;
  return (uint16_t)((b & 0x7fffffffu) > 0x7f800000u ? nan : rounded);
}
