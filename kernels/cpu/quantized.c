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

/// Blocks that there is room for.
static long rounded_room(long x_rows, long columns) {
  const long blocks = x_rows * columns / LATHE_BLOCK_ELEMENTS;
  return x_rows == 1 ? (blocks + LATHE_BLOCK_GROUP - 1) / LATHE_BLOCK_GROUP * LATHE_BLOCK_GROUP : blocks;
}

size_t lathe_rounded_size(long x_rows, long columns) {
  return (size_t)(rounded_room(x_rows, columns) * ((x_rows == 1 ? 2 : 1) * LATHE_BLOCK_ELEMENTS / 4 + 4));
}

lathe_rounded lathe_rounded_in(float *memory, long x_rows, long columns) {
  const long room = rounded_room(x_rows, columns), blocks = x_rows * columns / LATHE_BLOCK_ELEMENTS;
  // Elements first, which are whole cache lines in one row.
  int8_t *bytes = (int8_t *)memory;
  float *scales = memory + room * (x_rows == 1 ? 2 : 1) * LATHE_BLOCK_ELEMENTS / 4;
  const lathe_rounded result = {
      .quants = bytes,
      .fours = x_rows == 1 ? bytes + room * LATHE_BLOCK_ELEMENTS : NULL,
      .scales = scales,
      .sums = scales + room,
      .halves = scales + 2 * room,
  };
  if (room > blocks) {
    const size_t behind = (size_t)(room - blocks);
    memset(result.quants + blocks * LATHE_BLOCK_ELEMENTS, 0, behind * LATHE_BLOCK_ELEMENTS);
    memset(result.fours + blocks / 4 * 4 * LATHE_BLOCK_ELEMENTS, 0, (size_t)(room - blocks / 4 * 4) * LATHE_BLOCK_ELEMENTS);
    memset(result.scales + blocks, 0, behind * sizeof(float));
    memset(result.sums + blocks, 0, behind * sizeof(float));
  }
  return result;
}

LATHE_LEVELS(void, lathe_round_blocks, (const float *x, long count, const lathe_rounded *result), (x, count, result)) {
  for (long b = 0; b < count; b++) {
    const f16v first = load16(x + b * LATHE_BLOCK_ELEMENTS), second = load16(x + b * LATHE_BLOCK_ELEMENTS + 16);
    // As whole numbers what is not finite is larger than all that is.
    const i16v sizes[2] = {(i16v)first & INT32_MAX, (i16v)second & INT32_MAX};
    const int32_t bits = __builtin_reduce_max(__builtin_elementwise_max(sizes[0], sizes[1]));
    const bool is_finite = bits < 0x7f800000;
    float most;
    memcpy(&most, &bits, sizeof most);
    const float inverse = is_finite && most > 0 ? 127 / most : 0;
    const float scale = is_finite ? most / 127 : NAN;
    // To nearest, ties to even: 1.5 2^23 has no room for a fraction.
    const f16v shift = (f16v){} + 0x1.8p23f;
    const i16v kept = (i16v){} - (int32_t)is_finite, zero = (i16v)shift;
    const i16v whole[2] = {((i16v)(first * inverse + shift) - zero) & kept, ((i16v)(second * inverse + shift) - zero) & kept};
    typedef int8_t c16v __attribute__((vector_size(16), aligned(1)));
    int32_t halves[2];
    for (int h = 0; h < 2; h++) {
      const c16v quants = __builtin_convertvector(whole[h], c16v);
      memcpy(result->quants + b * LATHE_BLOCK_ELEMENTS + 16 * h, &quants, sizeof quants);
      if (result->fours) memcpy(result->fours + b / 4 * 128 + b % 4 * 16 + 64 * h, &quants, sizeof quants);
      halves[h] = __builtin_reduce_add(whole[h]);
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
