#pragma once

#include <math.h>

#include "gemm_internal.h"
#include "include/attention.h"
#include "include/workspace.h"
#include "transpose.h"
#include "vector_types.h"

// Queries of a block: the columns of a tile, one lane each. With as many keys every product of a tile works on
// operands of 16 KB, which stay in the L1 cache.
#define ATTENTION_QUERIES 64
#define ATTENTION_KEYS 64

/// With no more queries a lane for each of them is a waste.
#define ATTENTION_FEW 8

/// Keys of a chunk of the backward pass at least, and tasks that are enough for many threads.
#define ATTENTION_CHUNK_KEYS 256
#define ATTENTION_TASKS 32

#define ATTENTION_LOG2_E 0x1.715476p+0f

/// Not above any finite score; finite, so that differences with it are no NaN.
#define ATTENTION_LOWEST (-0x1.fffffep127f)

LATHE_INLINE long attention_padded(long count) { return (count + 15) / 16 * 16; }
LATHE_INLINE long attention_smaller(long a, long b) { return a < b ? a : b; }

/// The passes over a range of tasks, compiled for one SIMD level.
typedef struct attention_level {
  void (*forward)(const lathe_attention *a, long first, long last);
  void (*backward)(const lathe_attention *a, long first, long last);
} attention_level;

/// The first row of a batch and head.
LATHE_INLINE float *attention_head(const lathe_attention_rows *rows, long batch, long head) {
  return rows->first + batch * rows->batch + head * rows->head;
}

/// How many keys queries up to `last` see, if nothing but their order counts.
LATHE_INLINE long attention_seen(const lathe_attention *a, long last) {
  if (!a->causal) return a->keys;
  const long seen = last + 1 + a->keys - a->queries;
  return seen < 0 ? 0 : attention_smaller(seen, a->keys);
}

/// Where chunk `chunk` of the keys begins.
LATHE_INLINE long attention_chunk_start(const lathe_attention *a, long chunks, long chunk) {
  return a->keys * chunk / chunks;
}
