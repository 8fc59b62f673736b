#include "block_parts.h"
#include "levels.h"
#include "transpose.h"

// Products of many rows of x with blocks: sixteen rows of the matrix are unpacked to bytes, four neighbours of each row
// behind each other, so that one instruction adds four products to the whole sum of each of the sixteen. A panel is
// unpacked once for all rows of x, which are packed in the same way, twelve at a time.

#if defined(__x86_64__)
#include <immintrin.h>

#define VNNI_LEVEL __attribute__((target("arch=x86-64-v4,avx512vnni"), min_vector_width(512)))
#define VNNI_INLINE static inline __attribute__((always_inline, target("arch=x86-64-v4,avx512vnni"), min_vector_width(512)))

enum { ROWS = LATHE_BLOCK_PANEL_ROWS, X_ROWS = 12 };

long lathe_block_x_tiles(long x_rows) { return (x_rows + X_ROWS - 1) / X_ROWS; }

/// Bytes of 32 columns of a panel: the elements, then scales and least values of the sixteen rows, of both halves where
/// they have their own.
LATHE_INLINE long part_bytes(lathe_block block) { return 32 * ROWS + (block_has_halves(block) ? 4 : 2) * 4 * ROWS; }

VNNI_INLINE float half_of(const uint8_t *p) {
  uint16_t bits;
  memcpy(&bits, p, sizeof bits);
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
}

/// Unpacks sixteen rows, or the `count` that there are.
VNNI_INLINE void pack_panel(lathe_block block, const uint8_t *rows, long row_bytes, long count, long parts, uint8_t *to) {
  const long of_block = block_elements(block) / LATHE_BLOCK_ELEMENTS;
  const int halves = block_has_halves(block) ? 2 : 1;
  for (long p = 0; p < parts; p++, to += part_bytes(block)) {
    float *scales = (float *)(to + 32 * ROWS), *least = scales + halves * ROWS;
    for (int group = 0; group < 2; group++) {
      f8v quants[8];
      for (int r = 0; r < 8; r++) {
        // Rows behind the last are the last one again; their results are not stored.
        const long row = group * 8 + r < count ? group * 8 + r : count - 1;
        block_part part;
        unpack_part(block, rows + row * row_bytes + p / of_block * block_bytes(block), (int)(p % of_block), half_of, &part);
        memcpy(&quants[r], part.quants, sizeof quants[r]);
        for (int h = 0; h < halves; h++) {
          scales[h * ROWS + group * 8 + r] = part.scales[h];
          least[h * ROWS + group * 8 + r] = part_least(block, &part, h);
        }
      }
      transpose8(quants);
      for (int i = 0; i < 8; i++) store8((float *)(to + 4 * ROWS * i) + group * 8, quants[i]);
    }
  }
}

/// Floats of 32 columns of a tile of x: its elements, the scales of its rows, and the sums, of halves where these count.
LATHE_INLINE long x_part_floats(int halves) { return X_ROWS * (8 + 1 + halves); }

size_t lathe_block_x_size(const lathe_block_product *p) {
  const long parts = p->columns / LATHE_BLOCK_ELEMENTS;
  return (size_t)(lathe_block_x_tiles(p->x_rows) * parts * x_part_floats(block_has_halves(p->block) ? 2 : 1));
}

void lathe_block_pack_x(const lathe_block_product *p, float *packed, long first, long last) {
  const long parts = p->columns / LATHE_BLOCK_ELEMENTS, tiles = lathe_block_x_tiles(p->x_rows);
  const int halves = block_has_halves(p->block) ? 2 : 1;
  for (long tile = first; tile < last; tile++) {
    const long row = p->x_rows * tile / tiles, count = p->x_rows * (tile + 1) / tiles - row;
    float *to = packed + tile * parts * x_part_floats(halves);
    for (long b = 0; b < parts; b++, to += x_part_floats(halves)) {
      memset(to, 0, (size_t)x_part_floats(halves) * sizeof(float));
      for (long r = 0; r < count; r++) {
        const long at = (row + r) * parts + b;
        for (int i = 0; i < 8; i++)
          memcpy(to + i * X_ROWS + r, p->x.quants + at * LATHE_BLOCK_ELEMENTS + 4 * i, sizeof(float));
        to[8 * X_ROWS + r] = p->x.scales[at];
        for (int h = 0; h < halves; h++)
          to[(9 + h) * X_ROWS + r] = halves == 2 ? p->x.halves[2 * at + h] : p->x.sums[at];
      }
    }
  }
}

/// The sums of a panel's products with the first `x_rows` rows of a tile of x, a constant number.
VNNI_INLINE void panel_tile(
    const uint8_t *panel, const float *x, long parts, const int halves, const int x_rows, __m512 sums[X_ROWS]) {
  const int steps = 8 / halves;
  __m512 all[X_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < x_rows; r++) all[r] = _mm512_setzero_ps();
  for (long b = 0; b < parts; b++, x += x_part_floats(halves)) {
    const float *scales = (const float *)(panel + 32 * ROWS);
#pragma clang loop unroll(full)
    for (int h = 0; h < halves; h++) {
      __m512i dots[X_ROWS];
#pragma clang loop unroll(full)
      for (int r = 0; r < x_rows; r++) dots[r] = _mm512_setzero_si512();
#pragma clang loop unroll(full)
      for (int i = h * steps; i < (h + 1) * steps; i++) {
        const __m512i w = _mm512_loadu_si512(panel + 4 * ROWS * i);
#pragma clang loop unroll(full)
        for (int r = 0; r < x_rows; r++) {
          int32_t four;
          memcpy(&four, x + i * X_ROWS + r, sizeof four);
          dots[r] = _mm512_dpbusd_epi32(dots[r], w, _mm512_set1_epi32(four));
        }
      }
      const __m512 scale = _mm512_loadu_ps(scales + h * ROWS), least = _mm512_loadu_ps(scales + (halves + h) * ROWS);
#pragma clang loop unroll(full)
      for (int r = 0; r < x_rows; r++) {
        const __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(x[8 * X_ROWS + r]));
        all[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[r]), both, all[r]);
        all[r] = _mm512_fmadd_ps(least, _mm512_set1_ps(x[(9 + h) * X_ROWS + r]), all[r]);
      }
    }
    panel += 32 * ROWS + 2 * halves * 4 * ROWS;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < x_rows; r++) sums[r] = all[r];
}

/// The same where the numbers are known when it runs.
VNNI_LEVEL __attribute__((noinline)) static void panel_sums(
    const uint8_t *panel, const float *x, long parts, int halves, long x_rows, __m512 sums[X_ROWS]) {
#define PANEL_TILE(rows) \
  if (x_rows <= (rows)) \
    return halves == 2 ? panel_tile(panel, x, parts, 2, rows, sums) : panel_tile(panel, x, parts, 1, rows, sums);
  PANEL_TILE(2)
  PANEL_TILE(4)
  PANEL_TILE(6)
  PANEL_TILE(8)
  PANEL_TILE(10)
  PANEL_TILE(12)
#undef PANEL_TILE
}

VNNI_INLINE void panels(
    const lathe_block_product *p, lathe_block block, const float *x, long rows, uint8_t *panel, long first, long last) {
  const long parts = p->columns / LATHE_BLOCK_ELEMENTS, tiles = lathe_block_x_tiles(p->x_rows);
  const long row_bytes = p->columns / block_elements(block) * block_bytes(block);
  const int halves = block_has_halves(block) ? 2 : 1;
  for (long i = first; i < last; i++) {
    const long row = i * ROWS, count = rows - row < ROWS ? rows - row : ROWS;
    const __mmask16 mask = (__mmask16)((1u << count) - 1);
    const __m512 bias = p->bias ? _mm512_maskz_loadu_ps(mask, p->bias + row) : _mm512_setzero_ps();
    pack_panel(block, (const uint8_t *)p->matrix + row * row_bytes, row_bytes, count, parts, panel);
    for (long tile = 0; tile < tiles; tile++) {
      const long x_row = p->x_rows * tile / tiles, x_rows = p->x_rows * (tile + 1) / tiles - x_row;
      __m512 sums[X_ROWS];
      panel_sums(panel, x + tile * parts * x_part_floats(halves), parts, halves, x_rows, sums);
      for (long r = 0; r < x_rows; r++)
        _mm512_mask_storeu_ps(p->y + (x_row + r) * p->y_row + row, mask, _mm512_add_ps(sums[r], bias));
    }
  }
}

bool lathe_block_panels_run(lathe_block block) {
  return block < LATHE_BLOCK_F16 && lathe_current_level() == LATHE_LEVEL_AVX512 && __builtin_cpu_supports("avx512vnni");
}

size_t lathe_block_panel_size(const lathe_block_product *p) {
  return (size_t)(p->columns / LATHE_BLOCK_ELEMENTS * part_bytes(p->block)) / sizeof(float);
}

VNNI_LEVEL void lathe_block_product_panels(
    const lathe_block_product *p, const float *x, long rows, float *panel, long first, long last) {
  switch (p->block) {
#define PANELS(type) \
  case type: panels(p, type, x, rows, (uint8_t *)panel, first, last); break;
    PANELS(LATHE_BLOCK_Q4_0)
    PANELS(LATHE_BLOCK_Q4_1)
    PANELS(LATHE_BLOCK_Q5_0)
    PANELS(LATHE_BLOCK_Q5_1)
    PANELS(LATHE_BLOCK_Q8_0)
    PANELS(LATHE_BLOCK_Q2_K)
    PANELS(LATHE_BLOCK_Q3_K)
    PANELS(LATHE_BLOCK_Q4_K)
    PANELS(LATHE_BLOCK_Q5_K)
    PANELS(LATHE_BLOCK_Q6_K)
#undef PANELS
    case LATHE_BLOCK_F16:
    case LATHE_BLOCK_BF16: break;
  }
}

#else

// Only where `lathe_block_panels_run` says so are the others called.
bool lathe_block_panels_run(lathe_block block) {
  (void)block;
  return false;
}

long lathe_block_x_tiles(long x_rows) { return x_rows; }

size_t lathe_block_x_size(const lathe_block_product *p) {
  (void)p;
  return 0;
}

void lathe_block_pack_x(const lathe_block_product *p, float *packed, long first, long last) {
  (void)p, (void)packed, (void)first, (void)last;
}

size_t lathe_block_panel_size(const lathe_block_product *p) {
  (void)p;
  return 0;
}

void lathe_block_product_panels(
    const lathe_block_product *p, const float *x, long rows, float *panel, long first, long last) {
  (void)p, (void)x, (void)rows, (void)panel, (void)first, (void)last;
}

#endif
