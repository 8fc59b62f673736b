#include "include/trees.h"

#include <math.h>
#include <string.h>

// Splits between neighbours among a node's own values, for trees that are grown one by one.

void lathe_tree_sort(lathe_ranked_row *rows, long count, lathe_ranked_row *scratch) {
  if (count <= 48) {
    for (long i = 1; i < count; i++) {
      const lathe_ranked_row row = rows[i];
      long j = i;
      for (; j > 0 && rows[j - 1].rank > row.rank; j--) rows[j] = rows[j - 1];
      rows[j] = row;
    }
    return;
  }
  lathe_ranked_row *from = rows, *to = scratch;
  for (int shift = 0; shift < 32; shift += 8) {
    long counts[256] = {0};
    for (long i = 0; i < count; i++) counts[from[i].rank >> shift & 255]++;
    if (counts[from[0].rank >> shift & 255] == count) continue;
    long position = 0;
    for (int v = 0; v < 256; v++) {
      const long n = counts[v];
      counts[v] = position;
      position += n;
    }
    for (long i = 0; i < count; i++) to[counts[from[i].rank >> shift & 255]++] = from[i];
    lathe_ranked_row *other = from;
    from = to;
    to = other;
  }
  if (from != rows) memcpy(rows, from, (size_t)count * sizeof *rows);
}

static double x_log2_x(double x) { return x > 0 ? x * log2(x) : 0; }

/// What both children are worth by the sums of classes: larger where they are purer.
static double class_score(const double *left, const double *right, long classes, double left_weight,
    double right_weight, lathe_criterion criterion) {
  double a = 0, b = 0;
  if (criterion == LATHE_GINI) {
    for (long k = 0; k < classes; k++) {
      a += left[k] * left[k];
      b += right[k] * right[k];
    }
    return a / left_weight + b / right_weight;
  }
  for (long k = 0; k < classes; k++) {
    a += x_log2_x(left[k]);
    b += x_log2_x(right[k]);
  }
  return a - x_log2_x(left_weight) + b - x_log2_x(right_weight);
}

lathe_exact_split lathe_tree_exact_split(const lathe_ranked_row *rows, long count, const double *targets,
    const double *weights, lathe_criterion criterion, long classes, long min_rows, double min_weight, double *sums) {
  lathe_exact_split best = {-INFINITY, -1};
  double *left = sums, *right = sums + classes;
  const int is_class = criterion != LATHE_SQUARED_ERROR;
  memset(sums, 0, 2 * (size_t)classes * sizeof *sums);
  double total = 0, left_weight = 0;
  for (long i = 0; i < count; i++) {
    const double weight = weights[rows[i].row], target = targets[rows[i].row];
    if (is_class) right[(long)target] += weight;
    else right[0] += weight * target;
    total += weight;
  }
  for (long i = 0; i + 1 < count; i++) {
    const double weight = weights[rows[i].row], target = targets[rows[i].row];
    const long k = is_class ? (long)target : 0;
    const double change = is_class ? weight : weight * target;
    left[k] += change;
    right[k] -= change;
    left_weight += weight;
    if (rows[i].rank == rows[i + 1].rank || i + 1 < min_rows) continue;
    if (count - i - 1 < min_rows) break;
    const double right_weight = total - left_weight;
    if (left_weight < min_weight || right_weight < min_weight || left_weight <= 0 || right_weight <= 0) continue;
    const double score = is_class ? class_score(left, right, classes, left_weight, right_weight, criterion)
                                  : left[0] * left[0] / left_weight + right[0] * right[0] / right_weight;
    if (score > best.score) best = (lathe_exact_split){score, i};
  }
  return best;
}

void lathe_tree_gather(const uint32_t *ranks, const uint32_t *rows, long count, lathe_ranked_row *ranked,
    uint32_t range[2]) {
  uint32_t least = UINT32_MAX, most = 0;
  for (long i = 0; i < count; i++) {
    const uint32_t rank = ranks[rows[i]];
    least = rank < least ? rank : least;
    most = rank > most ? rank : most;
    ranked[i] = (lathe_ranked_row){rank, rows[i]};
  }
  range[0] = least;
  range[1] = most;
}

void lathe_tree_rank_range(const uint32_t *ranks, const uint32_t *rows, long count, uint32_t range[2]) {
  uint32_t least = UINT32_MAX, most = 0;
  for (long i = 0; i < count; i++) {
    const uint32_t rank = ranks[rows[i]];
    least = rank < least ? rank : least;
    most = rank > most ? rank : most;
  }
  range[0] = least;
  range[1] = most;
}

long lathe_tree_side_sums(const uint32_t *ranks, const uint32_t *rows, long count, uint32_t last_left,
    const double *targets, const double *weights, long classes, double *sums, double side_weights[2]) {
  const long width = classes > 0 ? classes : 1;
  memset(sums, 0, 2 * (size_t)width * sizeof *sums);
  side_weights[0] = side_weights[1] = 0;
  long lefts = 0;
  for (long i = 0; i < count; i++) {
    const uint32_t row = rows[i];
    const long side = ranks[row] > last_left;
    const double weight = weights[row], target = targets[row];
    lefts += 1 - side;
    side_weights[side] += weight;
    if (classes > 0) sums[side * width + (long)target] += weight;
    else sums[side] += weight * target;
  }
  return lefts;
}

long lathe_tree_divide(const uint32_t *ranks, uint32_t *rows, long count, uint32_t last_left, uint32_t *others) {
  long lefts = 0, rights = 0;
  for (long i = 0; i < count; i++) {
    const uint32_t row = rows[i];
    const long goes = ranks[row] <= last_left;
    rows[lefts] = row;
    others[rights] = row;
    lefts += goes;
    rights += 1 - goes;
  }
  memcpy(rows + lefts, others, (size_t)rights * sizeof *rows);
  return lefts;
}
