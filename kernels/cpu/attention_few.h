// The forward pass of few queries, such as those of a token behind a cache: with a lane for each query most lanes would be
// empty, so that here lanes are elements and keys. Included by attention_body.h for each SIMD level.

/// The totals of as many vectors as one has lanes, one a lane.
LATHE_INLINE void LATHE_NAME(totals)(LATHE_NAME(lanes) x[LATHE_LANES], LATHE_NAME(lanes) *result) {
  // Each round adds up the halves of two vectors into one, so that their lanes are one vector's sums.
#if LATHE_LANES == 16
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
    x[i] = __builtin_shufflevector(x[i], x[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
        + __builtin_shufflevector(x[i], x[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
    x[i] = __builtin_shufflevector(x[i], x[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
        + __builtin_shufflevector(x[i], x[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
#pragma clang loop unroll(full)
  for (int i = 0; i < 2; i++)
    x[i] = __builtin_shufflevector(x[i], x[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
        + __builtin_shufflevector(x[i], x[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  *result = __builtin_shufflevector(x[0], x[1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
      + __builtin_shufflevector(x[0], x[1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
#elif LATHE_LANES == 8
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
    x[i] = __builtin_shufflevector(x[i], x[i + 4], 0, 1, 2, 3, 8, 9, 10, 11)
        + __builtin_shufflevector(x[i], x[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
#pragma clang loop unroll(full)
  for (int i = 0; i < 2; i++)
    x[i] = __builtin_shufflevector(x[i], x[i + 2], 0, 1, 8, 9, 4, 5, 12, 13)
        + __builtin_shufflevector(x[i], x[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  *result = __builtin_shufflevector(x[0], x[1], 0, 8, 2, 10, 4, 12, 6, 14)
      + __builtin_shufflevector(x[0], x[1], 1, 9, 3, 11, 5, 13, 7, 15);
#else
#pragma clang loop unroll(full)
  for (int i = 0; i < 2; i++)
    x[i] = __builtin_shufflevector(x[i], x[i + 2], 0, 1, 4, 5) + __builtin_shufflevector(x[i], x[i + 2], 2, 3, 6, 7);
  *result = __builtin_shufflevector(x[0], x[1], 0, 4, 2, 6) + __builtin_shufflevector(x[0], x[1], 1, 5, 3, 7);
#endif
}

/// Scores of one query for `count` keys, at most as many as lanes; what is behind them is -inf.
LATHE_INLINE void LATHE_NAME(few_scores)(const float *q, const float *k, long row, long count, long width, float *scores) {
  LATHE_NAME(lanes) sums[LATHE_LANES], result;
  const long whole = width / LATHE_LANES * LATHE_LANES;
#pragma clang loop unroll(full)
  for (int j = 0; j < LATHE_LANES; j++) sums[j] = (LATHE_NAME(lanes)){};
  if (whole == width) {
    // Keys behind the last are the last one again.
    const float *rows[LATHE_LANES];
    for (int j = 0; j < LATHE_LANES; j++) rows[j] = k + (j < count ? j : count - 1) * row;
    for (long d = 0; d < width; d += LATHE_LANES) {
      const LATHE_NAME(lanes) of_q = load_lanes(q + d);
#pragma clang loop unroll(full)
      for (int j = 0; j < LATHE_LANES; j++) sums[j] += of_q * load_lanes(rows[j] + d);
    }
    LATHE_NAME(totals)(sums, &result);
    store_lanes(scores, result);
    for (long j = count; j < LATHE_LANES; j++) scores[j] = -INFINITY;
    return;
  }
  for (long j = 0; j < LATHE_LANES; j++) {
    float sum = 0;
    for (long d = 0; j < count && d < width; d++) sum += q[d] * k[j * row + d];
    scores[j] = j < count ? sum : -INFINITY;
  }
}

/// Makes the scores of a query -inf for keys that it does not see.
static void LATHE_NAME(few_hide)(const lathe_attention *a, long batch, long head, long query, float *scores) {
  for (long j = attention_seen(a, query); j < a->keys; j++) scores[j] = -INFINITY;
  const lathe_attention_mask *m = &a->mask;
  if (!m->first) return;
  const uint8_t *from = m->first + batch * m->batch + head * m->head + query * m->query;
  for (long j = 0; j < a->keys; j++)
    if (!from[j * m->key]) scores[j] = -INFINITY;
}

/// Turns scores into 2^(score - largest); gives the largest and the sum.
LATHE_INLINE void LATHE_NAME(few_weights)(float *scores, long padded, float *largest, float *total) {
  LATHE_NAME(lanes) top = (LATHE_NAME(lanes)){} + ATTENTION_LOWEST, sum = {};
  for (long j = 0; j < padded; j += LATHE_LANES) {
    const LATHE_NAME(lanes) y = load_lanes(scores + j);
    top = select_lanes(y > top, y, top);
  }
  float most = top[0];
  for (int i = 1; i < LATHE_LANES; i++) most = top[i] > most ? top[i] : most;
  for (long j = 0; j < padded; j += LATHE_LANES) {
    LATHE_NAME(lanes) e = load_lanes(scores + j) - most;
    LATHE_NAME(exp2_lanes)(&e);
    store_lanes(scores + j, e);
    sum += e;
  }
  float all = 0;
  for (int i = 0; i < LATHE_LANES; i++) all += sum[i];
  *largest = most;
  *total = all;
}

/// The sums of `count` values times weights: `rows` queries, vectors first..<first + vectors of the values, both constants.
LATHE_INLINE void LATHE_NAME(few_values)(
    const lathe_attention *a, const float *weights, long padded, const float *v, long at, int rows, int vectors,
    const float *factors, float *to) {
  f16v sums[4][4];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) sums[r][c] = (f16v){};
  for (long j = 0; j < a->keys; j++) {
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) {
      const f16v value = load16(v + j * a->v.row + at + 16 * c);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) sums[r][c] += value * weights[r * padded + j];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) store16(to + r * a->output.row + at + 16 * c, sums[r][c] * factors[r]);
}

/// The same for what is no whole vector.
static void LATHE_NAME(few_last_values)(
    const lathe_attention *a, const float *weights, long padded, const float *v, long at, int rows, const float *factors,
    float *to) {
  const long count = a->value_width - at;
  for (int r = 0; r < rows; r++) {
    f16v sum = {};
    for (long j = 0; j < a->keys; j++) {
      f16v value = {};
      load_first(&value, v + j * a->v.row + at, count);
      sum += value * weights[r * padded + j];
    }
    sum *= factors[r];
    store_first(to + r * a->output.row + at, &sum, count);
  }
}

// Sums of four rows are 16 registers with AVX-512; with fewer registers a vector of 16 elements at a time.
#define FEW_VALUES(rows)                                                                            \
  for (; at + 64 <= a->value_width && LATHE_REGISTERS * LATHE_LANES >= 512; at += 64)               \
    LATHE_NAME(few_values)(a, weights, padded, v, at, rows, 4, factors, to);                        \
  for (; at + 16 <= a->value_width; at += 16) LATHE_NAME(few_values)(a, weights, padded, v, at, rows, 1, factors, to); \
  if (at < a->value_width) LATHE_NAME(few_last_values)(a, weights, padded, v, at, rows, factors, to);

/// Attention of queries first..<first + rows, at most four.
static void LATHE_NAME(few_queries)(
    const lathe_attention *a, long batch, long head, long first, int rows, const float *k, const float *v, float *memory) {
  const long width = attention_padded(a->width), padded = attention_padded(a->keys);
  float *q = memory, *weights = q + width;
  const float *from = attention_head(&a->q, batch, head) + first * a->q.row;
  float *to = attention_head(&a->output, batch, head) + first * a->output.row;
  float *norms = a->norms + ((batch * a->heads + head) * a->queries + first) * 2;
  float factors[4], totals[4];
  for (int r = 0; r < rows; r++) {
    const float *row = from + r * a->q.row;
    for (long d = 0; d < width; d++) q[d] = d < a->width ? row[d] * (a->scale * ATTENTION_LOG2_E) : 0;
    float *scores = weights + r * padded;
    long j = 0;
    for (; j < a->keys; j += LATHE_LANES)
      LATHE_NAME(few_scores)(
          q, k + j * a->k.row, a->k.row, attention_smaller(LATHE_LANES, a->keys - j), a->width, scores + j);
    for (; j < padded; j++) scores[j] = -INFINITY;
    LATHE_NAME(few_hide)(a, batch, head, first + r, scores);
    LATHE_NAME(few_weights)(scores, padded, &norms[2 * r], &totals[r]);
    factors[r] = 1 / totals[r];
  }
  long at = 0;
  switch (rows) {
    case 1: FEW_VALUES(1) break;
    case 2: FEW_VALUES(2) break;
    case 3: FEW_VALUES(3) break;
    default: FEW_VALUES(4) break;
  }
  for (int r = 0; r < rows; r++) {
    // The largest score counts 1, so that less says that there was none: the mean of all values.
    const bool is_hidden = totals[r] < 0.5f;
    norms[2 * r] = is_hidden ? INFINITY : norms[2 * r];
    norms[2 * r + 1] = is_hidden ? 0 : logf(totals[r]) * ATTENTION_LOG2_E;
    for (long d = 0; is_hidden && d < a->value_width; d++) {
      float sum = 0;
      for (long j = 0; j < a->keys; j++) sum += v[j * a->v.row + d];
      to[r * a->output.row + d] = sum / (float)a->keys;
    }
  }
}
#undef FEW_VALUES

static void LATHE_NAME(forward_few)(const lathe_attention *a, long first, long last) {
  const long group = a->heads / a->key_heads;
  float *memory = lathe_workspace(
      LATHE_WORKSPACE_PRIVATE, (size_t)(attention_padded(a->width) + 4 * attention_padded(a->keys)));
  if (!memory) return;
  for (long task = first; task < last; task++) {
    const long head = task % a->heads, batch = task / a->heads;
    const float *k = attention_head(&a->k, batch, head / group), *v = attention_head(&a->v, batch, head / group);
    for (long i = 0; i < a->queries; i += 4)
      LATHE_NAME(few_queries)(a, batch, head, i, (int)attention_smaller(4, a->queries - i), k, v, memory);
  }
}
