#include "check.h"

// Kernels of trees on tables, against loops that do the same for one row or one coalition after the other.

enum { COLUMNS = LATHE_TREE_COLUMNS, STRIDE = LATHE_TREE_STRIDE, ROWS = LATHE_TREE_ROWS };

static void check_histograms(long rows, bool chosen) {
  describe("histogram of %ld rows%s", rows, chosen ? ", some of them" : "");
  const long count = chosen ? (rows + 1) / 2 : rows, columns = 13, bins = 37;
  uint8_t *block = room(rows * COLUMNS, 1);
  float *gradients = random_floats(rows), *hessians = random_floats(rows);
  uint32_t *picked = room(count, sizeof *picked);
  for (long i = 0; i < rows * COLUMNS; i++) block[i] = i % COLUMNS < columns ? (uint8_t)next_below(bins) : 0;
  for (long i = 0; i < rows; i++) hessians[i] = fabsf(hessians[i]);
  for (long i = 0; i < count; i++) picked[i] = (uint32_t)(chosen ? 2 * i : i);
  uint64_t *packed = room(rows, sizeof *packed), *own = scratch_room(COLUMNS * STRIDE, sizeof *own);
  int64_t *wide = room(2 * rows, sizeof *wide);
  int32_t *bin_counts = room(columns, sizeof *bin_counts), *offsets = room(columns, sizeof *offsets);
  int64_t *pairs = room(2 * columns * bins, sizeof *pairs), *expected = room(2 * columns * bins, sizeof *expected);
  const double gradient_scale = 0x1p18, hessian_scale = 0x1p19;
  lathe_tree_pack(gradients, hessians, rows, gradient_scale, hessian_scale, packed);
  lathe_tree_pack_wide(gradients, hessians, rows, gradient_scale, hessian_scale, wide);
  for (long j = 0; j < columns; j++) {
    bin_counts[j] = bins;
    offsets[j] = (int32_t)(j * bins);
  }
  memset(own, 0, COLUMNS * STRIDE * sizeof *own);
  memset(pairs, 0, 2 * (size_t)(columns * bins) * sizeof *pairs);
  memset(expected, 0, 2 * (size_t)(columns * bins) * sizeof *pairs);
  for (long i = 0; i < count; i++)
    for (long j = 0; j < columns; j++) {
      const long place = 2 * (j * bins + block[picked[i] * COLUMNS + j]);
      expected[place] += llrintf(gradients[picked[i]] * 0x1p18f);
      expected[place + 1] += llrintf(hessians[picked[i]] * 0x1p19f);
    }
  for (long first = 0; first < count; first += LATHE_TREE_PACKED_ROWS) {
    const long part = count - first < LATHE_TREE_PACKED_ROWS ? count - first : LATHE_TREE_PACKED_ROWS;
    lathe_tree_histogram(block, chosen ? picked : NULL, first, part, packed, own);
    lathe_tree_flush(own, bin_counts, offsets, columns, pairs);
  }
  expect_same("packed sums", pairs, expected, 2 * columns * bins, sizeof *pairs);
  memset(pairs, 0, 2 * (size_t)(columns * bins) * sizeof *pairs);
  lathe_tree_histogram_wide(block, chosen ? picked : NULL, 0, count, wide, offsets, columns, pairs);
  expect_same("wide sums", pairs, expected, 2 * columns * bins, sizeof *pairs);
  int64_t sums[2], naive[2] = {0, 0};
  for (long b = 0; b < bins; b++) {
    naive[0] += expected[2 * b];
    naive[1] += expected[2 * b + 1];
  }
  lathe_tree_total(picked, count, packed, &sums[0], &sums[1]);
  expect_same("sums of all", sums, naive, 2, sizeof *sums);
  release();
}

static void check_split(long bins, bool has_missing, int32_t monotone) {
  describe("split of %ld bins%s, monotone %d", bins, has_missing ? " with missing values" : "", monotone);
  int64_t *pairs = room(2 * bins, sizeof *pairs);
  int64_t g = 0, h = 0;
  for (long i = 0; i < bins; i++) {
    pairs[2 * i] = (int64_t)next_below(2001) - 1000;
    pairs[2 * i + 1] = 10 + (int64_t)next_below(100);
    g += pairs[2 * i];
    h += pairs[2 * i + 1];
  }
  const lathe_split_rules rules = {
      .l1 = 3, .l2 = 2, .min_hessian = 30, .gradient_unit = 1, .hessian_unit = 1, .min_rows = 0, .lowest = -INFINITY,
      .highest = INFINITY, .monotone = monotone};
  double best = -INFINITY;
  for (int left = 0; left < 1 + has_missing; left++)
    for (long t = 0; t + 1 < bins; t++) {
      double a = 0, b = 0;
      for (long i = 0; i < bins - has_missing; i++) {
        a += i <= t ? (double)pairs[2 * i] : 0;
        b += i <= t ? (double)pairs[2 * i + 1] : 0;
      }
      if (left) a += (double)pairs[2 * bins - 2], b += (double)pairs[2 * bins - 1];
      if (left && t + 2 >= bins) continue;
      const double c = (double)g - a, d = (double)h - b;
      if (b < 30 || d < 30) continue;
      const double p = copysign(fmax(fabs(a) - 3, 0), a), q = copysign(fmax(fabs(c) - 3, 0), c);
      if (monotone > 0 && -p / (b + 2) > -q / (d + 2)) continue;
      best = fmax(best, p * p / (b + 2) + q * q / (d + 2));
    }
  lathe_split found;
  lathe_tree_split(pairs, bins, has_missing, g, h, (double)h, &rules, &found);
  if (best == -INFINITY) expect_true("no split", found.gain == -INFINITY);
  else expect_close_f64("gain", &found.gain, &best, 1, 1e-12, 1);
  release();
}

static void check_rows_of_trees(long rows) {
  describe("codes and division of %ld rows", rows);
  const long bounds = 9;
  double *edges = room(bounds, sizeof *edges);
  float *values = random_floats(rows), *scores = random_floats(rows);
  uint8_t *column = room(rows, 1), *block = room(rows * COLUMNS, 1), *expected = room(rows, 1);
  for (long i = 0; i < bounds - 1; i++) edges[i] = 0.2 * (double)(i - 4);
  edges[bounds - 1] = INFINITY;
  for (long i = 0; i < rows; i++) {
    if (next_below(9) == 0) values[i] = NAN;
    uint8_t code = 0;
    while (code < bounds - 1 && edges[code] < (double)values[i]) code++;
    expected[i] = values[i] != values[i] ? 9 : code;
  }
  lathe_tree_codes_f32(values, 1, rows, edges, bounds, 9, column, block);
  expect_same("codes", column, expected, rows, 1);
  uint8_t goes_left[256];
  for (int i = 0; i < 256; i++) goes_left[i] = i % 3 == 0;
  uint32_t *all = room(rows, 4), *right = room(rows, 4), *naive = room(rows, 4);
  long lefts = 0;
  for (long i = 0; i < rows; i++) all[i] = (uint32_t)i;
  for (long i = 0; i < rows; i++)
    if (goes_left[column[i]]) naive[lefts++] = (uint32_t)i;
  expect_true("how many go left", lathe_tree_partition(column, all, rows, goes_left, all, right) == lefts);
  expect_same("those that go left", all, naive, lefts, 4);
  double *from = room(rows, sizeof *from), *g64 = room(rows, sizeof *g64), *h64 = room(rows, sizeof *h64);
  float *targets = room(rows, 4), *g = blank_floats(rows), *h = blank_floats(rows);
  for (long i = 0; i < rows; i++) {
    from[i] = 20 * (double)scores[i];
    targets[i] = (float)next_below(2);
    const double p = 1 / (1 + exp(-from[i]));
    g64[i] = p - (double)targets[i];
    h64[i] = p * (1 - p);
  }
  lathe_tree_log_loss(from, targets, NULL, rows, 1, g, h);
  expect_close("gradients", g, g64, rows, 1e-6, 1);
  expect_close("hessians", h, h64, rows, 1e-6, 1);
  release();
}

/// A chain: node n sends what is above its threshold to the right, where node n + 1 is.
static void check_predictions(long leaves) {
  describe("a tree of %ld leaves", leaves);
  const long columns = 3;
  uint16_t *ranks = room(columns * ROWS, sizeof *ranks);
  lathe_mask_node *masks = room(leaves - 1, sizeof *masks);
  lathe_walk_node *walk = room(2 * leaves - 1, sizeof *walk);
  double *values = room(leaves, sizeof *values), *sums = zero_doubles(ROWS), *expected = zero_doubles(ROWS);
  int32_t *ends = room(ROWS, sizeof *ends);
  for (long i = 0; i < columns * ROWS; i++) ranks[i] = (uint16_t)next_below(50);
  for (long n = 0; n < leaves; n++) values[n] = (double)next_float();
  for (long n = 0; n + 1 < leaves; n++) {
    const int32_t column = (int32_t)next_below(columns), threshold = (int32_t)next_below(50);
    masks[n] = (lathe_mask_node){~(UINT64_C(1) << n), column, (uint16_t)threshold, 0};
    walk[n] = (lathe_walk_node){
        (int32_t)(leaves - 1 + n), (int32_t)(n + 2 < leaves ? n + 1 : 2 * leaves - 2), column, threshold};
  }
  for (long n = leaves - 1; n < 2 * leaves - 1; n++) walk[n] = (lathe_walk_node){(int32_t)n, (int32_t)n, 0, INT32_MAX};
  for (long i = 0; i < ROWS; i++) {
    long n = 0;
    while (n + 1 < leaves && ranks[masks[n].column * ROWS + i] > masks[n].threshold) n++;
    expected[i] = values[n];
  }
  if (leaves <= 32) lathe_tree_masks32(masks, leaves - 1, values, ranks, sums);
  else lathe_tree_masks64(masks, leaves - 1, values, ranks, sums);
  expect_close_f64("values by masks", sums, expected, ROWS, 0, 1);
  lathe_tree_walk(walk, ranks, ends);
  for (long i = 0; i < ROWS; i++) sums[i] = values[ends[i] - (leaves - 1)];
  expect_close_f64("values by walking", sums, expected, ROWS, 0, 1);
  release();
}

void check_trees(void) {
  for (int chosen = 0; chosen < 2; chosen++) {
    check_histograms(1, chosen);
    check_histograms(777, chosen);
    check_histograms(9001, chosen);
  }
  for (long bins = 2; bins < 256; bins = 2 * bins + 1)
    for (int missing = 0; missing < 2; missing++)
      for (int monotone = 0; monotone < 2; monotone++) check_split(bins, missing, monotone);
  check_rows_of_trees(5);
  check_rows_of_trees(1000);
  for (long leaves = 2; leaves <= 64; leaves = 2 * leaves - (leaves > 2)) check_predictions(leaves);
}
