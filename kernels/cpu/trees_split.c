#include "include/trees.h"

#include <math.h>

#include "levels.h"

// The best threshold in a histogram. Sums of all codes up to each threshold are made first, one after the other; gains
// are then computed for all thresholds at once.

enum { most_bins = 256 };

// Keeps a division by a hessian of zero out where no least hessian is asked for.
static const double tiny = 1e-15;

LATHE_INLINE double shrunk(double gradient, double l1) {
  const double size = fabs(gradient) - l1;
  return size > 0 ? size : 0;
}

typedef struct {
  double gradient, hessian, rows;
} leaf_sums;

/// Gains of thresholds 0..<count by the sums of their left children.
LATHE_INLINE void find_gains(const double *left_gradient, const double *left_hessian, const double *left_rows, long count,
    const leaf_sums *leaf, const lathe_split_rules *rules, double *gains) {
  const double gradient = leaf->gradient, hessian = leaf->hessian;
  const double l1 = rules->l1, l2 = rules->l2 + tiny;
  const double least = rules->min_hessian, least_rows = rules->min_rows, most_rows = leaf->rows - rules->min_rows;
  for (long i = 0; i < count; i++) {
    const double gl = shrunk(left_gradient[i], l1), hl = left_hessian[i];
    const double gr = shrunk(gradient - left_gradient[i], l1), hr = hessian - hl;
    const double a = hl + l2, b = hr + l2;
    const double gain = (gl * gl * b + gr * gr * a) / (a * b);
    const double n = left_rows[i];
    const bool is_allowed = (hl >= least) & (hr >= least) & (n >= least_rows) & (n <= most_rows);
    gains[i] = is_allowed ? gain : -INFINITY;
  }
}

/// A leaf's output within its bounds.
LATHE_INLINE double output_of(double gradient, double hessian, const lathe_split_rules *rules) {
  double value = -copysign(shrunk(gradient, rules->l1), gradient) / (hessian + rules->l2 + tiny);
  if (rules->max_output > 0 && fabs(value) > rules->max_output) value = copysign(rules->max_output, value);
  if (value < rules->lowest) value = rules->lowest;
  if (value > rules->highest) value = rules->highest;
  return value;
}

LATHE_INLINE double gain_of(double gradient, double hessian, double output, const lathe_split_rules *rules) {
  const double g = copysign(shrunk(gradient, rules->l1), gradient);
  return -(2 * g * output + (hessian + rules->l2) * output * output);
}

LATHE_INLINE double largest(const double *x, long count) {
  // Eight maxima side by side.
  double most[8];
  for (int j = 0; j < 8; j++) most[j] = -INFINITY;
  long i = 0;
  for (; i + 8 <= count; i += 8)
    for (int j = 0; j < 8; j++) most[j] = x[i + j] > most[j] ? x[i + j] : most[j];
  for (; i < count; i++) most[0] = x[i] > most[0] ? x[i] : most[0];
  for (int j = 1; j < 8; j++) most[0] = most[j] > most[0] ? most[j] : most[0];
  return most[0];
}

/// Gains where outputs have bounds.
LATHE_INLINE void bounded_gains(const double *left_gradient, const double *left_hessian, const double *left_rows, long count,
    const leaf_sums *leaf, const lathe_split_rules *rules, double *gains) {
  find_gains(left_gradient, left_hessian, left_rows, count, leaf, rules, gains);
  for (long i = 0; i < count; i++) {
    if (gains[i] == -INFINITY) continue;
    const double gl = left_gradient[i], hl = left_hessian[i];
    const double gr = leaf->gradient - gl, hr = leaf->hessian - hl;
    const double left = output_of(gl, hl, rules), right = output_of(gr, hr, rules);
    const bool is_wrong = (rules->monotone > 0 && left > right) || (rules->monotone < 0 && left < right);
    gains[i] = is_wrong ? -INFINITY : gain_of(gl, hl, left, rules) + gain_of(gr, hr, right, rules);
  }
}

LATHE_LEVELS(void, lathe_tree_split,
    (const int64_t *pairs, long bins, bool has_missing, int64_t gradient, int64_t hessian, double rows,
        const lathe_split_rules *rules, lathe_split *best),
    (pairs, bins, has_missing, gradient, hessian, rows, rules, best)) {
  int64_t sums_gradient[most_bins], sums_hessian[most_bins];
  double sums_rows[most_bins];
  double left_gradient[most_bins], left_hessian[most_bins], left_rows[most_bins], gains[most_bins];
  best->gain = -INFINITY;
  best->threshold = -1;
  best->missing_left = true;
  best->gradient = best->hessian = 0;
  const long present = bins - has_missing;
  if (present < 1 || hessian <= 0) return;
  const leaf_sums leaf = {
      (double)gradient * rules->gradient_unit, (double)hessian * rules->hessian_unit, rows};
  const bool is_bounded = rules->max_output > 0 || rules->lowest > -INFINITY || rules->highest < INFINITY || rules->monotone;
  // A bin's rows are told by its hessian, as LightGBM does, rounded to whole ones.
  const double rows_of_hessian = rows / (double)hessian;
  int64_t g = 0, h = 0, n = 0;
  for (long i = 0; i < present; i++) {
    sums_gradient[i] = g += pairs[2 * i];
    sums_hessian[i] = h += pairs[2 * i + 1];
    sums_rows[i] = (double)(n += (int64_t)((double)pairs[2 * i + 1] * rows_of_hessian + 0.5));
  }
  // Missing values go left first; with none of them the sums are those of all rows.
  const int64_t missing_gradient = gradient - g, missing_hessian = hessian - h;
  for (int direction = 0; direction < 1 + has_missing; direction++) {
    const int64_t add_gradient = direction == 0 && has_missing ? missing_gradient : 0;
    const int64_t add_hessian = direction == 0 && has_missing ? missing_hessian : 0;
    const double add_rows = direction == 0 ? rows - (double)n : 0;
    // Only where missing values go right may all others go left.
    const long count = direction == 0 ? present - 1 : present;
    for (long i = 0; i < count; i++) {
      left_gradient[i] = (double)(sums_gradient[i] + add_gradient) * rules->gradient_unit;
      left_hessian[i] = (double)(sums_hessian[i] + add_hessian) * rules->hessian_unit;
      left_rows[i] = sums_rows[i] + add_rows;
    }
    if (is_bounded) bounded_gains(left_gradient, left_hessian, left_rows, count, &leaf, rules, gains);
    else find_gains(left_gradient, left_hessian, left_rows, count, &leaf, rules, gains);
    const double most = largest(gains, count);
    // Of equal ones the highest threshold, and of both directions the first, as LightGBM has it.
    if (direction == 0 ? most == -INFINITY : most <= best->gain) continue;
    long at = 0;
    if (direction == 0) {
      for (at = count - 1; gains[at] != most; at--) {}
    } else {
      while (gains[at] != most) at++;
    }
    best->gain = most;
    best->threshold = (int32_t)at;
    best->missing_left = direction == 0;
    best->gradient = sums_gradient[at] + add_gradient;
    best->hessian = sums_hessian[at] + add_hessian;
  }
}
