#pragma once

#include <stddef.h>
#include <stdint.h>

/// Cores that this process may use: those of its affinity mask, at most its control group's quota.
size_t lathe_allowed_cores(void);

/// The SIMD instructions that the kernels use: the widest choice, or the one that LATHE_SIMD names.
const char *lathe_simd_level(void);

/// What the kernels can use on this processor, narrowest first, of "sse2", "avx2" and "avx512", "neon", or "scalar";
/// NULL behind the last.
const char *lathe_simd_choice(size_t index);

/// Bytes of memory that this process may use: the host's, at most its control group's limit.
int64_t lathe_memory_limit(void);
