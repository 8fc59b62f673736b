#include "check.h"

// Kernels of trees that look at ranks, of Shapley values, and the small ones of sums, against loops row by row and sums over
// all coalitions.

enum { ROWS_TOGETHER = LATHE_TREE_ROWS };

static void check_ranks(long count, long bound_count) {
  describe("ranks of %ld values among %ld", count, bound_count);
  const long stride = 3;
  float *values = random_floats(count * stride), *bounds = blank_floats(bound_count);
  double *wide = room(count * stride, 8), *wide_bounds = room(bound_count, 8), *edges = room(bound_count + 1, 8);
  uint16_t *ranks = room(ROWS_TOGETHER, 2), *expected = room(ROWS_TOGETHER, 2);
  uint8_t *column = room(count, 1), *block = room(count * LATHE_TREE_COLUMNS, 1), *codes = room(count, 1);
  for (long i = 0; i < bound_count; i++) {
    bounds[i] = (float)(2 * i - bound_count) / (float)(bound_count + 1);
    edges[i] = wide_bounds[i] = bounds[i];
  }
  edges[bound_count] = INFINITY;
  for (long i = 0; i < count; i++) {
    if (i % 5 == 2 && bound_count > 0) values[i * stride] = bounds[next_below(bound_count)];
    if (i % 11 == 3) values[i * stride] = NAN;
  }
  for (long i = 0; i < count * stride; i++) wide[i] = values[i];
  for (long i = 0; i < count; i++) {
    expected[i] = 0;
    for (long b = 0; b < bound_count; b++) expected[i] += bounds[b] < values[i * stride];
    // No code for missing values: they count as zero.
    codes[i] = 0;
    for (long b = 0; b < bound_count; b++) codes[i] += bounds[b] < (isnan(values[i * stride]) ? 0 : values[i * stride]);
  }
  lathe_tree_ranks_f32(values, stride, count, bounds, bound_count, ranks);
  expect_same("float32", ranks, expected, count, 2);
  lathe_tree_ranks_f64(wide, stride, count, wide_bounds, bound_count, ranks);
  expect_same("float64", ranks, expected, count, 2);
  lathe_tree_codes_f64(wide, stride, count, edges, bound_count + 1, -1, column, block);
  expect_same("codes", column, codes, count, 1);
  for (long i = 0; i < count; i++) expect_true("codes of a block", block[i * LATHE_TREE_COLUMNS] == codes[i]);
  release();
}

static void check_small_sums(long count) {
  describe("sums of %ld rows", count);
  float *g = random_floats(count), *h = random_floats(count);
  int64_t *a = room(count, 8), *b = room(count, 8), *sum = room(count, 8), *back = room(count, 8);
  int64_t *pairs = room(2 * count, 8);
  uint32_t *rows = room(count, 4);
  double *scores = zero_doubles(2 * count), *expected = zero_doubles(2 * count);
  double most[2] = {0, 0}, total[2] = {0, 0};
  int64_t all[2] = {0, 0}, found[2];
  for (long i = 0; i < count; i++) {
    h[i] = fabsf(h[i]);
    most[0] = fmax(most[0], fabs((double)g[i]));
    most[1] = fmax(most[1], (double)h[i]);
    total[0] += fabs((double)g[i]);
    total[1] += (double)h[i];
    a[i] = back[i] = (int64_t)next_bits() >> 8;
    b[i] = (int64_t)next_bits() >> 8;
    sum[i] = a[i] + b[i];
    rows[i] = (uint32_t)(2 * i);
    expected[2 * i] = 0.25;
    pairs[2 * i] = next_below(1000) - 500;
    pairs[2 * i + 1] = next_below(1000);
  }
  const lathe_gradient_range range = lathe_tree_gradient_range(g, h, count);
  expect_close_f64("extremes", &range.max_gradient, most, 2, 0, 1);
  expect_close_f64("sums", &range.sum_gradient, total, 2, 1e-12, 1);
  g[count / 2] = NAN;
  expect_true("NaN is seen", isnan(lathe_tree_gradient_range(g, h, count).max_gradient));
  lathe_tree_add(a, b, count);
  expect_same("a + b", a, sum, count, 8);
  lathe_tree_subtract(a, b, count);
  expect_same("a - b", a, back, count, 8);
  lathe_tree_add_value(scores, rows, count, 0.25);
  expect_close_f64("added values", scores, expected, 2 * count, 0, 1);
  for (long i = 0; i < count; i++) rows[i] = (uint32_t)(count - 1 - i / 2);
  for (int chosen = 0; chosen < 2; chosen++) {
    memset(all, 0, sizeof all);
    for (long i = 0; i < count; i++)
      for (int k = 0; k < 2; k++) all[k] += pairs[2 * (chosen ? (long)rows[i] : i) + k];
    lathe_tree_total_wide(chosen ? rows : NULL, count, pairs, &found[0], &found[1]);
    expect_same("totals", found, all, 2, 8);
  }
  release();
}

static void check_sorting_of_ranks(long count, uint32_t ranks, bool crowded) {
  describe("%ld rows of %u ranks%s", count, ranks, crowded ? ", most of them near each other" : "");
  uint32_t *rank = room(count, 4), *rows = room(count, 4), *divided = room(count, 4), *others = room(count, 4);
  lathe_ranked_row *sorted = room(count, sizeof *sorted), *naive = room(count, sizeof *naive);
  lathe_ranked_row *scratch = room(count, sizeof *scratch);
  double *targets = room(count, 8), *weights = room(count, 8);
  uint32_t least = UINT32_MAX, most = 0, range[2];
  for (long i = 0; i < count; i++) {
    rank[i] = (uint32_t)(next_bits() >> 32) % ranks;
    if (crowded && i > 0) rank[i] = ranks - rank[i] % 1000;
    rows[i] = (uint32_t)((i * 7) % count);
    targets[i] = (double)next_below(3);
    weights[i] = 1 + (double)next_below(3);
    least = rank[i] < least ? rank[i] : least;
    most = rank[i] > most ? rank[i] : most;
  }
  if (count % 7 == 0)
    for (long i = 0; i < count; i++) rows[i] = (uint32_t)i;
  lathe_tree_gather(rank, rows, count, sorted, range);
  expect_true("range of gathered ranks", range[0] == least && range[1] == most);
  lathe_tree_rank_range(rank, rows, count, range);
  expect_true("range of ranks", range[0] == least && range[1] == most);
  for (long i = 0; i < count; i++) {
    const lathe_ranked_row row = sorted[i];
    expect_true("gathered rows", row.row == rows[i] && row.rank == rank[rows[i]]);
    long j = i;
    for (; j > 0 && naive[j - 1].rank > row.rank; j--) naive[j] = naive[j - 1];
    naive[j] = row;
  }
  lathe_tree_sort(sorted, count, scratch);
  expect_same("sorted rows", sorted, naive, count, sizeof *sorted);

  const uint32_t last_left = naive[count / 2].rank;
  long lefts = 0, rights = 0;
  for (long i = 0; i < count; i++)
    if (rank[rows[i]] <= last_left) divided[lefts++] = rows[i];
  for (long i = 0; i < count; i++)
    if (rank[rows[i]] > last_left) divided[lefts + rights++] = rows[i];
  for (long classes = 0; classes <= 3; classes += 3) {
    const long width = classes ? classes : 1;
    double sums[6], expected[6] = {0}, sides[2], expected_sides[2] = {0, 0};
    for (long i = 0; i < count; i++) {
      const long side = rank[i] > last_left;
      expected_sides[side] += weights[i];
      expected[side * width + (classes ? (long)targets[i] : 0)] += weights[i] * (classes ? 1 : targets[i]);
    }
    const long found = lathe_tree_side_sums(rank, rows, count, last_left, targets, weights, classes, sums, sides);
    expect_true("rows on the left", found == lefts);
    expect_close_f64("sums of sides", sums, expected, 2 * width, 1e-12, 1);
    expect_close_f64("weights of sides", sides, expected_sides, 2, 1e-12, 1);
  }
  expect_true("rows that go left", lathe_tree_divide(rank, rows, count, last_left, others) == lefts);
  expect_same("divided rows", rows, divided, count, 4);

  // The best division: each one's sums are made anew.
  static const struct {
    lathe_criterion criterion;
    long classes;
  } kinds[] = {{LATHE_GINI, 3}, {LATHE_ENTROPY, 3}, {LATHE_SQUARED_ERROR, 1}, {LATHE_GINI, 2}, {LATHE_ENTROPY, 2}};
  for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
    double best = -INFINITY, scratch_sums[9];
    const lathe_criterion criterion = kinds[kind].criterion;
    const long classes = kinds[kind].classes, min_rows = 2;
    if (classes == 2)
      for (long i = 0; i < count; i++) targets[i] = targets[i] > 0;
    const double min_weight = 3;
    for (long last = min_rows - 1; last + min_rows < count; last++) {
      if (naive[last].rank == naive[last + 1].rank) continue;
      double sums[2][3] = {{0}}, side[2] = {0, 0}, score = 0;
      for (long i = 0; i < count; i++) {
        const uint32_t row = naive[i].row;
        const int right = i > last;
        side[right] += weights[row];
        if (criterion == LATHE_SQUARED_ERROR) sums[right][0] += weights[row] * targets[row];
        else sums[right][(long)targets[row]] += weights[row];
      }
      if (side[0] < min_weight || side[1] < min_weight) continue;
      for (int s = 0; s < 2; s++)
        for (long k = 0; k < classes; k++) {
          const double x = sums[s][k];
          if (criterion == LATHE_ENTROPY) score += x > 0 ? x * log2(x / side[s]) : 0;
          else score += x * x / side[s];
        }
      best = fmax(best, score);
    }
    const lathe_exact_split found = lathe_tree_exact_split(
        sorted, count, targets, weights, criterion, classes, min_rows, min_weight, scratch_sums);
    if (best == -INFINITY) expect_true("no split", found.last_left == -1);
    else expect_close_f64("score", &found.score, &best, 1, 1e-9, 1);
  }
  release();
}

/// What a leaf says where only the columns of a coalition are known: its value times the shares of the others, nothing where a
/// known column does not agree.
static double coalition(double value, const double *shares, const bool *agrees, int count, unsigned known) {
  for (int j = 0; j < count; j++) value *= known >> j & 1 ? agrees[j] : shares[j];
  return value;
}

static void check_shapley(int count) {
  describe("Shapley values of %d columns", count);
  enum { MOST = 10 };
  const int32_t column_starts[] = {0, count};
  const double value = 3.5;
  int32_t columns[MOST], condition_starts[MOST + 1], conditions[2 * MOST];
  double shares[MOST], expected[MOST] = {0}, *result = zero_doubles(count);
  bool agrees[MOST];
  uint8_t *goes_left = room(2 * count, 1);
  for (int j = 0; j < count; j++) {
    columns[j] = count - 1 - j;
    shares[j] = 0.1 + 0.8 * fabs((double)next_float());
    condition_starts[j] = 2 * j;
    agrees[j] = true;
    for (int c = 2 * j; c < 2 * j + 2; c++) {
      goes_left[c] = next_below(4) > 0;
      conditions[c] = 2 * c + 1;
      agrees[j] = agrees[j] && goes_left[c];
    }
  }
  condition_starts[count] = 2 * count;
  for (int j = 0; j < count; j++)
    for (unsigned known = 0; known < 1u << count; known++) {
      if (known >> j & 1) continue;
      // k! (D - 1 - k)! / D!
      const int k = __builtin_popcount(known);
      const double weight = exp(lgamma(k + 1) + lgamma(count - k) - lgamma(count + 1));
      expected[columns[j]] += weight * (coalition(value, shares, agrees, count, known | 1u << j) -
                                        coalition(value, shares, agrees, count, known));
    }
  const lathe_shapley_tree tree = {1, column_starts, &value, columns, shares, condition_starts, conditions};
  lathe_tree_shapley(&tree, goes_left, result);
  expect_close_f64("contributions", result, expected, count, 1e-9, 1);
  // Three rows: this one, one that goes left everywhere, this one again.
  double *rows = zero_doubles(3 * count), *left = zero_doubles(count);
  uint64_t sides[3] = {0, (1ull << 2 * count) - 1, 0};
  for (int c = 0; c < 2 * count; c++) {
    const double value = goes_left[c] ? 0.5 : 2;
    lathe_shapley_sides(&value, 1, 1, LATHE_MISSING_NAN, 0, 0, c, sides);
    goes_left[c] = 1;
  }
  sides[2] = sides[0];
  lathe_tree_shapley(&tree, goes_left, left);
  lathe_tree_shapley_rows(&tree, sides, 3, rows, count);
  expect_close_f64("the first row", rows, result, count, 1e-12, 1);
  expect_close_f64("the second row", rows + count, left, count, 1e-12, 1);
  expect_close_f64("the third row", rows + 2 * count, result, count, 1e-12, 1);
  release();
}

void check_exact_trees(void) {
  static const long bounds[] = {0, 1, 2, 7, 63, 200};
  for (int i = 0; i < 6; i++) {
    check_ranks(ROWS_TOGETHER, bounds[i]);
    check_ranks(13, bounds[i]);
  }
  check_small_sums(1);
  check_small_sums(1001);
  static const long counts[] = {4, 48, 49, 50, 600};
  for (int i = 0; i < 5; i++) {
    check_sorting_of_ranks(counts[i], 5, false);
    check_sorting_of_ranks(counts[i], 70000, false);
    check_sorting_of_ranks(counts[i], 1u << 31, false);
    check_sorting_of_ranks(counts[i], 1u << 31, true);
  }
  for (int count = 1; count <= 10; count++) check_shapley(count);
}
