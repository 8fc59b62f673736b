#include "include/quantized.h"

#include <math.h>

#include "levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

// Products with blocks of eight or four bits are sums of whole numbers: a block of x is rounded to eight bits once, and
// a block of the matrix costs one to three instructions for its 32 products and one to scale them. Reading the matrix is
// what takes the time where x has one row; where it has several, a block is unpacked once for four of them.

enum { BYTES_Q4_0 = 18, BYTES_Q4_1 = 20, BYTES_Q8_0 = 34 };

long lathe_block_bytes(lathe_block block) {
  return block == LATHE_BLOCK_Q4_0 ? BYTES_Q4_0 : block == LATHE_BLOCK_Q4_1 ? BYTES_Q4_1 : BYTES_Q8_0;
}

/// A float16 of two bytes, without the instructions that not every processor has.
LATHE_INLINE float half_at(const uint8_t *p) {
  uint16_t bits;
  memcpy(&bits, p, sizeof bits);
  const uint32_t sign = (uint32_t)(bits & 0x8000) << 16, rest = (uint32_t)(bits & 0x7fff) << 13;
  // The exponent is moved by a multiplication, which is right for subnormal numbers, too.
  const uint32_t infinite = rest >= 0x0f800000 ? 0x70000000 : 0;
  float value;
  memcpy(&value, &rest, sizeof value);
  value *= 0x1p112f;
  uint32_t whole;
  memcpy(&whole, &value, sizeof whole);
  whole = (infinite ? rest | 0x7f800000 : whole) | sign;
  memcpy(&value, &whole, sizeof value);
  return value;
}

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
    int32_t sum = 0;
    for (int i = 0; i < LATHE_BLOCK_ELEMENTS; i++) {
      // To nearest, ties to even: 1.5 2^23 has no room for a fraction.
      const float shifted = from[i] * inverse + 0x1.8p23f;
      int32_t bits;
      memcpy(&bits, &shifted, sizeof bits);
      const int32_t quant = all == 0 ? bits - 0x4b400000 : 0;
      to[i] = (int8_t)quant;
      sum += quant;
    }
    result->scales[b] = scale;
    result->sums[b] = scale * (float)sum;
  }
}

/// The functions of a level.
typedef struct block_level {
  void (*q4_0)(const lathe_block_product *p, long first, long last);
  void (*q4_1)(const lathe_block_product *p, long first, long last);
  void (*q8_0)(const lathe_block_product *p, long first, long last);
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
  const block_level *level = pick();
  (p->block == LATHE_BLOCK_Q4_0   ? level->q4_0
   : p->block == LATHE_BLOCK_Q4_1 ? level->q4_1
                                  : level->q8_0)(p, first, last);
}
