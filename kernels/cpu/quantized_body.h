// Products of blocks at one level; see quantized.c. LATHE_HAS_DOT says whether there is an instruction for products of
// bytes.

// A register of sums, a block's elements as bytes, and 32 products of bytes added up in groups.
#if defined(__x86_64__) && LATHE_LANES >= 8

typedef __m256 LATHE_NAME(sums);
typedef __m256i LATHE_NAME(bytes);

LATHE_INLINE __m256i LATHE_NAME(load_nibbles)(const uint8_t *p) {
  const __m128i both = _mm_loadu_si128((const __m128i *)p);
  return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(both, 4), both), _mm256_set1_epi8(0xF));
}

LATHE_INLINE __m256i LATHE_NAME(load_bytes)(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

/// Products of bytes without a sign, at most 128, and with one, in groups of four.
LATHE_INLINE __m256i LATHE_NAME(dot)(__m256i w, __m256i x) {
#if LATHE_HAS_DOT
  return _mm256_dpbusd_epi32(_mm256_setzero_si256(), w, x);
#else
  return _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), _mm256_set1_epi16(1));
#endif
}

/// The sums with a block's products, those of signed elements if `has_sign`, times a scale.
LATHE_INLINE void LATHE_NAME(add)(__m256 *sums, __m256i w, __m256i x, float scale, bool has_sign) {
  const __m256i dot =
      has_sign ? LATHE_NAME(dot)(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)) : LATHE_NAME(dot)(w, x);
  *sums = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_set1_ps(scale), *sums);
}

/// The sums with a part's products, whose halves have scales of their own.
LATHE_INLINE void LATHE_NAME(add_halves)(__m256 *sums, __m256i w, __m256i x, float first, float second) {
  const __m256 scale = _mm256_set_m128(_mm_set1_ps(second), _mm_set1_ps(first));
  *sums = _mm256_fmadd_ps(_mm256_cvtepi32_ps(LATHE_NAME(dot)(w, x)), scale, *sums);
}

LATHE_INLINE void LATHE_NAME(clear)(__m256 *sums) { *sums = _mm256_setzero_ps(); }

LATHE_INLINE float LATHE_NAME(total)(__m256 sums) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

LATHE_INLINE float LATHE_NAME(half)(const uint8_t *p) {
  uint16_t bits;
  memcpy(&bits, p, sizeof bits);
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
}

#elif defined(__ARM_NEON)

typedef float32x4_t LATHE_NAME(sums);
typedef int8x16x2_t LATHE_NAME(bytes);

LATHE_INLINE int8x16x2_t LATHE_NAME(load_nibbles)(const uint8_t *p) {
  const uint8x16_t both = vld1q_u8(p);
  return (int8x16x2_t){{vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(0xF))), vreinterpretq_s8_u8(vshrq_n_u8(both, 4))}};
}

LATHE_INLINE int8x16x2_t LATHE_NAME(load_bytes)(const void *p) {
  return (int8x16x2_t){{vld1q_s8(p), vld1q_s8((const int8_t *)p + 16)}};
}

/// Adds sixteen products of bytes in groups of four.
LATHE_INLINE int32x4_t LATHE_NAME(dot)(int32x4_t sums, int8x16_t w, int8x16_t x) {
  // Two products of at most 128 * 127 fit sixteen bits.
  int16x8_t pairs = vmull_s8(vget_low_s8(w), vget_low_s8(x));
  pairs = vmlal_s8(pairs, vget_high_s8(w), vget_high_s8(x));
  return vpadalq_s16(sums, pairs);
}

LATHE_INLINE void LATHE_NAME(add)(
    float32x4_t *sums, int8x16x2_t w, int8x16x2_t x, float scale, bool has_sign) {
  (void)has_sign;
  const int32x4_t first = LATHE_NAME(dot)(vdupq_n_s32(0), w.val[0], x.val[0]);
  *sums = vfmaq_n_f32(*sums, vcvtq_f32_s32(LATHE_NAME(dot)(first, w.val[1], x.val[1])), scale);
}

LATHE_INLINE void LATHE_NAME(add_halves)(
    float32x4_t *sums, int8x16x2_t w, int8x16x2_t x, float first, float second) {
  const float scales[2] = {first, second};
  for (int h = 0; h < 2; h++)
    *sums = vfmaq_n_f32(*sums, vcvtq_f32_s32(LATHE_NAME(dot)(vdupq_n_s32(0), w.val[h], x.val[h])), scales[h]);
}

LATHE_INLINE void LATHE_NAME(clear)(float32x4_t *sums) { *sums = vdupq_n_f32(0); }
LATHE_INLINE float LATHE_NAME(total)(float32x4_t sums) { return vaddvq_f32(sums); }
LATHE_INLINE float LATHE_NAME(half)(const uint8_t *p) { return half_at(p); }

#else

typedef float LATHE_NAME(sums);
typedef struct {
  int8_t element[LATHE_BLOCK_ELEMENTS];
} LATHE_NAME(bytes);

LATHE_INLINE LATHE_NAME(bytes) LATHE_NAME(load_nibbles)(const uint8_t *p) {
  LATHE_NAME(bytes) result;
  for (int i = 0; i < LATHE_BLOCK_ELEMENTS / 2; i++) {
    result.element[i] = (int8_t)(p[i] & 0xF);
    result.element[i + LATHE_BLOCK_ELEMENTS / 2] = (int8_t)(p[i] >> 4);
  }
  return result;
}

LATHE_INLINE LATHE_NAME(bytes) LATHE_NAME(load_bytes)(const void *p) {
  LATHE_NAME(bytes) result;
  memcpy(&result, p, sizeof result);
  return result;
}

LATHE_INLINE void LATHE_NAME(add)(
    float *sums, LATHE_NAME(bytes) w, LATHE_NAME(bytes) x, float scale, bool has_sign) {
  (void)has_sign;
  int32_t dot = 0;
  for (int i = 0; i < LATHE_BLOCK_ELEMENTS; i++) dot += (int32_t)w.element[i] * x.element[i];
  *sums += (float)dot * scale;
}

LATHE_INLINE void LATHE_NAME(add_halves)(
    float *sums, LATHE_NAME(bytes) w, LATHE_NAME(bytes) x, float first, float second) {
  int32_t dots[2] = {0, 0};
  for (int i = 0; i < LATHE_BLOCK_ELEMENTS; i++) dots[i / 16] += (int32_t)w.element[i] * x.element[i];
  *sums += (float)dots[0] * first + (float)dots[1] * second;
}

LATHE_INLINE void LATHE_NAME(clear)(float *sums) { *sums = 0; }
LATHE_INLINE float LATHE_NAME(total)(float sums) { return sums; }
LATHE_INLINE float LATHE_NAME(half)(const uint8_t *p) { return half_at(p); }

#endif

/// The products of `rows` rows of the matrix with `x_rows` rows of x, both small constants.
LATHE_INLINE void LATHE_NAME(tile)(
    const lathe_block_product *p, lathe_block block, long row, int rows, long x_row, int x_rows) {
  const long blocks = p->columns / LATHE_BLOCK_ELEMENTS, size = block_bytes(block);
  const uint8_t *w = (const uint8_t *)p->matrix + row * blocks * size;
  const int8_t *quants = p->x.quants + x_row * p->columns;
  const float *scales = p->x.scales + x_row * blocks, *block_sums = p->x.sums + x_row * blocks;
  LATHE_NAME(sums) sums[4][4];
  // What the least values, or the middle of four bits, add.
  float rest[4][4];
#pragma clang loop unroll(full)
  for (int m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int r = 0; r < x_rows; r++) {
      LATHE_NAME(clear)(&sums[m][r]);
      rest[m][r] = 0;
    }
  for (long b = 0; b < blocks; b++) {
#pragma clang loop unroll(full)
    for (int m = 0; m < rows; m++) {
      const uint8_t *at = w + (m * blocks + b) * size;
      __builtin_prefetch(at + PREFETCH);
      const float d = LATHE_NAME(half)(at);
      const LATHE_NAME(bytes) elements =
          block == LATHE_BLOCK_Q8_0 ? LATHE_NAME(load_bytes)(at + 2)
                                    : LATHE_NAME(load_nibbles)(at + (block == LATHE_BLOCK_Q4_1 ? 4 : 2));
#pragma clang loop unroll(full)
      for (int r = 0; r < x_rows; r++) {
        const LATHE_NAME(bytes) x = LATHE_NAME(load_bytes)(quants + r * p->columns + b * LATHE_BLOCK_ELEMENTS);
        LATHE_NAME(add)(&sums[m][r], elements, x, d * scales[r * blocks + b], block == LATHE_BLOCK_Q8_0);
        if (block == LATHE_BLOCK_Q4_0) rest[m][r] -= 8 * d * block_sums[r * blocks + b];
        if (block == LATHE_BLOCK_Q4_1) rest[m][r] += LATHE_NAME(half)(at + 2) * block_sums[r * blocks + b];
      }
    }
  }
#pragma clang loop unroll(full)
  for (int m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int r = 0; r < x_rows; r++)
      p->y[(x_row + r) * p->y_row + row + m] = LATHE_NAME(total)(sums[m][r]) + rest[m][r] + (p->bias ? p->bias[row + m] : 0);
}

/// The products of one row of a matrix of other blocks with `x_rows` rows of x: part by part unpacked to bytes.
LATHE_INLINE void LATHE_NAME(parts)(
    const lathe_block_product *p, lathe_block block, long row, long x_row, int x_rows) {
  const long parts = p->columns / LATHE_BLOCK_ELEMENTS, of_block = block_elements(block) / LATHE_BLOCK_ELEMENTS;
  const uint8_t *w = (const uint8_t *)p->matrix + row * (parts / of_block) * block_bytes(block);
  const int8_t *quants = p->x.quants + x_row * p->columns;
  const float *scales = p->x.scales + x_row * parts, *halves = p->x.halves + 2 * x_row * parts;
  const float *x_sums = p->x.sums + x_row * parts;
  LATHE_NAME(sums) sums[4];
  float rest[4];
#pragma clang loop unroll(full)
  for (int r = 0; r < x_rows; r++) {
    LATHE_NAME(clear)(&sums[r]);
    rest[r] = 0;
  }
  for (long b = 0; b < parts; b += of_block, w += block_bytes(block))
#pragma clang loop unroll(full)
    for (int i = 0; i < of_block; i++) {
      block_part part;
      if (i % 2 == 0) __builtin_prefetch(w + PREFETCH + 32 * i);
      unpack_part(block, w, i, LATHE_NAME(half), &part);
      const LATHE_NAME(bytes) elements = LATHE_NAME(load_bytes)(part.quants);
      float least[2];
#pragma clang loop unroll(full)
      for (int h = 0; h < 2; h++) least[h] = part_least(block, &part, h);
#pragma clang loop unroll(full)
      for (int r = 0; r < x_rows; r++) {
        const long at = r * parts + b + i;
        const LATHE_NAME(bytes) x = LATHE_NAME(load_bytes)(quants + at * LATHE_BLOCK_ELEMENTS);
        if (block_has_halves(block)) {
          LATHE_NAME(add_halves)(&sums[r], elements, x, part.scales[0] * scales[at], part.scales[1] * scales[at]);
          rest[r] += least[0] * halves[2 * at] + least[1] * halves[2 * at + 1];
        } else {
          LATHE_NAME(add)(&sums[r], elements, x, part.scales[0] * scales[at], false);
          rest[r] += least[0] * x_sums[at];
        }
      }
    }
#pragma clang loop unroll(full)
  for (int r = 0; r < x_rows; r++)
    p->y[(x_row + r) * p->y_row + row] = LATHE_NAME(total)(sums[r]) + rest[r] + (p->bias ? p->bias[row] : 0);
}

#include "block_row_body.h"

/// One row of x, or four with each row of the matrix.
LATHE_INLINE void LATHE_NAME(rows)(const lathe_block_product *p, lathe_block block, long first, long last) {
  const bool has_tile = block == LATHE_BLOCK_Q4_0 || block == LATHE_BLOCK_Q4_1 || block == LATHE_BLOCK_Q8_0;
  if (p->x_rows == 1 && has_tile) {
    LATHE_NAME(row_products)(p, block, first, last);
    return;
  }
  for (long row = first; row < last; row++) {
    long x_row = 0;
    for (; x_row + 4 <= p->x_rows; x_row += 4)
      has_tile ? LATHE_NAME(tile)(p, block, row, 1, x_row, 4) : LATHE_NAME(parts)(p, block, row, x_row, 4);
    for (; x_row < p->x_rows; x_row++)
      has_tile ? LATHE_NAME(tile)(p, block, row, 1, x_row, 1) : LATHE_NAME(parts)(p, block, row, x_row, 1);
  }
}

/// Sixteen elements of 16 bits as float32.
LATHE_INLINE void LATHE_NAME(widen)(lathe_block block, const void *at, f16v *to) {
  typedef uint16_t u16 __attribute__((vector_size(32), aligned(2)));
  typedef uint32_t u32 __attribute__((vector_size(64), aligned(4)));
  u16 bits;
  memcpy(&bits, at, sizeof bits);
  if (block == LATHE_BLOCK_BF16) {
    *to = (f16v)(__builtin_convertvector(bits, u32) << 16);
    return;
  }
#if !defined(__x86_64__) || LATHE_LANES >= 8
  typedef _Float16 h16 __attribute__((vector_size(32), aligned(2)));
  *to = __builtin_convertvector((h16)bits, f16v);
#else
  for (int i = 0; i < 16; i++) (*to)[i] = half_at((const uint8_t *)at + 2 * i);
#endif
}

/// The products of some rows of a matrix of 16 bits with some of x, both small constants.
LATHE_INLINE void LATHE_NAME(short_tile)(
    const lathe_block_product *p, lathe_block block, long row, int rows, long x_row, int x_rows) {
  const uint8_t *w = (const uint8_t *)p->matrix + 2 * row * p->columns;
  const float *x = p->x_floats + x_row * p->columns;
  f16v sums[4][4];
#pragma clang loop unroll(full)
  for (int m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int r = 0; r < x_rows; r++) sums[m][r] = (f16v){};
  long k = 0;
  for (; k + 16 <= p->columns; k += 16) {
#pragma clang loop unroll(full)
    for (int m = 0; m < rows; m++) {
      f16v elements;
      __builtin_prefetch(w + 2 * (m * p->columns + k) + PREFETCH);
      LATHE_NAME(widen)(block, w + 2 * (m * p->columns + k), &elements);
#pragma clang loop unroll(full)
      for (int r = 0; r < x_rows; r++) sums[m][r] += elements * load16(x + r * p->columns + k);
    }
  }
  if (k < p->columns)
    for (int m = 0; m < rows; m++) {
      f16v elements;
      uint16_t few[16] = {0};
      memcpy(few, w + 2 * (m * p->columns + k), (size_t)(2 * (p->columns - k)));
      LATHE_NAME(widen)(block, few, &elements);
      for (int r = 0; r < x_rows; r++) {
        f16v last = {};
        load_first(&last, x + r * p->columns + k, p->columns - k);
        sums[m][r] += elements * last;
      }
    }
#pragma clang loop unroll(full)
  for (int m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int r = 0; r < x_rows; r++)
      p->y[(x_row + r) * p->y_row + row + m] = sum16(&sums[m][r]) + (p->bias ? p->bias[row + m] : 0);
}

LATHE_INLINE void LATHE_NAME(short_rows)(const lathe_block_product *p, lathe_block block, long first, long last) {
  long row = first;
  if (p->x_rows == 1)
    for (; row + 4 <= last; row += 4) LATHE_NAME(short_tile)(p, block, row, 4, 0, 1);
  for (; row < last; row++) {
    long x_row = 0;
    for (; x_row + 4 <= p->x_rows; x_row += 4) LATHE_NAME(short_tile)(p, block, row, 1, x_row, 4);
    for (; x_row < p->x_rows; x_row++) LATHE_NAME(short_tile)(p, block, row, 1, x_row, 1);
  }
}

#define BLOCK_ROWS(name, rows, type) \
  static void LATHE_NAME(name)(const lathe_block_product *p, long first, long last) { \
    LATHE_NAME(rows)(p, type, first, last); \
  }
BLOCK_ROWS(q4_0, rows, LATHE_BLOCK_Q4_0)
BLOCK_ROWS(q4_1, rows, LATHE_BLOCK_Q4_1)
BLOCK_ROWS(q5_0, rows, LATHE_BLOCK_Q5_0)
BLOCK_ROWS(q5_1, rows, LATHE_BLOCK_Q5_1)
BLOCK_ROWS(q8_0, rows, LATHE_BLOCK_Q8_0)
BLOCK_ROWS(q2_k, rows, LATHE_BLOCK_Q2_K)
BLOCK_ROWS(q3_k, rows, LATHE_BLOCK_Q3_K)
BLOCK_ROWS(q4_k, rows, LATHE_BLOCK_Q4_K)
BLOCK_ROWS(q5_k, rows, LATHE_BLOCK_Q5_K)
BLOCK_ROWS(q6_k, rows, LATHE_BLOCK_Q6_K)
BLOCK_ROWS(f16, short_rows, LATHE_BLOCK_F16)
BLOCK_ROWS(bf16, short_rows, LATHE_BLOCK_BF16)
#undef BLOCK_ROWS

static const block_level LATHE_NAME(level) = {
    {LATHE_NAME(q4_0), LATHE_NAME(q4_1), LATHE_NAME(q5_0), LATHE_NAME(q5_1), LATHE_NAME(q8_0), LATHE_NAME(q2_k),
     LATHE_NAME(q3_k), LATHE_NAME(q4_k), LATHE_NAME(q5_k), LATHE_NAME(q6_k), LATHE_NAME(f16), LATHE_NAME(bf16)}};
