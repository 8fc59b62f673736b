// The forward pass. Included by attention_body.h for each SIMD level.

/// The mean of all values, for queries that may see nothing.
static void LATHE_NAME(mean_row)(const float *values, long rows, long row, float *to) {
  for (long j = 0; j < row; j++) {
    float sum = 0;
    for (long i = 0; i < rows; i++) sum += values[i * row + j];
    to[j] = sum / (float)rows;
  }
}

/// Attention of one block of queries; `memory` has the room that `forward` counts.
static void LATHE_NAME(forward_block)(
    const lathe_attention *a, LATHE_NAME(place) t, const float *k, const float *v, float *memory) {
  const long width = attention_padded(a->width), value_width = attention_padded(a->value_width), pitch = t.pitch;
  float *q = memory, *scores = q + width * pitch, *sums = scores + ATTENTION_KEYS * pitch;
  float *largest = sums + pitch * value_width, *total = largest + pitch, *factor = total + pitch;
  const float *from = attention_head(&a->q, t.batch, t.head) + t.i * a->q.row;
  LATHE_NAME(pack_transposed)(from, a->q.row, t.rows, a->width, q, pitch, a->scale * ATTENTION_LOG2_E);
  for (long i = 0; i < pitch; i++) largest[i] = ATTENTION_LOWEST, total[i] = 0;
  bool is_first = true;
  const long seen = attention_seen(a, t.i + t.rows - 1);
  for (t.j = 0; t.j < seen; t.j += ATTENTION_KEYS) {
    t.count = attention_smaller(ATTENTION_KEYS, seen - t.j);
    if (!LATHE_NAME(is_visible)(a, &t)) continue;
    LATHE_NAME(product)(
        t.count, pitch, a->width, (LATHE_NAME(matrix)){k + t.j * width, width, 1}, q, pitch, scores, pitch, false);
    LATHE_NAME(hide)(a, &t, scores);
    LATHE_NAME(exponentiate)(&t, scores, largest, total, factor);
    if (!is_first) LATHE_NAME(scale_rows)(sums, value_width, t.rows, factor);
    LATHE_NAME(product)(
        t.rows, value_width, t.count, (LATHE_NAME(matrix)){scores, 1, pitch}, v + t.j * value_width, value_width,
        sums, value_width, !is_first);
    is_first = false;
  }
  float *norms = a->norms + ((t.batch * a->heads + t.head) * a->queries + t.i) * 2;
  float *to = attention_head(&a->output, t.batch, t.head) + t.i * a->output.row;
  for (long i = 0; i < t.rows; i++) {
    // The largest score counts 1, so that less says that there was none.
    const bool is_hidden = total[i] < 0.5f;
    if (is_hidden) LATHE_NAME(mean_row)(v, a->keys, value_width, sums + i * value_width);
    norms[2 * i] = is_hidden ? INFINITY : largest[i];
    norms[2 * i + 1] = is_hidden ? 0 : logf(total[i]) * ATTENTION_LOG2_E;
    LATHE_NAME(unpack_rows)(
        sums + i * value_width, value_width, 1, a->value_width, to + i * a->output.row, a->output.row,
        is_hidden ? 1 : 1 / total[i]);
  }
}

static void LATHE_NAME(forward)(const lathe_attention *a, long first, long last) {
  if (a->queries <= ATTENTION_FEW) {
    LATHE_NAME(forward_few)(a, first, last);
    return;
  }
  const long width = attention_padded(a->width), value_width = attention_padded(a->value_width);
  const long blocks = (a->queries + ATTENTION_QUERIES - 1) / ATTENTION_QUERIES, group = a->heads / a->key_heads;
  const long most = ATTENTION_QUERIES;
  float *memory = lathe_workspace(
      LATHE_WORKSPACE_PRIVATE,
      (size_t)(a->keys * (width + value_width) + most * (width + value_width + ATTENTION_KEYS + 3)));
  if (!memory) return;
  float *packed_k = memory, *packed_v = packed_k + a->keys * width;
  const float *k = NULL, *v = NULL;
  long packed = -1;
  for (long task = first; task < last; task++) {
    const long i = task % blocks * most, head = task / blocks % a->heads, batch = task / blocks / a->heads;
    const long source = batch * a->key_heads + head / group;
    if (source != packed) {
      packed = source;
      k = LATHE_NAME(dense_rows)(
          attention_head(&a->k, batch, head / group), a->k.row, a->keys, a->width, width, packed_k);
      v = LATHE_NAME(dense_rows)(
          attention_head(&a->v, batch, head / group), a->v.row, a->keys, a->value_width, value_width, packed_v);
    }
    const long rows = attention_smaller(most, a->queries - i);
    const LATHE_NAME(place) t = {
        .batch = batch, .head = head, .i = i, .rows = rows, .pitch = attention_padded(rows)};
    LATHE_NAME(forward_block)(a, t, k, v, packed_v + a->keys * value_width);
  }
}
