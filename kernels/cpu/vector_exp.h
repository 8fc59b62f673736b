#pragma once

#include "vector_types.h"

/// Replaces x by e^x, lane by lane, within 1 ulp or so; NaN stays NaN, results below 2^-149 become 0.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, e^r by a polynomial, and 2^n in two factors so that neither overflows where
/// the result does not.
LATHE_INLINE void exp16(f16v *value) {
  f16v x = *value;
  const f16v low = (f16v){} - 104.0f, high = (f16v){} + 89.0f;
  x = select16(x < low, low, x);
  x = select16(x > high, high, x);
  // Adding 1.5 * 2^23 rounds to a whole number.
  const f16v shifted = x * 0x1.715476p+0f + 0x1.8p23f;
  const f16v n = shifted - 0x1.8p23f;
  f16v r = x - n * 0x1.62e4p-1f;
  r = r - n * 0x1.7f7d1cp-20f;
  f16v p = r * 0x1.a1520cp-13f + 0x1.6d43b4p-10f;
  p = p * r + 0x1.1110c6p-7f;
  p = p * r + 0x1.5554e8p-5f;
  p = p * r + 0x1.555556p-3f;
  p = p * r + 0.5f;
  p = (p * r) * r + r;
  p = p + 1.0f;
  const i16v whole = (i16v)shifted - 0x4b400000;
  const i16v half = whole >> 1;
  p = p * (f16v)((half + 127) << 23);
  *value = p * (f16v)((whole - half + 127) << 23);
}

/// Replaces x <= 0 (or little above) by 2^x, lane by lane, within 1.5 ulp; NaN stays NaN, what is below 2^-125 becomes 0.
///
/// x = n + f with |f| <= 1/2, exactly; 2^f by a polynomial, and n added to its exponent.
LATHE_INLINE void exp2_16(f16v *value) {
  const f16v x = *value;
  const f16v shifted = x + 0x1.8p23f;
  const f16v f = x - (shifted - 0x1.8p23f);
  f16v p = f * 0x1.41d332p-13f + 0x1.5f456ap-10f;
  p = p * f + 0x1.3b2dbcp-7f;
  p = p * f + 0x1.c6aed4p-5f;
  p = p * f + 0x1.ebfbdap-3f;
  p = p * f + 0x1.62e430p-1f;
  p = p * f + 1.0f;
  const i16v power = (i16v)p + ((i16v)shifted << 23);
  *value = (f16v)(power & ~(x < -125.0f));
}
