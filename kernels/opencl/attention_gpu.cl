// Attention for GPUs, forward; attention.clh and attention_tiles.clh go in front.
//
// A group has 32 queries and goes over the keys. The scores of a tile are turned into weights with the largest score so
// far, and what was summed before is brought to the same base. 15 KB of local memory.

ATTENTION_GROUP __kernel void attention(
    __global const float *restrict q, __global const float *restrict k, __global const float *restrict v,
    __global const uchar *restrict mask, __global float *restrict output, __global float *restrict norms,
    const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset, const long4 mask_steps,
    const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  __local float left[TILE * PITCH], right[TILE * PITCH], weights[TILE * PITCH], partial[8 * TILE];
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int first = (int)get_group_id(0) * TILE, head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int heads = (int)get_num_groups(1), rows = min(TILE, queries - first);
  const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  __global const float *own = row_of(q, q_steps, batch, head, first);
  float sum[VALUE_TILES][4][4], largest[4], total[4];
  UNROLL for (int i = 0; i < 4; i++) {
    largest[i] = LOWEST;
    total[i] = 0.0f;
    UNROLL for (int c = 0; c < VALUE_TILES; c++)
      UNROLL for (int j = 0; j < 4; j++) sum[c][i][j] = 0.0f;
  }
  const int end = keys_seen(&seen, first + rows);
  for (int key = 0; key < end; key += TILE) {
    float block[4][4], share[4];
    multiply_rows(block, left, right, own, q_steps.w, rows, row_of(k, k_steps, batch, head / group, key), k_steps.w,
                  keys - key, width);
    UNROLL for (int i = 0; i < 4; i++) {
      float top = LOWEST;
      UNROLL for (int j = 0; j < 4; j++) {
        const bool visible = sees(&seen, first + ly * 4 + i, key + lx * 4 + j);
        block[i][j] = visible ? scaled(block[i][j], scale) : -INFINITY;
        top = max(top, block[i][j]);
      }
      partial[lx * TILE + ly * 4 + i] = top;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    UNROLL for (int i = 0; i < 4; i++) {
      float top = largest[i];
      for (int x = 0; x < 8; x++) top = max(top, partial[x * TILE + ly * 4 + i]);
      share[i] = power_of_2(largest[i] - top);
      largest[i] = top;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    UNROLL for (int i = 0; i < 4; i++) {
      float part = 0.0f;
      UNROLL for (int j = 0; j < 4; j++) {
        block[i][j] = power_of_2(block[i][j] - largest[i]);
        part += block[i][j];
      }
      partial[lx * TILE + ly * 4 + i] = part;
    }
    store_transposed(weights, block);
    barrier(CLK_LOCAL_MEM_FENCE);
    UNROLL for (int i = 0; i < 4; i++) {
      float part = 0.0f;
      for (int x = 0; x < 8; x++) part += partial[x * TILE + ly * 4 + i];
      total[i] = total[i] * share[i] + part;
    }
    UNROLL for (int c = 0; c < VALUE_TILES; c++) {
      UNROLL for (int i = 0; i < 4; i++)
        UNROLL for (int j = 0; j < 4; j++) sum[c][i][j] *= share[i];
      barrier(CLK_LOCAL_MEM_FENCE);
      load_tile(right, row_of(v, v_steps, batch, head / group, key) + c * TILE, v_steps.w, keys - key,
                value_width - c * TILE, false);
      barrier(CLK_LOCAL_MEM_FENCE);
      multiply(sum[c], weights, right);
    }
  }
  UNROLL for (int i = 0; i < 4; i++) {
    const int query = first + ly * 4 + i;
    if (query >= queries) continue;
    const bool hidden = SEES_NOTHING(total[i]);
    if (lx == 0)
      store_norm(norms, (batch * (long)heads + head) * queries + query, largest[i], total[i]);
    __global float *to = output + ((batch * (long)queries + query) * heads + head) * value_width;
    UNROLL for (int c = 0; c < VALUE_TILES; c++)
      UNROLL for (int j = 0; j < 4; j++) {
        const int column = c * TILE + lx * 4 + j;
        if (column >= value_width) continue;
        float value = sum[c][i][j] / total[i];
        if (hidden) {
          value = 0.0f;
          for (int key = 0; key < keys; key++) value += row_of(v, v_steps, batch, head / group, key)[column];
          value /= (float)keys;
        }
        to[column] = value;
      }
  }
}
