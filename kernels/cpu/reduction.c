#include "include/reduction.h"

#include <math.h>
#include <string.h>

#include "blocked_sums.h"
#include "include/sums.h"
#include "math_f32.h"

#define LATHE_BODY "reduction_ops.h"
#include "variants.h"

const struct lathe_reduction_kernels *lathe_reductions(void) { return LATHE_PICK(lathe_table); }

void lathe_plan_reduce_run(const struct lathe_plan *plan, void *scratch, size_t begin, size_t end, uint16_t result,
                           lathe_reduce_run join, void *accumulator) {
  for (size_t position = begin; position < end;) {
    size_t count = lathe_plan_block_size(plan, position, end);
    join(accumulator, lathe_plan_block(plan, scratch, position, count, result), count);
    position += count;
  }
}

void lathe_plan_reduce_short(const struct lathe_plan *plan, void *scratch, size_t first, size_t end, size_t length,
                             uint16_t result, size_t element_size, lathe_reduce_run join, int64_t *accumulators) {
  size_t step = LATHE_BLOCK / length;
  for (size_t row = first; row < end; row += step) {
    size_t rows = end - row < step ? end - row : step;
    const char *x = lathe_plan_block(plan, scratch, row * length, rows * length, result);
    for (size_t i = 0; i < rows; i++) join(accumulators + row - first + i, x + i * length * element_size, length);
  }
}

void lathe_plan_reduce_rows(const struct lathe_plan *plan, void *scratch, size_t begin, size_t rows,
                            size_t row_length, size_t width, uint16_t result, lathe_reduce_rows join,
                            void *accumulators) {
  size_t step = width == row_length ? LATHE_BLOCK / width : 1;
  for (size_t row = 0; row < rows; row += step) {
    size_t count = rows - row < step ? rows - row : step;
    const void *x = lathe_plan_block(plan, scratch, begin + row * row_length, count * width, result);
    join(accumulators, x, count, width);
  }
}

void lathe_plan_sum_rows(const struct lathe_plan *plan, void *scratch, size_t begin, size_t rows, size_t row_length,
                         size_t width, uint16_t result, double *accumulators) {
  float run[LATHE_BLOCK];
  const size_t step = width == row_length ? LATHE_BLOCK / width : 1;
  size_t held = 0;
  bool is_finite = true;
  memset(run, 0, width * sizeof(float));
  for (size_t row = 0; row < rows && is_finite; row += step) {
    const size_t count = rows - row < step ? rows - row : step;
    const float *x = lathe_plan_block(plan, scratch, begin + row * row_length, count * width, result);
    for (size_t done = 0; done < count;) {
      const size_t most = LATHE_SUM_ROWS - held, some = count - done < most ? count - done : most;
      lathe_add_to_run(run, x + done * width, (long)some, (long)width);
      done += some;
      held += some;
      if (held == LATHE_SUM_ROWS || row + done == rows) {
        is_finite = lathe_end_run(accumulators, run, (long)width) && is_finite;
        held = 0;
      }
    }
  }
  if (is_finite) return;
  // Sums beyond float32, or elements that are not finite: each by itself.
  for (size_t i = 0; i < width; i++) accumulators[i] = 0;
  lathe_plan_reduce_rows(
      plan, scratch, begin, rows, row_length, width, result, lathe_reductions()->sum_f32_rows, accumulators);
}

#define LATHE_ARG(name, T, V, load, is_nan)                                              \
  int32_t name(const void *x_, size_t count, size_t stride, bool largest) {              \
    const T *x = x_;                                                                     \
    V best = load(x[0]);                                                                 \
    size_t at = 0;                                                                       \
    for (size_t i = 1; i < count && !is_nan(best); i++) {                                \
      V v = load(x[i * stride]);                                                         \
      if (is_nan(v) || (largest ? v > best : v < best)) {                                \
        best = v;                                                                        \
        at = i;                                                                          \
      }                                                                                  \
    }                                                                                    \
    return (int32_t)at;                                                                  \
  }
#define SAME(v) (v)
#define FLOAT_NAN(v) ((v) != (v))
#define NO_NAN(v) 0
LATHE_ARG(lathe_arg_f32, float, float, SAME, FLOAT_NAN)
LATHE_ARG(lathe_arg_f64, double, double, SAME, FLOAT_NAN)
LATHE_ARG(lathe_arg_f16, uint16_t, float, lathe_from_f16, FLOAT_NAN)
LATHE_ARG(lathe_arg_bf16, uint16_t, float, lathe_from_bf16, FLOAT_NAN)
LATHE_ARG(lathe_arg_i32, int32_t, int32_t, SAME, NO_NAN)
LATHE_ARG(lathe_arg_i64, int64_t, int64_t, SAME, NO_NAN)
LATHE_ARG(lathe_arg_u8, uint8_t, uint8_t, SAME, NO_NAN)
LATHE_ARG(lathe_arg_i8, int8_t, int8_t, SAME, NO_NAN)
LATHE_ARG(lathe_arg_i16, int16_t, int16_t, SAME, NO_NAN)
LATHE_ARG(lathe_arg_u16, uint16_t, uint16_t, SAME, NO_NAN)
LATHE_ARG(lathe_arg_u32, uint32_t, uint32_t, SAME, NO_NAN)

#define LATHE_CUMULATIVE_SUM(name, T, A)                                \
  void name(void *y_, const void *x_, size_t count, size_t stride) {    \
    const T *x = x_;                                                    \
    T *y = y_;                                                          \
    A sum = 0;                                                          \
    for (size_t i = 0; i < count; i++) {                                \
      sum += (A)x[i * stride];                                          \
      y[i * stride] = (T)sum;                                           \
    }                                                                   \
  }
LATHE_CUMULATIVE_SUM(lathe_cumulative_sum_f32, float, double)
LATHE_CUMULATIVE_SUM(lathe_cumulative_sum_f64, double, double)
LATHE_CUMULATIVE_SUM(lathe_cumulative_sum_i32, int32_t, uint32_t)
LATHE_CUMULATIVE_SUM(lathe_cumulative_sum_i64, int64_t, uint64_t)

#define LATHE_CUMULATIVE_PRODUCT(name, T, A)                            \
  void name(void *y_, const void *x_, size_t count, size_t stride) {    \
    const T *x = x_;                                                    \
    T *y = y_;                                                          \
    A product = 1;                                                      \
    for (size_t i = 0; i < count; i++) {                                \
      product *= (A)x[i * stride];                                      \
      y[i * stride] = (T)product;                                       \
    }                                                                   \
  }
LATHE_CUMULATIVE_PRODUCT(lathe_cumulative_product_f32, float, double)
LATHE_CUMULATIVE_PRODUCT(lathe_cumulative_product_f64, double, double)
LATHE_CUMULATIVE_PRODUCT(lathe_cumulative_product_i32, int32_t, uint32_t)
LATHE_CUMULATIVE_PRODUCT(lathe_cumulative_product_i64, int64_t, uint64_t)

#define LATHE_CUMULATIVE_EXTREMUM(name, T, is_nan)                                                          \
  void name(void *y_, int32_t *index, const void *x_, size_t count, size_t stride, bool largest) {          \
    const T *x = x_;                                                                                        \
    T *y = y_, best = x[0];                                                                                 \
    size_t at = 0;                                                                                          \
    for (size_t i = 0; i < count; i++) {                                                                    \
      const T v = x[i * stride];                                                                            \
      if (is_nan(v) || (!is_nan(best) && (largest ? v >= best : v <= best))) {                              \
        best = v;                                                                                           \
        at = i;                                                                                             \
      }                                                                                                     \
      y[i * stride] = best;                                                                                 \
      index[i * stride] = (int32_t)at;                                                                      \
    }                                                                                                       \
  }
LATHE_CUMULATIVE_EXTREMUM(lathe_cumulative_extremum_f32, float, FLOAT_NAN)
LATHE_CUMULATIVE_EXTREMUM(lathe_cumulative_extremum_f64, double, FLOAT_NAN)
LATHE_CUMULATIVE_EXTREMUM(lathe_cumulative_extremum_i32, int32_t, NO_NAN)
LATHE_CUMULATIVE_EXTREMUM(lathe_cumulative_extremum_i64, int64_t, NO_NAN)
