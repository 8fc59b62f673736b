#include "CChecksum.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct {
  uint32_t tables[8][256];
  // What the two halves of 16 bytes are multiplied by to stand 64 bytes, and 16 bytes, further on.
  uint64_t far[2], near[2];
  bool folds;
} checksum;

#define CRC32_POLYNOMIAL 0xEDB88320

static checksum crc32, crc32c;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/// x^n modulo the polynomial; bit 31 - d stands for x^d, as in the checksum.
static uint32_t power(uint32_t polynomial, int n) {
  uint32_t value = 0x80000000;
  for (int i = 0; i < n; i++) value = value & 1 ? value >> 1 ^ polynomial : value >> 1;
  return value;
}

/// The product of two polynomials modulo the third.
static uint32_t product(uint32_t polynomial, uint32_t a, uint32_t b) {
  uint32_t sum = 0;
  for (; a; a <<= 1, b = b & 1 ? b >> 1 ^ polynomial : b >> 1)
    if (a & 0x80000000) sum ^= b;
  return sum;
}

static void prepare(checksum *c, uint32_t polynomial) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ polynomial : value >> 1;
    c->tables[0][i] = value;
  }
  for (int i = 0; i < 256; i++)
    for (int t = 1; t < 8; t++)
      c->tables[t][i] = c->tables[t - 1][i] >> 8 ^ c->tables[0][c->tables[t - 1][i] & 0xFF];
  // The first eight bytes of 16 are 64 places ahead of the others. A product of reflected operands is one place off, and
  // 32 places more let the constants have 32 bits: 33 less in all.
  c->far[0] = power(polynomial, 512 + 64 - 33);
  c->far[1] = power(polynomial, 512 - 33);
  c->near[0] = power(polynomial, 128 + 64 - 33);
  c->near[1] = power(polynomial, 128 - 33);
#if defined(__x86_64__)
  __builtin_cpu_init();
  c->folds = __builtin_cpu_supports("pclmul");
#endif
}

static void prepare_all(void) {
  prepare(&crc32, CRC32_POLYNOMIAL);
  prepare(&crc32c, 0x82F63B78);
}

/// The register after some bytes, eight at a time.
static uint32_t by_tables(const checksum *c, uint32_t value, const uint8_t *bytes, size_t count) {
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)bytes[i] << (8 * i);
    word ^= value;
    value = 0;
    for (int i = 0; i < 8; i++) value ^= c->tables[7 - i][word >> (8 * i) & 0xFF];
  }
  for (; count > 0; bytes++, count--) value = value >> 8 ^ c->tables[0][(value ^ *bytes) & 0xFF];
  return value;
}

#if defined(__x86_64__)

/// 16 bytes moved on by what the keys stand for, plus the 16 bytes there.
__attribute__((target("pclmul,sse2"), always_inline)) static inline __m128i fold(__m128i x, __m128i keys, __m128i next) {
  const __m128i first = _mm_clmulepi64_si128(x, keys, 0x00), second = _mm_clmulepi64_si128(x, keys, 0x11);
  return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

/// The register after `count` bytes, a multiple of 16 and at least 64.
///
/// The bytes are a polynomial, and only its remainder counts: 16 bytes may be replaced by a multiple of theirs further on.
__attribute__((target("pclmul,sse2"))) static uint32_t by_folding(
    const checksum *c, uint32_t value, const uint8_t *bytes, size_t count) {
  const __m128i far = _mm_loadu_si128((const __m128i *)c->far), near = _mm_loadu_si128((const __m128i *)c->near);
  __m128i x[4];
  for (int i = 0; i < 4; i++) x[i] = _mm_loadu_si128((const __m128i *)bytes + i);
  x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)value));
  for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64)
    for (int i = 0; i < 4; i++) x[i] = fold(x[i], far, _mm_loadu_si128((const __m128i *)bytes + i));
  for (int i = 1; i < 4; i++) x[0] = fold(x[0], near, x[i]);
  for (; count >= 16; bytes += 16, count -= 16) x[0] = fold(x[0], near, _mm_loadu_si128((const __m128i *)bytes));
  uint8_t rest[16];
  memcpy(rest, x, sizeof rest);
  return by_tables(c, 0, rest, sizeof rest);
}

#endif

static uint32_t run(const checksum *c, uint32_t start, const uint8_t *bytes, size_t count) {
  uint32_t value = ~start;
#if defined(__x86_64__)
  if (c->folds && count >= 64) {
    const size_t folded = count / 16 * 16;
    value = by_folding(c, value, bytes, folded);
    bytes += folded;
    count -= folded;
  }
#endif
  return ~by_tables(c, value, bytes, count);
}

uint32_t lathe_crc32(uint32_t start, const void *bytes, size_t count) {
  pthread_once(&once, prepare_all);
  return run(&crc32, start, bytes, count);
}

uint32_t lathe_crc32_joined(uint32_t first, uint32_t second, size_t count) {
  // The first bytes stand `count` places further on: times x^(8 count), by repeated squaring.
  uint32_t factor = power(CRC32_POLYNOMIAL, 0);
  for (uint32_t square = power(CRC32_POLYNOMIAL, 8); count; count >>= 1) {
    if (count & 1) factor = product(CRC32_POLYNOMIAL, factor, square);
    square = product(CRC32_POLYNOMIAL, square, square);
  }
  return product(CRC32_POLYNOMIAL, first, factor) ^ second;
}

uint32_t lathe_crc32c(uint32_t start, const void *bytes, size_t count) {
  pthread_once(&once, prepare_all);
  return run(&crc32c, start, bytes, count);
}
