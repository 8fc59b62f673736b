#pragma once

#include <stdatomic.h>

#include "vector_types.h"

// The SIMD levels that kernels are compiled for, and which of them runs.

/// Narrowest first: a processor that has one has those before it.
typedef enum lathe_level {
  /// SSE2 on x86-64, NEON on aarch64.
  LATHE_LEVEL_BASE,
  /// x86-64-v3: AVX2 and FMA.
  LATHE_LEVEL_AVX2,
  /// x86-64-v4: AVX-512 F, BW, CD, DQ and VL.
  LATHE_LEVEL_AVX512,
} lathe_level;

/// The widest level that this processor has.
lathe_level lathe_widest_level(void);

extern _Atomic int lathe_chosen_level;
lathe_level lathe_choose_level(void);

/// The level whose kernels run: the widest, or the narrower one that LATHE_SIMD names.
LATHE_INLINE lathe_level lathe_current_level(void) {
  const int level = atomic_load_explicit(&lathe_chosen_level, memory_order_relaxed);
  return level >= 0 ? (lathe_level)level : lathe_choose_level();
}

/// The table of the current level, of those named `table`_v4, `table`_v3 and `table`_base.
#if defined(__x86_64__)
#define LATHE_PICK(table)                                    \
  (lathe_current_level() == LATHE_LEVEL_AVX512 ? &table##_v4 \
   : lathe_current_level() == LATHE_LEVEL_AVX2 ? &table##_v3 \
                                               : &table##_base)
#else
#define LATHE_PICK(table) (&table##_base)
#endif

// A function whose loops are compiled for each level: LATHE_LEVELS(result, name, (parameters), (arguments)) { body }, and
// LATHE_STATIC_LEVELS for one of this file alone. An f16v is one register at the widest level, two at AVX2.
#define LATHE_LEVELS(result, name, parameters, arguments) LATHE_LEVELS_AS(, result, name, parameters, arguments)
#define LATHE_STATIC_LEVELS(result, name, parameters, arguments) \
  LATHE_LEVELS_AS(static, result, name, parameters, arguments)

#if defined(__x86_64__)

#define LATHE_LEVELS_AS(storage, result, name, parameters, arguments)                                                  \
  LATHE_INLINE result name##_body parameters;                                                                          \
  __attribute__((noinline, target("arch=x86-64-v4"), min_vector_width(512))) static result name##_v4 parameters {      \
    return name##_body arguments;                                                                                      \
  }                                                                                                                    \
  __attribute__((noinline, target("arch=x86-64-v3"))) static result name##_v3 parameters { return name##_body arguments; } \
  __attribute__((noinline)) static result name##_base parameters { return name##_body arguments; }                     \
  storage result name parameters {                                                                                     \
    switch (lathe_current_level()) {                                                                                   \
      case LATHE_LEVEL_AVX512: return name##_v4 arguments;                                                             \
      case LATHE_LEVEL_AVX2: return name##_v3 arguments;                                                               \
      case LATHE_LEVEL_BASE: break;                                                                                    \
    }                                                                                                                  \
    return name##_base arguments;                                                                                      \
  }                                                                                                                    \
  LATHE_INLINE result name##_body parameters

#else

#define LATHE_LEVELS_AS(storage, result, name, parameters, arguments) storage result name parameters

#endif
