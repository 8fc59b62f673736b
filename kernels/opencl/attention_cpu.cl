// Attention for CPUs, forward; attention.clh and attention_blocks.clh go in front.
//
// A work-item has 64 queries and goes over the keys: scores^T = K Q^T, weights with the largest score so far, and
// O += (weights^T)^T V, where what was summed before is brought to the same base. Grid (blocks of queries,
// heads, batch).

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void attention(__global const float *restrict q, __global const float *restrict k,
                        __global const float *restrict v, __global const uchar *restrict mask,
                        __global float *restrict output, __global float *restrict norms, const long4 q_steps,
                        const long4 k_steps, const long4 v_steps, const long mask_offset, const long4 mask_steps,
                        const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  const int first = (int)get_global_id(0) * QUERIES, head = (int)get_global_id(1), batch = (int)get_global_id(2);
  const int heads = (int)get_global_size(1), rows = min(QUERIES, queries - first);
  const visibility seen =
      visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  float own[QUERIES * MAX_WIDTH], columns[QUERIES * MAX_WIDTH];
  float some_keys[KEYS * MAX_WIDTH], some_values[KEYS * MAX_VALUE];
  // Tiles of 6 rows read and write a little behind the last query.
  float scores[KEYS * QUERIES + ROWS], sums[WHOLE_TILES(QUERIES) * MAX_VALUE];
  float largest[QUERIES], total[QUERIES], share[QUERIES];
  pack_rows(row_of(q, q_steps, batch, head, first), q_steps.w, rows, QUERIES, width, own, scale);
  // The factors one after the other, as the backward pass has them: scores are the same to the bit.
  transpose(own, MAX_WIDTH, columns, LOG2_E);
#pragma unroll 1
  for (int i = 0; i < QUERIES; i++) {
    largest[i] = LOWEST;
    total[i] = 0.0f;
  }
#pragma unroll 1
  for (int i = 0; i < ROWS; i++) scores[KEYS * QUERIES + i] = 0.0f;
#pragma unroll 1
  for (int i = 0; i < WHOLE_TILES(QUERIES) * MAX_VALUE; i++) sums[i] = 0.0f;
  const int end = keys_seen(&seen, first + rows);
  for (int key = 0; key < end; key += KEYS) {
    const int count = min(KEYS, end - key);
    if (!is_visible(&seen, key, count)) continue;
    pack_rows(row_of(k, k_steps, batch, head / group, key), k_steps.w, count, WHOLE_TILES(count), width, some_keys,
              1.0f);
    pack_rows(row_of(v, v_steps, batch, head / group, key), v_steps.w, count, count, value_width, some_values, 1.0f);
    product_queries(WHOLE_TILES(count), QUERIES, width, some_keys, MAX_WIDTH, 1, columns, QUERIES, scores, QUERIES,
                    false);
    hide(&seen, first, rows, key, count, scores);
    for (int c = 0; c < QUERIES / 16; c++) {
      float *x = scores + c * 16;
      const float16 old = vload16(c, largest);
      float16 top = old, sum = (float16)0.0f;
      for (int j = 0; j < count; j++) top = fmax(top, vload16(0, x + j * QUERIES));
      for (int j = 0; j < count; j++) {
        const float16 weight = exp2_of(vload16(0, x + j * QUERIES) - top);
        sum += weight;
        vstore16(weight, 0, x + j * QUERIES);
      }
      const float16 factor = exp2_of(old - top);
      vstore16(top, c, largest);
      vstore16(factor, c, share);
      vstore16(vload16(c, total) * factor + sum, c, total);
    }
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < MAX_VALUE / 16; j++) {
        float *to = sums + i * MAX_VALUE;
        vstore16(vload16(j, to) * share[i], j, to);
      }
    product_value(WHOLE_TILES(rows), MAX_VALUE, count, scores, 1, QUERIES, some_values, MAX_VALUE, sums,
                  MAX_VALUE, true);
  }
#pragma unroll 1
  for (int i = 0; i < rows; i++) {
    // Then the result is the mean of all values.
    const bool hidden = SEES_NOTHING(total[i]);
    store_norm(norms, (batch * (long)heads + head) * queries + first + i, largest[i], total[i]);
    __global float *to = output + ((batch * (long)queries + first + i) * heads + head) * value_width;
    const float factor = hidden ? 1.0f / (float)keys : 1.0f / total[i];
    if (hidden) {
#pragma unroll 1
      for (int e = 0; e < value_width; e++) {
        float sum = 0.0f;
#pragma unroll 1
        for (int key = 0; key < keys; key++) sum += row_of(v, v_steps, batch, head / group, key)[e];
        sums[i * MAX_VALUE + e] = sum;
      }
    }
    int e = 0;
#pragma unroll 1
    for (; e + 16 <= value_width; e += 16) vstore16(vload16(0, sums + i * MAX_VALUE + e) * factor, 0, to + e);
#pragma unroll 1
    for (; e < value_width; e++) to[e] = sums[i * MAX_VALUE + e] * factor;
  }
}
