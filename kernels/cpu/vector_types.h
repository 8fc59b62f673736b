#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Explicit vectors for the kernels. Loads and stores need no alignment.
typedef float f16v __attribute__((vector_size(64), aligned(4)));
typedef int32_t i16v __attribute__((vector_size(64), aligned(4)));
typedef float f8v __attribute__((vector_size(32), aligned(4)));
typedef int32_t i8v __attribute__((vector_size(32), aligned(4)));

#define LATHE_INLINE static inline __attribute__((always_inline))

// Macros and pointers, since a vector wider than the baseline's registers cannot be passed by value between
// functions that are compiled for several levels, inlined or not.
#define load16(p) (*(const f16v *)(p))
#define store16(p, x) (*(f16v *)(p) = (x))
#define load8(p) (*(const f8v *)(p))
#define store8(p, x) (*(f8v *)(p) = (x))

/// `a` where the mask's lane is all ones, `b` where it is zero.
#define select16(mask, a, b) ((f16v)(((mask) & (i16v)(a)) | (~(mask) & (i16v)(b))))

/// The first `count` (0...16) elements; the other lanes keep what they hold.
LATHE_INLINE void load_first(f16v *x, const float *p, long count) { memcpy(x, p, (size_t)count * sizeof(float)); }

/// Writes the first `count` (0...16) lanes.
LATHE_INLINE void store_first(float *p, const f16v *x, long count) { memcpy(p, x, (size_t)count * sizeof(float)); }

/// A vector in memory that is aligned to a cache line, as stream16 needs it.
typedef float f16a __attribute__((vector_size(64), aligned(64)));

/// Stores a whole cache line past the caches: it is not read first, which saves a third of the traffic of a result that
/// is too large to be found in a cache later. stream_end makes such stores visible to other threads.
#define stream16(p, x) __builtin_nontemporal_store((x), (f16a *)(p))

LATHE_INLINE void stream_end(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}

/// Copies `count` cache lines past the caches; for every level of processor.
LATHE_INLINE void stream_lines(void *to, const void *from, size_t count) {
  typedef float f4a __attribute__((vector_size(16)));
  f4a *t = (f4a *)__builtin_assume_aligned(to, 64);
  const f4a *f = (const f4a *)__builtin_assume_aligned(from, 64);
  for (size_t i = 0; i < 4 * count; i += 4) {
    // Whole cache lines at once, so that none is read before it is overwritten.
    __builtin_nontemporal_store(f[i], t + i);
    __builtin_nontemporal_store(f[i + 1], t + i + 1);
    __builtin_nontemporal_store(f[i + 2], t + i + 2);
    __builtin_nontemporal_store(f[i + 3], t + i + 3);
  }
}

/// Whether rows of n floats from p on are whole cache lines.
LATHE_INLINE bool are_lines(const float *p, long n) { return n % 16 == 0 && (uintptr_t)p % 64 == 0; }

/// The sum of all lanes, always in the same order.
LATHE_INLINE float sum16(const f16v *x) {
  f8v a = __builtin_shufflevector(*x, *x, 0, 1, 2, 3, 4, 5, 6, 7)
      + __builtin_shufflevector(*x, *x, 8, 9, 10, 11, 12, 13, 14, 15);
  a += __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3);
  a += __builtin_shufflevector(a, a, 2, 3, 0, 1, 6, 7, 4, 5);
  return a[0] + a[1];
}
