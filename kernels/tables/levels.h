#pragma once

#include <stdbool.h>

// Loops that are compiled for each SIMD level, as those of kernels/cpu.

#define LATHE_INLINE static inline __attribute__((always_inline))

/// 0: what every processor has; 1: x86-64-v3 (AVX2); 2: x86-64-v4 (AVX-512). LATHE_SIMD names a narrower one.
int lathe_table_level(void);

// LATHE_LEVELS(result, name, (parameters), (arguments)) { body } defines a function whose body runs at the current level.
#if defined(__x86_64__)
#define LATHE_LEVELS(result, name, parameters, arguments)                                                             \
  LATHE_INLINE result name##_body parameters;                                                                         \
  __attribute__((noinline, target("arch=x86-64-v4"), min_vector_width(512))) static result name##_v4 parameters {     \
    return name##_body arguments;                                                                                     \
  }                                                                                                                   \
  __attribute__((noinline, target("arch=x86-64-v3"))) static result name##_v3 parameters {                            \
    return name##_body arguments;                                                                                     \
  }                                                                                                                   \
  __attribute__((noinline)) static result name##_base parameters { return name##_body arguments; }                    \
  result name parameters {                                                                                            \
    const int level = lathe_table_level();                                                                            \
    return level == 2 ? name##_v4 arguments : level == 1 ? name##_v3 arguments : name##_base arguments;               \
  }                                                                                                                   \
  LATHE_INLINE result name##_body parameters
#else
#define LATHE_LEVELS(result, name, parameters, arguments) result name parameters
#endif
