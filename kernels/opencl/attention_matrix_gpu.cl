// Attention on matrix units, forward; attention_units.clh and what it needs go in front (LATHE_STORED, MATRIX_GROUP).
//
// A group has ROWS queries and goes over the keys. Scores stay in registers: of each of its rows a work-item has the largest
// so far and its own part of the sum of weights, and learns through local memory what the other work-items of the row
// found. What was summed before is brought to the same base. Weights are rounded to the operands' type, their sum is made of
// what they were before. 16 KB of local memory, 28 KB for heads of more than 64 elements.

// Work-items that have a row's sums, the rows that each has, and of which of them a sum is; each row's first sum.
#if MATRIX_FORM == MATRIX_NVIDIA
#define SHARERS 4
#define OWN_ROW(e) ((e) / 2 % 2)
#define FIRST_SUM(r) ((r) * 2)
#else
#define SHARERS (MATRIX_LANES == 8 ? 8 : 16)
#define OWN_ROW(e) ((e) % OWN_ROWS)
#define FIRST_SUM(r) (r)
#endif
#define OWN_ROWS (16 * SHARERS / MATRIX_LANES)
#define EACH_OWN_ROW(r) MATRIX_UNROLL for (int r = 0; r < OWN_ROWS; r++)
#define ROW(r) (own_row + SUM_ROW(lane, FIRST_SUM(r)))

// What a row's work-items wrote: the largest, or the sum.
static inline float4 row_parts(__local const float *parts, int row, int i) {
  return *(__local const float4 *)(parts + row * SHARERS + i);
}
static inline float largest_part(__local const float *parts, int row) {
  float4 found = row_parts(parts, row, 0);
  MATRIX_UNROLL for (int i = 4; i < SHARERS; i += 4) found = fmax(found, row_parts(parts, row, i));
  return max(max(found.x, found.y), max(found.z, found.w));
}
static inline float sum_of_parts(__local const float *parts, int row) {
  float4 found = row_parts(parts, row, 0);
  MATRIX_UNROLL for (int i = 4; i < SHARERS; i += 4) found += row_parts(parts, row, i);
  return (found.x + found.y) + (found.z + found.w);
}

MATRIX_GROUP(ITEMS) __kernel void attention(
    __global const ushort *restrict q, __global const ushort *restrict k, __global const ushort *restrict v,
    __global const uchar *restrict mask, __global lathe_result *restrict output, __global float *restrict norms,
    const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset, const long4 mask_steps,
    const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  __local ushort own_tile[ROWS * MAX_WIDTH] __attribute__((aligned(128)));
  __local ushort other_tile[COLUMNS * MAX_WIDTH] __attribute__((aligned(128)));
  __local ushort weights[ROWS * COLUMNS] __attribute__((aligned(128)));
  // Until the weights are there, and behind the last of them: [ROWS][SHARERS].
  __local float *parts = (__local float *)weights;
  const int item = (int)get_local_id(0), lane = MATRIX_LANE, own_row = item / MATRIX_LANES * 16;
  const int first = (int)get_group_id(0) * ROWS, head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int heads = (int)get_num_groups(1), rows = min(ROWS, queries - first);
  const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  load_tile(own_tile, row_of(q, q_steps, batch, head, first), q_steps.w, rows, width, ROWS);
  float largest[OWN_ROWS], total[OWN_ROWS];
  EACH_OWN_ROW(r) {
    largest[r] = LOWEST;
    total[r] = 0.0f;
  }
  sum_fragment sum[WIDTH_BLOCKS];
  clear_sums(sum);
  const int end = keys_seen(&seen, first + rows), sharer = lane % SHARERS;
  for (int key = 0; key < end; key += COLUMNS) {
    const int count = min(COLUMNS, keys - key);
    barrier(CLK_LOCAL_MEM_FENCE);
    load_tile(other_tile, row_of(k, k_steps, batch, head / group, key), k_steps.w, count, width, COLUMNS);
    barrier(CLK_LOCAL_MEM_FENCE);
    const sum_bits visible = seen_sums(&seen, first + own_row, key, false, lane);
    sum_fragment block[BLOCKS];
    multiply_rows(block, own_tile, own_row, other_tile, lane);
    float top[OWN_ROWS];
    EACH_OWN_ROW(r) top[r] = largest[r];
    MATRIX_UNROLL for (int j = 0; j < BLOCKS; j++)
      MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) {
        const float score = SUM_BIT(visible, j, e) ? scaled(SUM_AT(block[j], e), scale) : -INFINITY;
        SUM_AT(block[j], e) = score;
        top[OWN_ROW(e)] = max(top[OWN_ROW(e)], score);
      }
    EACH_OWN_ROW(r) parts[ROW(r) * SHARERS + sharer] = top[r];
    barrier(CLK_LOCAL_MEM_FENCE);
    load_tile(other_tile, row_of(v, v_steps, batch, head / group, key), v_steps.w, count, value_width, COLUMNS);
    float share[OWN_ROWS];
    EACH_OWN_ROW(r) {
      top[r] = largest_part(parts, ROW(r));
      share[r] = power_of_2(largest[r] - top[r]);
      total[r] *= share[r];
      largest[r] = top[r];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    MATRIX_UNROLL for (int j = 0; j < BLOCKS; j++)
      MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) {
        const float weight = power_of_2(SUM_AT(block[j], e) - top[OWN_ROW(e)]);
        total[OWN_ROW(e)] += weight;
        weights[place_along(own_row + SUM_ROW(lane, e), j * 16 + SUM_COLUMN(lane, e), COLUMNS)] = WEIGHT(weight);
      }
    MATRIX_UNROLL for (int j = 0; j < WIDTH_BLOCKS; j++)
      MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) SUM_AT(sum[j], e) *= share[OWN_ROW(e)];
    barrier(CLK_LOCAL_MEM_FENCE);
    multiply_weights(sum, weights, own_row, other_tile, lane);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  EACH_OWN_ROW(r) parts[ROW(r) * SHARERS + sharer] = total[r];
  barrier(CLK_LOCAL_MEM_FENCE);
  __local float *totals = (__local float *)other_tile;
  EACH_OWN_ROW(r) {
    const int row = ROW(r);
    total[r] = sum_of_parts(parts, row);
    if (sharer) continue;
    totals[row] = total[r];
    if (row < rows) store_norm(norms, (batch * (long)heads + head) * queries + first + row, largest[r], total[r]);
  }
  __global lathe_result *results = output + ((batch * (long)queries + first) * heads + head) * value_width;
  const long step = (long)heads * value_width;
  MATRIX_UNROLL for (int j = 0; j < WIDTH_BLOCKS; j++)
    MATRIX_UNROLL for (int e = 0; e < MATRIX_SUMS; e++) SUM_AT(sum[j], e) /= total[OWN_ROW(e)];
  write_rows(results, step, sum, own_row, rows, value_width, lane);
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
  // Queries that see nothing get the mean of all values.
  for (int row = 0; row < rows; row++) {
    if (!SEES_NOTHING(totals[row])) continue;
    for (int column = item; column < value_width; column += ITEMS) {
      float value = 0.0f;
      for (int key = 0; key < keys; key++) value += lathe_wide(row_of(v, v_steps, batch, head / group, key)[column]);
      results[row * step + column] = lathe_narrow(value / (float)keys);
    }
  }
}
