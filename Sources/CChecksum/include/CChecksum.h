// Cyclic redundancy checks of 32 bits with reflected polynomials, by carry-less multiplication where the processor has
// it and by tables elsewhere.
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

#ifdef __cplusplus
}
#endif
