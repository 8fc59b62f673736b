#include "check.h"

// The element-wise functions of floats against the system's in float64.

static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double negate(double x) { return -x; }
static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static double rsqrt(double x) { return 1 / sqrt(x); }
static double square(double x) { return x * x; }
static double reciprocal(double x) { return 1 / x; }
static double relu(double x) { return x < 0 ? 0 : x; }
static double gelu(double x) { return 0.5 * x * erfc(-x / sqrt(2.0)); }
static double gelu_tanh(double x) {
  const double u = sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x);
  return x == -INFINITY ? NAN : x / (1 + exp(-2 * u));
}
static double silu(double x) { return x < 0 ? x * exp(x) / (1 + exp(x)) : x / (1 + exp(-x)); }
static double softplus(double x) { return isnan(x) ? x : fmax(x, 0) + log1p(exp(-fabs(x))); }

typedef struct function {
  const char *name;
  size_t f32, f64;
  double ulps;
  /// What is allowed besides, for each unit of x.
  double slack;
  double (*reference)(double);
} function;

#define ROW(name, ulps, slack, reference)                                                                    \
  {#name, offsetof(struct lathe_elementwise_kernels, name##_f32), offsetof(struct lathe_elementwise_kernels, name##_f64), \
   ulps, slack, reference}

// The bounds are those of the Swift tests.
static const function functions[] = {
    ROW(negate, 0, 0, negate), ROW(absolute, 0, 0, fabs), ROW(sign, 0, 0, sign), ROW(exp, 1.5, 0, exp),
    ROW(expm1, 0.51, 0, expm1), ROW(log, 1.5, 0, log), ROW(log1p, 0.51, 0, log1p), ROW(sqrt, 0.5001, 0, sqrt),
    ROW(rsqrt, 1.5, 0, rsqrt), ROW(square, 0.5001, 0, square), ROW(reciprocal, 0.5001, 0, reciprocal),
    ROW(sin, 0.6, 0, sin), ROW(cos, 0.6, 0, cos), ROW(tan, 2, 0, tan), ROW(asin, 2, 0, asin), ROW(acos, 2, 0, acos),
    ROW(atan, 2, 0, atan), ROW(sinh, 2, 0, sinh), ROW(cosh, 2, 0, cosh), ROW(tanh, 2, 0, tanh), ROW(asinh, 2, 0, asinh),
    ROW(acosh, 2, 0, acosh), ROW(atanh, 2, 0, atanh), ROW(sigmoid, 2.5, 0, sigmoid), ROW(erf, 2.5, 0, erf),
    ROW(relu, 0, 0, relu), ROW(gelu, 3, 1.5e-7, gelu), ROW(gelu_tanh, 4, 1.5e-7, gelu_tanh), ROW(silu, 3, 2e-45, silu),
    ROW(softplus, 2, 0, softplus), ROW(floor, 0, 0, floor), ROW(ceil, 0, 0, ceil), ROW(round, 0, 0, rint),
};
#undef ROW

static double minimum(double a, double b) { return isnan(a) || isnan(b) ? NAN : fmin(a, b); }
static double maximum(double a, double b) { return isnan(a) || isnan(b) ? NAN : fmax(a, b); }
static double add(double a, double b) { return a + b; }
static double subtract(double a, double b) { return a - b; }
static double multiply(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }
static double leaky_relu(double a, double b) { return a >= 0 ? a : a * b; }
static double elu(double a, double b) { return a > 0 ? a : b * expm1(a); }
static double remainder_of(double a, double b) {
  const double r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

typedef struct binary {
  const char *name;
  size_t f32, f64;
  double ulps;
  double (*reference)(double, double);
} binary;

#define ROW(name, ulps, reference)                                                                           \
  {#name, offsetof(struct lathe_elementwise_kernels, name##_f32), offsetof(struct lathe_elementwise_kernels, name##_f64), \
   ulps, reference}
static const binary binaries[] = {
    ROW(add, 0.5001, add), ROW(subtract, 0.5001, subtract), ROW(multiply, 0.5001, multiply),
    ROW(divide, 0.5001, divide), ROW(power, 0.51, pow), ROW(atan2, 2, atan2), ROW(minimum, 0, minimum),
    ROW(maximum, 0, maximum), ROW(remainder, 0.5001, remainder_of), ROW(leaky_relu, 0.5001, leaky_relu),
    ROW(elu, 1.5, elu),
};
#undef ROW

enum { FUNCTIONS = sizeof functions / sizeof functions[0], BINARIES = sizeof binaries / sizeof binaries[0] };

static lathe_kernel kernel_at(size_t offset) {
  lathe_kernel kernel;
  memcpy(&kernel, (const char *)lathe_elementwise() + offset, sizeof kernel);
  return kernel;
}

static const float edges[] = {
    0, -0.0f, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, -1.5f, -2.5f, 2, -2, 3, -3, 10, -10, 17.3f, -17.3f, 87.3f, -87.3f, 88.5f,
    88.8f, 89.5f, -88.5f, -100, -103.5f, -104.5f, 1e-10f, -1e-10f, 1e-30f, -1e-30f, 0x1p-133f, -0x1p-133f, 1e10f,
    -1e10f, 1e30f, -1e30f, 0.625f, 0.9f, -0.9f, 0.7071068f, 1.4142135f, 0.99999994f, 1.0000001f, -0.99999994f, INFINITY,
    -INFINITY, NAN, 0x1.fffffep127f, -0x1.fffffep127f, 0x1p-126f, 0x1p-149f, -0x1p-149f, 8388607.5f, 16777216, 1048576,
    1048577, 123456792, 3.1415927f, -1.5707964f, 6.2831855f};
enum { EDGES = sizeof edges / sizeof edges[0], VALUES = 20011 };

/// Edges, then numbers around 1, over ordinary magnitudes and over all bit patterns.
static float *values(void) {
  float *x = blank_floats(VALUES);
  for (long i = 0; i < VALUES; i++) {
    const uint32_t bits = (uint32_t)(next_bits() >> 32);
    if (i < EDGES)
      x[i] = edges[i];
    else if (i % 3 == 0)
      x[i] = 12 * next_float();
    else if (i % 3 == 1)
      x[i] = ldexpf(next_float(), (int)next_below(28) - 20);
    else
      memcpy(x + i, &bits, sizeof bits);
  }
  return x;
}

/// Python's: what is left has the divisor's sign.
static double floor_quotient(double a, double b) { return b == 0 ? a / b : (a - remainder_of(a, b)) / b; }

void check_functions(void) {
  for (int f = 0; f < FUNCTIONS; f++) {
    float *x = values(), *y = blank_floats(VALUES);
    describe("%s", functions[f].name);
    kernel_at(functions[f].f32)(y, x, x, x, VALUES);
    for (long i = 0; i < VALUES; i++)
      expect_ulps("", y[i], functions[f].reference(x[i]), functions[f].ulps, functions[f].slack * fabs((double)x[i]),
          x[i]);
    release();
  }
  for (int f = 0; f < BINARIES; f++) {
    float *a = values(), *b = values(), *y = blank_floats(VALUES);
    // Every edge with every other.
    for (long i = 0; i < EDGES * EDGES; i++) {
      a[i] = edges[i / EDGES];
      b[i] = edges[i % EDGES];
    }
    describe("%s", binaries[f].name);
    kernel_at(binaries[f].f32)(y, a, b, b, VALUES);
    for (long i = 0; i < VALUES; i++)
      expect_ulps("", y[i], binaries[f].reference(a[i], b[i]), binaries[f].ulps, 0, a[i]);
    release();
  }
  float *a = values(), *b = values(), *y = blank_floats(VALUES);
  for (long i = 0; i < VALUES; i++) {
    a[i] = 100 * next_float();
    b[i] = i % 97 == 0 ? 0 : 5 * next_float();
  }
  describe("floor_divide");
  lathe_elementwise()->floor_divide_f32(y, a, b, b, VALUES);
  for (long i = 0; i < VALUES; i++) expect_ulps("", y[i], floor_quotient(a[i], b[i]), 0.5001, 0, a[i]);
  release();
}

/// Their loops call the same library: this finds a loop or a table that is wrong, not a function.
void check_double_functions(void) {
  enum { COUNT = 2003 };
  double *x = room(COUNT, sizeof *x), *z = room(COUNT, sizeof *z), *y = room(COUNT, sizeof *y);
  double *expected = room(COUNT, sizeof *expected);
  for (long i = 0; i < COUNT; i++) {
    x[i] = i % 2 ? 20 * next_float() : next_float();
    z[i] = 4 * next_float();
  }
  for (int f = 0; f < FUNCTIONS; f++) {
    for (long i = 0; i < COUNT; i++) expected[i] = functions[f].reference(x[i]);
    describe("%s", functions[f].name);
    kernel_at(functions[f].f64)(y, x, x, x, COUNT);
    expect_close_f64("y", y, expected, COUNT, 2e-14, 0.01);
  }
  for (int f = 0; f < BINARIES; f++) {
    for (long i = 0; i < COUNT; i++) expected[i] = binaries[f].reference(x[i], z[i]);
    describe("%s", binaries[f].name);
    kernel_at(binaries[f].f64)(y, x, z, z, COUNT);
    expect_close_f64("y", y, expected, COUNT, 2e-14, 0.01);
  }
}
