#include "include/trees.h"

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

enum { most = LATHE_SHAPLEY_COLUMNS };

void lathe_tree_shapley(const lathe_shapley_tree *tree, const uint8_t *goes_left, double *result) {
  for (int32_t leaf = 0; leaf < tree->leaf_count; leaf++) {
    const int32_t first = tree->column_starts[leaf], count = tree->column_starts[leaf + 1] - first;
    if (count == 0) continue;
    double q[most + 1], weights[most];
    int32_t agreeing[most];
    int agrees = 0;
    double rest = tree->values[leaf];
    q[0] = 1;
    for (int32_t j = 0; j < count; j++) {
      const int32_t begin = tree->condition_starts[first + j], end = tree->condition_starts[first + j + 1];
      int32_t wrong = 0;
      for (int32_t c = begin; c < end; c++) {
        const int32_t condition = tree->conditions[c];
        wrong |= goes_left[condition >> 1] ^ (condition & 1);
      }
      const double share = tree->shares[first + j];
      if (wrong) {
        rest *= share;
        continue;
      }
      q[agrees + 1] = q[agrees];
      for (int k = agrees; k > 0; k--) q[k] = q[k] * share + q[k - 1];
      q[0] *= share;
      agreeing[agrees++] = j;
    }
    // k! (D - 1 - k)! / D!, one from the other.
    weights[0] = 1.0 / count;
    for (int k = 1; k < count && k <= agrees; k++) weights[k] = weights[k - 1] * k / (count - k);
    for (int a = 0; a < agrees; a++) {
      const double share = tree->shares[first + agreeing[a]];
      double quotient = 0, sum = 0;
      for (int k = agrees; k > 0; k--) {
        quotient = q[k] - share * quotient;
        sum += quotient * weights[k - 1];
      }
      result[tree->columns[first + agreeing[a]]] += rest * (1 - share) * sum;
    }
    if (agrees == count) continue;
    double sum = 0;
    for (int k = 0; k <= agrees; k++) sum += q[k] * weights[k];
    for (int32_t j = 0, a = 0; j < count; j++) {
      if (a < agrees && agreeing[a] == j) a++;
      else result[tree->columns[first + j]] -= rest * sum;
    }
  }
}
