// Numbers of the counter-based generator Philox4x32-10, and dropout.
//
// Block b of four words belongs to elements 4 b ... 4 b + 3; its counter is offset + b. DISTRIBUTION is 0 for uniform
// numbers, (a + b u) scale and at most limit, 1 for normal(mean a, deviation b), 2 for bernoulli(a), 3 for dropout(a)
// of x, where b = 1 - a.

#define LATHE_DEFINE_RANDOM(WIDTH, F, U, UL, TO_FLOAT, TO_INT, TO_LONG)                                        \
  static F lathe_unit_##WIDTH(U word) { return TO_FLOAT(word >> 8) * 5.9604645e-8f; }                          \
                                                                                                               \
  static void lathe_draw_##WIDTH(U low, U high, uint key0, uint key1, float a, float b, float scale,           \
                                   float limit, F *r) {                                                        \
    U c0 = low, c1 = high, c2 = (U)(0), c3 = (U)(0);                                                           \
    for (int round = 0; round < 10; round++) {                                                                 \
      const UL product0 = TO_LONG(c0) * 0xD2511F53ul;                                                          \
      const UL product1 = TO_LONG(c2) * 0xCD9E8D57ul;                                                          \
      c0 = TO_INT(product1 >> 32) ^ c1 ^ key0;                                                                 \
      c1 = TO_INT(product1);                                                                                   \
      c2 = TO_INT(product0 >> 32) ^ c3 ^ key1;                                                                 \
      c3 = TO_INT(product0);                                                                                   \
      key0 += 0x9E3779B9u;                                                                                     \
      key1 += 0xBB67AE85u;                                                                                     \
    }                                                                                                          \
    if (DISTRIBUTION == 1) {                                                                                   \
      const F radius0 = sqrt(-2.0f * lathe_log_f##WIDTH(TO_FLOAT((c0 >> 8) + 1) * 5.9604645e-8f));             \
      const F radius1 = sqrt(-2.0f * lathe_log_f##WIDTH(TO_FLOAT((c2 >> 8) + 1) * 5.9604645e-8f));             \
      const F angle0 = 6.2831853f * lathe_unit_##WIDTH(c1);                                                    \
      const F angle1 = 6.2831853f * lathe_unit_##WIDTH(c3);                                                    \
      r[0] = a + b * radius0 * lathe_sin_near_f##WIDTH(angle0, 1);                                             \
      r[1] = a + b * radius0 * lathe_sin_near_f##WIDTH(angle0, 0);                                             \
      r[2] = a + b * radius1 * lathe_sin_near_f##WIDTH(angle1, 1);                                             \
      r[3] = a + b * radius1 * lathe_sin_near_f##WIDTH(angle1, 0);                                             \
      return;                                                                                                  \
    }                                                                                                          \
    r[0] = lathe_unit_##WIDTH(c0);                                                                             \
    r[1] = lathe_unit_##WIDTH(c1);                                                                             \
    r[2] = lathe_unit_##WIDTH(c2);                                                                             \
    r[3] = lathe_unit_##WIDTH(c3);                                                                             \
    for (int lane = 0; lane < 4; lane++) {                                                                     \
      if (DISTRIBUTION == 0) r[lane] = min((a + b * r[lane]) * scale, (F)(limit));                             \
      if (DISTRIBUTION == 2) r[lane] = select((F)(0.0f), (F)(1.0f), r[lane] < a);                              \
    }                                                                                                          \
  }

LATHE_DEFINE_RANDOM(1, float, uint, ulong, convert_float, (uint), (ulong))

// One block, or what is left of it behind the last whole one.
static void lathe_random_block(
    __global const float *x, __global float *y, ulong n, ulong block, ulong offset, uint key0, uint key1, float a,
    float b, float scale, float limit) {
  float r[4];
  const ulong counter = offset + block;
  lathe_draw_1((uint)counter, (uint)(counter >> 32), key0, key1, a, b, scale, limit, r);
  for (ulong lane = 0; lane < 4 && 4 * block + lane < n; lane++) {
    const ulong e = 4 * block + lane;
    y[e] = DISTRIBUTION == 3 ? (r[lane] >= a ? x[e] / b : 0.0f) : r[lane];
  }
}

#ifdef LATHE_PROFILE_CPU

LATHE_DEFINE_RANDOM(16, float16, uint16, ulong16, convert_float16, convert_uint16, convert_ulong16)

#define LATHE_QUARTER(s0, s1, s2, s3)                                                                          \
  (float16)(r[0].s##s0, r[1].s##s0, r[2].s##s0, r[3].s##s0, r[0].s##s1, r[1].s##s1, r[2].s##s1, r[3].s##s1,    \
            r[0].s##s2, r[1].s##s2, r[2].s##s2, r[3].s##s2, r[0].s##s3, r[1].s##s3, r[2].s##s3, r[3].s##s3)

static float16 lathe_kept(float16 unit, __global const float *x, float a, float b) {
  return select((float16)(0.0f), vload16(0, x) / b, unit >= a);
}

// A work-item makes per_item blocks, 16 at a time.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void random_numbers(
    __global const float *x, __global float *y, ulong n, ulong offset, uint key0, uint key1, float a, float b,
    float scale, float limit, ulong per_item) {
  const ulong blocks = (n + 3) / 4;
  ulong block = get_global_id(0) * per_item;
  const ulong last = min(blocks, block + per_item);
  const uint16 lanes = (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (; block + 16 <= last && 4 * (block + 16) <= n; block += 16) {
    const ulong counter = offset + block;
    const uint16 low = (uint)counter + lanes;
    // A low word that wrapped carries into the high one.
    const uint16 high = (uint)(counter >> 32) + select((uint16)(0), (uint16)(1), low < lanes);
    float16 r[4];
    lathe_draw_16(low, high, key0, key1, a, b, scale, limit, r);
    float16 q0 = LATHE_QUARTER(0, 1, 2, 3);
    float16 q1 = LATHE_QUARTER(4, 5, 6, 7);
    float16 q2 = LATHE_QUARTER(8, 9, a, b);
    float16 q3 = LATHE_QUARTER(c, d, e, f);
    if (DISTRIBUTION == 3) {
      q0 = lathe_kept(q0, x + 4 * block, a, b);
      q1 = lathe_kept(q1, x + 4 * block + 16, a, b);
      q2 = lathe_kept(q2, x + 4 * block + 32, a, b);
      q3 = lathe_kept(q3, x + 4 * block + 48, a, b);
    }
    vstore16(q0, 0, y + 4 * block);
    vstore16(q1, 0, y + 4 * block + 16);
    vstore16(q2, 0, y + 4 * block + 32);
    vstore16(q3, 0, y + 4 * block + 48);
  }
  for (; block < last; block++) lathe_random_block(x, y, n, block, offset, key0, key1, a, b, scale, limit);
}

#else

// Work-items take blocks in turn.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void random_numbers(
    __global const float *x, __global float *y, ulong n, ulong offset, uint key0, uint key1, float a, float b,
    float scale, float limit, ulong per_item) {
  const ulong blocks = (n + 3) / 4;
  for (ulong block = get_global_id(0); block < blocks; block += get_global_size(0)) {
    lathe_random_block(x, y, n, block, offset, key0, key1, a, b, scale, limit);
  }
}

#endif
