// Cyclic redundancy checks of 32 bits with reflected polynomials, by carry-less multiplication where the processor has
// it and by tables elsewhere; and SHA-256.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The checksum of zlib and PNG (polynomial 0xEDB88320) of some bytes, going on from an earlier one or from 0.
uint32_t lathe_crc32(uint32_t start, const void *bytes, size_t count);

/// The checksum of zlib and PNG of bytes with the checksum `first` and, behind them, `count` bytes with `second`.
uint32_t lathe_crc32_joined(uint32_t first, uint32_t second, size_t count);

/// Castagnoli's checksum (polynomial 0x82F63B78) of some bytes, going on from an earlier one or from 0.
uint32_t lathe_crc32c(uint32_t start, const void *bytes, size_t count);

/// SHA-256 under way (FIPS 180-4), by the processor's instructions where it has them.
typedef struct {
  uint32_t state[8];
  uint64_t count;
  uint8_t rest[64];
  /// For tests: takes the plain loop whatever the processor has.
  uint8_t only_plain;
} lathe_sha256;

/// Begins a digest.
void lathe_sha256_begin(lathe_sha256 *sum);

/// Adds bytes.
void lathe_sha256_add(lathe_sha256 *sum, const void *bytes, size_t count);

/// The digest of all bytes added; the sum is then used up.
void lathe_sha256_end(lathe_sha256 *sum, uint8_t digest[32]);

#ifdef __cplusplus
}
#endif
