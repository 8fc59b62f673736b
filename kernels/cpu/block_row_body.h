// Products of one row of x with rows of blocks of eight or four bits, at one level; see quantized.c. Reading the matrix
// takes most of the time, so that few instructions may be spent on a block: the scales of a group of blocks are picked
// out together, and products of several blocks share a register, whose lanes are scaled by one multiplication.

#if defined(__x86_64__) && LATHE_LANES >= 8

/// What is added to a block is this many times its scale times x's sum, in types without a least value.
LATHE_INLINE float LATHE_NAME(row_zero)(lathe_block block) { return (float)-block_zero(block); }

/// Where the elements of a block begin.
LATHE_INLINE long LATHE_NAME(row_start)(lathe_block block) { return block == LATHE_BLOCK_Q4_1 ? 4 : 2; }

#if LATHE_HAS_DOT

/// Blocks whose scales are picked out at once.
#define ROW_GROUP 16
typedef __m512 LATHE_NAME(row_floats);

/// The first `count` of 16 lanes.
LATHE_INLINE uint32_t LATHE_NAME(row_lanes)(long count) { return (1u << (count < 16 ? count : 16)) - 1; }

/// The lanes whose number, word `words * lane + word` of a group, lies in its `line`th 32 words.
LATHE_INLINE uint32_t LATHE_NAME(row_picks)(int words, int word, int line) {
  return LATHE_NAME(row_lanes)((32 * (line + 1) - word + words - 1) / words)
      & ~LATHE_NAME(row_lanes)((32 * line - word + words - 1) / words);
}

/// Scales and least values of `count` blocks, zeros behind them; nothing behind the blocks is read.
LATHE_INLINE void LATHE_NAME(row_scales)(lathe_block block, const uint8_t *w, long count, __m512 *d, __m512 *least) {
  const int words = (int)block_bytes(block) / 2, bytes = (int)(count * block_bytes(block));
  const __m512i lanes = _mm512_mullo_epi16(
      _mm512_set_epi16(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
      _mm512_set1_epi16((short)words));
  const __m512i index = _mm512_mask_add_epi16(lanes, 0xffff0000, lanes, _mm512_set1_epi16(1));
  const bool has_least = block == LATHE_BLOCK_Q4_1;
  __m512i halves = _mm512_setzero_si512();
#pragma clang loop unroll(full)
  for (int line = 0; line < (ROW_GROUP * words + 31) / 32; line++) {
    const long rest = bytes - 64 * line;
    if (rest <= 0) break;
    const uint32_t picks = LATHE_NAME(row_picks)(words, 0, line)
        | (has_least ? LATHE_NAME(row_picks)(words, 1, line) << 16 : 0);
    const __m512i loaded =
        rest >= 64 ? _mm512_loadu_si512(w + 64 * line) : _mm512_maskz_loadu_epi8(~0ull >> (64 - rest), w + 64 * line);
    halves = _mm512_mask_permutexvar_epi16(halves, picks, index, loaded);
  }
  *d = _mm512_cvtph_ps(_mm512_castsi512_si256(halves));
  *least = has_least ? _mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1)) : *d;
}

/// Adds the products of `count` blocks, at most four.
LATHE_INLINE void LATHE_NAME(row_add)(
    lathe_block block, const uint8_t *w, const int count, const lathe_rounded *x, long b, __m512 scales, int lane, __m512 *sums) {
  const long size = block_bytes(block);
  if (block == LATHE_BLOCK_Q8_0) {
    const __m512i which = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
#pragma clang loop unroll(full)
    for (int i = 0; i < count; i += 2) {
      __m512i quants = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(w + i * size + 2)));
      if (i + 1 < count)
        quants = _mm512_inserti64x4(quants, _mm256_loadu_si256((const __m256i *)(w + (i + 1) * size + 2)), 1);
      quants = _mm512_xor_si512(quants, _mm512_set1_epi8((char)0x80));
      const __m512i dot =
          _mm512_dpbusd_epi32(_mm512_setzero_si512(), quants, _mm512_loadu_si512(x->quants + (b + i) * LATHE_BLOCK_ELEMENTS));
      const __m512 scale = _mm512_permutexvar_ps(_mm512_add_epi32(which, _mm512_set1_epi32(lane + i)), scales);
      *sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, *sums);
    }
    return;
  }
  const uint8_t *at = w + LATHE_NAME(row_start)(block);
  __m512i both = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)at));
  if (count > 1) both = _mm512_inserti32x4(both, _mm_loadu_si128((const __m128i *)(at + size)), 1);
  if (count > 2) both = _mm512_inserti32x4(both, _mm_loadu_si128((const __m128i *)(at + 2 * size)), 2);
  if (count > 3) both = _mm512_inserti32x4(both, _mm_loadu_si128((const __m128i *)(at + 3 * size)), 3);
  const __m512i low = _mm512_set1_epi8(0xF);
  const int8_t *fours = x->fours + b * LATHE_BLOCK_ELEMENTS;
  __m512i dot = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_and_si512(both, low), _mm512_loadu_si512(fours));
  dot = _mm512_dpbusd_epi32(dot, _mm512_and_si512(_mm512_srli_epi16(both, 4), low), _mm512_loadu_si512(fours + 64));
  const __m512i which = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
  const __m512 scale = _mm512_permutexvar_ps(_mm512_add_epi32(which, _mm512_set1_epi32(lane)), scales);
  *sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, *sums);
}

/// The totals of four registers.
LATHE_INLINE __m128 LATHE_NAME(row_totals)(const __m512 sums[4]) {
  const __m512 first = _mm512_add_ps(_mm512_unpacklo_ps(sums[0], sums[1]), _mm512_unpackhi_ps(sums[0], sums[1]));
  const __m512 second = _mm512_add_ps(_mm512_unpacklo_ps(sums[2], sums[3]), _mm512_unpackhi_ps(sums[2], sums[3]));
  const __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(first), _mm512_castps_pd(second));
  const __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(first), _mm512_castps_pd(second));
  const __m512 all = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

#define ROW_LOAD(p) _mm512_loadu_ps(p)
#define ROW_ZERO() _mm512_setzero_ps()
#define ROW_MULTIPLY(a, b) _mm512_mul_ps(a, b)
#define ROW_SET(a) _mm512_set1_ps(a)
#define ROW_MULTIPLY_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)

#else

#define ROW_GROUP 8
typedef __m256 LATHE_NAME(row_floats);

/// The float16 at the same place of `count` blocks, zeros behind them.
LATHE_INLINE __m256 LATHE_NAME(row_halves)(const uint8_t *w, long size, long count) {
  __m128i halves = _mm_setzero_si128();
#define ROW_HALF(i) \
  if (count > i) { \
    int16_t bits; \
    memcpy(&bits, w + i * size, sizeof bits); \
    halves = _mm_insert_epi16(halves, bits, i); \
  }
  ROW_HALF(0) ROW_HALF(1) ROW_HALF(2) ROW_HALF(3) ROW_HALF(4) ROW_HALF(5) ROW_HALF(6) ROW_HALF(7)
#undef ROW_HALF
  return _mm256_cvtph_ps(halves);
}

LATHE_INLINE void LATHE_NAME(row_scales)(lathe_block block, const uint8_t *w, long count, __m256 *d, __m256 *least) {
  *d = LATHE_NAME(row_halves)(w, block_bytes(block), count);
  *least = block == LATHE_BLOCK_Q4_1 ? LATHE_NAME(row_halves)(w + 2, block_bytes(block), count) : *d;
}

LATHE_INLINE void LATHE_NAME(row_add)(
    lathe_block block, const uint8_t *w, const int count, const lathe_rounded *x, long b, __m256 scales, int lane, __m256 *sums) {
  const long size = block_bytes(block);
  if (block == LATHE_BLOCK_Q8_0) {
#pragma clang loop unroll(full)
    for (int i = 0; i < count; i++) {
      const __m256i quants = _mm256_loadu_si256((const __m256i *)(w + i * size + 2));
      const __m256i other = _mm256_loadu_si256((const __m256i *)(x->quants + (b + i) * LATHE_BLOCK_ELEMENTS));
      const __m256i dot = LATHE_NAME(dot)(_mm256_abs_epi8(quants), _mm256_sign_epi8(other, quants));
      const __m256 scale = _mm256_permutevar8x32_ps(scales, _mm256_set1_epi32(lane + i));
      *sums = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, *sums);
    }
    return;
  }
  const __m256i low = _mm256_set1_epi8(0xF), which = _mm256_set_epi32(1, 1, 1, 1, 0, 0, 0, 0);
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i += 2) {
    const uint8_t *at = w + i * size + LATHE_NAME(row_start)(block);
    __m256i both = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)at));
    if (i + 1 < count) both = _mm256_inserti128_si256(both, _mm_loadu_si128((const __m128i *)(at + size)), 1);
    const int8_t *fours = x->fours + b * LATHE_BLOCK_ELEMENTS + 16 * i;
    // Two pairs of products of 15 and 127 fit sixteen bits.
    const __m256i pairs = _mm256_add_epi16(
        _mm256_maddubs_epi16(_mm256_and_si256(both, low), _mm256_loadu_si256((const __m256i *)fours)),
        _mm256_maddubs_epi16(
            _mm256_and_si256(_mm256_srli_epi16(both, 4), low), _mm256_loadu_si256((const __m256i *)(fours + 64))));
    const __m256i dot = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    const __m256 scale = _mm256_permutevar8x32_ps(scales, _mm256_add_epi32(which, _mm256_set1_epi32(lane + i)));
    *sums = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, *sums);
  }
}

LATHE_INLINE __m128 LATHE_NAME(row_totals)(const __m256 sums[4]) {
  const __m256 all = _mm256_hadd_ps(_mm256_hadd_ps(sums[0], sums[1]), _mm256_hadd_ps(sums[2], sums[3]));
  return _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
}

#define ROW_LOAD(p) _mm256_loadu_ps(p)
#define ROW_ZERO() _mm256_setzero_ps()
#define ROW_MULTIPLY(a, b) _mm256_mul_ps(a, b)
#define ROW_SET(a) _mm256_set1_ps(a)
#define ROW_MULTIPLY_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)

#endif

/// Adds the products of a group of `count` blocks.
LATHE_INLINE void LATHE_NAME(row_group)(
    lathe_block block, const uint8_t *w, long count, const lathe_rounded *x, long b, LATHE_NAME(row_floats) *sums,
    LATHE_NAME(row_floats) *rest) {
  const long size = block_bytes(block);
  LATHE_NAME(row_floats) d, least;
  LATHE_NAME(row_scales)(block, w, count, &d, &least);
  const bool has_sign = block == LATHE_BLOCK_Q8_0 && !LATHE_HAS_DOT;
  if (block != LATHE_BLOCK_Q4_1) least = ROW_MULTIPLY(d, ROW_SET(LATHE_NAME(row_zero)(block)));
  if (!has_sign) *rest = ROW_MULTIPLY_ADD(least, ROW_LOAD(x->sums + b), *rest);
  d = ROW_MULTIPLY(d, ROW_LOAD(x->scales + b));
  if (count == ROW_GROUP) {
#pragma clang loop unroll(full)
    for (int i = 0; i < ROW_GROUP; i += 4) LATHE_NAME(row_add)(block, w + i * size, 4, x, b + i, d, i, sums);
    return;
  }
  int i = 0;
  for (; i + 4 <= count; i += 4) LATHE_NAME(row_add)(block, w + i * size, 4, x, b + i, d, i, sums);
  switch (count - i) {
    case 3: LATHE_NAME(row_add)(block, w + i * size, 3, x, b + i, d, i, sums); break;
    case 2: LATHE_NAME(row_add)(block, w + i * size, 2, x, b + i, d, i, sums); break;
    case 1: LATHE_NAME(row_add)(block, w + i * size, 1, x, b + i, d, i, sums); break;
    default: break;
  }
}

/// The products of up to four rows of the matrix.
LATHE_INLINE void LATHE_NAME(row_tile)(const lathe_block_product *p, lathe_block block, long row, int rows) {
  const long blocks = p->columns / LATHE_BLOCK_ELEMENTS, size = block_bytes(block);
  const uint8_t *w = (const uint8_t *)p->matrix + row * blocks * size;
  LATHE_NAME(row_floats) all[4] = {ROW_ZERO(), ROW_ZERO(), ROW_ZERO(), ROW_ZERO()};
#pragma clang loop unroll(disable)
  for (int m = 0; m < rows; m++) {
    LATHE_NAME(row_floats) sums = ROW_ZERO(), rest = ROW_ZERO();
    long b = 0;
    for (; b + ROW_GROUP <= blocks; b += ROW_GROUP, w += ROW_GROUP * size) {
#pragma clang loop unroll(full)
      for (long line = 0; line < (ROW_GROUP * size + 63) / 64; line++) __builtin_prefetch(w + PREFETCH + 64 * line);
      LATHE_NAME(row_group)(block, w, ROW_GROUP, &p->x, b, &sums, &rest);
    }
    if (b < blocks) LATHE_NAME(row_group)(block, w, blocks - b, &p->x, b, &sums, &rest);
    w += (blocks - b) * size;
    all[m] = sums + rest;
  }
  const __m128 totals = LATHE_NAME(row_totals)(all);
  float *y = p->y + row;
  if (rows == 4) {
    _mm_storeu_ps(y, p->bias ? _mm_add_ps(totals, _mm_loadu_ps(p->bias + row)) : totals);
    return;
  }
  float few[4];
  _mm_storeu_ps(few, totals);
  for (int m = 0; m < rows; m++) y[m] = few[m] + (p->bias ? p->bias[row + m] : 0);
}

LATHE_INLINE void LATHE_NAME(row_products)(const lathe_block_product *p, lathe_block block, long first, long last) {
  long row = first;
  for (; row + 4 <= last; row += 4) LATHE_NAME(row_tile)(p, block, row, 4);
  if (row < last) LATHE_NAME(row_tile)(p, block, row, (int)(last - row));
}

#undef ROW_GROUP
#undef ROW_LOAD
#undef ROW_ZERO
#undef ROW_MULTIPLY
#undef ROW_SET
#undef ROW_MULTIPLY_ADD

#else

LATHE_INLINE void LATHE_NAME(row_products)(const lathe_block_product *p, lathe_block block, long first, long last) {
  long row = first;
  for (; row + 4 <= last; row += 4) LATHE_NAME(tile)(p, block, row, 4, 0, 1);
  for (; row < last; row++) LATHE_NAME(tile)(p, block, row, 1, 0, 1);
}

#endif
