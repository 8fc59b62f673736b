#include "include/roofs.h"

#include "levels.h"

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
  switch (lathe_current_level()) {
#if defined(__x86_64__)
    case LATHE_LEVEL_AVX512: return v4_multiply_adds(rounds, result);
    case LATHE_LEVEL_AVX2: return v3_multiply_adds(rounds, result);
#endif
    default: return base_multiply_adds(rounds, result);
  }
}

void lathe_roof_copy(char *to, const char *from, size_t blocks) {
  stream_lines(to, from, blocks);
  stream_end();
}
