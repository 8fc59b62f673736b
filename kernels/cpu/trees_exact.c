#include "include/trees.h"

#include <math.h>
#include <string.h>

#include "levels.h"

// Splits between neighbours among a node's own values, for trees that are grown one by one.

/// Puts rows into `to` one after the other, each at its place among those before it.
static void insert_rows(const lathe_ranked_row *from, long count, lathe_ranked_row *to) {
  for (long i = 0; i < count; i++) {
    const lathe_ranked_row row = from[i];
    long j = i;
    for (; j > 0 && to[j - 1].rank > row.rank; j--) to[j] = to[j - 1];
    to[j] = row;
  }
}

/// Sorts by the bytes of ranks in which any of them differ.
static void sort_by_bytes(lathe_ranked_row *rows, long count, uint32_t different, lathe_ranked_row *scratch) {
  lathe_ranked_row *from = rows, *to = scratch;
  for (int shift = 0; shift < 32 && different >> shift; shift += 8) {
    long counts[256] = {0};
    for (long i = 0; i < count; i++) counts[from[i].rank >> shift & 255]++;
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

/// Rows that are inserted one by one, and those of a bucket.
enum { FEW_ROWS = 16, MOST_BUCKETS = 4096, FULL_BUCKET = 64 };

void lathe_tree_sort(lathe_ranked_row *rows, long count, lathe_ranked_row *scratch) {
  if (count <= FEW_ROWS) {
    insert_rows(rows, count, rows);
    return;
  }
  uint32_t least = UINT32_MAX, most = 0;
  for (long i = 0; i < count; i++) {
    least = rows[i].rank < least ? rows[i].rank : least;
    most = rows[i].rank > most ? rows[i].rank : most;
  }
  // Ranks are spread nearly evenly: as many buckets as rows hold few each, whose rows are inserted.
  const uint64_t width = (uint64_t)(most - least) + 1;
  uint64_t buckets = FEW_ROWS;
  while (buckets < (uint64_t)count && buckets < MOST_BUCKETS) buckets *= 2;
  if (width < buckets) buckets = width;
  const uint64_t scale = width == buckets ? 1ull << 32 : (buckets << 32) / width;
#define BUCKET(row) ((uint64_t)((row).rank - least) * scale >> 32)
  uint32_t places[MOST_BUCKETS], position = 0, fullest = 0;
  memset(places, 0, (size_t)buckets * sizeof *places);
  for (long i = 0; i < count; i++) places[BUCKET(rows[i])]++;
  for (uint64_t b = 0; b < buckets; b++) {
    const uint32_t n = places[b];
    fullest = n > fullest ? n : fullest;
    places[b] = position;
    position += n;
  }
  if (fullest > FULL_BUCKET && width > buckets) {
    sort_by_bytes(rows, count, least ^ most, scratch);
    return;
  }
  for (long i = 0; i < count; i++) scratch[places[BUCKET(rows[i])]++] = rows[i];
#undef BUCKET
  if (width == buckets) memcpy(rows, scratch, (size_t)count * sizeof *rows);
  else insert_rows(scratch, count, rows);
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

/// Rows whose scores are made side by side.
enum { SCORES = 64 };

/// What children are worth that have the first rows up to each of some, by the sums of weights and of weighted targets; of two
/// classes the second one's weights.
LATHE_STATIC_LEVELS(void, score_sums,
    (const double *weights, const double *sums, const lathe_ranked_row *rows, long count, double weight, double sum,
        bool is_class, double min_weight, double *scores),
    (weights, sums, rows, count, weight, sum, is_class, min_weight, scores)) {
  for (long i = 0; i < count; i++) {
    const double left = weights[i], right = weight - left, a = sums[i], b = sum - a;
    const double others = is_class ? (left - a) * (left - a) : 0.0, behind = is_class ? (right - b) * (right - b) : 0.0;
    const double score = (a * a + others) / left + (b * b + behind) / right;
    const bool parts = rows[i].rank != rows[i + 1].rank && left >= min_weight && right >= min_weight && left > 0 && right > 0;
    scores[i] = parts ? score : -INFINITY;
  }
}

/// A split by squared errors, or of two classes by their impurity: two sums say all.
static lathe_exact_split split_by_sums(const lathe_ranked_row *rows, long count, const double *targets,
    const double *weights, bool is_class, long min_rows, double min_weight) {
  lathe_exact_split best = {-INFINITY, -1};
  double weight = 0, sum = 0, left = 0, left_sum = 0;
  for (long i = 0; i < count; i++) {
    const uint32_t row = rows[i].row;
    weight += weights[row];
    sum += weights[row] * targets[row];
  }
  const long least = min_rows > 1 ? min_rows - 1 : 0;
  for (long first = 0; first < count - 1; first += SCORES) {
    const long end = count - 1 - first < SCORES ? count - 1 - first : SCORES;
    double lefts[SCORES], sums[SCORES], scores[SCORES];
    for (long i = 0; i < end; i++) {
      const uint32_t row = rows[first + i].row;
      left += weights[row];
      left_sum += weights[row] * targets[row];
      lefts[i] = left;
      sums[i] = left_sum;
    }
    score_sums(lefts, sums, rows + first, end, weight, sum, is_class, min_weight, scores);
    for (long i = 0; i < end; i++)
      if (scores[i] > best.score && first + i >= least && count - (first + i) - 1 >= min_rows)
        best = (lathe_exact_split){scores[i], first + i};
  }
  return best;
}

lathe_exact_split lathe_tree_exact_split(const lathe_ranked_row *rows, long count, const double *targets,
    const double *weights, lathe_criterion criterion, long classes, long min_rows, double min_weight, double *sums) {
  if (criterion == LATHE_SQUARED_ERROR || (criterion == LATHE_GINI && classes == 2))
    return split_by_sums(rows, count, targets, weights, criterion == LATHE_GINI, min_rows, min_weight);
  lathe_exact_split best = {-INFINITY, -1};
  double *left = sums, *right = sums + classes;
  memset(sums, 0, 2 * (size_t)classes * sizeof *sums);
  double total = 0, left_weight = 0;
  for (long i = 0; i < count; i++) {
    const double weight = weights[rows[i].row];
    right[(long)targets[rows[i].row]] += weight;
    total += weight;
  }
  for (long i = 0; i + 1 < count; i++) {
    const double weight = weights[rows[i].row];
    const long k = (long)targets[rows[i].row];
    left[k] += weight;
    right[k] -= weight;
    left_weight += weight;
    if (rows[i].rank == rows[i + 1].rank || i + 1 < min_rows) continue;
    if (count - i - 1 < min_rows) break;
    const double right_weight = total - left_weight;
    if (left_weight < min_weight || right_weight < min_weight || left_weight <= 0 || right_weight <= 0) continue;
    const double score = class_score(left, right, classes, left_weight, right_weight, criterion);
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
