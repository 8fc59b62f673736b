// The loops of the element-wise operations on float64: functions come from the system's own library, one element at a
// time. Read by elementwise_ops.h.

#define LATHE_SCALAR_UNARY(name, expression)                                                              \
  static void LATHE_NAME(name)(void *restrict out_, const void *a_, const void *b_, const void *c_, size_t n) { \
    double *restrict out = out_;                                                                          \
    const double *pa = a_;                                                                                \
    for (size_t i = 0; i < n; i++) {                                                                      \
      const double a = pa[i];                                                                             \
      out[i] = (expression);                                                                              \
    }                                                                                                     \
  }

LATHE_SCALAR_UNARY(exp_f64, exp(a))
LATHE_SCALAR_UNARY(expm1_f64, expm1(a))
LATHE_SCALAR_UNARY(log_f64, log(a))
LATHE_SCALAR_UNARY(log1p_f64, log1p(a))
LATHE_SCALAR_UNARY(sin_f64, sin(a))
LATHE_SCALAR_UNARY(cos_f64, cos(a))
LATHE_SCALAR_UNARY(tan_f64, tan(a))
LATHE_SCALAR_UNARY(asin_f64, asin(a))
LATHE_SCALAR_UNARY(acos_f64, acos(a))
LATHE_SCALAR_UNARY(atan_f64, atan(a))
LATHE_SCALAR_UNARY(sinh_f64, sinh(a))
LATHE_SCALAR_UNARY(cosh_f64, cosh(a))
LATHE_SCALAR_UNARY(tanh_f64, tanh(a))
LATHE_SCALAR_UNARY(asinh_f64, asinh(a))
LATHE_SCALAR_UNARY(acosh_f64, acosh(a))
LATHE_SCALAR_UNARY(atanh_f64, atanh(a))
LATHE_SCALAR_UNARY(erf_f64, erf(a))
LATHE_SCALAR_UNARY(sigmoid_f64, lathe_sigmoid_f64(a))
LATHE_SCALAR_UNARY(silu_f64, a *lathe_sigmoid_f64(a))
// By what is missing of 1, which keeps its digits where the result is small.
LATHE_SCALAR_UNARY(gelu_f64, a * 0.5 * erfc(a * -0x1.6a09e667f3bcdp-1))
// x / 2 (1 + tanh u) is x sigmoid(2 u).
LATHE_SCALAR_UNARY(gelu_tanh_f64, a *lathe_sigmoid_f64(a * (1.5957691216057308 + 0.07135481627260025 * a * a)))
LATHE_SCALAR_UNARY(softplus_f64, (a < 0.0 ? 0.0 : a) + log1p(exp(-fabs(a))))
LATHE_UNARY(sqrt_f64, double, double, __builtin_elementwise_sqrt(a))
LATHE_UNARY(rsqrt_f64, double, double, 1.0 / __builtin_elementwise_sqrt(a))
LATHE_UNARY(reciprocal_f64, double, double, 1.0 / a)
LATHE_UNARY(floor_f64, double, double, __builtin_elementwise_floor(a))
LATHE_UNARY(ceil_f64, double, double, __builtin_elementwise_ceil(a))
LATHE_UNARY(round_f64, double, double, __builtin_elementwise_roundeven(a))
LATHE_UNARY(is_nan_f64, double, uint8_t, a != a)
LATHE_UNARY(negate_f64, double, double, -a)
LATHE_UNARY(absolute_f64, double, double, __builtin_fabs(a))
LATHE_UNARY(sign_f64, double, double, a > 0.0 ? 1.0 : (a < 0.0 ? -1.0 : a))
LATHE_UNARY(square_f64, double, double, a *a)
LATHE_UNARY(relu_f64, double, double, a < 0.0 ? 0.0 : a)
LATHE_BINARY(add_f64, double, double, a + b)
LATHE_BINARY(subtract_f64, double, double, a - b)
LATHE_BINARY(multiply_f64, double, double, a *b)
LATHE_BINARY(divide_f64, double, double, a / b)
LATHE_BINARY(minimum_f64, double, double, ((a < b) | (a != a)) ? a : b)
LATHE_BINARY(maximum_f64, double, double, ((a > b) | (a != a)) ? a : b)
LATHE_BINARY(leaky_relu_f64, double, double, a >= 0.0 ? a : a * b)
LATHE_SCALAR_BINARY(elu_f64, double, double, a > 0.0 ? a : b * expm1(a))
LATHE_SCALAR_BINARY(power_f64, double, double, pow(a, b))
LATHE_SCALAR_BINARY(atan2_f64, double, double, atan2(a, b))
LATHE_SCALAR_BINARY(remainder_f64, double, double, lathe_remainder_f64(a, b))
LATHE_SCALAR_BINARY(floor_divide_f64, double, double, lathe_floor_divide_f64(a, b))
LATHE_TERNARY(clamp_f64, double, double, double, lathe_clamp(a, b, c))
LATHE_UNARY(f64_to_f64, double, double, a)
LATHE_UNARY(f64_to_f32, double, float, (float)a)
LATHE_UNARY(f64_to_i32, double, int32_t, lathe_f64_to_i32(a))
LATHE_UNARY(f64_to_i64, double, int64_t, lathe_f64_to_i64(a))
LATHE_UNARY(f64_to_u8, double, uint8_t, lathe_f64_to_u8(a))
LATHE_UNARY(f64_round_to_f16, double, float, lathe_from_f16(lathe_to_f16(lathe_to_odd(a))))
LATHE_UNARY(f64_round_to_bf16, double, float, lathe_from_bf16(lathe_to_bf16(lathe_to_odd(a))))

#undef LATHE_SCALAR_UNARY
