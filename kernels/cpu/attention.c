#include "attention_internal.h"

// Attention without a matrix of all scores (Dao et al., "FlashAttention", 2022): tiles of scores are made, turned into
// weights with the largest score so far, and used at once. How the work is cut depends on sizes alone.

#define LATHE_BODY "attention_body.h"
#include "variants.h"
#include "levels.h"

long lathe_attention_forward_tasks(const lathe_attention *a) {
  return a->batch * a->heads * ((a->queries + ATTENTION_QUERIES - 1) / ATTENTION_QUERIES);
}

void lathe_attention_forward(const lathe_attention *a, long first, long last) {
  LATHE_PICK(level)->forward(a, first, last);
}

long lathe_attention_chunks(const lathe_attention *a) {
  const long heads = a->batch * a->key_heads;
  const long wanted = heads > 0 ? (ATTENTION_TASKS + heads - 1) / heads : 1;
  const long chunks = attention_smaller(wanted, a->keys / ATTENTION_CHUNK_KEYS);
  return chunks > 1 ? chunks : 1;
}

void lathe_attention_backward(const lathe_attention *a, long first, long last) {
  LATHE_PICK(level)->backward(a, first, last);
}

LATHE_LEVELS(void, lathe_attention_sum_chunks, (const lathe_attention *a, long first, long last), (a, first, last)) {
  const long chunks = lathe_attention_chunks(a), size = a->batch * a->heads * a->queries * a->width;
  float *to = a->dq.first;
  memcpy(to + first, a->partial_dq + first, (size_t)(last - first) * sizeof(float));
  for (long chunk = 1; chunk < chunks; chunk++)
    for (long i = first; i < last; i++) to[i] += a->partial_dq[chunk * size + i];
}
