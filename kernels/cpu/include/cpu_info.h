#pragma once

#include <stddef.h>
#include <stdint.h>

/// Cores that this process may use: those of its affinity mask, at most its control group's quota.
size_t lathe_allowed_cores(void);

/// The widest SIMD instructions that the kernels use here: "avx512", "avx2", "sse2", "neon" or "scalar".
const char *lathe_simd_level(void);

/// Bytes of memory that this process may use: the host's, at most its control group's limit.
int64_t lathe_memory_limit(void);
