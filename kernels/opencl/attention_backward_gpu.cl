// Attention for GPUs, backward; attention.clh and attention_tiles.clh go in front.
//
//   attention_deltas    sum(dO * O) of each query
//   attention_queries   dQ: a group has 64 queries and goes over the keys
//   attention_keys      dK and dV: a group has 64 keys and goes over the queries of all heads that share them
//
// The weights of a tile are made again from scores and norms. Of wide heads attention_keys gives dK or dV alone, since the
// sums of both would not fit into registers: KEYS_PART is 1 for dK, 2 for dV, 3 for both. 26 KB of local memory.

#ifndef KEYS_PART
#define KEYS_PART 3
#endif
#define GIVES_K (KEYS_PART & 1)
#define GIVES_V (KEYS_PART & 2)

// 16 queries for a group, 16 work-items for a query; grid (ceil(queries / 16) x 16, heads x 16, batch).
ATTENTION_GROUP __kernel void attention_deltas(
    __global const lathe_operand *restrict d_output, __global const lathe_operand *restrict output,
    __global float *restrict deltas, const long4 d_output_steps, const long4 output_steps, const int queries, const int heads, const int value_width) {
  __local float partial[256];
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int query = (int)get_group_id(0) * 16 + ly, head = (int)get_group_id(1), batch = (int)get_group_id(2);
  float sum = 0.0f;
  if (query < queries) {
    __global const lathe_operand *x = row_of(d_output, d_output_steps, batch, head, query);
    __global const lathe_operand *y = row_of(output, output_steps, batch, head, query);
#if VECTOR
    for (int i = lx * 4; i < value_width; i += 64) {
      const float4 product =
          lathe_wide4(*(__global const lathe_operand4 *)(x + i)) * lathe_wide4(*(__global const lathe_operand4 *)(y + i));
      sum += (product.x + product.y) + (product.z + product.w);
    }
#else
    for (int i = lx; i < value_width; i += 16) sum += lathe_wide(x[i]) * lathe_wide(y[i]);
#endif
  }
  partial[ly * 16 + lx] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (lx > 0 || query >= queries) return;
  sum = 0.0f;
  for (int i = 0; i < 16; i++) sum += partial[ly * 16 + i];
  deltas[(batch * (long)heads + head) * queries + query] = sum;
}

// Turns scores into weights, and the weights' gradient into the scores', where `visible` is -1.
static inline void differentiate(float4 *score, float4 *gradient, int4 visible, float4 largest, float4 logarithm,
                                 float4 delta, float scale) {
  const float4 weight = powers_of_2(scaled(*score, scale) - largest - logarithm);
  *gradient = visible ? weight * (*gradient - delta) * scale : (float4)0.0f;
  *score = visible ? weight : (float4)0.0f;
}

ATTENTION_GROUP __kernel void attention_queries(
    __global const lathe_operand *restrict d_output, __global const lathe_operand *restrict q,
    __global const lathe_operand *restrict k, __global const lathe_operand *restrict v,
    __global const uchar *restrict mask, __global const float *restrict norms, __global const float *restrict deltas,
    __global lathe_result *restrict dq, const long4 d_output_steps, const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset, const long4 mask_steps,
    const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  ATTENTION_MEMORY
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int first = (int)get_group_id(0) * TILE, head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int heads = (int)get_num_groups(1), rows = min(TILE, queries - first);
  const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  __global const lathe_operand *own = row_of(q, q_steps, batch, head, first);
  __global const lathe_operand *own_gradient = row_of(d_output, d_output_steps, batch, head, first);
  width_run sum[WIDTH_BLOCKS][4];
  UNROLL for (int i = 0; i < 4; i++)
    UNROLL for (int c = 0; c < WIDTH_BLOCKS; c++) sum[c][i] = 0.0f;
  // In local memory: registers that hold them all the time are missing elsewhere.
  __local float largest[TILE], logarithms[TILE], means[TILE];
  const int place = item_number();
  if (place < TILE) {
    const long at = (batch * (long)heads + head) * queries + min(first + place, queries - 1);
    const float2 norm = norm_of(norms, at);
    largest[place] = norm.x;
    logarithms[place] = norm.y;
    means[place] = deltas[at];
  }
  // Zero, which compilers cannot know: what follows from a work-item's place they make again for each tile, instead of
  // keeping it in registers that are missing elsewhere.
  __local int nothing;
  if (place == 0) nothing = causal >> 1;
  barrier(CLK_LOCAL_MEM_FENCE);
  const int end = keys_seen(&seen, first + rows);
  for (int key = 0; key < end; key += TILE) {
    const int item = item_number() + nothing;
    __global const lathe_operand *others = row_of(k, k_steps, batch, head / group, key);
    float4 score[4], gradient[4];
    multiply_rows(score, left, right, own, q_steps.w, rows, others, k_steps.w, keys - key, width, WIDTH_SLICES, item);
    multiply_rows(gradient, left, right, own_gradient, d_output_steps.w, rows,
                  row_of(v, v_steps, batch, head / group, key), v_steps.w, keys - key, value_width, VALUE_SLICES, item);
    const bool all = sees_all(&seen, first, key);
    UNROLL for (int i = 0; i < 4; i++)
      differentiate(&score[i], &gradient[i], all ? (int4)-1 : seen_keys(&seen, first + ly * 4 + i, key + lx * 4),
                    largest[ly * 4 + i], logarithms[ly * 4 + i], means[ly * 4 + i], scale);
    barrier(CLK_LOCAL_MEM_FENCE);
    store_transposed(weights, gradient);
    MULTIPLY_WEIGHTS(sum, multiply_width, WIDTH_BLOCK, WIDTH_BLOCKS, others, k_steps.w, keys - key, width)
  }
  UNROLL for (int i = 0; i < 4; i++) {
    const int query = first + ly * 4 + i;
    if (query >= queries) continue;
    __global lathe_result *to = dq + ((batch * (long)queries + query) * heads + head) * width;
    UNROLL for (int c = 0; c < WIDTH_BLOCKS; c++) write_width(to, c, sum[c][i], width);
  }
}

ATTENTION_GROUP __kernel void attention_keys(
    __global const lathe_operand *restrict d_output, __global const lathe_operand *restrict q,
    __global const lathe_operand *restrict k, __global const lathe_operand *restrict v,
    __global const uchar *restrict mask, __global const float *restrict norms, __global const float *restrict deltas,
    __global lathe_result *restrict dk, __global lathe_result *restrict dv,
    const long4 d_output_steps, const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset,
    const long4 mask_steps, const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  ATTENTION_MEMORY
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int first = (int)get_group_id(0) * TILE, key_head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int key_heads = (int)get_num_groups(1), rows = min(TILE, keys - first);
  __global const lathe_operand *own = row_of(k, k_steps, batch, key_head, first);
  __global const lathe_operand *own_value = row_of(v, v_steps, batch, key_head, first);
  const int item = item_number();
  width_run sum_k[WIDTH_BLOCKS][4];
  value_run sum_v[VALUE_BLOCKS][4];
  UNROLL for (int i = 0; i < 4; i++) {
    UNROLL for (int c = 0; c < WIDTH_BLOCKS; c++) sum_k[c][i] = 0.0f;
    UNROLL for (int c = 0; c < VALUE_BLOCKS; c++) sum_v[c][i] = 0.0f;
  }
  for (int head = key_head * group; head < (key_head + 1) * group; head++) {
    const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
    __global const float *own_norms = norms + (batch * (long)(key_heads * group) + head) * queries * 2;
    __global const float *means = deltas + (batch * (long)(key_heads * group) + head) * queries;
    for (int query = 0; query < queries; query += TILE) {
      const int columns = min(TILE, queries - query);
      bool needed = keys_seen(&seen, query + columns) > first;
      // Queries that see nothing count with every key.
      for (int j = 0; j < columns && !needed; j++) needed = isinf(own_norms[2 * (query + j)]);
      if (!needed) continue;
      __global const lathe_operand *others = row_of(q, q_steps, batch, head, query);
      __global const lathe_operand *other_gradients = row_of(d_output, d_output_steps, batch, head, query);
      float4 score[4], gradient[4] = {0.0f, 0.0f, 0.0f, 0.0f};
      multiply_rows(score, left, right, own, k_steps.w, rows, others, q_steps.w, columns, width, WIDTH_SLICES, item);
      if (GIVES_K)
        multiply_rows(gradient, left, right, own_value, v_steps.w, rows, other_gradients, d_output_steps.w, columns,
                      value_width, VALUE_SLICES, item);
      const int at = query + lx * 4, last = queries - 1;
      const float2 norm0 = norm_of(own_norms, min(at, last)), norm1 = norm_of(own_norms, min(at + 1, last));
      const float2 norm2 = norm_of(own_norms, min(at + 2, last)), norm3 = norm_of(own_norms, min(at + 3, last));
      const float4 largest = (float4)(norm0.x, norm1.x, norm2.x, norm3.x);
      const float4 logarithm = (float4)(norm0.y, norm1.y, norm2.y, norm3.y);
      const float4 delta = (float4)(means[min(at, last)], means[min(at + 1, last)], means[min(at + 2, last)],
                                    means[min(at + 3, last)]);
      const int4 hidden = (largest == INFINITY) & ((int4)(at, at + 1, at + 2, at + 3) < queries);
      const bool all = sees_all(&seen, query, first);
      UNROLL for (int i = 0; i < 4; i++) {
        const int key = first + ly * 4 + i;
        differentiate(&score[i], &gradient[i], all ? (int4)-1 : seeing_queries(&seen, at, key), largest, logarithm,
                      delta, scale);
        if (key < keys) score[i] = hidden ? (float4)(1.0f / (float)keys) : score[i];
      }
      if (GIVES_V) {
        barrier(CLK_LOCAL_MEM_FENCE);
        store_transposed(weights, score);
        MULTIPLY_WEIGHTS(sum_v, multiply_value, VALUE_BLOCK, VALUE_BLOCKS, other_gradients, d_output_steps.w, columns,
                         value_width)
      }
      if (GIVES_K) {
        barrier(CLK_LOCAL_MEM_FENCE);
        store_transposed(weights, gradient);
        MULTIPLY_WEIGHTS(sum_k, multiply_width, WIDTH_BLOCK, WIDTH_BLOCKS, others, q_steps.w, columns, width)
      }
    }
  }
  UNROLL for (int i = 0; i < 4; i++) {
    const int key = first + ly * 4 + i;
    if (key >= keys) continue;
    const long row = (batch * (long)keys + key) * key_heads + key_head;
    if (GIVES_K) {
      UNROLL for (int c = 0; c < WIDTH_BLOCKS; c++) write_width(dk + row * width, c, sum_k[c][i], width);
    }
    if (GIVES_V) {
      UNROLL for (int c = 0; c < VALUE_BLOCKS; c++) write_value(dv + row * value_width, c, sum_v[c][i], value_width);
    }
  }
}
