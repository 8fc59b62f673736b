#pragma once

#include "vector_types.h"

/// Replaces x <= 0 (or little above) by e^x, lane by lane, within 1 ulp or so; NaN stays NaN, results below 2^-126 become 0.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, e^r by a polynomial, times 2^n, whose bits are 0 for n = -127.
LATHE_INLINE void exp16(f16v *value) {
  const f16v low = (f16v){} - 88.0f;
  f16v x = *value;
  x = select16(x < low, low, x);
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
  *value = p * (f16v)(((i16v)shifted << 23) + 0x3f800000);
}
