// Attention for CPUs, backward; attention.clh and attention_blocks.clh go in front.
//
// A work-item has some keys of one key head and goes over the queries of all heads that share them, block by block:
// scores^T = K Q^T and dweights^T = V dO^T, from these weights^T and dscores^T, then
// dV += weights^T dO, dK += dscores^T Q and dQ += (dscores^T)^T K. Grid (chunks of keys, key heads, batch). Each chunk
// writes a part of dQ, of dQ's layout; attention_sum_chunks adds them up where there are several.

// Adds `rows` rows of whole vectors to rows of `width` elements.
static inline void add_rows(const float *from, int rows, int width, __global float *to, long step) {
  const int padded = WHOLE_VECTORS(width);
  for (int i = 0; i < rows; i++) {
    int e = 0;
    for (; e + 16 <= width; e += 16)
      vstore16(vload16(0, to + i * step + e) + vload16(0, from + i * padded + e), 0, to + i * step + e);
#pragma unroll 1
    for (; e < width; e++) to[i * step + e] += from[i * padded + e];
  }
}

static inline void clear_rows(__global float *to, int rows, int width, long step) {
#pragma unroll 1
  for (int i = 0; i < rows; i++)
#pragma unroll 1
    for (int e = 0; e < width; e++) to[i * step + e] = 0.0f;
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void attention_backward(
    __global const float *restrict d_output, __global const float *restrict q, __global const float *restrict k,
    __global const float *restrict v, __global const uchar *restrict mask, __global const float *restrict norms,
    __global const float *restrict output, __global float *restrict dq, __global float *restrict dk,
    __global float *restrict dv, const long4 d_output_steps, const long4 q_steps, const long4 k_steps,
    const long4 v_steps, const long4 output_steps, const long mask_offset, const long4 mask_steps, const int queries,
    const int keys, const int group, const float scale, const int width, const int value_width, const int causal, const int masked) {
  const int chunk = (int)get_global_id(0), key_head = (int)get_global_id(1), batch = (int)get_global_id(2);
  const int chunks = (int)get_global_size(0), key_heads = (int)get_global_size(1), heads = key_heads * group;
  const int start = (int)((long)keys * chunk / chunks), end = (int)((long)keys * (chunk + 1) / chunks);
  const long dk_step = (long)key_heads * width, dv_step = (long)key_heads * value_width;
  __global float *own_dk = dk + (batch * (long)keys * key_heads + key_head) * width;
  __global float *own_dv = dv + (batch * (long)keys * key_heads + key_head) * value_width;
  dq += chunk * (long)get_global_size(2) * queries * heads * width;
  clear_rows(own_dk + start * dk_step, end - start, width, dk_step);
  clear_rows(own_dv + start * dv_step, end - start, value_width, dv_step);

  float some_queries[QUERIES * MAX_WIDTH], query_columns[QUERIES * MAX_WIDTH];
  float some_gradients[QUERIES * MAX_VALUE], gradient_columns[QUERIES * MAX_VALUE];
  float some_keys[KEYS * MAX_WIDTH], some_values[KEYS * MAX_VALUE];
  // Tiles of 6 rows read and write a little behind the last query.
  float weights[KEYS * QUERIES + ROWS], slopes[KEYS * QUERIES + ROWS], sums[WHOLE_TILES(QUERIES) * MAX_WIDTH];
  float part_k[KEYS * MAX_WIDTH], part_v[KEYS * MAX_VALUE];
  float largest[QUERIES], log_total[QUERIES], delta[QUERIES], everywhere[MAX_VALUE];
#pragma unroll 1
  for (int e = 0; e < MAX_VALUE; e++) everywhere[e] = 0.0f;
#pragma unroll 1
  for (int i = 0; i < ROWS; i++) weights[KEYS * QUERIES + i] = slopes[KEYS * QUERIES + i] = 0.0f;

  for (int head = key_head * group; head < (key_head + 1) * group; head++) {
    const visibility seen =
      visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
    for (int first = 0; first < queries; first += QUERIES) {
      const int rows = min(QUERIES, queries - first);
      pack_rows(row_of(q, q_steps, batch, head, first), q_steps.w, rows, QUERIES, width, some_queries, scale);
      transpose(some_queries, MAX_WIDTH, query_columns, LOG2_E);
      pack_rows(row_of(d_output, d_output_steps, batch, head, first), d_output_steps.w, rows, QUERIES, value_width,
                some_gradients, 1.0f);
      transpose(some_gradients, MAX_VALUE, gradient_columns, 1.0f);
      // A query behind the last one, or one that sees nothing, has no weights.
      for (int i = 0; i < QUERIES; i++) {
        largest[i] = INFINITY;
        log_total[i] = 0.0f;
        delta[i] = 0.0f;
        if (i >= rows) continue;
        const float2 norm = norm_of(norms, (batch * (long)heads + head) * queries + first + i);
        largest[i] = norm.x;
        log_total[i] = norm.y;
        __global const float *y = row_of(output, output_steps, batch, head, first + i);
        const float *g = some_gradients + i * MAX_VALUE;
        float16 lanes = (float16)0.0f;
        float rest = 0.0f;
        int e = 0;
        for (; e + 16 <= value_width; e += 16) lanes += vload16(0, y + e) * vload16(0, g + e);
#pragma unroll 1
        for (; e < value_width; e++) rest += y[e] * g[e];
        const float8 a = lanes.lo + lanes.hi;
        const float4 b = a.lo + a.hi;
        delta[i] = rest + ((b.x + b.y) + (b.z + b.w));
        if (norm.x == INFINITY) {
#pragma unroll 1
          for (e = 0; e < value_width; e++) everywhere[e] += g[e] / (float)keys;
        }
      }
#pragma unroll 1
      for (int i = 0; i < WHOLE_TILES(QUERIES) * MAX_WIDTH; i++) sums[i] = 0.0f;
      const int last = min(end, keys_seen(&seen, first + rows));
      for (int key = start; key < last; key += KEYS) {
        const int count = min(KEYS, last - key), tiles = WHOLE_TILES(count);
        if (!is_visible(&seen, key, count)) continue;
        pack_rows(row_of(k, k_steps, batch, key_head, key), k_steps.w, count, tiles, width, some_keys, 1.0f);
        pack_rows(row_of(v, v_steps, batch, key_head, key), v_steps.w, count, tiles, value_width, some_values, 1.0f);
        product_queries(tiles, QUERIES, width, some_keys, MAX_WIDTH, 1, query_columns, QUERIES, weights, QUERIES,
                        false);
        product_queries(tiles, QUERIES, value_width, some_values, MAX_VALUE, 1, gradient_columns, QUERIES, slopes,
                        QUERIES, false);
        hide(&seen, first, rows, key, count, weights);
        for (int c = 0; c < QUERIES / LATHE_LANES; c++) {
          const LATHE_V top = LATHE_LOAD(c, largest), part = LATHE_LOAD(c, log_total), mean = LATHE_LOAD(c, delta);
          for (int j = 0; j < count; j++) {
            float *x = weights + j * QUERIES + c * LATHE_LANES, *y = slopes + j * QUERIES + c * LATHE_LANES;
            const LATHE_V score = LATHE_LOAD(0, x), weight = exp2_of_lanes(score - top - part);
            LATHE_STORE(weight, 0, x);
            // A hidden key takes no part, whatever its values hold.
            LATHE_STORE(select(weight * (LATHE_LOAD(0, y) - mean), (LATHE_V)0.0f, score == -INFINITY), 0, y);
          }
        }
        product_value(tiles, MAX_VALUE, QUERIES, weights, QUERIES, 1, some_gradients, MAX_VALUE, part_v,
                      MAX_VALUE, false);
        add_rows(part_v, count, value_width, own_dv + key * dv_step, dv_step);
        product_width(tiles, MAX_WIDTH, QUERIES, slopes, QUERIES, 1, some_queries, MAX_WIDTH, part_k,
                      MAX_WIDTH, false);
        add_rows(part_k, count, width, own_dk + key * dk_step, dk_step);
        product_width(WHOLE_TILES(rows), MAX_WIDTH, count, slopes, 1, QUERIES, some_keys, MAX_WIDTH, sums,
                      MAX_WIDTH, true);
      }
      for (int i = 0; i < rows; i++) {
        __global float *to = dq + ((batch * (long)queries + first + i) * heads + head) * width;
        int e = 0;
        for (; e + 16 <= width; e += 16) vstore16(vload16(0, sums + i * MAX_WIDTH + e) * scale, 0, to + e);
#pragma unroll 1
        for (; e < width; e++) to[e] = sums[i * MAX_WIDTH + e] * scale;
      }
    }
  }
#pragma unroll 1
  for (int key = start; key < end; key++)
#pragma unroll 1
    for (int e = 0; e < value_width; e++) own_dv[key * dv_step + e] += everywhere[e];
}

// to[i] = the sum of parts[chunk][i] in the order of the chunks; a work-item has `per_item` of `count` elements.
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void attention_sum_chunks(__global const float *restrict parts, __global float *restrict to, const long count,
                                   const int chunks, const long per_item) {
  const long first = (long)get_global_id(0) * per_item, last = min(count, first + per_item);
  for (long i = first; i < last; i++) {
    float sum = parts[i];
    for (int chunk = 1; chunk < chunks; chunk++) sum += parts[chunk * count + i];
    to[i] = sum;
  }
}
