#pragma once

#include <math.h>

#include "include/quantized.h"
#include "vector_types.h"

// What is inside blocks. All types but those of 16 bits are looked at in parts of 32 elements: whole numbers without a sign,
// and for each half of them a scale and a least value, so that an element is scale (q - zero) + least.

/// 32 elements.
typedef struct block_part {
  uint8_t quants[LATHE_BLOCK_ELEMENTS];
  float scales[2], least[2];
} block_part;

/// The number that stands for zero.
LATHE_INLINE int block_zero(lathe_block block) {
  switch (block) {
    case LATHE_BLOCK_Q4_0: return 8;
    case LATHE_BLOCK_Q5_0: return 16;
    case LATHE_BLOCK_Q8_0: return 128;
    case LATHE_BLOCK_Q3_K: return 4;
    case LATHE_BLOCK_Q6_K: return 32;
    default: return 0;
  }
}

/// Whether the halves of a part have scales of their own.
LATHE_INLINE bool block_has_halves(lathe_block block) {
  return block == LATHE_BLOCK_Q2_K || block == LATHE_BLOCK_Q3_K || block == LATHE_BLOCK_Q6_K;
}

LATHE_INLINE bool block_is_small(lathe_block block) { return block <= LATHE_BLOCK_Q8_0; }

LATHE_INLINE long block_elements(lathe_block block) {
  return block >= LATHE_BLOCK_F16 ? 1 : block_is_small(block) ? 32 : 256;
}

LATHE_INLINE long block_bytes(lathe_block block) {
  switch (block) {
    case LATHE_BLOCK_Q4_0: return 18;
    case LATHE_BLOCK_Q4_1: return 20;
    case LATHE_BLOCK_Q5_0: return 22;
    case LATHE_BLOCK_Q5_1: return 24;
    case LATHE_BLOCK_Q8_0: return 34;
    case LATHE_BLOCK_Q2_K: return 84;
    case LATHE_BLOCK_Q3_K: return 110;
    case LATHE_BLOCK_Q4_K: return 144;
    case LATHE_BLOCK_Q5_K: return 176;
    case LATHE_BLOCK_Q6_K: return 210;
    case LATHE_BLOCK_F16:
    case LATHE_BLOCK_BF16: return 2;
  }
  return 0;
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

/// Both halves of a part have one scale and one least value.
LATHE_INLINE void part_scales(block_part *part, float scale, float least) {
  part->scales[0] = part->scales[1] = scale;
  part->least[0] = part->least[1] = least;
}

LATHE_INLINE void part_nibbles(block_part *part, const uint8_t *bytes) {
  for (int i = 0; i < 16; i++) {
    part->quants[i] = bytes[i] & 0xF;
    part->quants[i + 16] = bytes[i] >> 4;
  }
}

/// Adds 16 where the bits of a word are set.
LATHE_INLINE void part_fifth_bits(block_part *part, const uint8_t *word) {
  typedef uint8_t u8x4 __attribute__((vector_size(4)));
  typedef uint8_t u8x32 __attribute__((vector_size(32), aligned(1)));
#define EIGHT(i) i, i, i, i, i, i, i, i
  u8x4 four;
  u8x32 quants;
  memcpy(&four, word, sizeof four);
  memcpy(&quants, part->quants, sizeof quants);
  const u8x32 bytes = __builtin_shufflevector(four, four, EIGHT(0), EIGHT(1), EIGHT(2), EIGHT(3));
  const u8x32 bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128,
                      1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  quants |= (u8x32)((bytes & bits) != 0) & 16;
  memcpy(part->quants, &quants, sizeof quants);
#undef EIGHT
}

/// The scale and the least value of a part of q4_K and q5_K, six bits each, in 12 bytes.
LATHE_INLINE void part_six_bits(const uint8_t *scales, int part, int *scale, int *least) {
  if (part < 4) {
    *scale = scales[part] & 63;
    *least = scales[part + 4] & 63;
  } else {
    *scale = (scales[part + 4] & 0xF) | scales[part - 4] >> 6 << 4;
    *least = scales[part + 4] >> 4 | scales[part] >> 6 << 4;
  }
}

/// The scale of half a part of q3_K: the low four bits of the first eight in the low half of eight bytes, of the others in
/// the high half; then the high two bits, of four scales in each byte.
LATHE_INLINE int part_three_bits(const uint8_t *scales, int half) {
  const int low = half < 8 ? scales[half] & 0xF : scales[half - 8] >> 4;
  return (low | (scales[8 + half % 4] >> (half / 4 * 2) & 3) << 4) - 32;
}

/// What reads a float16 by the instructions that the caller's processor has: `half_at` or one of the level's own.
typedef float (*half_reader)(const uint8_t *p);

/// Unpacks a part of a block of a constant type; those of 32 elements have one, part 0.
LATHE_INLINE void unpack_part(lathe_block block, const uint8_t *at, int index, half_reader half, block_part *part) {
  switch (block) {
    case LATHE_BLOCK_Q4_0:
      part_nibbles(part, at + 2);
      part_scales(part, half(at), 0);
      break;
    case LATHE_BLOCK_Q4_1:
      part_nibbles(part, at + 4);
      part_scales(part, half(at), half(at + 2));
      break;
    case LATHE_BLOCK_Q5_0:
      part_nibbles(part, at + 6);
      part_fifth_bits(part, at + 2);
      part_scales(part, half(at), 0);
      break;
    case LATHE_BLOCK_Q5_1:
      part_nibbles(part, at + 8);
      part_fifth_bits(part, at + 4);
      part_scales(part, half(at), half(at + 2));
      break;
    case LATHE_BLOCK_Q8_0:
      for (int i = 0; i < 32; i++) part->quants[i] = at[2 + i] ^ 0x80;
      part_scales(part, half(at), 0);
      break;
    case LATHE_BLOCK_Q2_K: {
      // Of 128 elements each pair of bits of 32 bytes is 32 of them.
      const uint8_t *bytes = at + 16 + index / 4 * 32;
      const int shift = index % 4 * 2;
      for (int i = 0; i < 32; i++) part->quants[i] = bytes[i] >> shift & 3;
      const float d = half(at + 80), least = half(at + 82);
      for (int h = 0; h < 2; h++) {
        part->scales[h] = d * (float)(at[2 * index + h] & 0xF);
        part->least[h] = -least * (float)(at[2 * index + h] >> 4);
      }
      break;
    }
    case LATHE_BLOCK_Q3_K: {
      const uint8_t *bytes = at + 32 + index / 4 * 32;
      const int shift = index % 4 * 2;
      for (int i = 0; i < 32; i++) part->quants[i] = (uint8_t)((bytes[i] >> shift & 3) | (at[i] >> index & 1) << 2);
      const float d = half(at + 108);
      for (int h = 0; h < 2; h++) {
        part->scales[h] = d * (float)part_three_bits(at + 96, 2 * index + h);
        part->least[h] = 0;
      }
      break;
    }
    case LATHE_BLOCK_Q4_K:
    case LATHE_BLOCK_Q5_K: {
      int scale, least;
      part_six_bits(at + 4, index, &scale, &least);
      part_scales(part, half(at) * (float)scale, -half(at + 2) * (float)least);
      const uint8_t *fifth = at + 16, *bytes = at + (block == LATHE_BLOCK_Q5_K ? 48 : 16) + index / 2 * 32;
      const int shift = index % 2 * 4;
      for (int i = 0; i < 32; i++) {
        part->quants[i] = bytes[i] >> shift & 0xF;
        if (block == LATHE_BLOCK_Q5_K) part->quants[i] |= (uint8_t)((fifth[i] >> index & 1) << 4);
      }
      break;
    }
    case LATHE_BLOCK_Q6_K: {
      const int quarter = index % 4, low_shift = quarter / 2 * 4, high_shift = quarter * 2;
      const uint8_t *low = at + index / 4 * 64 + quarter % 2 * 32, *high = at + 128 + index / 4 * 32;
      for (int i = 0; i < 32; i++)
        part->quants[i] = (uint8_t)((low[i] >> low_shift & 0xF) | (high[i] >> high_shift & 3) << 4);
      const float d = half(at + 208);
      for (int h = 0; h < 2; h++) {
        part->scales[h] = d * (float)(int8_t)at[192 + 2 * index + h];
        part->least[h] = 0;
      }
      break;
    }
    case LATHE_BLOCK_F16:
    case LATHE_BLOCK_BF16: break;
  }
}

/// What is added to the scale times the number without a sign; types with a zero have no least value.
LATHE_INLINE float part_least(lathe_block block, const block_part *part, int half) {
  const int zero = block_zero(block);
  return zero == 0 ? part->least[half] : -(float)zero * part->scales[half];
}
