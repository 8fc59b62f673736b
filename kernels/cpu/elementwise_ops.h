// The loops of the element-wise operations: one row each. Compiled for each SIMD level by variants.h.

#define LATHE_UNARY(name, T, R, expression)                                                               \
  static void LATHE_NAME(name)(void *restrict out_, const void *a_, const void *b_, const void *c_, size_t n) { \
    R *restrict out = out_;                                                                               \
    const T *pa = a_;                                                                                     \
    LATHE_LOOP for (size_t i = 0; i < n; i++) {                                                           \
      const T a = pa[i];                                                                                  \
      out[i] = (R)(expression);                                                                           \
    }                                                                                                     \
  }
#define LATHE_BINARY(name, T, R, expression)                                                              \
  static void LATHE_NAME(name)(void *restrict out_, const void *a_, const void *b_, const void *c_, size_t n) { \
    R *restrict out = out_;                                                                               \
    const T *pa = a_, *pb = b_;                                                                           \
    LATHE_LOOP for (size_t i = 0; i < n; i++) {                                                           \
      const T a = pa[i], b = pb[i];                                                                       \
      out[i] = (R)(expression);                                                                           \
    }                                                                                                     \
  }
#define LATHE_TERNARY(name, S, T, R, expression)                                                          \
  static void LATHE_NAME(name)(void *restrict out_, const void *a_, const void *b_, const void *c_, size_t n) { \
    R *restrict out = out_;                                                                               \
    const S *pa = a_;                                                                                     \
    const T *pb = b_, *pc = c_;                                                                           \
    LATHE_LOOP for (size_t i = 0; i < n; i++) {                                                           \
      const S a = pa[i];                                                                                  \
      const T b = pb[i], c = pc[i];                                                                       \
      out[i] = (R)(expression);                                                                           \
    }                                                                                                     \
  }
/// For functions that do not vectorise.
#define LATHE_SCALAR_BINARY(name, T, R, expression)                                                       \
  static void LATHE_NAME(name)(void *restrict out_, const void *a_, const void *b_, const void *c_, size_t n) { \
    R *restrict out = out_;                                                                               \
    const T *pa = a_, *pb = b_;                                                                           \
    for (size_t i = 0; i < n; i++) {                                                                      \
      const T a = pa[i], b = pb[i];                                                                       \
      out[i] = (R)(expression);                                                                           \
    }                                                                                                     \
  }

// float32
LATHE_UNARY(exp_f32, float, float, lathe_exp(a))
LATHE_UNARY(expm1_f32, float, float, lathe_expm1(a))
LATHE_UNARY(log_f32, float, float, lathe_log(a))
LATHE_UNARY(log1p_f32, float, float, lathe_log1p(a))
LATHE_UNARY(sqrt_f32, float, float, __builtin_elementwise_sqrt(a))
LATHE_UNARY(rsqrt_f32, float, float, 1.0f / __builtin_elementwise_sqrt(a))
LATHE_UNARY(reciprocal_f32, float, float, 1.0f / a)
LATHE_UNARY(tanh_f32, float, float, lathe_tanh(a))
LATHE_UNARY(asin_f32, float, float, lathe_asin(a))
LATHE_UNARY(acos_f32, float, float, lathe_acos(a))
LATHE_UNARY(atan_f32, float, float, lathe_atan(a))
LATHE_UNARY(sinh_f32, float, float, lathe_sinh(a))
LATHE_UNARY(cosh_f32, float, float, lathe_cosh(a))
LATHE_UNARY(asinh_f32, float, float, lathe_asinh(a))
LATHE_UNARY(acosh_f32, float, float, lathe_acosh(a))
LATHE_UNARY(atanh_f32, float, float, lathe_atanh(a))
LATHE_BINARY(atan2_f32, float, float, lathe_atan2(a, b))
LATHE_UNARY(sigmoid_f32, float, float, lathe_sigmoid(a))
LATHE_UNARY(erf_f32, float, float, lathe_erf(a))
LATHE_UNARY(gelu_f32, float, float, lathe_gelu(a))
LATHE_UNARY(gelu_tanh_f32, float, float, lathe_gelu_tanh(a))
LATHE_UNARY(silu_f32, float, float, lathe_silu(a))
LATHE_UNARY(softplus_f32, float, float, lathe_softplus(a))
LATHE_UNARY(floor_f32, float, float, __builtin_elementwise_floor(a))
LATHE_UNARY(ceil_f32, float, float, __builtin_elementwise_ceil(a))
LATHE_UNARY(round_f32, float, float, __builtin_elementwise_roundeven(a))
LATHE_UNARY(is_nan_f32, float, uint8_t, a != a)
LATHE_UNARY(f32_round_to_f16, float, float, lathe_from_f16(lathe_to_f16(a)))
LATHE_UNARY(f32_round_to_bf16, float, float, lathe_from_bf16(lathe_to_bf16(a)))
LATHE_UNARY(f16_to_f32, uint16_t, float, lathe_from_f16(a))
LATHE_UNARY(bf16_to_f32, uint16_t, float, lathe_from_bf16(a))
LATHE_UNARY(f32_to_f16, float, uint16_t, lathe_to_f16(a))
LATHE_UNARY(f32_to_bf16, float, uint16_t, lathe_to_bf16(a))
LATHE_UNARY(negate_f32, float, float, -a)
LATHE_UNARY(absolute_f32, float, float, __builtin_fabsf(a))
LATHE_UNARY(sign_f32, float, float, a > 0.0f ? 1.0f : (a < 0.0f ? -1.0f : a))
LATHE_UNARY(square_f32, float, float, a * a)
LATHE_UNARY(relu_f32, float, float, a < 0.0f ? 0.0f : a)
LATHE_BINARY(add_f32, float, float, a + b)
LATHE_BINARY(subtract_f32, float, float, a - b)
LATHE_BINARY(multiply_f32, float, float, a * b)
LATHE_BINARY(divide_f32, float, float, a / b)
LATHE_BINARY(power_f32, float, float, lathe_power(a, b))
LATHE_BINARY(minimum_f32, float, float, ((a < b) | (a != a)) ? a : b)
LATHE_BINARY(maximum_f32, float, float, ((a > b) | (a != a)) ? a : b)
LATHE_SCALAR_BINARY(remainder_f32, float, float, lathe_remainder(a, b))
LATHE_SCALAR_BINARY(floor_divide_f32, float, float, lathe_floor_divide(a, b))
LATHE_BINARY(leaky_relu_f32, float, float, a >= 0.0f ? a : a * b)
LATHE_BINARY(elu_f32, float, float, a > 0.0f ? a : b * lathe_expm1(a))
LATHE_TERNARY(clamp_f32, float, float, float, lathe_clamp(a, b, c))
LATHE_UNARY(f32_to_f32, float, float, a)
LATHE_UNARY(f32_to_f64, float, double, a)
LATHE_UNARY(f32_to_i32, float, int32_t, lathe_f32_to_i32(a))
LATHE_UNARY(f32_to_i64, float, int64_t, lathe_f32_to_i64(a))
LATHE_UNARY(f32_to_u8, float, uint8_t, lathe_f32_to_u8(a))

#include "elementwise_f64.h"

// sin, cos and tan: far out the reduction needs pi to hundreds of digits, so such rare numbers are done once more, by
// themselves.
#define LATHE_TURNING(name, near, beyond)                                                                 \
  static void LATHE_NAME(name)(void *restrict out_, const void *a_, const void *b_, const void *c_, size_t n) { \
    float *restrict out = out_;                                                                           \
    const float *pa = a_;                                                                                 \
    uint32_t far = 0;                                                                                     \
    LATHE_LOOP for (size_t i = 0; i < n; i++) {                                                           \
      const float a = pa[i];                                                                              \
      far |= !(__builtin_fabsf(a) <= 0x1p20f);                                                            \
      out[i] = near;                                                                                      \
    }                                                                                                     \
    if (!far) return;                                                                                     \
    for (size_t i = 0; i < n; i++) {                                                                      \
      const float a = pa[i];                                                                              \
      if (!(__builtin_fabsf(a) <= 0x1p20f)) out[i] = beyond;                                              \
    }                                                                                                     \
  }
LATHE_TURNING(sin_f32, lathe_sine(a, 0), lathe_sine_far(a, 0))
LATHE_TURNING(cos_f32, lathe_sine(a, 1), lathe_sine_far(a, 1))
LATHE_TURNING(tan_f32, lathe_tangent(a), lathe_tangent_far(a))

// Whole numbers wrap around.
#define LATHE_INTEGER_ROWS(T, U, s)                                           \
  LATHE_UNARY(negate_##s, T, T, (U)0 - (U)a)                                  \
  LATHE_UNARY(absolute_##s, T, T, a < 0 ? (U)0 - (U)a : (U)a)                 \
  LATHE_UNARY(sign_##s, T, T, (a > 0) - (a < 0))                              \
  LATHE_UNARY(square_##s, T, T, (U)a *(U)a)                                   \
  LATHE_UNARY(relu_##s, T, T, a < 0 ? 0 : a)                                  \
  LATHE_BINARY(add_##s, T, T, (U)a + (U)b)                                    \
  LATHE_BINARY(subtract_##s, T, T, (U)a - (U)b)                               \
  LATHE_BINARY(multiply_##s, T, T, (U)a *(U)b)                                \
  LATHE_SCALAR_BINARY(power_##s, T, T, lathe_integer_power(a, b))             \
  LATHE_BINARY(minimum_##s, T, T, a < b ? a : b)                              \
  LATHE_BINARY(maximum_##s, T, T, a > b ? a : b)                              \
  LATHE_SCALAR_BINARY(remainder_##s, T, T, lathe_integer_remainder(a, b))     \
  LATHE_SCALAR_BINARY(floor_divide_##s, T, T, lathe_integer_floor_divide(a, b)) \
  LATHE_BINARY(bitwise_and_##s, T, T, a &b)                                   \
  LATHE_BINARY(bitwise_or_##s, T, T, a | b)                                   \
  LATHE_BINARY(bitwise_xor_##s, T, T, a ^ b)                                  \
  LATHE_BINARY(shift_left_##s, T, T, lathe_shift_left(a, b))                  \
  LATHE_BINARY(shift_right_##s, T, T, lathe_shift_right(a, b))                \
  LATHE_TERNARY(clamp_##s, T, T, T, lathe_clamp(a, b, c))                     \
  LATHE_UNARY(s##_to_f32, T, float, (float)a)                                 \
  LATHE_UNARY(s##_to_f64, T, double, (double)a)                               \
  LATHE_UNARY(s##_to_i32, T, int32_t, a)                                      \
  LATHE_UNARY(s##_to_i64, T, int64_t, a)                                      \
  LATHE_UNARY(s##_to_u8, T, uint8_t, a)
LATHE_INTEGER_ROWS(int32_t, uint32_t, i32)
LATHE_INTEGER_ROWS(int64_t, uint64_t, i64)
LATHE_INTEGER_ROWS(uint8_t, uint32_t, u8)

#define LATHE_ANY_ROWS(T, s)                                   \
  LATHE_BINARY(equal_##s, T, uint8_t, a == b)                  \
  LATHE_BINARY(not_equal_##s, T, uint8_t, a != b)              \
  LATHE_BINARY(less_##s, T, uint8_t, a < b)                    \
  LATHE_BINARY(less_equal_##s, T, uint8_t, a <= b)             \
  LATHE_BINARY(greater_##s, T, uint8_t, a > b)                 \
  LATHE_BINARY(greater_equal_##s, T, uint8_t, a >= b)          \
  LATHE_TERNARY(select_##s, uint8_t, T, T, a ? b : c)          \
  LATHE_UNARY(copy_##s, T, T, a)                               \
  LATHE_UNARY(s##_to_bool, T, uint8_t, a != 0)
LATHE_ANY_ROWS(float, f32)
LATHE_ANY_ROWS(double, f64)
LATHE_ANY_ROWS(int32_t, i32)
LATHE_ANY_ROWS(int64_t, i64)
LATHE_ANY_ROWS(uint8_t, u8)

// Types that are only stored.
LATHE_UNARY(i8_to_i32, int8_t, int32_t, a)
LATHE_UNARY(i16_to_i32, int16_t, int32_t, a)
LATHE_UNARY(u16_to_i32, uint16_t, int32_t, a)
LATHE_UNARY(u32_to_i64, uint32_t, int64_t, a)
LATHE_UNARY(i32_to_u16, int32_t, uint16_t, a)
LATHE_UNARY(wrap_i8, int32_t, int32_t, (int8_t)a)
LATHE_UNARY(wrap_i16, int32_t, int32_t, (int16_t)a)
LATHE_UNARY(wrap_u16, int32_t, int32_t, (uint16_t)a)
LATHE_UNARY(wrap_u32, int64_t, int64_t, (uint32_t)a)

LATHE_UNARY(logical_not, uint8_t, uint8_t, a == 0)
LATHE_BINARY(logical_and, uint8_t, uint8_t, (a != 0) & (b != 0))
LATHE_BINARY(logical_or, uint8_t, uint8_t, (a | b) != 0)
LATHE_BINARY(logical_xor, uint8_t, uint8_t, (a != 0) != (b != 0))

static const struct lathe_elementwise_kernels LATHE_NAME(lathe_table) = {
#define LATHE_FIELD(name) .name = LATHE_NAME(name),
    LATHE_ELEMENTWISE_KERNELS(LATHE_FIELD)
#undef LATHE_FIELD
};

#undef LATHE_UNARY
#undef LATHE_BINARY
#undef LATHE_TERNARY
#undef LATHE_SCALAR_BINARY
#undef LATHE_TURNING
#undef LATHE_INTEGER_ROWS
#undef LATHE_ANY_ROWS
