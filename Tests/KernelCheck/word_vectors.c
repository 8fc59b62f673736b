#include "check.h"

#include <math.h>

// One step of word vectors by negative sampling, against its formulas in double.

static void check_case(long stride, long count, long target_count) {
  describe("word vectors of %ld, %ld rows, %ld targets", stride, count, target_count);
  enum { ROWS = 9 };
  static const int32_t own[] = {4, 0, 7}, targets[] = {4, 2, 8, 1, 0, 6};
  const float rate = 0.3f;
  float *input = random_floats(ROWS * stride), *output = random_floats(ROWS * stride);
  float *scratch = blank_floats(stride);
  double *rows = zero_doubles(ROWS * stride), *others = zero_doubles(ROWS * stride), *mean = zero_doubles(stride);
  for (long i = 0; i < ROWS * stride; i++) rows[i] = input[i];
  for (long i = 0; i < ROWS * stride; i++) others[i] = output[i];
  for (long r = 0; r < count; r++)
    for (long i = 0; i < stride; i++) mean[i] += rows[own[r] * stride + i] / (double)count;
  for (long k = 0; k < target_count; k++) {
    double score = 0;
    for (long i = 0; i < stride; i++) score += mean[i] * (double)output[targets[k] * stride + i];
    const double pull = ((k == 0 ? 1.0 : 0.0) - 1 / (1 + exp(-score))) * (double)rate;
    for (long i = 0; i < stride; i++) {
      for (long r = 0; r < count; r++) rows[own[r] * stride + i] += pull * (double)output[targets[k] * stride + i];
      others[targets[k] * stride + i] += pull * mean[i];
    }
  }
  const lathe_word_tables tables = {.input = input, .output = output, .stride = stride};
  lathe_word_step(&tables, own, count, targets, target_count, rate, scratch);
  expect_close("input", input, rows, ROWS * stride, 1e-5, 1);
  expect_close("output", output, others, ROWS * stride, 1e-5, 1);
  release();
}

void check_word_vectors(void) {
  for (long stride = 16; stride <= 112; stride += 96)
    for (long count = 1; count <= 3; count++)
      for (long targets = 1; targets <= 6; targets++) check_case(stride, count, targets);
}
