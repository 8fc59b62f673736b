#include "check.h"

// The generator against known answers, the distributions against its words.

static void check_known_answers(void) {
  // Those of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011), for Philox4x32-10.
  static const uint32_t zeros[4] = {0}, ones[4] = {~0u, ~0u, ~0u, ~0u};
  static const uint32_t of_zeros[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  static const uint32_t of_ones[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
  static const uint32_t counter[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
  static const uint32_t key[2] = {0xa4093822, 0x299f31d0};
  static const uint32_t of_pi[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
  uint32_t out[4];
  describe("known answers");
  lathe_philox_block(out, zeros, zeros);
  expect_same("of zeros", out, of_zeros, 4, sizeof *out);
  lathe_philox_block(out, ones, ones);
  expect_same("of ones", out, of_ones, 4, sizeof *out);
  lathe_philox_block(out, counter, key);
  expect_same("of pi's digits", out, of_pi, 4, sizeof *out);
}

static const uint64_t stream_seed = UINT64_C(0x123456789abcdef0), stream_offset = 0xfffffff0;

static void check_distributions(long count) {
  const long whole = (count + 3) / 4 * 4, middle = whole / 8 * 4;
  uint32_t *words = room(whole, sizeof *words), *expected = room(whole, sizeof *expected);
  double *u = zero_doubles(whole), *v = zero_doubles(whole);
  for (long block = 0; block < whole / 4; block++) {
    const uint64_t number = stream_offset + (uint64_t)block;
    const uint32_t counter[4] = {(uint32_t)number, (uint32_t)(number >> 32), 0, 0};
    const uint32_t key[2] = {(uint32_t)stream_seed, (uint32_t)(stream_seed >> 32)};
    lathe_philox_block(expected + 4 * block, counter, key);
  }
  describe("%ld numbers", count);
  lathe_philox(words, stream_seed, stream_offset, 0, (size_t)middle);
  lathe_philox(words + middle, stream_seed, stream_offset, (size_t)middle, (size_t)count);
  expect_same("words", words, expected, whole, sizeof *words);
  for (long i = 0; i < whole; i++) u[i] = (expected[i] >> 8) * 0x1p-24;
  float *y = blank_floats(whole), *x = random_floats(count);
  for (long i = 0; i < count; i++) v[i] = -2 + 5 * u[i];
  lathe_uniform(y, words, (size_t)count, (struct lathe_interval){-2, 5, 1, nextafterf(3, 0)});
  expect_close("uniform", y, v, count, 5e-7, 1);
  for (long i = 0; i < count; i++) v[i] = u[i] < (double)0.3f ? 1 : 0;
  lathe_bernoulli(y, words, (size_t)count, 0.3f);
  expect_close("bernoulli", y, v, count, 0, 1);
  for (long i = 0; i < count; i++) v[i] = u[i] >= 0.25 ? x[i] / 0.75 : 0;
  lathe_dropout(y, x, words, (size_t)count, 0.25f, 0.75f);
  expect_close("dropout", y, v, count, 1e-7, 0);
  for (long i = 0; i < whole; i += 2) {
    const double radius = sqrt(-2 * log(u[i] + 0x1p-24)), angle = 2 * 3.14159265358979323846 * u[i + 1];
    v[i] = 0.5 + 2 * radius * cos(angle);
    v[i + 1] = 0.5 + 2 * radius * sin(angle);
  }
  lathe_normal(y, words, (size_t)whole, 0.5f, 2);
  expect_close("normal", y, v, whole, 6e-6, 1);
  release();
}

void check_random(void) {
  check_known_answers();
  static const long counts[] = {1, 2, 3, 5, 255, 1023, 1026, 20003};
  for (int i = 0; i < 8; i++) check_distributions(counts[i]);
}
