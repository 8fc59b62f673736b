#include "block_parts.h"
#include "levels.h"

// The elements of blocks as float32.

long lathe_block_elements(lathe_block block) { return block_elements(block); }
long lathe_block_bytes(lathe_block block) { return block_bytes(block); }

/// Blocks of a constant type.
LATHE_INLINE void unpack_all(lathe_block block, const uint8_t *from, long count, float *to) {
  const int parts = (int)block_elements(block) / LATHE_BLOCK_ELEMENTS, zero = block_zero(block);
  for (long b = 0; b < count; b++, from += block_bytes(block))
    for (int index = 0; index < parts; index++, to += LATHE_BLOCK_ELEMENTS) {
      block_part part;
      unpack_part(block, from, index, half_at, &part);
      for (int i = 0; i < LATHE_BLOCK_ELEMENTS; i++)
        to[i] = part.scales[i / 16] * (float)((int)part.quants[i] - zero) + part.least[i / 16];
    }
}

LATHE_INLINE void unpack_halves(const uint8_t *from, long count, float *to) {
  for (long i = 0; i < count; i++) to[i] = half_at(from + 2 * i);
}

LATHE_INLINE void unpack_bfloats(const uint8_t *from, long count, float *to) {
  for (long i = 0; i < count; i++) {
    uint16_t bits;
    memcpy(&bits, from + 2 * i, sizeof bits);
    const uint32_t word = (uint32_t)bits << 16;
    memcpy(to + i, &word, sizeof word);
  }
}

LATHE_LEVELS(void, lathe_unpack_blocks, (lathe_block block, const void *from, long count, float *to),
    (block, from, count, to)) {
  switch (block) {
#define UNPACK(type) \
  case type: unpack_all(type, from, count, to); break;
    UNPACK(LATHE_BLOCK_Q4_0)
    UNPACK(LATHE_BLOCK_Q4_1)
    UNPACK(LATHE_BLOCK_Q5_0)
    UNPACK(LATHE_BLOCK_Q5_1)
    UNPACK(LATHE_BLOCK_Q8_0)
    UNPACK(LATHE_BLOCK_Q2_K)
    UNPACK(LATHE_BLOCK_Q3_K)
    UNPACK(LATHE_BLOCK_Q4_K)
    UNPACK(LATHE_BLOCK_Q5_K)
    UNPACK(LATHE_BLOCK_Q6_K)
#undef UNPACK
    case LATHE_BLOCK_F16: unpack_halves(from, count, to); break;
    case LATHE_BLOCK_BF16: unpack_bfloats(from, count, to); break;
  }
}
