// Vectors of one register at the level for which this is included; once for each level, through variants.h.

typedef float LATHE_NAME(lanes) __attribute__((vector_size(LATHE_LANES * 4), aligned(4)));
typedef int32_t LATHE_NAME(whole_lanes) __attribute__((vector_size(LATHE_LANES * 4), aligned(4)));

#ifndef load_lanes
#define load_lanes(p) (*(const LATHE_NAME(lanes) *)(p))
#define store_lanes(p, x) (*(LATHE_NAME(lanes) *)(p) = (x))
/// `a` where the mask's lane is all ones, `b` where it is zero.
#define select_lanes(mask, a, b)                       \
  ((LATHE_NAME(lanes))(((mask) & (LATHE_NAME(whole_lanes))(a)) | (~(mask) & (LATHE_NAME(whole_lanes))(b))))
#endif

/// Replaces x <= 0 (or little above) by 2^x, lane by lane, within 1.5 ulp; NaN stays NaN, what is below 2^-125 becomes 0.
///
/// x = n + f with |f| <= 1/2, exactly; 2^f by a polynomial, and n added to its exponent.
LATHE_INLINE void LATHE_NAME(exp2_lanes)(LATHE_NAME(lanes) *value) {
  const LATHE_NAME(lanes) x = *value;
  const LATHE_NAME(lanes) shifted = x + 0x1.8p23f;
  const LATHE_NAME(lanes) f = x - (shifted - 0x1.8p23f);
  LATHE_NAME(lanes) p = f * 0x1.41d332p-13f + 0x1.5f456ap-10f;
  p = p * f + 0x1.3b2dbcp-7f;
  p = p * f + 0x1.c6aed4p-5f;
  p = p * f + 0x1.ebfbdap-3f;
  p = p * f + 0x1.62e430p-1f;
  p = p * f + 1.0f;
  const LATHE_NAME(whole_lanes) power =
      (LATHE_NAME(whole_lanes))p + ((LATHE_NAME(whole_lanes))shifted << 23);
  *value = (LATHE_NAME(lanes))(power & ~(x < -125.0f));
}
