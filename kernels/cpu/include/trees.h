#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Trees on tables: histograms of gradients, splits found in them, rows divided between children, and predictions.
//
// Values are codes of eight bits, in blocks of LATHE_TREE_COLUMNS columns whose rows lie behind each other. Gradients are
// whole numbers, so that no sum depends on the order in which it was made, and the histogram of a sibling is an exact
// difference.

enum {
  /// Columns of a block of codes.
  LATHE_TREE_COLUMNS = 16,
  /// Places of a column in a thread's own histogram. No power of two, since equal codes of all columns would then
  /// fall into the same few sets of the cache.
  LATHE_TREE_STRIDE = 264,
  /// Rows after which sums of packed gradients must be taken out, before they overflow.
  LATHE_TREE_PACKED_ROWS = 4080,
  /// Bits of a packed gradient, its sign not counted, and of a packed hessian.
  LATHE_TREE_GRADIENT_BITS = 19,
  LATHE_TREE_HESSIAN_BITS = 20,
  /// Rows that lathe_tree_masks takes at a time.
  LATHE_TREE_ROWS = 64,
};

/// What a split must satisfy, and the scales of whole numbers.
typedef struct {
  double l1, l2, min_hessian;
  /// The value of one unit of a gradient's and of a hessian's sum.
  double gradient_unit, hessian_unit;
  /// The least rows of a child.
  double min_rows;
  /// The largest output of a leaf, 0 for any.
  double max_output;
  /// Bounds of the leaf's output by monotone constraints.
  double lowest, highest;
  /// 1 where the output must not fall with the column, -1 where it must not rise.
  int32_t monotone;
} lathe_split_rules;

typedef struct {
  /// The sum of both children's gains; minus infinity where no split is allowed.
  double gain;
  /// Sums of the left child.
  int64_t gradient, hessian;
  /// Codes up to this one go left.
  int32_t threshold;
  bool missing_left;
} lathe_split;

/// The extremes and sums of gradients that scales depend on.
typedef struct {
  double max_gradient, max_hessian, sum_gradient, sum_hessian;
} lathe_gradient_range;

/// Codes of one column by its upper bounds: the first bound that is not below the value.
void lathe_tree_codes_f32(const float *values, long stride, long count, const double *bounds, long bound_count,
    int32_t missing_code, uint8_t *column, uint8_t *block);
void lathe_tree_codes_f64(const double *values, long stride, long count, const double *bounds, long bound_count,
    int32_t missing_code, uint8_t *column, uint8_t *block);

/// Extremes and sums of |gradient| and hessian.
lathe_gradient_range lathe_tree_gradient_range(const float *gradients, const float *hessians, long count);
/// gradient * scale in the upper 32 bits, hessian * scale in the lower ones.
void lathe_tree_pack(const float *gradients, const float *hessians, long count, double gradient_scale,
    double hessian_scale, uint64_t *packed);
/// Pairs of gradient * scale and hessian * scale.
void lathe_tree_pack_wide(const float *gradients, const float *hessians, long count, double gradient_scale,
    double hessian_scale, int64_t *pairs);

/// Gradient and hessian of the log loss of two classes; `weights` may be NULL.
void lathe_tree_log_loss(const double *scores, const float *targets, const float *weights, long count, float sigmoid,
    float *gradients, float *hessians);

/// Adds the packed gradients of rows to `own`, at most LATHE_TREE_PACKED_ROWS; `rows` NULL: begin, begin + 1, ...
void lathe_tree_histogram(const uint8_t *block, const uint32_t *rows, long begin, long count, const uint64_t *packed,
    uint64_t *own);
/// Adds what `own` holds to the histogram `pairs`, column j at pair offsets[j], and clears `own`.
void lathe_tree_flush(uint64_t *own, const int32_t *bins, const int32_t *offsets, long columns, int64_t *pairs);
/// The same with wide gradients, straight into a histogram.
void lathe_tree_histogram_wide(const uint8_t *block, const uint32_t *rows, long begin, long count,
    const int64_t *gradients, const int32_t *offsets, long columns, int64_t *pairs);
/// a += b, and a -= b.
void lathe_tree_add(int64_t *a, const int64_t *b, long count);
void lathe_tree_subtract(int64_t *a, const int64_t *b, long count);
/// The sums of packed gradients of rows.
void lathe_tree_total(const uint32_t *rows, long count, const uint64_t *packed, int64_t *gradient, int64_t *hessian);
void lathe_tree_total_wide(const uint32_t *rows, long count, const int64_t *pairs, int64_t *gradient, int64_t *hessian);

/// The best threshold of a column whose histogram has `bins` pairs, the last of them for missing values where there are.
void lathe_tree_split(const int64_t *pairs, long bins, bool has_missing, int64_t gradient, int64_t hessian, double rows,
    const lathe_split_rules *rules, lathe_split *best);

/// Divides rows in their order: those whose code goes left to `left`, the others to `right`; returns how many go left.
/// `left` may be `rows` itself.
long lathe_tree_partition(const uint8_t *column, const uint32_t *rows, long count, const uint8_t *goes_left,
    uint32_t *left, uint32_t *right);
/// scores[rows[i]] += value
void lathe_tree_add_value(double *scores, const uint32_t *rows, long count, double value);

/// Ranks of values among rising bounds, as lathe_tree_codes, of LATHE_TREE_ROWS rows at the most: the number of bounds
/// that are below the value.
void lathe_tree_ranks_f32(const float *values, long stride, long count, const float *bounds, long bound_count,
    uint16_t *ranks);
void lathe_tree_ranks_f64(const double *values, long stride, long count, const double *bounds, long bound_count,
    uint16_t *ranks);

/// A node of a tree of at most 64 leaves that are numbered from left to right: where the rank is above the threshold,
/// the leaves of the left child cannot be reached.
typedef struct {
  uint64_t keep;
  int32_t column;
  uint16_t threshold;
  uint16_t unused;
} lathe_mask_node;

/// Adds a tree's values to the sums of LATHE_TREE_ROWS rows; ranks are column by column.
void lathe_tree_masks32(const lathe_mask_node *nodes, long node_count, const double *values, const uint16_t *ranks,
    double *sums);
void lathe_tree_masks64(const lathe_mask_node *nodes, long node_count, const double *values, const uint16_t *ranks,
    double *sums);

/// A node or a leaf of a tree of any size. A leaf is its own left child, with a threshold that no rank exceeds.
typedef struct {
  int32_t left, right;
  int32_t column;
  int32_t threshold;
} lathe_walk_node;

/// The nodes at which LATHE_TREE_ROWS rows end.
void lathe_tree_walk(const lathe_walk_node *nodes, const uint16_t *ranks, int32_t *ends);

/// The ways to the leaves of a tree, for Shapley values. Conditions of one column on a way belong together.
typedef struct {
  int32_t leaf_count;
  /// Where each leaf's columns begin; one entry more than leaves.
  const int32_t *column_starts;
  const double *values;
  const int32_t *columns;
  /// The share of rows that go the leaf's way at a column's conditions.
  const double *shares;
  /// Where each column's conditions begin; one entry more than columns of all leaves.
  const int32_t *condition_starts;
  /// 2 * split + 1 where the way goes left, 2 * split where right.
  const int32_t *conditions;
} lathe_shapley_tree;

/// The most columns on a way.
enum { LATHE_SHAPLEY_COLUMNS = 128 };

/// Adds contributions of columns to `result`; `goes_left` says of each split where the row goes.
void lathe_tree_shapley(const lathe_shapley_tree *tree, const uint8_t *goes_left, double *result);

/// The most rows and splits of `lathe_tree_shapley_rows`.
enum { LATHE_SHAPLEY_ROWS = 256, LATHE_SHAPLEY_SPLITS = 64 };

/// The same for rows that lie `stride` numbers apart in `result`; a bit of `sides` says of each split that the row goes left.
void lathe_tree_shapley_rows(const lathe_shapley_tree *tree, const uint64_t *sides, long rows, double *result, long stride);

/// Which values are missing: none (NaN is zero), zero and NaN, or NaN.
typedef enum { LATHE_MISSING_NONE, LATHE_MISSING_ZERO, LATHE_MISSING_NAN } lathe_missing;

/// Sets the bit of a numeric split for rows that go left; what is at most `zero` from 0 counts as zero.
void lathe_shapley_sides(const double *values, long rows, double threshold, lathe_missing missing, double zero,
    int missing_left, int split, uint64_t *sides);

/// Rows of a node in the order of one column, with what is to be predicted: `place` is the value's rank.
typedef struct {
  uint32_t rank, row;
} lathe_ranked_row;

/// Sorts by rank, equal ones in their order; `scratch` has room for `count`.
void lathe_tree_sort(lathe_ranked_row *rows, long count, lathe_ranked_row *scratch);

/// What an exact split is judged by.
typedef enum { LATHE_GINI, LATHE_ENTROPY, LATHE_SQUARED_ERROR } lathe_criterion;

typedef struct {
  /// What the impurities of both children, by weight, fall short of the best constant; larger is better.
  double score;
  /// Rows up to this one go left; -1 where there is no split.
  long last_left;
} lathe_exact_split;

/// The best division of sorted rows. Classes have `targets` 0...classes - 1, numbers one value each.
///
/// `sums` has room for 3 x classes numbers.
lathe_exact_split lathe_tree_exact_split(const lathe_ranked_row *rows, long count, const double *targets,
    const double *weights, lathe_criterion criterion, long classes, long min_rows, double min_weight, double *sums);

/// Ranks of rows with the rows; `range` becomes the least and the largest rank.
void lathe_tree_gather(const uint32_t *ranks, const uint32_t *rows, long count, lathe_ranked_row *ranked,
    uint32_t range[2]);
/// The least and the largest rank of rows.
void lathe_tree_rank_range(const uint32_t *ranks, const uint32_t *rows, long count, uint32_t range[2]);
/// Sums of both sides of a rank: of weights by class, or of weight times target where there are no classes. `sums` has
/// both sides behind each other, `side_weights` their weights; returns how many rows are on the left side.
long lathe_tree_side_sums(const uint32_t *ranks, const uint32_t *rows, long count, uint32_t last_left,
    const double *targets, const double *weights, long classes, double *sums, double side_weights[2]);
/// Puts rows whose rank is at most `last_left` in front, in their order; `others` has room for `count`.
long lathe_tree_divide(const uint32_t *ranks, uint32_t *rows, long count, uint32_t last_left, uint32_t *others);
