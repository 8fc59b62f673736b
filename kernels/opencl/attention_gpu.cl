// Attention for GPUs, forward; attention.clh and attention_tiles.clh go in front.
//
// A group has 64 queries and goes over the keys. The scores of a tile are turned into weights with the largest score so
// far, and what was summed before is brought to the same base. A work-item adds up the weights of its own columns; their
// sum is made at the end. 30 KB of local memory.

static inline float largest_of(float4 x) { return max(max(x.x, x.y), max(x.z, x.w)); }
static inline float sum_of(float4 x) { return (x.x + x.y) + (x.z + x.w); }

ATTENTION_GROUP __kernel void attention(
    __global const lathe_operand *restrict q, __global const lathe_operand *restrict k,
    __global const lathe_operand *restrict v, __global const uchar *restrict mask,
    __global lathe_result *restrict output, __global float *restrict norms,
    const long4 q_steps, const long4 k_steps, const long4 v_steps, const long mask_offset, const long4 mask_steps,
    const int queries, const int keys, const int group, const float scale,
    const int width, const int value_width, const int causal, const int masked) {
  ATTENTION_MEMORY
  // [column of work-items][row].
  __local float partial[16 * PITCH] __attribute__((aligned(16)));
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int first = (int)get_group_id(0) * TILE, head = (int)get_group_id(1), batch = (int)get_group_id(2);
  const int heads = (int)get_num_groups(1), rows = min(TILE, queries - first), item = item_number();
  const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  __global const lathe_operand *own = row_of(q, q_steps, batch, head, first);
  __local float4 *const own_part = (__local float4 *)(partial + lx * PITCH + ly * 4);
  value_run sum[VALUE_BLOCKS][4];
  // Of each row.
  float4 largest = LOWEST, total = 0.0f;
  UNROLL for (int c = 0; c < VALUE_BLOCKS; c++)
    UNROLL for (int i = 0; i < 4; i++) sum[c][i] = 0.0f;
  const int end = keys_seen(&seen, first + rows);
  for (int key = 0; key < end; key += TILE) {
    float4 block[4];
    multiply_rows(block, left, right, own, q_steps.w, rows, row_of(k, k_steps, batch, head / group, key), k_steps.w,
                  keys - key, width, WIDTH_SLICES, item);
    UNROLL for (int i = 0; i < 4; i++) block[i] = scaled(block[i], scale);
    if (!sees_all(&seen, first, key)) {
      UNROLL for (int i = 0; i < 4; i++)
        block[i] = seen_keys(&seen, first + ly * 4 + i, key + lx * 4) ? block[i] : (float4)-INFINITY;
    }
    *own_part = (float4)(largest_of(block[0]), largest_of(block[1]), largest_of(block[2]), largest_of(block[3]));
    barrier(CLK_LOCAL_MEM_FENCE);
    float4 top = largest;
    _Pragma("unroll 2") for (int x = 0; x < 16; x++) top = max(top, *(__local float4 *)(partial + x * PITCH + ly * 4));
    const float4 share = powers_of_2(largest - top);
    largest = top;
    block[0] = powers_of_2(block[0] - top.x);
    block[1] = powers_of_2(block[1] - top.y);
    block[2] = powers_of_2(block[2] - top.z);
    block[3] = powers_of_2(block[3] - top.w);
    total = total * share + (float4)(sum_of(block[0]), sum_of(block[1]), sum_of(block[2]), sum_of(block[3]));
    UNROLL for (int c = 0; c < VALUE_BLOCKS; c++) {
      sum[c][0] *= share.x;
      sum[c][1] *= share.y;
      sum[c][2] *= share.z;
      sum[c][3] *= share.w;
    }
    store_transposed(weights, block);
    __global const lathe_operand *others = row_of(v, v_steps, batch, head / group, key);
    MULTIPLY_WEIGHTS(sum, multiply_value, VALUE_BLOCK, VALUE_BLOCKS, others, v_steps.w, keys - key, value_width)
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  *own_part = total;
  if (lx == 0) *(__local float4 *)(values + ly * 4) = largest;
  barrier(CLK_LOCAL_MEM_FENCE);
  const int row = item_number();
  if (row < TILE) {
    float all = 0.0f;
    for (int x = 0; x < 16; x++) all += partial[x * PITCH + row];
    if (row < rows) store_norm(norms, (batch * (long)heads + head) * queries + first + row, values[row], all);
    partial[row] = all;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  __global lathe_result *results = output + ((batch * (long)queries + first) * heads + head) * value_width;
  const long step = (long)heads * value_width;
  UNROLL for (int i = 0; i < 4; i++) {
    const int query = ly * 4 + i;
    if (query >= rows) continue;
    const float all = partial[query];
    if (SEES_NOTHING(all)) continue;
    UNROLL for (int c = 0; c < VALUE_BLOCKS; c++) write_value(results + query * step, c, sum[c][i] / all, value_width);
  }
  // Queries that see nothing get the mean of all values.
  for (int query = ly; query < rows; query += 16) {
    if (!SEES_NOTHING(partial[query])) continue;
    for (int column = lx; column < value_width; column += 16) {
      float value = 0.0f;
      for (int key = 0; key < keys; key++) value += lathe_wide(row_of(v, v_steps, batch, head / group, key)[column]);
      results[query * step + column] = lathe_narrow(value / (float)keys);
    }
  }
}
