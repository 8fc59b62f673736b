#include "include/random.h"

#include "math_f32.h"

/// The ten rounds, each with its own key.
LATHE_INLINE void lathe_philox_rounds(uint32_t x[4], uint32_t key0, uint32_t key1) {
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
    uint64_t p = (uint64_t)x[0] * 0xD2511F53u;
    uint64_t q = (uint64_t)x[2] * 0xCD9E8D57u;
    uint32_t y0 = (uint32_t)(q >> 32) ^ x[1] ^ key0;
    uint32_t y2 = (uint32_t)(p >> 32) ^ x[3] ^ key1;
    x[1] = (uint32_t)q;
    x[3] = (uint32_t)p;
    x[0] = y0;
    x[2] = y2;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

/// A number in 0..<1 from a word's upper 24 bits.
LATHE_INLINE float lathe_unit(uint32_t word) { return (float)(int32_t)(word >> 8) * 0x1p-24f; }

struct lathe_random_kernels {
  void (*philox)(uint32_t *restrict, uint64_t, uint64_t, size_t, size_t);
  void (*uniform)(float *restrict, const uint32_t *restrict, size_t, struct lathe_interval);
  void (*normal)(float *restrict, const uint32_t *restrict, size_t, float, float);
  void (*bernoulli)(float *restrict, const uint32_t *restrict, size_t, float);
  void (*dropout)(float *restrict, const float *restrict, const uint32_t *restrict, size_t, float, float);
};

#define LATHE_BODY "random_ops.h"
#include "variants.h"

void lathe_philox(uint32_t *words, uint64_t seed, uint64_t offset, size_t begin, size_t end) {
  LATHE_PICK(lathe_table)->philox(words, seed, offset, begin, end);
}
void lathe_philox_block(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]) {
  for (int i = 0; i < 4; i++) out[i] = counter[i];
  lathe_philox_rounds(out, key[0], key[1]);
}
void lathe_uniform(float *y, const uint32_t *words, size_t count, struct lathe_interval interval) {
  LATHE_PICK(lathe_table)->uniform(y, words, count, interval);
}
void lathe_normal(float *y, const uint32_t *words, size_t count, float mean, float deviation) {
  LATHE_PICK(lathe_table)->normal(y, words, count, mean, deviation);
}
void lathe_bernoulli(float *y, const uint32_t *words, size_t count, float probability) {
  LATHE_PICK(lathe_table)->bernoulli(y, words, count, probability);
}
void lathe_dropout(float *y, const float *x, const uint32_t *words, size_t count, float probability, float keep) {
  LATHE_PICK(lathe_table)->dropout(y, x, words, count, probability, keep);
}
