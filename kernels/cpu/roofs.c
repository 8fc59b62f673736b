#include "include/roofs.h"

#include "vector_types.h"

// What the processor can do at all. Nothing in Lathe uses these loops but the benchmarks, which hold kernels against
// them.

typedef float f4a __attribute__((vector_size(16)));

#if defined(__x86_64__)

#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define ROOF_NAME(x) v4_##x
#define ROOF_VECTOR f16v
#define ROOF_CHAINS 16
#include "roofs_template.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define ROOF_NAME(x) v3_##x
#define ROOF_VECTOR f8v
#define ROOF_CHAINS 12
#include "roofs_template.h"
#pragma clang attribute pop

#endif

#define ROOF_NAME(x) base_##x
#define ROOF_VECTOR f4a
#define ROOF_CHAINS 12
#include "roofs_template.h"

double lathe_roof_multiply_adds(size_t rounds, float *result) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return v4_multiply_adds(rounds, result);
  if (__builtin_cpu_supports("x86-64-v3")) return v3_multiply_adds(rounds, result);
#endif
  return base_multiply_adds(rounds, result);
}

void lathe_roof_copy(char *to, const char *from, size_t blocks) {
  f4a *t = (f4a *)__builtin_assume_aligned(to, 64);
  const f4a *f = (const f4a *)__builtin_assume_aligned(from, 64);
  for (size_t i = 0; i < 4 * blocks; i += 4) {
    // Whole cache lines at once, so that none is read before it is overwritten.
    __builtin_nontemporal_store(f[i], t + i);
    __builtin_nontemporal_store(f[i + 1], t + i + 1);
    __builtin_nontemporal_store(f[i + 2], t + i + 2);
    __builtin_nontemporal_store(f[i + 3], t + i + 3);
  }
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
