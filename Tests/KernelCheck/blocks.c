#include "check.h"

#include <math.h>

// Products with quantised blocks.

static double half_of(const uint8_t *p) {
  const int bits = p[0] | p[1] << 8, exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double size = exponent == 0    ? ldexp(fraction, -24)
                      : exponent == 31 ? (fraction ? NAN : INFINITY)
                                       : ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -size : size;
}

/// The bit of an element.
static int bit_of(const uint8_t *p, long i) { return p[i / 8] >> (i % 8) & 1; }

/// Element i of a block.
static double element(lathe_block block, const uint8_t *at, long i) {
  const long half = i % 128, quarter = half / 32, lane = i % 32;
  switch (block) {
    case LATHE_BLOCK_F16: return half_of(at);
    case LATHE_BLOCK_BF16: {
      const uint32_t word = (uint32_t)(at[0] | at[1] << 8) << 16;
      float value;
      memcpy(&value, &word, sizeof value);
      return value;
    }
    case LATHE_BLOCK_Q8_0: return half_of(at) * (int8_t)at[2 + i];
    case LATHE_BLOCK_Q4_0:
    case LATHE_BLOCK_Q4_1:
    case LATHE_BLOCK_Q5_0:
    case LATHE_BLOCK_Q5_1: {
      const bool is_five = block == LATHE_BLOCK_Q5_0 || block == LATHE_BLOCK_Q5_1;
      const bool has_least = block == LATHE_BLOCK_Q4_1 || block == LATHE_BLOCK_Q5_1;
      const uint8_t *bytes = at + (has_least ? 4 : 2);
      int q = bytes[(is_five ? 4 : 0) + i % 16] >> (i < 16 ? 0 : 4) & 15;
      if (is_five) q += 16 * bit_of(bytes, i);
      return has_least ? half_of(at) * q + half_of(at + 2) : half_of(at) * (q - (is_five ? 16 : 8));
    }
    case LATHE_BLOCK_Q2_K: {
      const int q = at[16 + i / 128 * 32 + lane] >> (2 * quarter) & 3, scale = at[i / 16];
      return half_of(at + 80) * (scale & 15) * q - half_of(at + 82) * (scale >> 4);
    }
    case LATHE_BLOCK_Q3_K: {
      const int low = at[32 + i / 128 * 32 + lane] >> (2 * quarter) & 3, high = at[lane] >> (i / 32) & 1;
      const long s = i / 16;
      const int scale = (at[96 + s % 8] >> (s < 8 ? 0 : 4) & 15) + 16 * (at[104 + s % 4] >> (2 * (s / 4)) & 3);
      return half_of(at + 108) * (scale - 32) * (low + 4 * high - 4);
    }
    case LATHE_BLOCK_Q4_K:
    case LATHE_BLOCK_Q5_K: {
      const bool is_five = block == LATHE_BLOCK_Q5_K;
      const long s = i / 32;
      const uint8_t *scales = at + 4;
      const int scale = s < 4 ? scales[s] % 64 : scales[s + 4] % 16 + scales[s - 4] / 64 * 16;
      const int least = s < 4 ? scales[s + 4] % 64 : scales[s + 4] / 16 + scales[s] / 64 * 16;
      int q = at[(is_five ? 48 : 16) + i / 64 * 32 + lane] >> (4 * (s % 2)) & 15;
      if (is_five) q += 16 * (at[16 + lane] >> s & 1);
      return half_of(at) * scale * q - half_of(at + 2) * least;
    }
    case LATHE_BLOCK_Q6_K: {
      const int low = at[i / 128 * 64 + half % 64] >> (half < 64 ? 0 : 4) & 15;
      const int high = at[128 + i / 128 * 32 + lane] >> (2 * quarter) & 3;
      return half_of(at + 208) * (int8_t)at[192 + i / 16] * (low + 16 * high - 32);
    }
  }
  return NAN;
}

/// Makes a block's float16 scales finite: exponents up to 17.
static void tame(lathe_block block, uint8_t *at) {
  static const int places[][2] = {
      [LATHE_BLOCK_Q4_0] = {0, -1}, [LATHE_BLOCK_Q4_1] = {0, 2}, [LATHE_BLOCK_Q5_0] = {0, -1},
      [LATHE_BLOCK_Q5_1] = {0, 2}, [LATHE_BLOCK_Q8_0] = {0, -1}, [LATHE_BLOCK_Q2_K] = {80, 82},
      [LATHE_BLOCK_Q3_K] = {108, -1}, [LATHE_BLOCK_Q4_K] = {0, 2}, [LATHE_BLOCK_Q5_K] = {0, 2},
      [LATHE_BLOCK_Q6_K] = {208, -1}, [LATHE_BLOCK_F16] = {0, -1}, [LATHE_BLOCK_BF16] = {0, -1}};
  for (int i = 0; i < 2; i++)
    if (places[block][i] >= 0) at[places[block][i] + 1] = (uint8_t)(next_below(72) | next_below(2) << 7);
}

/// Rounded rows with memory of their own.
static lathe_rounded rounded(long x_rows, long columns) {
  return lathe_rounded_in(blank_floats((long)lathe_rounded_size(x_rows, columns)), x_rows, columns);
}

static void check_rounding(long rows, long count) {
  float *x = random_floats(count * LATHE_BLOCK_ELEMENTS);
  const lathe_rounded r = rounded(rows, count / rows * LATHE_BLOCK_ELEMENTS);
  for (long i = 0; i < count * LATHE_BLOCK_ELEMENTS; i++) x[i] *= (float)(i / LATHE_BLOCK_ELEMENTS % 5);
  lathe_round_blocks(x, count, &r);
  for (long b = 0; b < count; b++) {
    double most = 0, sum = 0, halves[2] = {0, 0};
    bool is_near = true;
    for (long i = b * LATHE_BLOCK_ELEMENTS; i < (b + 1) * LATHE_BLOCK_ELEMENTS; i++) {
      most = fmax(most, fabs(x[i]));
      sum += r.quants[i];
      halves[i / 16 % 2] += r.quants[i] * (double)r.scales[b];
      is_near &= fabs((double)r.scales[b] * r.quants[i] - x[i]) <= 0.501 * r.scales[b];
    }
    const double scale = most / 127, scaled = scale * sum;
    expect_true("elements within half a scale", is_near);
    expect_close("scale", &r.scales[b], &scale, 1, 1e-6, 0);
    expect_close("sum", &r.sums[b], &scaled, 1, 1e-6, 1e-30);
    expect_close("sums of halves", &r.halves[2 * b], halves, 2, 1e-6, 1e-30);
    for (long i = 0; r.fours && i < LATHE_BLOCK_ELEMENTS; i++)
      expect_true("the same in another order",
                  r.fours[b / 4 * 128 + i / 16 * 64 + b % 4 * 16 + i % 16] == r.quants[b * LATHE_BLOCK_ELEMENTS + i]);
  }
}

static void check_product(lathe_block block, long rows, long x_rows, long parts) {
  const long elements = lathe_block_elements(block), columns = elements * parts;
  describe("block %d, %ld rows of %ld, %ld rows of x", (int)block, rows, columns, x_rows);
  const long size = lathe_block_bytes(block), x_blocks = columns / LATHE_BLOCK_ELEMENTS, y_row = rows + 3;
  const bool is_rounded = block < LATHE_BLOCK_F16;
  uint8_t *matrix = room(rows * parts * size, 1);
  for (long i = 0; i < rows * parts * size; i++) matrix[i] = (uint8_t)next_below(256);
  for (long b = 0; b < rows * parts; b++) tame(block, matrix + b * size);
  float *x = random_floats(x_rows * columns), *bias = random_floats(rows), *floats = blank_floats(rows * columns);
  const lathe_rounded r = rounded(x_rows, columns);
  if (is_rounded) lathe_round_blocks(x, x_rows * x_blocks, &r);
  lathe_unpack_blocks(block, matrix, rows * parts, floats);
  double *sums = room(x_rows * rows, sizeof(double)), *sizes = room(x_rows * rows, sizeof(double));
  for (long m = 0; m < rows; m++)
    for (long k = 0; k < columns; k++) {
      const double w = element(block, matrix + (m * parts + k / elements) * size, k % elements);
      expect_close("element", &floats[m * columns + k], &w, 1, 1e-7, fabs(w));
      for (long a = 0; a < x_rows; a++) {
        const double of_x =
            is_rounded ? r.quants[a * columns + k] * (double)r.scales[(a * columns + k) / 32] : x[a * columns + k];
        if (k == 0) sums[a * rows + m] = bias[m], sizes[a * rows + m] = fabs(bias[m]);
        sums[a * rows + m] += w * of_x;
        sizes[a * rows + m] += fabs(w * of_x);
      }
    }
  for (int form = 0; form < 2; form++) {
    float *y = blank_floats(x_rows * y_row);
    const lathe_block_product p = {block, matrix, columns, r, x, x_rows, bias, y, y_row};
    // In two parts, as threads have it.
    if (form == 0) {
      lathe_block_product_rows(&p, 0, rows / 3);
      lathe_block_product_rows(&p, rows / 3, rows);
    } else {
      if (!lathe_block_panels_run(block)) break;
      float *panel = blank_floats((long)lathe_block_panel_size(&p));
      float *packed = blank_floats((long)lathe_block_x_size(&p));
      const long tiles = lathe_block_x_tiles(x_rows);
      lathe_block_pack_x(&p, packed, 0, tiles / 2);
      lathe_block_pack_x(&p, packed, tiles / 2, tiles);
      const long panels = (rows + LATHE_BLOCK_PANEL_ROWS - 1) / LATHE_BLOCK_PANEL_ROWS;
      lathe_block_product_panels(&p, packed, rows, panel, 0, panels / 2);
      lathe_block_product_panels(&p, packed, rows, panel, panels / 2, panels);
    }
    for (long a = 0; a < x_rows; a++)
      for (long m = 0; m < rows; m++)
        expect_close("product", &y[a * y_row + m], &sums[a * rows + m], 1, 2e-6, sizes[a * rows + m]);
    for (long a = 0; a + 1 < x_rows; a++)
      expect_true("nothing between rows", isnan(y[a * y_row + rows]) && isnan(y[a * y_row + rows + 2]));
  }
}

void check_blocks(void) {
  describe("rounding");
  check_rounding(2, 70);
  check_rounding(1, 69);
  for (int block = LATHE_BLOCK_Q4_0; block <= LATHE_BLOCK_BF16; block++) {
    const bool is_short = block >= LATHE_BLOCK_F16;
    check_product((lathe_block)block, 1, 1, is_short ? 5 : 1);
    check_product((lathe_block)block, 13, 1, is_short ? 70 : 7);
    for (long parts = 1; parts < 40 && block <= LATHE_BLOCK_Q8_0; parts++) check_product((lathe_block)block, 5, 1, parts);
    check_product((lathe_block)block, 6, 4, is_short ? 64 : 3);
    check_product((lathe_block)block, 37, 19, is_short ? 33 : 2);
  }
}
