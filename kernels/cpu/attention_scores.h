// What happens to a tile of scores between the products. A tile is [keys][pitch]: a row holds one key's scores for a
// block of queries, so that what belongs to a query stays in its lane. Included by attention_body.h for each
// SIMD level.

/// A tile's place: queries from i on, keys j..<j + count.
typedef struct LATHE_NAME(place) {
  long batch, head, i, rows, pitch, j, count;
} LATHE_NAME(place);

/// Whether some query may see some key of the tile, as far as a mask over keys alone says.
static bool LATHE_NAME(is_visible)(const lathe_attention *a, const LATHE_NAME(place) *t) {
  const lathe_attention_mask *m = &a->mask;
  if (!m->first || m->query != 0) return true;
  const uint8_t *from = m->first + t->batch * m->batch + t->head * m->head + t->j * m->key;
  for (long j = 0; j < t->count; j++)
    if (from[j * m->key]) return true;
  return false;
}

/// Makes hidden scores -inf; under a mask those of lanes behind the last query, too, since a hidden key may hold NaN.
static void LATHE_NAME(hide)(const lathe_attention *a, const LATHE_NAME(place) *t, float *scores) {
  const f16v hidden = (f16v){} - INFINITY;
  // The first query that sees the tile's last key.
  const long diagonal = t->j - (a->keys - a->queries) - t->i;
  if (a->causal && diagonal + t->count - 1 > 0) {
    const i16v lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (long j = 0; j < t->count; j++) {
      const int32_t first = (int32_t)(diagonal + j);
      for (long c = 0; c < t->pitch && c < first; c += 16) {
        float *x = scores + j * t->pitch + c;
        store16(x, select16(lane < first - (int32_t)c, hidden, load16(x)));
      }
    }
  }
  const lathe_attention_mask *m = &a->mask;
  if (!m->first) return;
  const uint8_t *from =
      m->first + t->batch * m->batch + t->head * m->head + t->i * m->query + t->j * m->key;
  for (long j = 0; j < t->count; j++, from += m->key) {
    float *x = scores + j * t->pitch;
    if (m->query == 0) {
      if (!*from)
        for (long c = 0; c < t->pitch; c += 16) store16(x + c, hidden);
    } else {
      for (long i = 0; i < t->rows; i++) x[i] = from[i * m->query] ? x[i] : -INFINITY;
      for (long i = t->rows; i < t->pitch; i++) x[i] = -INFINITY;
    }
  }
}

/// Turns scores (times log2 e) into 2^(score - largest) with the largest so far; `largest` and `total` are brought up
/// to date, and `factor` is what earlier results must be multiplied by.
static void LATHE_NAME(exponentiate)(
    const LATHE_NAME(place) *t, float *scores, float *largest, float *total, float *factor) {
  for (long c = 0; c < t->pitch; c += LATHE_LANES) {
    float *x = scores + c;
    const LATHE_NAME(lanes) old = load_lanes(largest + c);
    LATHE_NAME(lanes) top[4] = {old, old, old, old};
    long j = 0;
    for (; j + 4 <= t->count; j += 4)
#pragma clang loop unroll(full)
      for (int u = 0; u < 4; u++) {
        const LATHE_NAME(lanes) y = load_lanes(x + (j + u) * t->pitch);
        top[u] = select_lanes(y > top[u], y, top[u]);
      }
    for (; j < t->count; j++) {
      const LATHE_NAME(lanes) y = load_lanes(x + j * t->pitch);
      top[0] = select_lanes(y > top[0], y, top[0]);
    }
    top[0] = select_lanes(top[0] > top[1], top[0], top[1]);
    top[2] = select_lanes(top[2] > top[3], top[2], top[3]);
    const LATHE_NAME(lanes) new = select_lanes(top[0] > top[2], top[0], top[2]);
    LATHE_NAME(lanes) sum = {};
    for (j = 0; j < t->count; j++) {
      LATHE_NAME(lanes) e = load_lanes(x + j * t->pitch) - new;
      LATHE_NAME(exp2_lanes)(&e);
      store_lanes(x + j * t->pitch, e);
      sum += e;
    }
    LATHE_NAME(lanes) share = old - new;
    LATHE_NAME(exp2_lanes)(&share);
    store_lanes(largest + c, new);
    store_lanes(factor + c, share);
    store_lanes(total + c, load_lanes(total + c) * share + sum);
  }
}

/// From scores (times log2 e) and the gradient of the weights: the weights, and the gradient of the scores, 0 for
/// hidden ones whatever their values hold.
static void LATHE_NAME(differentiate)(
    const LATHE_NAME(place) *t, float *scores, float *gradients, const float *largest, const float *log_totals,
    const float *deltas) {
  const LATHE_NAME(lanes) hidden = (LATHE_NAME(lanes)){} - INFINITY;
  for (long c = 0; c < t->pitch; c += LATHE_LANES) {
    const LATHE_NAME(lanes) top = load_lanes(largest + c), rest = load_lanes(log_totals + c), delta = load_lanes(deltas + c);
    for (long j = 0; j < t->count; j++) {
      float *x = scores + j * t->pitch + c, *g = gradients + j * t->pitch + c;
      const LATHE_NAME(lanes) score = load_lanes(x);
      LATHE_NAME(lanes) e = score - top - rest;
      LATHE_NAME(exp2_lanes)(&e);
      store_lanes(x, e);
      store_lanes(g, select_lanes(score == hidden, (LATHE_NAME(lanes)){}, e * (load_lanes(g) - delta)));
    }
  }
}

/// Multiplies each row by its factor.
static void LATHE_NAME(scale_rows)(float *x, long row, long rows, const float *factors) {
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < row; j += 16) store16(x + i * row + j, load16(x + i * row + j) * factors[i]);
}
