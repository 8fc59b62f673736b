#pragma once

#include <stddef.h>
#include <stdint.h>

// Element-wise kernels and the executor that runs a straight-line program over them, block by block.

/// Computes `count` elements; operands that the operation lacks are not read.
///
/// `out` may not overlap an operand.
typedef void (*lathe_kernel)(void *restrict out, const void *a, const void *b, const void *c, size_t count);

// Suffixes name the operands' type: f32, f64, i32, i64, u8. A bool is a u8 of 0 or 1.
#define LATHE_FLOAT_KERNELS(X, s)                                                                       \
  X(exp_##s) X(expm1_##s) X(log_##s) X(log1p_##s) X(sqrt_##s) X(rsqrt_##s) X(reciprocal_##s)            \
  X(sin_##s) X(cos_##s) X(tanh_##s) X(sigmoid_##s) X(erf_##s) X(gelu_##s) X(gelu_tanh_##s) X(silu_##s)  \
  X(softplus_##s) X(floor_##s) X(ceil_##s) X(round_##s) X(is_nan_##s) X(s##_round_to_f16)               \
  X(s##_round_to_bf16) X(divide_##s) X(leaky_relu_##s) X(elu_##s) X(tan_##s) X(asin_##s) X(acos_##s)    \
  X(atan_##s) X(atan2_##s) X(sinh_##s) X(cosh_##s) X(asinh_##s) X(acosh_##s) X(atanh_##s)
#define LATHE_HALF_KERNELS(X) X(f16_to_f32) X(bf16_to_f32) X(f32_to_f16) X(f32_to_bf16)
/// Types that are only stored: how they are read, stored and what a register of theirs keeps.
#define LATHE_NARROW_KERNELS(X)                                                                         \
  X(i8_to_i32) X(i16_to_i32) X(u16_to_i32) X(u32_to_i64) X(i32_to_u16)                                  \
  X(wrap_i8) X(wrap_i16) X(wrap_u16) X(wrap_u32)
#define LATHE_LOGIC_KERNELS(X) X(logical_not) X(logical_and) X(logical_or) X(logical_xor)
#define LATHE_NUMBER_KERNELS(X, s)                                                                      \
  X(negate_##s) X(absolute_##s) X(sign_##s) X(square_##s) X(relu_##s) X(add_##s) X(subtract_##s)        \
  X(multiply_##s) X(power_##s) X(minimum_##s) X(maximum_##s) X(remainder_##s) X(equal_##s)              \
  X(not_equal_##s) X(less_##s) X(less_equal_##s) X(greater_##s) X(greater_equal_##s) X(clamp_##s)       \
  X(floor_divide_##s)                                                                                   \
  X(select_##s) X(copy_##s) X(s##_to_f32) X(s##_to_f64) X(s##_to_i32) X(s##_to_i64) X(s##_to_u8) X(s##_to_bool)
#define LATHE_BIT_KERNELS(X, s)                                                                         \
  X(bitwise_and_##s) X(bitwise_or_##s) X(bitwise_xor_##s) X(shift_left_##s) X(shift_right_##s)
#define LATHE_ELEMENTWISE_KERNELS(X)                                                                    \
  LATHE_FLOAT_KERNELS(X, f32) LATHE_FLOAT_KERNELS(X, f64) LATHE_HALF_KERNELS(X) LATHE_NARROW_KERNELS(X) \
  LATHE_LOGIC_KERNELS(X) LATHE_NUMBER_KERNELS(X, f32) LATHE_NUMBER_KERNELS(X, f64)                      \
  LATHE_NUMBER_KERNELS(X, i32) LATHE_NUMBER_KERNELS(X, i64) LATHE_NUMBER_KERNELS(X, u8) \
  LATHE_BIT_KERNELS(X, i32) LATHE_BIT_KERNELS(X, i64) LATHE_BIT_KERNELS(X, u8)

/// All kernels for one SIMD level.
struct lathe_elementwise_kernels {
#define LATHE_FIELD(name) lathe_kernel name;
  LATHE_ELEMENTWISE_KERNELS(LATHE_FIELD)
#undef LATHE_FIELD
};

/// The kernels for this processor.
const struct lathe_elementwise_kernels *lathe_elementwise(void);

/// The largest number of elements that a program computes at a time: intermediates stay in the L1 cache.
enum { LATHE_BLOCK = 1024 };

/// Runs a kernel on registers.
struct lathe_step {
  lathe_kernel kernel;
  uint16_t out, a, b, c;
};

/// An input: elements of a collapsed shape, with byte strides.
struct lathe_input {
  const char *base;
  int64_t strides[8];
  int32_t element_size;
  uint16_t reg;
  /// Whether the elements lie one behind the other in the order of the iteration.
  uint8_t is_dense;
  /// Whether all strides are 0, so that the register is filled once.
  uint8_t is_constant;
};

/// A register that starts with a value and keeps it.
struct lathe_constant {
  int64_t bits;
  int32_t element_size;
  uint16_t reg;
};

/// A register that lies in memory, one element behind the other in the order of the iteration.
struct lathe_output {
  char *base;
  int32_t element_size;
  uint16_t reg;
  /// Whether the register has a slot and goes from there to memory past the caches, being too large to be found in one
  /// later.
  uint8_t streams;
};

/// A program bound to its memory.
struct lathe_plan {
  int64_t shape[8];
  int32_t rank;
  int32_t register_count;
  /// Bytes between slots of scratch memory.
  int64_t slot_bytes;
  int32_t slot_count;
  /// Elements that constant registers are filled with: LATHE_BLOCK, or fewer where the whole has fewer.
  int32_t fill_count;
  int32_t input_count, constant_count, step_count, output_count;
  /// The slot of each register, or -1 where the register lies in an input or output.
  const int32_t *slots;
  const struct lathe_input *inputs;
  const struct lathe_constant *constants;
  const struct lathe_step *steps;
  const struct lathe_output *outputs;
};

/// Bytes of scratch memory that a thread needs to run a plan, a multiple of 64.
size_t lathe_plan_scratch(const struct lathe_plan *plan);

/// Readies scratch memory (aligned to 64 bytes): places registers, fills those that are constant.
void lathe_plan_begin(const struct lathe_plan *plan, void *scratch);

/// Computes elements position..<position + count of the iteration, count <= LATHE_BLOCK.
///
/// Returns where the first `count` elements of register `result` are.
const void *lathe_plan_block(const struct lathe_plan *plan, void *scratch, size_t position, size_t count,
                             uint16_t result);

/// The number of elements, at most LATHE_BLOCK, that the block at `position` best has: where rows are long it ends
/// with its row, so that rows of strided inputs are read in place.
size_t lathe_plan_block_size(const struct lathe_plan *plan, size_t position, size_t end);

/// The calling thread's scratch memory, readied for a plan and valid until the thread's next call.
void *lathe_plan_ready(const struct lathe_plan *plan);

/// Computes elements begin..<end into the outputs.
void lathe_plan_run(const struct lathe_plan *plan, size_t begin, size_t end);
