// Attention for GPUs, backward; attention.clh and attention_tiles.clh go in front.
//
//   attention_deltas    sum(dO * O) of each query
//   attention_queries   dQ: a group has 32 queries and goes over the keys
//   attention_keys      dK and dV: a group has 32 keys and goes over the queries of all heads that share them
//
// The weights of a tile are made again from scores and norms. 14 KB of local memory.

// Grid (queries, heads, batch), any work-group.
__kernel void attention_deltas(__global const float *restrict d_output, __global const float *restrict output,
                               __global float *restrict deltas, const long4 d_output_steps, const long4 output_steps,
                               const int queries, const int heads, const int value_width) {
  const int query = (int)get_global_id(0), head = (int)get_global_id(1), batch = (int)get_global_id(2);
  if (query >= queries) return;
  __global const float *x = row_of(d_output, d_output_steps, batch, head, query);
  __global const float *y = row_of(output, output_steps, batch, head, query);
  float sum = 0.0f;
  for (int i = 0; i < value_width; i++) sum += x[i] * y[i];
  deltas[(batch * (long)heads + head) * queries + query] = sum;
}

// The weights and the scores' gradient from scores and the weights' gradient, for a query's norm and delta.
static inline void differentiate(float *score, float *gradient, bool visible, float2 norm, float delta, float scale) {
  const float weight = visible ? power_of_2(scaled(*score, scale) - norm.x - norm.y) : 0.0f;
  *score = weight;
  *gradient = visible ? weight * (*gradient - delta) * scale : 0.0f;
}

ATTENTION_GROUP __kernel void attention_queries(
    __global const float *restrict d_output, __global const float *restrict q, __global const float *restrict k,
    __global const float *restrict v, __global const uchar *restrict mask, __global const float *restrict norms,
    __global const float *restrict deltas, __global float *restrict dq, const long4 d_output_steps,
    const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset, const long4 mask_steps,
    const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  __local float left[TILE * PITCH], right[TILE * PITCH], weights[TILE * PITCH];
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int first = (int)get_group_id(0) * TILE, head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int heads = (int)get_num_groups(1), rows = min(TILE, queries - first);
  const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  __global const float *own = row_of(q, q_steps, batch, head, first);
  __global const float *own_gradient = row_of(d_output, d_output_steps, batch, head, first);
  float sum[WIDTH_TILES][4][4], delta[4];
  float2 norm[4];
  UNROLL for (int i = 0; i < 4; i++) {
    const long at = (batch * (long)heads + head) * queries + min(first + ly * 4 + i, queries - 1);
    norm[i] = norm_of(norms, at);
    delta[i] = deltas[at];
    UNROLL for (int c = 0; c < WIDTH_TILES; c++)
      UNROLL for (int j = 0; j < 4; j++) sum[c][i][j] = 0.0f;
  }
  const int end = keys_seen(&seen, first + rows);
  for (int key = 0; key < end; key += TILE) {
    __global const float *other = row_of(k, k_steps, batch, head / group, key);
    float score[4][4], gradient[4][4];
    multiply_rows(score, left, right, own, q_steps.w, rows, other, k_steps.w, keys - key, width);
    multiply_rows(gradient, left, right, own_gradient, d_output_steps.w, rows,
                  row_of(v, v_steps, batch, head / group, key), v_steps.w, keys - key, value_width);
    UNROLL for (int i = 0; i < 4; i++)
      UNROLL for (int j = 0; j < 4; j++)
        differentiate(&score[i][j], &gradient[i][j], sees(&seen, first + ly * 4 + i, key + lx * 4 + j), norm[i],
                      delta[i], scale);
    store_transposed(weights, gradient);
    UNROLL for (int c = 0; c < WIDTH_TILES; c++) {
      barrier(CLK_LOCAL_MEM_FENCE);
      load_tile(right, other + c * TILE, k_steps.w, keys - key, width - c * TILE, false);
      barrier(CLK_LOCAL_MEM_FENCE);
      multiply(sum[c], weights, right);
    }
  }
  UNROLL for (int i = 0; i < 4; i++) {
    const int query = first + ly * 4 + i;
    if (query >= queries) continue;
    __global float *to = dq + ((batch * (long)queries + query) * heads + head) * width;
    UNROLL for (int c = 0; c < WIDTH_TILES; c++)
      UNROLL for (int j = 0; j < 4; j++)
        if (c * TILE + lx * 4 + j < width) to[c * TILE + lx * 4 + j] = sum[c][i][j];
  }
}

ATTENTION_GROUP __kernel void attention_keys(
    __global const float *restrict d_output, __global const float *restrict q, __global const float *restrict k,
    __global const float *restrict v, __global const uchar *restrict mask, __global const float *restrict norms,
    __global const float *restrict deltas, __global float *restrict dk, __global float *restrict dv,
    const long4 d_output_steps, const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset,
    const long4 mask_steps, const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  __local float left[TILE * PITCH], right[TILE * PITCH], weights[TILE * PITCH];
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int first = (int)get_group_id(0) * TILE, key_head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int key_heads = (int)get_num_groups(1), rows = min(TILE, keys - first);
  __global const float *own = row_of(k, k_steps, batch, key_head, first);
  __global const float *own_value = row_of(v, v_steps, batch, key_head, first);
  float sum_k[WIDTH_TILES][4][4], sum_v[VALUE_TILES][4][4];
  UNROLL for (int i = 0; i < 4; i++)
    UNROLL for (int j = 0; j < 4; j++) {
      UNROLL for (int c = 0; c < WIDTH_TILES; c++) sum_k[c][i][j] = 0.0f;
      UNROLL for (int c = 0; c < VALUE_TILES; c++) sum_v[c][i][j] = 0.0f;
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
      __global const float *other = row_of(q, q_steps, batch, head, query);
      __global const float *other_gradient = row_of(d_output, d_output_steps, batch, head, query);
      float score[4][4], gradient[4][4];
      multiply_rows(score, left, right, own, k_steps.w, rows, other, q_steps.w, columns, width);
      multiply_rows(gradient, left, right, own_value, v_steps.w, rows, other_gradient, d_output_steps.w, columns,
                    value_width);
      UNROLL for (int j = 0; j < 4; j++) {
        const int at = query + lx * 4 + j;
        const float2 norm = norm_of(own_norms, min(at, queries - 1));
        const float delta = means[min(at, queries - 1)];
        const bool hidden = at < queries && norm.x == INFINITY;
        UNROLL for (int i = 0; i < 4; i++) {
          const int key = first + ly * 4 + i;
          differentiate(&score[i][j], &gradient[i][j], sees(&seen, at, key), norm, delta, scale);
          if (hidden && key < keys) score[i][j] = 1.0f / (float)keys;
        }
      }
      store_transposed(weights, score);
      UNROLL for (int c = 0; c < VALUE_TILES; c++) {
        barrier(CLK_LOCAL_MEM_FENCE);
        load_tile(right, other_gradient + c * TILE, d_output_steps.w, columns, value_width - c * TILE, false);
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply(sum_v[c], weights, right);
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      store_transposed(weights, gradient);
      UNROLL for (int c = 0; c < WIDTH_TILES; c++) {
        barrier(CLK_LOCAL_MEM_FENCE);
        load_tile(right, other + c * TILE, q_steps.w, columns, width - c * TILE, false);
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply(sum_k[c], weights, right);
      }
    }
  }
  UNROLL for (int i = 0; i < 4; i++) {
    const int key = first + ly * 4 + i;
    if (key >= keys) continue;
    const long row = (batch * (long)keys + key) * key_heads + key_head;
    UNROLL for (int j = 0; j < 4; j++) {
      UNROLL for (int c = 0; c < WIDTH_TILES; c++)
        if (c * TILE + lx * 4 + j < width) dk[row * width + c * TILE + lx * 4 + j] = sum_k[c][i][j];
      UNROLL for (int c = 0; c < VALUE_TILES; c++)
        if (c * TILE + lx * 4 + j < value_width) dv[row * value_width + c * TILE + lx * 4 + j] = sum_v[c][i][j];
    }
  }
}
