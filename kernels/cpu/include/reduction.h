#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elementwise.h"

// Reductions. An accumulator takes 8 bytes: a double for float32 and float64, an int64 for every other type. Sums of
// float32 are therefore as good as exact, and how the work is cut does not show in float32; those of float64 are added in
// 32 lanes and by pieces.

/// Joins `count` elements into one accumulator.
typedef void (*lathe_reduce_run)(void *accumulator, const void *x, size_t count);

/// Joins element i of each of `rows` rows of `count` elements into accumulator i.
typedef void (*lathe_reduce_rows)(void *accumulators, const void *x, size_t rows, size_t count);

#define LATHE_REDUCTION_KERNELS(X, s) X(sum_##s) X(product_##s) X(max_##s) X(min_##s) X(any_##s) X(all_##s)

/// All kernels for one SIMD level.
struct lathe_reduction_kernels {
#define LATHE_FIELD(name)            \
  lathe_reduce_run name;             \
  lathe_reduce_rows name##_rows;
  LATHE_REDUCTION_KERNELS(LATHE_FIELD, f32)
  LATHE_REDUCTION_KERNELS(LATHE_FIELD, f64)
  LATHE_REDUCTION_KERNELS(LATHE_FIELD, i32)
  LATHE_REDUCTION_KERNELS(LATHE_FIELD, i64)
  LATHE_REDUCTION_KERNELS(LATHE_FIELD, u8)
#undef LATHE_FIELD
};

/// The kernels for this processor.
const struct lathe_reduction_kernels *lathe_reductions(void);

/// Joins elements begin..<end of a plan's register into one accumulator.
void lathe_plan_reduce_run(const struct lathe_plan *plan, void *scratch, size_t begin, size_t end, uint16_t result,
                           lathe_reduce_run join, void *accumulator);

/// Joins rows first..<end, each of `length` elements, at most LATHE_BLOCK, into an accumulator each.
void lathe_plan_reduce_short(const struct lathe_plan *plan, void *scratch, size_t first, size_t end, size_t length,
                             uint16_t result, size_t element_size, lathe_reduce_run join, int64_t *accumulators);

/// Joins `rows` rows, `row_length` elements apart from `begin` on, into `width` accumulators.
void lathe_plan_reduce_rows(const struct lathe_plan *plan, void *scratch, size_t begin, size_t rows,
                            size_t row_length, size_t width, uint16_t result, lathe_reduce_rows join,
                            void *accumulators);

/// The same for sums of float32, runs of whose rows are added in float32 first; the accumulators are 0 before.
void lathe_plan_sum_rows(const struct lathe_plan *plan, void *scratch, size_t begin, size_t rows, size_t row_length,
                         size_t width, uint16_t result, double *accumulators);

/// The index of the first largest (or smallest) of `count` elements `stride` elements apart; NaN counts as both.
int32_t lathe_arg_f32(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_f64(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_f16(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_bf16(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_i32(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_i64(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_u8(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_i8(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_i16(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_u16(const void *x, size_t count, size_t stride, bool largest);
int32_t lathe_arg_u32(const void *x, size_t count, size_t stride, bool largest);

/// Running sums of `count` elements `stride` elements apart; those of floats are kept in float64.
void lathe_cumulative_sum_f32(void *y, const void *x, size_t count, size_t stride);
void lathe_cumulative_sum_f64(void *y, const void *x, size_t count, size_t stride);
void lathe_cumulative_sum_i32(void *y, const void *x, size_t count, size_t stride);
void lathe_cumulative_sum_i64(void *y, const void *x, size_t count, size_t stride);

/// Running products of elements `stride` apart.
void lathe_cumulative_product_f32(void *y, const void *x, size_t count, size_t stride);
void lathe_cumulative_product_f64(void *y, const void *x, size_t count, size_t stride);
void lathe_cumulative_product_i32(void *y, const void *x, size_t count, size_t stride);
void lathe_cumulative_product_i64(void *y, const void *x, size_t count, size_t stride);

/// The largest or smallest of elements `stride` apart up to each, and its index: the last of equal ones, NaN from the
/// first on.
void lathe_cumulative_extremum_f32(void *y, int32_t *index, const void *x, size_t count, size_t stride, bool largest);
void lathe_cumulative_extremum_f64(void *y, int32_t *index, const void *x, size_t count, size_t stride, bool largest);
void lathe_cumulative_extremum_i32(void *y, int32_t *index, const void *x, size_t count, size_t stride, bool largest);
void lathe_cumulative_extremum_i64(void *y, int32_t *index, const void *x, size_t count, size_t stride, bool largest);
