// Attention of few queries for CPUs, forward, such as those of a token behind a cache: a lane for each query would leave most
// lanes empty, so that lanes are elements and keys. attention.clh goes in front; the arguments are those of attention_cpu.cl.
//
// A work-item has one query. Grid (queries, heads, batch), work-group (1, 1, 1).

#ifndef MAX_WIDTH
#define MAX_WIDTH 64
#endif
#ifndef MAX_VALUE
#define MAX_VALUE 64
#endif

// Keys that are looked at together, a multiple of 16.
#define KEYS 64

DEFINE_EXP2(exp2_of, 16)

static inline float total_of(float16 v) {
  const float8 a = v.lo + v.hi;
  const float4 b = a.lo + a.hi;
  return (b.x + b.z) + (b.y + b.w);
}

static inline float largest_of(float16 v) {
  const float8 a = fmax(v.lo, v.hi);
  const float4 b = fmax(a.lo, a.hi);
  return fmax(fmax(b.x, b.z), fmax(b.y, b.w));
}

// Elements e..<e + 16 of a row of `count`, zeros behind it.
static inline float16 elements(__global const float *row, int e, int count) {
  if (e + 16 <= count) return vload16(0, row + e);
  float some[16];
#pragma unroll 1
  for (int i = 0; i < 16; i++) some[i] = e + i < count ? row[e + i] : 0.0f;
  return vload16(0, some);
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void attention_few(__global const float *restrict q, __global const float *restrict k,
                            __global const float *restrict v, __global const uchar *restrict mask,
                            __global float *restrict output, __global float *restrict norms, const long4 q_steps,
                            const long4 k_steps, const long4 v_steps, const long mask_offset, const long4 mask_steps,
                            const int queries, const int keys, const int group, const float scale, const int width,
                            const int value_width, const int causal, const int masked) {
  const int query = (int)get_global_id(0), head = (int)get_global_id(1), batch = (int)get_global_id(2);
  const int heads = (int)get_global_size(1);
  const visibility seen = visibility_of(mask, mask_offset, mask_steps, batch, head, queries, keys, causal, masked);
  __global const float *own = row_of(q, q_steps, batch, head, query);
  float16 factors[MAX_WIDTH / 16], sums[MAX_VALUE / 16];
#pragma unroll
  for (int e = 0; e < MAX_WIDTH / 16; e++) factors[e] = elements(own, e * 16, width) * (scale * LOG2_E);
#pragma unroll
  for (int e = 0; e < MAX_VALUE / 16; e++) sums[e] = (float16)0.0f;
  float scores[KEYS], largest = LOWEST, total = 0.0f;
  const int end = keys_seen(&seen, query + 1);
  for (int key = 0; key < end; key += KEYS) {
    const int count = min(KEYS, end - key);
    float top = largest;
    for (int j = 0; j < KEYS; j++) {
      float score = -INFINITY;
      if (j < count && (!masked || seen.mask[query * seen.query_step + (key + j) * seen.key_step])) {
        __global const float *row = row_of(k, k_steps, batch, head / group, key + j);
        float16 sum = factors[0] * elements(row, 0, width);
#pragma unroll
        for (int e = 1; e < MAX_WIDTH / 16; e++) sum += factors[e] * elements(row, e * 16, width);
        score = total_of(sum);
      }
      scores[j] = score;
      top = fmax(top, score);
    }
    float16 weights = (float16)0.0f;
    for (int j = 0; j < KEYS / 16; j++) {
      const float16 weight = exp2_of(vload16(j, scores) - top);
      weights += weight;
      vstore16(weight, j, scores);
    }
    const float share = exp2_of((float16)(largest - top)).s0;
    total = total * share + total_of(weights);
    largest = top;
#pragma unroll
    for (int e = 0; e < MAX_VALUE / 16; e++) sums[e] *= share;
    for (int j = 0; j < count; j++) {
      __global const float *row = row_of(v, v_steps, batch, head / group, key + j);
#pragma unroll
      for (int e = 0; e < MAX_VALUE / 16; e++) sums[e] += scores[j] * elements(row, e * 16, value_width);
    }
  }
  // Then the result is the mean of all values.
  const bool hidden = SEES_NOTHING(total);
  store_norm(norms, (batch * (long)heads + head) * queries + query, largest, total);
  __global float *to = output + ((batch * (long)queries + query) * heads + head) * value_width;
  if (hidden) {
#pragma unroll
    for (int e = 0; e < MAX_VALUE / 16; e++) sums[e] = (float16)0.0f;
    for (int key = 0; key < keys; key++) {
      __global const float *row = row_of(v, v_steps, batch, head / group, key);
#pragma unroll
      for (int e = 0; e < MAX_VALUE / 16; e++) sums[e] += elements(row, e * 16, value_width);
    }
  }
  const float factor = hidden ? 1.0f / (float)keys : 1.0f / total;
#pragma unroll
  for (int e = 0; e < MAX_VALUE / 16; e++) {
    const float16 result = sums[e] * factor;
    if (e * 16 + 16 <= value_width) {
      vstore16(result, 0, to + e * 16);
    } else {
      float some[16];
      vstore16(result, 0, some);
#pragma unroll 1
      for (int i = 0; e * 16 + i < value_width; i++) to[e * 16 + i] = some[i];
    }
  }
}
