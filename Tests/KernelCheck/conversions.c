#include "check.h"

// Conversions between element types, and rounding to 16 bits.

#define COUNT 20011

/// Rounded to nearest, ties to even, with so many bits behind the point, the smallest normal number 2^least, and what
/// is not
/// below `limit` infinite.
static double rounded(double x, int bits, int least, double limit) {
  if (x == 0 || isnan(x) || isinf(x)) return x;
  const int exponent = ilogb(x) < least ? least : ilogb(x);
  const double y = ldexp(rint(ldexp(x, bits - exponent)), exponent - bits);
  return fabs(y) >= limit ? copysign(INFINITY, x) : y;
}

static double to_half(double x) { return rounded(x, 10, -14, 65536); }
static double to_brain(double x) { return rounded(x, 7, -126, 0x1p128); }

/// The bits of a number that 16 bits hold exactly: sign, exponent, fraction.
static uint16_t bits_of(double x, int bits, int least) {
  const uint16_t sign = signbit(x) ? 0x8000 : 0, endless = (uint16_t)(0x7fff >> bits << bits);
  if (isinf(x)) return sign | endless;
  if (x == 0) return sign;
  const int exponent = ilogb(x) < least ? least : ilogb(x);
  const long fraction = lrint(ldexp(fabs(x), bits - exponent));
  // A number below the smallest normal one has no leading bit, and the exponent's field is then 0.
  return sign | (uint16_t)(((long)(exponent - least) << bits) + fraction);
}

static float *floats_of_all_kinds(void) {
  static const float edges[] = {
      0, -0.0f, 1, -1, 65504, 65519, 65520, 65536, -65520, 0x1p-14f, 0x1p-24f, 0x1p-25f, 0x1.8p-25f, 0x1p-26f,
      0x1.002p0f,
      0x1.006p0f, 0x1.01p0f, 0x1.03p0f, 0x1.fffffep127f, -0x1.fffffep127f, 0x1.fep127f, 0x1.ffp127f, INFINITY,
      -INFINITY,
      NAN, 0x1p-126f, 0x1p-133f, 0x1p-134f, 0x1p-149f, 255, 255.5f, 256, -0.5f, -1.5f, 2147483520.0f, 2147483648.0f,
      -2147483648.0f, -2147483904.0f, 0x1.fffffep62f, 0x1p63f, -0x1p63f, -0x1.000002p63f, 3e20f, -3e20f};
  enum { EDGES = sizeof edges / sizeof edges[0] };
  float *x = blank_floats(COUNT);
  for (long i = 0; i < COUNT; i++) {
    const uint32_t bits = (uint32_t)(next_bits() >> 32);
    if (i < EDGES)
      x[i] = edges[i];
    else if (i % 2)
      x[i] = ldexpf(next_float(), (int)next_below(44) - 26);
    else
      memcpy(x + i, &bits, sizeof bits);
  }
  return x;
}

static void check_halves(void) {
  const struct lathe_elementwise_kernels *k = lathe_elementwise();
  float *x = floats_of_all_kinds(), *y = blank_floats(COUNT);
  double *wide = room(COUNT, sizeof *wide), *expected = room(COUNT, sizeof *expected);
  uint16_t *stored = room(COUNT, sizeof *stored);
  // Sixteen bits more than float32 has, so that rounding twice would show.
  for (long i = 0; i < COUNT; i++)
    wide[i] = to_half(x[i]) + ldexp((double)x[i], -11) * (1 + 0x1p-40 * next_float());
  for (int brain = 0; brain < 2; brain++) {
    double (*round_to)(double) = brain ? to_brain : to_half;
    const int bits = brain ? 7 : 10, least = brain ? -126 : -14;
    describe(brain ? "bfloat16" : "float16");
    for (long i = 0; i < COUNT; i++) expected[i] = round_to(x[i]);
    (brain ? k->f32_round_to_bf16 : k->f32_round_to_f16)(y, x, x, x, COUNT);
    expect_close("rounding float32", y, expected, COUNT, 0, 1);
    (brain ? k->f32_to_bf16 : k->f32_to_f16)(stored, x, x, x, COUNT);
    for (long i = 0; i < COUNT; i++) {
      const uint16_t right = bits_of(expected[i], bits, least), endless = (uint16_t)(0x7fff >> bits << bits);
      if (isnan(x[i]))
        expect_true("NaN stays NaN", (stored[i] & 0x7fff) > endless);
      else
        expect_same("storing float32", stored + i, &right, 1, sizeof right);
    }
    for (long i = 0; i < COUNT; i++) expected[i] = round_to(wide[i]);
    (brain ? k->f64_round_to_bf16 : k->f64_round_to_f16)(y, wide, wide, wide, COUNT);
    expect_close("rounding float64", y, expected, COUNT, 0, 1);
  }
  release();
}

/// Every number of 16 bits.
static void check_reading(void) {
  enum { ALL = 1 << 16 };
  const struct lathe_elementwise_kernels *k = lathe_elementwise();
  uint16_t *stored = room(ALL, sizeof *stored);
  float *y = blank_floats(ALL);
  double *expected = room(ALL, sizeof *expected);
  for (long i = 0; i < ALL; i++) stored[i] = (uint16_t)i;
  for (int brain = 0; brain < 2; brain++) {
    const int bits = brain ? 7 : 10, least = brain ? -126 : -14, top = (1 << (15 - bits)) - 1;
    for (long i = 0; i < ALL; i++) {
      const int exponent = (int)(i & 0x7fff) >> bits, fraction = (int)i & ((1 << bits) - 1);
      double value = exponent ? ldexp(1 + ldexp(fraction, -bits), exponent - 1 + least) : ldexp(fraction, least - bits);
      if (exponent == top) value = fraction ? NAN : INFINITY;
      expected[i] = i & 0x8000 ? -value : value;
    }
    describe(brain ? "bfloat16" : "float16");
    (brain ? k->bf16_to_f32 : k->f16_to_f32)(y, stored, stored, stored, ALL);
    expect_close("reading", y, expected, ALL, 0, 1);
  }
  release();
}

/// Rounded towards zero within low...high, NaN to 0; long double holds 64 bits on every machine here.
static int64_t saturated(long double x, int64_t low, int64_t high) {
  if (x != x) return 0;
  return x <= (long double)low ? low : x >= (long double)high ? high : (int64_t)x;
}

#define CHECK_CONVERSION(kernel, R, x, expression)            \
  {                                                           \
    R *y = room(COUNT, sizeof *y), *z = room(COUNT, sizeof *z); \
    for (long i = 0; i < COUNT; i++) z[i] = (R)(expression);  \
    k->kernel(y, x, x, x, COUNT);                             \
    expect_same(#kernel, y, z, COUNT, sizeof *y);             \
  }
#define CHECK_FROM(s, T, x)                                                   \
  CHECK_CONVERSION(s##_to_i32, int32_t, x, saturated(x[i], INT32_MIN, INT32_MAX)) \
  CHECK_CONVERSION(s##_to_i64, int64_t, x, saturated(x[i], INT64_MIN, INT64_MAX)) \
  CHECK_CONVERSION(s##_to_u8, uint8_t, x, saturated(x[i], 0, UINT8_MAX))      \
  CHECK_CONVERSION(s##_to_bool, uint8_t, x, x[i] != 0)
#define CHECK_WHOLE(s, x)                                  \
  CHECK_CONVERSION(s##_to_f32, float, x, x[i])             \
  CHECK_CONVERSION(s##_to_f64, double, x, x[i])            \
  CHECK_CONVERSION(s##_to_i32, int32_t, x, (uint64_t)x[i]) \
  CHECK_CONVERSION(s##_to_i64, int64_t, x, x[i])           \
  CHECK_CONVERSION(s##_to_u8, uint8_t, x, (uint64_t)x[i])

static void check_numbers(void) {
  const struct lathe_elementwise_kernels *k = lathe_elementwise();
  float *x = floats_of_all_kinds(), *y = blank_floats(COUNT);
  double *d = room(COUNT, sizeof *d), *expected = room(COUNT, sizeof *expected);
  int64_t *i64 = room(COUNT, sizeof *i64);
  int32_t *i32 = room(COUNT, sizeof *i32);
  uint8_t *u8 = room(COUNT, sizeof *u8);
  for (long i = 0; i < COUNT; i++) {
    d[i] = i % 2 ? (double)x[i] * (1 + 0x1p-30) : (double)x[i];
    i64[i] = (int64_t)next_bits() >> next_below(60);
    i32[i] = (int32_t)(next_bits() >> 32) >> next_below(30);
    u8[i] = (uint8_t)next_bits();
  }
  describe("all of %d", COUNT);
  CHECK_FROM(f32, float, x)
  CHECK_FROM(f64, double, d)
  CHECK_WHOLE(i32, i32)
  CHECK_WHOLE(i64, i64)
  CHECK_WHOLE(u8, u8)
  for (long i = 0; i < COUNT; i++) expected[i] = (double)(float)d[i];
  k->f64_to_f32(y, d, d, d, COUNT);
  expect_close("f64_to_f32", y, expected, COUNT, 0, 1);
  release();
}

static void check_comparisons(void) {
  const struct lathe_elementwise_kernels *k = lathe_elementwise();
  float *x = floats_of_all_kinds(), *b = floats_of_all_kinds(), *low = blank_floats(COUNT), *high = blank_floats(COUNT);
  float *y = blank_floats(COUNT);
  double *expected = room(COUNT, sizeof *expected);
  for (long i = 0; i < COUNT; i++) {
    if (i % 3 == 0) b[i] = x[i];
    low[i] = -2;
    high[i] = 3;
    expected[i] = isnan(x[i]) ? NAN : fmin(fmax(x[i], -2), 3);
  }
  describe("of float32");
  CHECK_CONVERSION(is_nan_f32, uint8_t, x, isnan(x[i]) ? 1 : 0)
  k->clamp_f32(y, x, low, high, COUNT);
  expect_close("clamp", y, expected, COUNT, 0, 1);
#define CHECK_ORDER(name, operator)                                                     \
  {                                                                                     \
    uint8_t *told = room(COUNT, 1), *right = room(COUNT, 1);                            \
    for (long i = 0; i < COUNT; i++) right[i] = (double)x[i] operator (double)b[i];      \
    k->name(told, x, b, b, COUNT);                                                      \
    expect_same(#name, told, right, COUNT, 1);                                          \
  }
  CHECK_ORDER(equal_f32, ==)
  CHECK_ORDER(not_equal_f32, !=)
  CHECK_ORDER(less_f32, <)
  CHECK_ORDER(less_equal_f32, <=)
  CHECK_ORDER(greater_f32, >)
  CHECK_ORDER(greater_equal_f32, >=)
  release();
}

/// Types that are only stored.
static void check_narrow(void) {
  const struct lathe_elementwise_kernels *k = lathe_elementwise();
  int8_t *i8 = room(COUNT, sizeof *i8);
  int16_t *i16 = room(COUNT, sizeof *i16);
  uint16_t *u16 = room(COUNT, sizeof *u16);
  uint32_t *u32 = room(COUNT, sizeof *u32);
  int32_t *i32 = room(COUNT, sizeof *i32);
  int64_t *i64 = room(COUNT, sizeof *i64);
  for (long i = 0; i < COUNT; i++) {
    const uint64_t bits = next_bits();
    i8[i] = (int8_t)bits;
    i16[i] = (int16_t)(bits >> 8);
    u16[i] = (uint16_t)(bits >> 24);
    u32[i] = (uint32_t)(bits >> 32);
    i32[i] = (int32_t)(bits >> 16);
    i64[i] = (int64_t)bits;
  }
  describe("narrow types");
  CHECK_CONVERSION(i8_to_i32, int32_t, i8, i8[i])
  CHECK_CONVERSION(i16_to_i32, int32_t, i16, i16[i])
  CHECK_CONVERSION(u16_to_i32, int32_t, u16, u16[i])
  CHECK_CONVERSION(u32_to_i64, int64_t, u32, u32[i])
  CHECK_CONVERSION(i32_to_u16, uint16_t, i32, (uint32_t)i32[i] & 0xffff)
  CHECK_CONVERSION(wrap_i8, int32_t, i32, (((int64_t)i32[i] & 0xff) ^ 0x80) - 0x80)
  CHECK_CONVERSION(wrap_i16, int32_t, i32, (((int64_t)i32[i] & 0xffff) ^ 0x8000) - 0x8000)
  CHECK_CONVERSION(wrap_u16, int32_t, i32, (int64_t)i32[i] & 0xffff)
  CHECK_CONVERSION(wrap_u32, int64_t, i64, i64[i] & 0xffffffff)
  release();
}

void check_conversions(void) {
  check_halves();
  check_reading();
  check_numbers();
  check_comparisons();
  check_narrow();
}
