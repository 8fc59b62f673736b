#include "include/trees.h"

#include <math.h>

#include "levels.h"
#include "vector_exp.h"

// What is done for each row: codes, gradients, the division between children, scores.

/// How many of the rising bounds are below each of `count` values. All values take the same steps, side by side, so that
/// none waits for a comparison of its own.
#define RANKS(values, bounds, bound_count, count, places)                                                  \
  do {                                                                                                     \
    for (int i_ = 0; i_ < (count); i_++) (places)[i_] = 0;                                                 \
    for (int length_ = (int)(bound_count); length_ > 0;) {                                                 \
      const int half_ = (length_ + 1) / 2;                                                                 \
      for (int i_ = 0; i_ < (count); i_++)                                                                 \
        (places)[i_] += (bounds)[(places)[i_] + half_ - 1] < (values)[i_] ? half_ : 0;                     \
      length_ -= half_;                                                                                    \
    }                                                                                                      \
  } while (0)

enum { together = LATHE_TREE_ROWS };

#define CODES(name, type)                                                                                        \
  LATHE_LEVELS(void, name,                                                                                       \
      (const type *values, long stride, long count, const double *bounds, long bound_count, int32_t missing_code, \
          uint8_t *column, uint8_t *block),                                                                      \
      (values, stride, count, bounds, bound_count, missing_code, column, block)) {                               \
    for (long first = 0; first < count; first += together) {                                                     \
      const int width = count - first < together ? (int)(count - first) : together;                              \
      double x[together] = {0};                                                                                  \
      int32_t places[together];                                                                                  \
      bool is_missing[together];                                                                                 \
      for (int i = 0; i < width; i++) {                                                                          \
        const double value = values[(first + i) * stride];                                                       \
        is_missing[i] = value != value;                                                                          \
        /* Where no value was missing in training, a missing one counts as zero. */                              \
        x[i] = value != value ? 0 : value;                                                                       \
      }                                                                                                          \
      /* The last bound is infinite; a value above all others is in its bin. */                                  \
      RANKS(x, bounds, bound_count - 1, together, places);                                                       \
      for (int i = 0; i < width; i++) {                                                                          \
        const uint8_t code = (uint8_t)(is_missing[i] && missing_code >= 0 ? missing_code : places[i]);           \
        column[first + i] = code;                                                                                \
        block[(first + i) * LATHE_TREE_COLUMNS] = code;                                                          \
      }                                                                                                          \
    }                                                                                                            \
  }

CODES(lathe_tree_codes_f32, float)
CODES(lathe_tree_codes_f64, double)

#define RANK_COLUMN(name, type)                                                                                 \
  LATHE_LEVELS(void, name,                                                                                      \
      (const type *values, long stride, long count, const type *bounds, long bound_count, uint16_t *ranks),     \
      (values, stride, count, bounds, bound_count, ranks)) {                                                    \
    type x[together] = {0};                                                                                     \
    int32_t places[together];                                                                                   \
    for (long i = 0; i < count; i++) x[i] = values[i * stride];                                                 \
    RANKS(x, bounds, bound_count, together, places);                                                            \
    for (int i = 0; i < together; i++) ranks[i] = (uint16_t)places[i];                                          \
  }

RANK_COLUMN(lathe_tree_ranks_f32, float)
RANK_COLUMN(lathe_tree_ranks_f64, double)

lathe_gradient_range lathe_tree_gradient_range(const float *gradients, const float *hessians, long count) {
  lathe_gradient_range range = {};
  for (long i = 0; i < count; i++) {
    const double g = fabs((double)gradients[i]), h = hessians[i];
    range.max_gradient = g > range.max_gradient ? g : range.max_gradient;
    range.max_hessian = h > range.max_hessian ? h : range.max_hessian;
    range.sum_gradient += g;
    range.sum_hessian += h;
  }
  // NaN must be seen: it is above no maximum, but in the sums.
  if (range.sum_gradient != range.sum_gradient) range.max_gradient = range.sum_gradient;
  if (range.sum_hessian != range.sum_hessian) range.max_hessian = range.sum_hessian;
  return range;
}

LATHE_LEVELS(void, lathe_tree_pack,
    (const float *gradients, const float *hessians, long count, double gradient_scale, double hessian_scale,
        uint64_t *packed),
    (gradients, hessians, count, gradient_scale, hessian_scale, packed)) {
  const float gs = (float)gradient_scale, hs = (float)hessian_scale;
  for (long i = 0; i < count; i++) {
    // Adding 1.5 * 2^23 rounds to the nearest whole number.
    const int32_t g = (int32_t)((gradients[i] * gs + 0x1.8p23f) - 0x1.8p23f);
    const int32_t h = (int32_t)((hessians[i] * hs + 0x1.8p23f) - 0x1.8p23f);
    packed[i] = ((uint64_t)(uint32_t)g << 32) + (uint32_t)(h > 0 ? h : 0);
  }
}

void lathe_tree_pack_wide(const float *gradients, const float *hessians, long count, double gradient_scale,
    double hessian_scale, int64_t *pairs) {
  for (long i = 0; i < count; i++) {
    pairs[2 * i] = llrint((double)gradients[i] * gradient_scale);
    const long long h = llrint((double)hessians[i] * hessian_scale);
    pairs[2 * i + 1] = h > 0 ? h : 0;
  }
}

LATHE_LEVELS(void, lathe_tree_log_loss,
    (const double *scores, const float *targets, const float *weights, long count, float sigmoid, float *gradients,
        float *hessians),
    (scores, targets, weights, count, sigmoid, gradients, hessians)) {
  for (long i = 0; i < count; i += 16) {
    const long width = count - i < 16 ? count - i : 16;
    f16v x = {}, y = {}, w = (f16v){} + 1.0f;
    for (long j = 0; j < width; j++) x[j] = (float)scores[i + j] * sigmoid;
    load_first(&y, targets + i, width);
    if (weights) load_first(&w, weights + i, width);
    // e^-|x| never overflows.
    const f16v size = select16(x < 0.0f, x, -x);
    f16v e = size;
    exp16(&e);
    const f16v large = 1.0f / (1.0f + e), small = e * large;
    const f16v p = select16(x < 0.0f, small, large);
    const f16v g = (p - y) * w * sigmoid, h = large * small * w * (sigmoid * sigmoid);
    store_first(gradients + i, &g, width);
    store_first(hessians + i, &h, width);
  }
}

long lathe_tree_partition(const uint8_t *column, const uint32_t *rows, long count, const uint8_t *goes_left,
    uint32_t *left, uint32_t *right) {
  long lefts = 0, rights = 0;
  for (long i = 0; i < count; i++) {
    const uint32_t row = rows[i];
    const long goes = goes_left[column[row]];
    left[lefts] = row;
    right[rights] = row;
    lefts += goes;
    rights += 1 - goes;
  }
  return lefts;
}

void lathe_tree_add_value(double *scores, const uint32_t *rows, long count, double value) {
  for (long i = 0; i < count; i++) scores[rows[i]] += value;
}
