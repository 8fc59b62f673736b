#include "include/trees.h"

#include <math.h>
#include <string.h>

#include "levels.h"

// Exact Shapley values of a tree, leaf by leaf.
//
// Of the D columns on the way to a leaf the row agrees with some (m of them) and not with the others. A column j that it
// agrees with lets a coalition without it pass by the share z_j of rows, one with it always; a column that it does not agree
// with lets only coalitions without it pass. The coefficient of y^k in
//
//     Q(y) = product of (z_j + y) over the columns it agrees with, times the shares of the others
//
// sums over coalitions of k known columns, which Shapley's weights k! (D - 1 - k)! / D! join. All columns that the row does not
// agree with contribute the same; for another one its factor is divided out.

// All of that depends on nothing but which columns a row agrees with. Rows that go one after the other down a tree share what was
// found for the same ones: of a leaf with few columns each combination is computed once.

enum { most = LATHE_SHAPLEY_COLUMNS, shared = 8 };

/// What the columns of a way contribute by a row that agrees with some of them.
static void contributions(const double *shares, int count, double value, const uint8_t *agrees, double *result) {
  double q[most + 1], weights[most];
  int agreeing = 0;
  double rest = value;
  q[0] = 1;
  for (int j = 0; j < count; j++) {
    const double share = shares[j];
    if (!agrees[j]) {
      rest *= share;
      continue;
    }
    q[agreeing + 1] = q[agreeing];
    for (int k = agreeing; k > 0; k--) q[k] = q[k] * share + q[k - 1];
    q[0] *= share;
    agreeing++;
  }
  // k! (D - 1 - k)! / D!, one from the other.
  weights[0] = 1.0 / count;
  for (int k = 1; k < count && k <= agreeing; k++) weights[k] = weights[k - 1] * k / (count - k);
  double others = 0;
  if (agreeing < count)
    for (int k = 0; k <= agreeing; k++) others += q[k] * weights[k];
  for (int j = 0; j < count; j++) {
    if (!agrees[j]) {
      result[j] = -rest * others;
      continue;
    }
    const double share = shares[j];
    double quotient = 0, sum = 0;
    for (int k = agreeing; k > 0; k--) {
      quotient = q[k] - share * quotient;
      sum += quotient * weights[k - 1];
    }
    result[j] = rest * (1 - share) * sum;
  }
}

void lathe_tree_shapley(const lathe_shapley_tree *tree, const uint8_t *goes_left, double *result) {
  for (int32_t leaf = 0; leaf < tree->leaf_count; leaf++) {
    const int32_t first = tree->column_starts[leaf], count = tree->column_starts[leaf + 1] - first;
    if (count == 0) continue;
    uint8_t agrees[most];
    double found[most];
    for (int32_t j = 0; j < count; j++) {
      const int32_t begin = tree->condition_starts[first + j], end = tree->condition_starts[first + j + 1];
      int32_t wrong = 0;
      for (int32_t c = begin; c < end; c++) {
        const int32_t condition = tree->conditions[c];
        wrong |= goes_left[condition >> 1] ^ (condition & 1);
      }
      agrees[j] = !wrong;
    }
    contributions(tree->shares + first, count, tree->values[leaf], agrees, found);
    for (int32_t j = 0; j < count; j++) result[tree->columns[first + j]] += found[j];
  }
}

/// Sets a bit of each row whose splits are those of a way at one column.
LATHE_STATIC_LEVELS(void, lathe_shapley_agreement,
    (const uint64_t *sides, long rows, uint64_t left, uint64_t asked, int bit, uint32_t *agreement),
    (sides, rows, left, asked, bit, agreement)) {
  for (long i = 0; i < rows; i++) agreement[i] |= (uint32_t)(((sides[i] ^ left) & asked) == 0) << bit;
}

/// Adds what a way with few columns contributes to rows.
static void add_shared(const lathe_shapley_tree *tree, int32_t leaf, const uint32_t *agreement, long rows, double *result,
    long stride) {
  const int32_t first = tree->column_starts[leaf], count = tree->column_starts[leaf + 1] - first;
  const int32_t *columns = tree->columns + first;
  double table[1 << shared][shared];
  uint64_t known[(1 << shared) / 64] = {0};
  for (long i = 0; i < rows; i++) {
    const uint32_t own = agreement[i];
    double *found = table[own];
    if (!(known[own >> 6] >> (own & 63) & 1)) {
      uint8_t agrees[shared];
      for (int32_t j = 0; j < count; j++) agrees[j] = own >> j & 1;
      contributions(tree->shares + first, count, tree->values[leaf], agrees, found);
      known[own >> 6] |= (uint64_t)1 << (own & 63);
    }
    double *row = result + i * stride;
    for (int32_t j = 0; j < count; j++) row[columns[j]] += found[j];
  }
}

void lathe_tree_shapley_rows(const lathe_shapley_tree *tree, const uint64_t *sides, long rows, double *result, long stride) {
  uint32_t agreement[LATHE_SHAPLEY_ROWS];
  for (int32_t leaf = 0; leaf < tree->leaf_count; leaf++) {
    const int32_t first = tree->column_starts[leaf], count = tree->column_starts[leaf + 1] - first;
    if (count == 0) continue;
    uint64_t left[most], asked[most];
    for (int32_t j = 0; j < count; j++) {
      left[j] = asked[j] = 0;
      for (int32_t c = tree->condition_starts[first + j]; c < tree->condition_starts[first + j + 1]; c++) {
        const uint64_t bit = (uint64_t)1 << (tree->conditions[c] >> 1);
        asked[j] |= bit;
        if (tree->conditions[c] & 1) left[j] |= bit;
      }
    }
    if (count <= shared) {
      memset(agreement, 0, (size_t)rows * sizeof *agreement);
      for (int32_t j = 0; j < count; j++) lathe_shapley_agreement(sides, rows, left[j], asked[j], j, agreement);
      add_shared(tree, leaf, agreement, rows, result, stride);
      continue;
    }
    for (long i = 0; i < rows; i++) {
      uint8_t agrees[most];
      double found[most];
      for (int32_t j = 0; j < count; j++) agrees[j] = ((sides[i] ^ left[j]) & asked[j]) == 0;
      contributions(tree->shares + first, count, tree->values[leaf], agrees, found);
      for (int32_t j = 0; j < count; j++) result[i * stride + tree->columns[first + j]] += found[j];
    }
  }
}

void lathe_shapley_sides(const double *values, long rows, double threshold, lathe_missing missing, double zero,
    int missing_left, int split, uint64_t *sides) {
  for (long i = 0; i < rows; i++) {
    const double value = missing == LATHE_MISSING_NONE && values[i] != values[i] ? 0 : values[i];
    const int absent = missing == LATHE_MISSING_NAN ? value != value
                       : missing == LATHE_MISSING_ZERO ? value != value || fabs(value) <= zero : 0;
    sides[i] |= (uint64_t)(absent ? missing_left : value <= threshold) << split;
  }
}
