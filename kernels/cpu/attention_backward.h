// The backward pass. Included by attention_body.h for each SIMD level.
//
// A task has some keys of one key head and goes through the queries of all heads that share them; dK and dV gather in
// memory of its own. The weights are made again from the scores and the forward pass's norms.

/// Memory of a task: the keys' rows, what gathers for them, and one block of queries.
typedef struct LATHE_NAME(gathering) {
  const float *k, *v;
  float *dk, *dv;
  float *q, *q_transposed, *d_output, *d_output_transposed, *scores, *gradients, *dq, *largest, *log_totals, *deltas;
  /// The part of dV that is the same for all keys: of queries that see nothing.
  float *everywhere;
  bool has_everywhere;
} LATHE_NAME(gathering);

/// Norms and sum(dO * O) of each query; for a query that sees nothing the weights must be 0.
static void LATHE_NAME(prepare_queries)(
    const lathe_attention *a, const LATHE_NAME(place) *t, LATHE_NAME(gathering) *g) {
  const long value_width = attention_padded(a->value_width);
  const float *norms = a->norms + ((t->batch * a->heads + t->head) * a->queries + t->i) * 2;
  const float *output = attention_head(&a->output, t->batch, t->head) + t->i * a->output.row;
  for (long i = 0; i < t->pitch; i++) {
    const bool is_row = i < t->rows;
    g->largest[i] = is_row ? norms[2 * i] : INFINITY;
    g->log_totals[i] = is_row ? norms[2 * i + 1] : 0;
    f16v lanes = {};
    if (is_row) {
      const float *x = output + i * a->output.row, *y = g->d_output + i * value_width;
      long j = 0;
      for (; j + 16 <= a->value_width; j += 16) lanes += load16(x + j) * load16(y + j);
      for (; j < a->value_width; j++) lanes[0] += x[j] * y[j];
      if (g->largest[i] == INFINITY) {
        g->has_everywhere = true;
        for (j = 0; j < a->value_width; j++) g->everywhere[j] += y[j] / (float)a->keys;
      }
    }
    g->deltas[i] = sum16(&lanes);
  }
}

/// One block of queries with keys start..<end; dQ, or its part, is complete then.
static void LATHE_NAME(backward_block)(
    const lathe_attention *a, LATHE_NAME(place) t, long start, long end, LATHE_NAME(gathering) *g, float *dq,
    long dq_row) {
  const long width = attention_padded(a->width), value_width = attention_padded(a->value_width), pitch = t.pitch;
  const float *q = attention_head(&a->q, t.batch, t.head) + t.i * a->q.row;
  const float *d_output = attention_head(&a->d_output, t.batch, t.head) + t.i * a->d_output.row;
  LATHE_NAME(pack_rows)(q, a->q.row, t.rows, a->width, g->q, width, pitch, a->scale);
  LATHE_NAME(pack_transposed)(q, a->q.row, t.rows, a->width, g->q_transposed, pitch, a->scale * ATTENTION_LOG2_E);
  LATHE_NAME(pack_rows)(d_output, a->d_output.row, t.rows, a->value_width, g->d_output, value_width, pitch, 1);
  LATHE_NAME(pack_transposed)(
      d_output, a->d_output.row, t.rows, a->value_width, g->d_output_transposed, pitch, 1);
  LATHE_NAME(prepare_queries)(a, &t, g);
  bool is_first = true;
  const long seen = attention_smaller(end, attention_seen(a, t.i + t.rows - 1));
  for (t.j = start; t.j < seen; t.j += ATTENTION_KEYS) {
    t.count = attention_smaller(ATTENTION_KEYS, seen - t.j);
    if (!LATHE_NAME(is_visible)(a, &t)) continue;
    const long at = t.j - start;
    const float *k = g->k + at * width, *v = g->v + at * value_width;
    LATHE_NAME(product)(
        t.count, pitch, a->width, (LATHE_NAME(matrix)){k, width, 1}, g->q_transposed, pitch, g->scores, pitch, false);
    LATHE_NAME(product)(
        t.count, pitch, a->value_width, (LATHE_NAME(matrix)){v, value_width, 1}, g->d_output_transposed, pitch,
        g->gradients, pitch, false);
    LATHE_NAME(hide)(a, &t, g->scores);
    LATHE_NAME(differentiate)(&t, g->scores, g->gradients, g->largest, g->log_totals, g->deltas);
    LATHE_NAME(product)(
        t.count, value_width, pitch, (LATHE_NAME(matrix)){g->scores, pitch, 1}, g->d_output, value_width,
        g->dv + at * value_width, value_width, true);
    LATHE_NAME(product)(
        t.count, width, pitch, (LATHE_NAME(matrix)){g->gradients, pitch, 1}, g->q, width, g->dk + at * width, width,
        true);
    LATHE_NAME(product)(
        t.rows, width, t.count, (LATHE_NAME(matrix)){g->gradients, 1, pitch}, k, width, g->dq, width, !is_first);
    is_first = false;
  }
  if (is_first) memset(g->dq, 0, (size_t)(t.rows * width) * sizeof(float));
  LATHE_NAME(unpack_rows)(g->dq, width, t.rows, a->width, dq, dq_row, a->scale);
}

/// Hands out `count` floats, rounded up to whole vectors.
LATHE_INLINE float *LATHE_NAME(take)(float **memory, long count) {
  float *taken = *memory;
  *memory += attention_padded(count);
  return taken;
}

static void LATHE_NAME(backward)(const lathe_attention *a, long first, long last) {
  const long width = attention_padded(a->width), value_width = attention_padded(a->value_width);
  const long chunks = lathe_attention_chunks(a), group = a->heads / a->key_heads, most = ATTENTION_QUERIES;
  const long room = (a->keys + chunks - 1) / chunks;
  const long size = 2 * room * (width + value_width) + most * (3 * width + 2 * value_width + 2 * ATTENTION_KEYS + 3)
      + value_width;
  float *memory = lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)size);
  if (!memory) return;
  LATHE_NAME(gathering) g = {0};
  float *packed_k = LATHE_NAME(take)(&memory, room * width), *packed_v = LATHE_NAME(take)(&memory, room * value_width);
  g.dk = LATHE_NAME(take)(&memory, room * width);
  g.dv = LATHE_NAME(take)(&memory, room * value_width);
  g.q = LATHE_NAME(take)(&memory, most * width);
  g.q_transposed = LATHE_NAME(take)(&memory, most * width);
  g.d_output = LATHE_NAME(take)(&memory, most * value_width);
  g.d_output_transposed = LATHE_NAME(take)(&memory, most * value_width);
  g.scores = LATHE_NAME(take)(&memory, most * ATTENTION_KEYS);
  g.gradients = LATHE_NAME(take)(&memory, most * ATTENTION_KEYS);
  g.dq = LATHE_NAME(take)(&memory, most * width);
  g.largest = LATHE_NAME(take)(&memory, most);
  g.log_totals = LATHE_NAME(take)(&memory, most);
  g.deltas = LATHE_NAME(take)(&memory, most);
  g.everywhere = LATHE_NAME(take)(&memory, value_width);
  for (long task = first; task < last; task++) {
    const long chunk = task % chunks, key_head = task / chunks % a->key_heads, batch = task / chunks / a->key_heads;
    const long start = attention_chunk_start(a, chunks, chunk), end = attention_chunk_start(a, chunks, chunk + 1);
    const long keys = end - start;
    g.k = LATHE_NAME(dense_rows)(
        attention_head(&a->k, batch, key_head) + start * a->k.row, a->k.row, keys, a->width, width, packed_k);
    g.v = LATHE_NAME(dense_rows)(
        attention_head(&a->v, batch, key_head) + start * a->v.row, a->v.row, keys, a->value_width, value_width,
        packed_v);
    memset(g.dk, 0, (size_t)(keys * width) * sizeof(float));
    memset(g.dv, 0, (size_t)(keys * value_width) * sizeof(float));
    memset(g.everywhere, 0, (size_t)value_width * sizeof(float));
    g.has_everywhere = false;
    lathe_attention_rows parts = a->dq;
    if (chunks > 1) parts.first = a->partial_dq + chunk * a->batch * a->heads * a->queries * a->width;
    for (long head = key_head * group; head < (key_head + 1) * group; head++) {
      float *dq = attention_head(&parts, batch, head);
      for (long i = 0; i < a->queries; i += most) {
        const long rows = attention_smaller(most, a->queries - i);
        const LATHE_NAME(place) t = {
            .batch = batch, .head = head, .i = i, .rows = rows, .pitch = attention_padded(rows)};
        LATHE_NAME(backward_block)(a, t, start, end, &g, dq + i * parts.row, parts.row);
      }
    }
    if (g.has_everywhere)
      for (long j = 0; j < keys; j++)
        for (long e = 0; e < value_width; e++) g.dv[j * value_width + e] += g.everywhere[e];
    LATHE_NAME(unpack_rows)(
        g.dk, width, keys, a->width, attention_head(&a->dk, batch, key_head) + start * a->dk.row, a->dk.row, 1);
    LATHE_NAME(unpack_rows)(
        g.dv, value_width, keys, a->value_width, attention_head(&a->dv, batch, key_head) + start * a->dv.row,
        a->dv.row, 1);
  }
}
