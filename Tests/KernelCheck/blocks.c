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

/// Element i of a block.
static double element(lathe_block block, const uint8_t *at, long i) {
  const double d = half_of(at);
  if (block == LATHE_BLOCK_Q8_0) return d * (int8_t)at[2 + i];
  const uint8_t byte = at[(block == LATHE_BLOCK_Q4_1 ? 4 : 2) + i % 16];
  const int q = i < 16 ? byte & 15 : byte >> 4;
  return block == LATHE_BLOCK_Q4_0 ? d * (q - 8) : d * q + half_of(at + 2);
}

static void check_rounding(long count) {
  float *x = random_floats(count * LATHE_BLOCK_ELEMENTS);
  const lathe_rounded r = {room(count * LATHE_BLOCK_ELEMENTS, 1), blank_floats(count), blank_floats(count)};
  for (long i = 0; i < count * LATHE_BLOCK_ELEMENTS; i++) x[i] *= (float)(i / LATHE_BLOCK_ELEMENTS % 5);
  lathe_round_blocks(x, count, &r);
  for (long b = 0; b < count; b++) {
    double most = 0, sum = 0;
    bool is_near = true;
    for (long i = b * LATHE_BLOCK_ELEMENTS; i < (b + 1) * LATHE_BLOCK_ELEMENTS; i++) {
      most = fmax(most, fabs(x[i]));
      sum += r.quants[i];
      is_near &= fabs((double)r.scales[b] * r.quants[i] - x[i]) <= 0.501 * r.scales[b];
    }
    const double scale = most / 127, scaled = scale * sum;
    expect_true("elements within half a scale", is_near);
    expect_close("scale", &r.scales[b], &scale, 1, 1e-6, 0);
    expect_close("sum", &r.sums[b], &scaled, 1, 1e-6, 1e-30);
  }
}

static void check_product(lathe_block block, long rows, long x_rows, long blocks) {
  describe("block %d, %ld rows of %ld blocks, %ld rows of x", (int)block, rows, blocks, x_rows);
  const long size = lathe_block_bytes(block), columns = blocks * LATHE_BLOCK_ELEMENTS, y_row = rows + 3;
  uint8_t *matrix = room(rows * blocks * size, 1);
  for (long i = 0; i < rows * blocks * size; i++) matrix[i] = (uint8_t)next_below(256);
  // Scales of all sizes, none of them infinite: exponents up to 17.
  for (long b = 0; b < rows * blocks; b++)
    for (int place = 1; place < (block == LATHE_BLOCK_Q4_1 ? 4 : 2); place += 2)
      matrix[b * size + place] = (uint8_t)(next_below(72) | next_below(2) << 7);
  float *x = random_floats(x_rows * columns);
  const lathe_rounded r = {
      room(x_rows * columns, 1), blank_floats(x_rows * blocks), blank_floats(x_rows * blocks)};
  lathe_round_blocks(x, x_rows * blocks, &r);
  float *y = blank_floats(x_rows * y_row);
  const lathe_block_product p = {block, matrix, columns, r, x_rows, y, y_row};
  // In two parts, as threads have it.
  lathe_block_product_rows(&p, 0, rows / 3);
  lathe_block_product_rows(&p, rows / 3, rows);
  for (long a = 0; a < x_rows; a++)
    for (long m = 0; m < rows; m++) {
      double sum = 0, size_of_sum = 0;
      for (long k = 0; k < columns; k++) {
        const long b = k / LATHE_BLOCK_ELEMENTS;
        const double w = element(block, matrix + (m * blocks + b) * size, k % LATHE_BLOCK_ELEMENTS);
        const double term = w * r.quants[a * columns + k] * r.scales[a * blocks + b];
        sum += term;
        size_of_sum += fabs(term);
      }
      expect_close("product", &y[a * y_row + m], &sum, 1, 1e-6, size_of_sum);
    }
  for (long a = 0; a + 1 < x_rows; a++)
    expect_true("nothing between rows", isnan(y[a * y_row + rows]) && isnan(y[a * y_row + rows + 2]));
}

void check_blocks(void) {
  describe("rounding");
  check_rounding(70);
  for (int block = LATHE_BLOCK_Q4_0; block <= LATHE_BLOCK_Q8_0; block++) {
    check_product((lathe_block)block, 1, 1, 1);
    check_product((lathe_block)block, 13, 1, 7);
    check_product((lathe_block)block, 6, 4, 18);
    check_product((lathe_block)block, 9, 11, 3);
  }
}
