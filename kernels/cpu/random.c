#include "random.h"

#include <math.h>

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

enum { BLOCKS = 64 };

static inline __attribute__((always_inline)) void rounds(
    uint32_t *c0, uint32_t *c1, uint32_t *c2, uint32_t *c3, uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * *c0;
    uint64_t p1 = (uint64_t)0xCD9E8D57u * *c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ *c1 ^ k0;
    uint32_t n2 = (uint32_t)(p0 >> 32) ^ *c3 ^ k1;
    *c1 = (uint32_t)p1;
    *c3 = (uint32_t)p0;
    *c0 = n0;
    *c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

void lathe_philox(uint64_t seed, uint64_t block, uint32_t words[4]) {
  words[0] = (uint32_t)block;
  words[1] = (uint32_t)(block >> 32);
  words[2] = 0;
  words[3] = 0;
  rounds(&words[0], &words[1], &words[2], &words[3], (uint32_t)seed, (uint32_t)(seed >> 32));
}

// Words of up to BLOCKS blocks at once, as four arrays so that the loop is vectorised over blocks.
CLONES static void many(uint64_t seed, uint64_t block, uint32_t words[4][BLOCKS]) {
  for (int i = 0; i < BLOCKS; i++) {
    uint64_t counter = block + (uint64_t)i;
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32), c2 = 0, c3 = 0;
    rounds(&c0, &c1, &c2, &c3, (uint32_t)seed, (uint32_t)(seed >> 32));
    words[0][i] = c0;
    words[1][i] = c1;
    words[2][i] = c2;
    words[3][i] = c3;
  }
}

// Runs BODY with u (the word as a number in [0, 1)), w (the word) and i (the element) for each element.
#define EACH(BODY)                                                                             \
  uint32_t words[4][BLOCKS];                                                                   \
  for (size_t start = 0; start < count; start += 4 * BLOCKS) {                                 \
    many(seed, offset + (first + start) / 4, words);                                           \
    size_t end = count - start < 4 * BLOCKS ? count - start : 4 * BLOCKS;                      \
    for (size_t j = 0; j < end; j++) {                                                         \
      float u = (float)(words[j % 4][j / 4] >> 8) * 0x1p-24f;                                  \
      size_t i = start + j;                                                                    \
      BODY;                                                                                    \
    }                                                                                          \
  }

CLONES void lathe_random_uniform(
    float *out, size_t first, size_t count, uint64_t seed, uint64_t offset, float low, float high) {
  float span = high - low;
  EACH(out[i] = low + span * u)
}

CLONES void lathe_random_bernoulli(
    float *out, size_t first, size_t count, uint64_t seed, uint64_t offset, float probability) {
  EACH(out[i] = u < probability ? 1.0f : 0.0f)
}

CLONES void lathe_dropout(
    const float *x, float *out, size_t first, size_t count, uint64_t seed, uint64_t offset, float probability,
    float scale) {
  EACH(out[i] = u >= probability ? x[i] * scale : 0.0f)
}

void lathe_random_normal(
    float *out, size_t first, size_t count, uint64_t seed, uint64_t offset, float mean, float deviation) {
  uint32_t words[4][BLOCKS];
  for (size_t start = 0; start < count; start += 4 * BLOCKS) {
    many(seed, offset + (first + start) / 4, words);
    size_t end = count - start < 4 * BLOCKS ? count - start : 4 * BLOCKS;
    for (size_t j = 0; j < end; j += 2) {
      uint32_t a = words[j % 4][j / 4], b = words[j % 4 + 1][j / 4];
      float radius = sqrtf(-2.0f * logf((float)((a >> 8) + 1) * 0x1p-24f));
      float angle = 6.28318530717958647692f * ((float)(b >> 8) * 0x1p-24f);
      out[start + j] = mean + deviation * (radius * cosf(angle));
      if (j + 1 < end) out[start + j + 1] = mean + deviation * (radius * sinf(angle));
    }
  }
}
