#include "check.h"

// Attention against the matrix of all scores in float64.

/// Rows [batch, heads, length, elements], the heads of a position side by side if `heads_last`.
static lathe_attention_rows make_rows(float *first, long heads, long length, long elements, bool heads_last) {
  if (heads_last) return (lathe_attention_rows){first, length * heads * elements, elements, heads * elements};
  return (lathe_attention_rows){first, heads * length * elements, length * elements, elements};
}

static float *row_at(const lathe_attention_rows *rows, long batch, long head, long row) {
  return rows->first + batch * rows->batch + head * rows->head + row * rows->row;
}

/// The place of an element of rows in results that have their layout.
static long place(const lathe_attention_rows *rows, long batch, long head, long row) {
  return batch * rows->batch + head * rows->head + row * rows->row;
}

static bool sees(const lathe_attention *a, long b, long h, long i, long j) {
  if (a->causal && j > i + a->keys - a->queries) return false;
  const lathe_attention_mask *m = &a->mask;
  return !m->first || m->first[b * m->batch + h * m->head + i * m->query + j * m->key];
}

typedef struct expectation {
  double *output, *norms, *dq, *dk, *dv;
} expectation;

static double dot(const float *x, const float *y, long n) {
  double sum = 0;
  for (long i = 0; i < n; i++) sum += (double)x[i] * (double)y[i];
  return sum;
}

/// One query: its output and what it gives to the gradients.
static void expect_query(const lathe_attention *a, long b, long h, long i, double *p, double *dp,
    const expectation *e) {
  const long shared = h / (a->heads / a->key_heads), n = a->keys;
  const float *q = row_at(&a->q, b, h, i), *d = row_at(&a->d_output, b, h, i);
  double most = -INFINITY, sum = 0, delta = 0;
  for (long j = 0; j < n; j++) {
    p[j] = sees(a, b, h, i, j) ? (double)a->scale * dot(q, row_at(&a->k, b, shared, j), a->width) : -INFINITY;
    most = fmax(most, p[j]);
  }
  const bool blind = isinf(most);
  for (long j = 0; j < n; j++) sum += p[j] = blind ? 1 : exp(p[j] - most);
  double *norms = e->norms + ((b * a->heads + h) * a->queries + i) * 2;
  norms[0] = blind ? INFINITY : most / log(2.0);
  norms[1] = blind ? 0 : log2(sum);
  for (long j = 0; j < n; j++) {
    p[j] /= sum;
    dp[j] = dot(d, row_at(&a->v, b, shared, j), a->value_width);
    delta += p[j] * dp[j];
  }
  for (long j = 0; j < n; j++) {
    const float *k = row_at(&a->k, b, shared, j), *v = row_at(&a->v, b, shared, j);
    // The mean of all values depends on no score.
    const double ds = blind ? 0 : p[j] * (dp[j] - delta) * (double)a->scale;
    for (long x = 0; x < a->value_width; x++) {
      e->output[place(&a->output, b, h, i) + x] += p[j] * v[x];
      e->dv[place(&a->dv, b, shared, j) + x] += p[j] * d[x];
    }
    for (long x = 0; x < a->width; x++) {
      e->dq[place(&a->dq, b, h, i) + x] += ds * k[x];
      e->dk[place(&a->dk, b, shared, j) + x] += ds * q[x];
    }
  }
}

typedef struct case_sizes {
  long batch, heads, key_heads, queries, keys, width, value_width;
  bool causal, masked, heads_last;
} case_sizes;

static void check_case(const case_sizes *s) {
  const long query_rows = s->batch * s->heads * s->queries, key_rows = s->batch * s->key_heads * s->keys;
  const long q_size = query_rows * s->width, o_size = query_rows * s->value_width, norm_size = query_rows * 2;
  const long k_size = key_rows * s->width, v_size = key_rows * s->value_width;
  const bool last = s->heads_last;
  lathe_attention a = {
      .batch = s->batch, .heads = s->heads, .key_heads = s->key_heads, .queries = s->queries, .keys = s->keys,
      .width = s->width, .value_width = s->value_width, .scale = 2 / sqrtf((float)s->width), .causal = s->causal,
      .q = make_rows(random_floats(q_size), s->heads, s->queries, s->width, last),
      .k = make_rows(random_floats(k_size), s->key_heads, s->keys, s->width, !last),
      .v = make_rows(random_floats(v_size), s->key_heads, s->keys, s->value_width, last),
      .output = make_rows(blank_floats(o_size), s->heads, s->queries, s->value_width, true),
      .norms = blank_floats(norm_size),
      .d_output = make_rows(random_floats(o_size), s->heads, s->queries, s->value_width, !last),
      .dq = make_rows(blank_floats(q_size), s->heads, s->queries, s->width, true),
      .dk = make_rows(blank_floats(k_size), s->key_heads, s->keys, s->width, true),
      .dv = make_rows(blank_floats(v_size), s->key_heads, s->keys, s->value_width, true)};
  if (s->masked) {
    // The same for all heads; one query sees nothing.
    uint8_t *mask = room(s->batch * s->queries * s->keys, 1);
    for (long i = 0; i < s->batch * s->queries * s->keys; i++)
      mask[i] = i / s->keys == 1 ? 0 : next_below(3) > 0;
    a.mask = (lathe_attention_mask){mask, s->queries * s->keys, 0, s->keys, 1};
  }
  const expectation e = {
      zero_doubles(o_size), zero_doubles(norm_size), zero_doubles(q_size), zero_doubles(k_size), zero_doubles(v_size)};
  double *p = zero_doubles(s->keys), *dp = zero_doubles(s->keys);
  for (long b = 0; b < s->batch; b++)
    for (long h = 0; h < s->heads; h++)
      for (long i = 0; i < s->queries; i++) expect_query(&a, b, h, i, p, dp, &e);
  describe(
      "%ld x %ld heads (%ld), %ld x %ld, width %ld, %ld%s%s", s->batch, s->heads, s->key_heads, s->queries, s->keys,
      s->width,
      s->value_width, s->causal ? ", causal" : "", s->masked ? ", masked" : "");
  const long tasks = lathe_attention_forward_tasks(&a);
  lathe_attention_forward(&a, 0, tasks / 2);
  lathe_attention_forward(&a, tasks / 2, tasks);
  expect_close("output", a.output.first, e.output, o_size, 4e-6, 1);
  expect_close("norms", a.norms, e.norms, norm_size, 4e-6, 1);
  const long chunks = lathe_attention_chunks(&a), parts = s->batch * s->key_heads * chunks;
  if (chunks > 1) a.partial_dq = blank_floats(chunks * q_size);
  lathe_attention_backward(&a, 0, parts / 2);
  lathe_attention_backward(&a, parts / 2, parts);
  if (chunks > 1) {
    lathe_attention_sum_chunks(&a, 0, q_size / 2);
    lathe_attention_sum_chunks(&a, q_size / 2, q_size);
  }
  // Elements of dk and dv are sums over the queries of all heads.
  const double sums = sqrt((double)(s->queries * s->heads));
  expect_close("dq", a.dq.first, e.dq, q_size, 1e-5, 1);
  expect_close("dk", a.dk.first, e.dk, k_size, 5e-6, sums);
  expect_close("dv", a.dv.first, e.dv, v_size, 5e-6, sums);
  release();
}

void check_attention(void) {
  static const case_sizes cases[] = {
      {1, 1, 1, 1, 1, 1, 1, false, false, false},   {2, 4, 2, 70, 130, 64, 64, false, false, true},
      {2, 4, 4, 65, 65, 32, 32, true, false, true}, {1, 2, 1, 33, 90, 5, 7, true, false, false},
      {1, 6, 3, 40, 40, 16, 24, false, true, true}, {2, 2, 2, 64, 128, 48, 16, true, true, false},
      {1, 1, 1, 33, 600, 16, 16, false, false, true}, {1, 2, 2, 130, 530, 33, 17, true, true, true},
      {1, 2, 2, 1, 77, 64, 64, false, false, true}, {1, 1, 1, 90, 20, 8, 8, true, false, false},
      // Few queries.
      {2, 4, 2, 3, 37, 64, 80, true, false, false}, {2, 2, 1, 8, 16, 48, 33, false, true, true},
      {1, 3, 3, 5, 100, 20, 128, true, true, false}, {1, 2, 1, 2, 3, 7, 5, true, false, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) check_case(cases + i);
}
