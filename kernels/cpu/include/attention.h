#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Rows of floats for each of [batch, heads, length]: the first, and the steps along these axes. The elements of a row
/// are neighbours.
typedef struct lathe_attention_rows {
  float *first;
  long batch, head, row;
} lathe_attention_rows;

/// Truth values for each of [batch, heads, queries, keys], 1 where a query may see a key; `first` is NULL where all may.
typedef struct lathe_attention_mask {
  const uint8_t *first;
  long batch, head, query, key;
} lathe_attention_mask;

/// Attention and its operands, as `Attention` of LatheCore.
typedef struct lathe_attention {
  long batch, heads, key_heads, queries, keys, width, value_width;
  float scale;
  bool causal;
  lathe_attention_rows q, k, v, output;
  lathe_attention_mask mask;
  /// [batch, heads, queries, 2]: of each query's weights in powers of 2 the largest score, infinite where it sees
  /// nothing, and the logarithm of their sum relative to it. Apart: their sum would round the latter away.
  float *norms;
  // Of the backward pass alone.
  lathe_attention_rows d_output, dq, dk, dv;
  /// Room for `chunks` times dq, which has no gaps then, where there are several chunks.
  float *partial_dq;
} lathe_attention;

/// Tasks of the forward pass: batch x heads x blocks of queries.
long lathe_attention_forward_tasks(const lathe_attention *a);
/// Computes output and norms of tasks first..<last.
void lathe_attention_forward(const lathe_attention *a, long first, long last);

/// Pieces that the keys of a head are cut into for the backward pass: 1 where there are heads enough for many threads.
long lathe_attention_chunks(const lathe_attention *a);
/// Computes dk and dv, and dq or its part, of tasks first..<last of batch x key heads x chunks.
void lathe_attention_backward(const lathe_attention *a, long first, long last);
/// Adds up the parts of dq in their order, elements first..<last.
void lathe_attention_sum_chunks(const lathe_attention *a, long first, long last);
