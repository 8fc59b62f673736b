#include "block_parts.h"
#include "levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

// Products with blocks of eight or four bits are sums of whole numbers: a block of x is rounded to eight bits once, and
// a block of the matrix costs one to three instructions for its 32 products and one to scale them. Reading the matrix is
// what takes the time where x has one row; where it has several, a block is unpacked once for four of them.

LATHE_LEVELS(void, lathe_round_blocks, (const float *x, long count, const lathe_rounded *result), (x, count, result)) {
  for (long b = 0; b < count; b++) {
    const float *from = x + b * LATHE_BLOCK_ELEMENTS;
    int8_t *to = result->quants + b * LATHE_BLOCK_ELEMENTS;
    float most = 0, all = 0;
    for (int i = 0; i < LATHE_BLOCK_ELEMENTS; i++) {
      const float size = fabsf(from[i]);
      most = size > most ? size : most;
      // Not a number where one element is none or infinite.
      all += from[i] - from[i];
    }
    const float inverse = most > 0 && all == 0 ? 127 / most : 0;
    const float scale = all == 0 ? most / 127 : NAN;
    int32_t halves[2] = {0, 0};
    for (int i = 0; i < LATHE_BLOCK_ELEMENTS; i++) {
      // To nearest, ties to even: 1.5 2^23 has no room for a fraction.
      const float shifted = from[i] * inverse + 0x1.8p23f;
      int32_t bits;
      memcpy(&bits, &shifted, sizeof bits);
      const int32_t quant = all == 0 ? bits - 0x4b400000 : 0;
      to[i] = (int8_t)quant;
      halves[i / 16] += quant;
    }
    result->scales[b] = scale;
    result->sums[b] = scale * (float)(halves[0] + halves[1]);
    for (int h = 0; h < 2; h++) result->halves[2 * b + h] = scale * (float)halves[h];
  }
}

/// How many bytes ahead the matrix is fetched: the rows that come next, however short they are.
enum { PREFETCH = 8192 };

/// The functions of a level, by the type of the blocks.
typedef struct block_level {
  void (*rows[LATHE_BLOCK_BF16 + 1])(const lathe_block_product *p, long first, long last);
} block_level;

#define LATHE_BODY "quantized_body.h"
#define LATHE_HAS_DOT 0
#include "variants.h"
#undef LATHE_HAS_DOT

#if defined(__x86_64__)

// AVX-512 with the instruction for products of bytes, which not every processor of that level has.
#define LATHE_HAS_DOT 1
#define LATHE_NAME(name) name##_vnni
#define LATHE_LANES 16
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512vnni"))), apply_to = function)
#include LATHE_BODY
#pragma clang attribute pop
#undef LATHE_HAS_DOT
#undef LATHE_NAME
#undef LATHE_LANES

static const block_level *pick(void) {
  const block_level *level = LATHE_PICK(level);
  return level == &level_v4 && __builtin_cpu_supports("avx512vnni") ? &level_vnni : level;
}

#else

static const block_level *pick(void) { return LATHE_PICK(level); }

#endif

void lathe_block_product_rows(const lathe_block_product *p, long first, long last) {
  pick()->rows[p->block](p, first, last);
}
