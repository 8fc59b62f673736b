// Attention on matrix units, backward; attention_units.clh and what it needs go in front (LATHE_STORED, MATRIX_GROUP). Deltas
// come from attention_backward_gpu.cl.
//
//   attention_queries   dQ: a group has ROWS queries and goes over the keys
//   attention_keys      dK and dV: a group has ROWS keys and goes over the queries of all heads that share them
//
// Scores and their gradients stay in registers; weights and scores' gradients are rounded to the operands' type for the
// products that follow. Of heads of more than 64 elements attention_keys gives dK or dV alone, since the sums of both would not
// fit into registers: KEYS_PART is 1 for dK, 2 for dV, 3 for both. 29 KB of local memory with heads of 64 elements and
// COLUMNS 32, 43 KB with 128, which is the most, and COLUMNS 16.

#ifndef KEYS_PART
#define KEYS_PART 3
#endif
#define GIVES_K (KEYS_PART & 1)
#define GIVES_V (KEYS_PART & 2)

// What both passes read, and what they are told of it.
#define BACKWARD_OPERANDS                                                                                             \
  __global const ushort *restrict d_output, __global const ushort *restrict q, __global const ushort *restrict k,     \
      __global const ushort *restrict v, __global const uchar *restrict mask, __global const float *restrict norms,   \
      __global const float *restrict deltas
#define BACKWARD_SIZES                                                                                                \
  const long4 d_output_steps, const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset,  \
      const long4 mask_steps, const int queries, const int keys, const int group, const float scale, const int width, \
      const int value_width, const int causal, const int masked

// Local memory: two tiles of the group's own rows and two of the others, a tile of weights, and of each of `count` queries
// what keep_query keeps; and the work-item's place.
#define QUERY_FLOATS 3
#define BACKWARD_MEMORY(own_second, other_tile, other_second, query_facts, count)                 \
  __local ushort own_tile[ROWS * MAX_WIDTH] __attribute__((aligned(128)));                        \
  __local ushort own_second[ROWS * MAX_WIDTH] __attribute__((aligned(128)));                      \
  __local ushort other_tile[COLUMNS * MAX_WIDTH] __attribute__((aligned(128)));                   \
  __local ushort other_second[COLUMNS * MAX_WIDTH] __attribute__((aligned(128)));                 \
  __local ushort weights[ROWS * COLUMNS] __attribute__((aligned(128)));                           \
  __local float query_facts[count][QUERY_FLOATS];                                                 \
  const int item = (int)get_local_id(0), lane = MATRIX_LANE, own_row = item / MATRIX_LANES * 16;

// Both parts of a query's norm, and its delta.
static inline void keep_query(__local float facts[QUERY_FLOATS], float2 norm, float delta) {
  facts[0] = norm.x;
  facts[1] = norm.y;
  facts[2] = delta;
}

MATRIX_GROUP(ITEMS) __kernel void attention_queries(
    BACKWARD_OPERANDS, __global lathe_result *restrict dq, BACKWARD_SIZES) {
  BACKWARD_MEMORY(own_gradient, key_tile, value_tile, own, ROWS)
  const int first = (int)get_group_id(0) * ROWS, head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int heads = (int)get_num_groups(1), rows = min(ROWS, queries - first);
  const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  load_tile(own_tile, row_of(q, q_steps, batch, head, first), q_steps.w, rows, width, ROWS);
  load_tile(own_gradient, row_of(d_output, d_output_steps, batch, head, first), d_output_steps.w, rows, value_width, ROWS);
  for (int row = item; row < ROWS; row += ITEMS) {
    const long at = (batch * (long)heads + head) * queries + min(first + row, queries - 1);
    keep_query(own[row], norm_of(norms, at), deltas[at]);
  }
  sum_fragment sum[WIDTH_BLOCKS];
  clear_sums(sum);
  const int end = keys_seen(&seen, first + rows);
  for (int key = 0; key < end; key += COLUMNS) {
    const int count = min(COLUMNS, keys - key);
    barrier(CLK_LOCAL_MEM_FENCE);
    load_tile(key_tile, row_of(k, k_steps, batch, head / group, key), k_steps.w, count, width, COLUMNS);
    load_tile(value_tile, row_of(v, v_steps, batch, head / group, key), v_steps.w, count, value_width, COLUMNS);
    barrier(CLK_LOCAL_MEM_FENCE);
    const sum_bits visible = seen_sums(&seen, first + own_row, key, false, lane);
    sum_fragment score[BLOCKS], gradient[BLOCKS];
    multiply_rows(score, own_tile, own_row, key_tile, lane);
    multiply_rows(gradient, own_gradient, own_row, value_tile, lane);
    MATRIX_UNROLL for (int j = 0; j < BLOCKS; j++)
      MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) {
        const int row = own_row + SUM_ROW(lane, e), column = j * 16 + SUM_COLUMN(lane, e);
        const float weight = power_of_2(scaled(SUM_AT(score[j], e), scale) - own[row][0] - own[row][1]);
        const float change = weight * (SUM_AT(gradient[j], e) - own[row][2]) * scale;
        weights[place_along(row, column, COLUMNS)] =
            WEIGHT(SUM_BIT(visible, j, e) ? change : 0.0f);
      }
    barrier(CLK_LOCAL_MEM_FENCE);
    multiply_weights(sum, weights, own_row, key_tile, lane);
  }
  write_rows(dq + ((batch * (long)queries + first) * heads + head) * width, (long)heads * width, sum, own_row, rows, width,
             lane);
}

MATRIX_GROUP(ITEMS) __kernel void attention_keys(
    BACKWARD_OPERANDS, __global lathe_result *restrict dk, __global lathe_result *restrict dv, BACKWARD_SIZES) {
  BACKWARD_MEMORY(own_value, query_tile, gradient_tile, other, COLUMNS)
  const int first = (int)get_group_id(0) * ROWS, key_head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int key_heads = (int)get_num_groups(1), rows = min(ROWS, keys - first);
  load_tile(own_tile, row_of(k, k_steps, batch, key_head, first), k_steps.w, rows, width, ROWS);
  if (GIVES_K) load_tile(own_value, row_of(v, v_steps, batch, key_head, first), v_steps.w, rows, value_width, ROWS);
  sum_fragment sum_k[WIDTH_BLOCKS], sum_v[WIDTH_BLOCKS];
  clear_sums(sum_k);
  clear_sums(sum_v);
  for (int head = key_head * group; head < (key_head + 1) * group; head++) {
    const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
    __global const float *own_norms = norms + (batch * (long)(key_heads * group) + head) * queries * 2;
    __global const float *means = deltas + (batch * (long)(key_heads * group) + head) * queries;
    for (int query = 0; query < queries; query += COLUMNS) {
      const int count = min(COLUMNS, queries - query);
      bool needed = keys_seen(&seen, query + count) > first;
      // Queries that see nothing count with every key.
      for (int j = 0; j < count && !needed; j++) needed = isinf(own_norms[2 * (query + j)]);
      if (!needed) continue;
      barrier(CLK_LOCAL_MEM_FENCE);
      load_tile(query_tile, row_of(q, q_steps, batch, head, query), q_steps.w, count, width, COLUMNS);
      load_tile(gradient_tile, row_of(d_output, d_output_steps, batch, head, query), d_output_steps.w, count, value_width,
                COLUMNS);
      for (int j = item; j < COLUMNS; j += ITEMS) {
        const int at = min(query + j, queries - 1);
        keep_query(other[j], norm_of(own_norms, at), means[at]);
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      const sum_bits visible = seen_sums(&seen, query, first + own_row, true, lane);
      sum_fragment score[BLOCKS], gradient[BLOCKS];
      multiply_rows(score, own_tile, own_row, query_tile, lane);
      if (GIVES_K) multiply_rows(gradient, own_value, own_row, gradient_tile, lane);
      MATRIX_UNROLL for (int j = 0; j < BLOCKS; j++)
        MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) {
          const int row = own_row + SUM_ROW(lane, e), column = j * 16 + SUM_COLUMN(lane, e);
          float weight = power_of_2(scaled(SUM_AT(score[j], e), scale) - other[column][0] - other[column][1]);
          if (GIVES_K) {
            const float change = weight * (SUM_AT(gradient[j], e) - other[column][2]) * scale;
            SUM_AT(gradient[j], e) = SUM_BIT(visible, j, e) ? change : 0.0f;
          }
          if (!GIVES_V) continue;
          if (!SUM_BIT(visible, j, e)) weight = 0.0f;
          if (other[column][0] == INFINITY && column < count && row < rows) weight = 1.0f / (float)keys;
          weights[place_along(row, column, COLUMNS)] = WEIGHT(weight);
        }
      if (GIVES_V) {
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply_weights(sum_v, weights, own_row, gradient_tile, lane);
      }
      if (!GIVES_K) continue;
      barrier(CLK_LOCAL_MEM_FENCE);
      MATRIX_UNROLL for (int j = 0; j < BLOCKS; j++)
        MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++)
          weights[place_along(own_row + SUM_ROW(lane, e), j * 16 + SUM_COLUMN(lane, e), COLUMNS)] =
              WEIGHT(SUM_AT(gradient[j], e));
      barrier(CLK_LOCAL_MEM_FENCE);
      multiply_weights(sum_k, weights, own_row, query_tile, lane);
    }
  }
  const long row = (batch * (long)keys + first) * key_heads + key_head;
  if (GIVES_K) write_rows(dk + row * width, (long)key_heads * width, sum_k, own_row, rows, width, lane);
  if (GIVES_V) write_rows(dv + row * value_width, (long)key_heads * value_width, sum_v, own_row, rows, value_width, lane);
}
