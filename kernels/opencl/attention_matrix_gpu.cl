// Attention on matrix units, forward; attention_units.clh and what it needs go in front (LATHE_STORED, MATRIX_GROUP).
//
// A group has ROWS queries and goes over the keys. Scores go through local memory, where a few work-items turn a row of
// them into weights with the largest score so far; what was summed before is brought to the same base. Weights are
// rounded to the operands' type, their sum is made of what they were before. 26 KB of local memory, 42 KB with COLUMNS 64,
// 38 KB for heads of more than 64 elements.

// Work-items for a row.
#define SHARERS (ITEMS > ROWS ? ITEMS / ROWS : 1)

MATRIX_GROUP(ITEMS) __kernel void attention(
    __global const ushort *restrict q, __global const ushort *restrict k, __global const ushort *restrict v,
    __global const uchar *restrict mask, __global lathe_result *restrict output, __global float *restrict norms,
    const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset, const long4 mask_steps,
    const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  __local ushort own_tile[ROWS * MAX_WIDTH] __attribute__((aligned(128)));
  __local ushort other_tile[COLUMNS * MAX_WIDTH] __attribute__((aligned(128)));
  __local ushort weights[ROWS * COLUMNS] __attribute__((aligned(128)));
  __local float scores[ROWS][COLUMNS + 1];
  // Of each row: the largest score, the sum of weights, what the sums before count, and each sharer's part.
  __local float largest[ROWS], total[ROWS], share[ROWS], part[ROWS][SHARERS];
  const int item = (int)get_local_id(0), lane = MATRIX_LANE, own_row = item / MATRIX_LANES * 16;
  const int first = (int)get_group_id(0) * ROWS, head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int heads = (int)get_num_groups(1), rows = min(ROWS, queries - first);
  const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  load_tile(own_tile, row_of(q, q_steps, batch, head, first), q_steps.w, rows, width, ROWS);
  for (int row = item; row < ROWS; row += ITEMS) {
    largest[row] = LOWEST;
    total[row] = 0.0f;
  }
  sum_fragment sum[WIDTH_BLOCKS];
  clear_sums(sum);
  const int end = keys_seen(&seen, first + rows), sharer = item % SHARERS;
  for (int key = 0; key < end; key += COLUMNS) {
    const int count = min(COLUMNS, keys - key);
    barrier(CLK_LOCAL_MEM_FENCE);
    load_tile(other_tile, row_of(k, k_steps, batch, head / group, key), k_steps.w, count, width, COLUMNS);
    barrier(CLK_LOCAL_MEM_FENCE);
    sum_fragment block[BLOCKS];
    multiply_rows(block, own_tile, own_row, other_tile, lane);
    MATRIX_UNROLL for (int j = 0; j < BLOCKS; j++)
      MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++)
        scores[own_row + SUM_ROW(lane, e)][j * 16 + SUM_COLUMN(lane, e)] = scaled(SUM_AT(block[j], e), scale);
    barrier(CLK_LOCAL_MEM_FENCE);
    load_tile(other_tile, row_of(v, v_steps, batch, head / group, key), v_steps.w, count, value_width, COLUMNS);
    for (int row = item / SHARERS; row < ROWS; row += ITEMS / SHARERS) {
      float top = LOWEST;
      for (int j = sharer; j < COLUMNS; j += SHARERS) {
        const float score = sees(&seen, first + row, key + j) ? scores[row][j] : -INFINITY;
        scores[row][j] = score;
        top = max(top, score);
      }
      part[row][sharer] = top;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int row = item / SHARERS; row < ROWS; row += ITEMS / SHARERS) {
      float top = largest[row], added = 0.0f;
      for (int i = 0; i < SHARERS; i++) top = max(top, part[row][i]);
      for (int j = sharer; j < COLUMNS; j += SHARERS) {
        const float weight = power_of_2(scores[row][j] - top);
        added += weight;
        weights[place_along(row, j, COLUMNS)] = WEIGHT(weight);
      }
      // In its own column, which no other item reads before the barrier.
      scores[row][sharer] = added;
      if (sharer == 0) share[row] = power_of_2(largest[row] - top);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int row = item; row < ROWS; row += ITEMS) {
      float top = largest[row], added = total[row] * share[row];
      for (int i = 0; i < SHARERS; i++) {
        top = max(top, part[row][i]);
        added += scores[row][i];
      }
      largest[row] = top;
      total[row] = added;
    }
    MATRIX_UNROLL for (int j = 0; j < WIDTH_BLOCKS; j++)
      MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) SUM_AT(sum[j], e) *= share[own_row + SUM_ROW(lane, e)];
    multiply_weights(sum, weights, own_row, other_tile, lane);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  __global lathe_result *results = output + ((batch * (long)queries + first) * heads + head) * value_width;
  const long step = (long)heads * value_width;
  MATRIX_UNROLL for (int j = 0; j < WIDTH_BLOCKS; j++)
    MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) SUM_AT(sum[j], e) /= total[own_row + SUM_ROW(lane, e)];
  write_rows(results, step, sum, own_row, rows, value_width, lane);
  for (int row = item; row < rows; row += ITEMS)
    store_norm(norms, (batch * (long)heads + head) * queries + first + row, largest[row], total[row]);
  barrier(CLK_GLOBAL_MEM_FENCE);
  // Queries that see nothing get the mean of all values.
  for (int row = 0; row < rows; row++) {
    if (!SEES_NOTHING(total[row])) continue;
    for (int column = item; column < value_width; column += ITEMS) {
      float value = 0.0f;
      for (int key = 0; key < keys; key++) value += lathe_wide(row_of(v, v_steps, batch, head / group, key)[column]);
      results[row * step + column] = lathe_narrow(value / (float)keys);
    }
  }
}
