#include "levels.h"

#include <stdlib.h>

#include "include/cpu_info.h"

_Atomic int lathe_chosen_level = -1;

static const char *const names[] = {
#if defined(__x86_64__)
    [LATHE_LEVEL_BASE] = "sse2",
    [LATHE_LEVEL_AVX2] = "avx2",
    [LATHE_LEVEL_AVX512] = "avx512",
#elif defined(__aarch64__)
    [LATHE_LEVEL_BASE] = "neon",
#else
    [LATHE_LEVEL_BASE] = "scalar",
#endif
};

lathe_level lathe_widest_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return LATHE_LEVEL_AVX512;
  if (__builtin_cpu_supports("x86-64-v3")) return LATHE_LEVEL_AVX2;
#endif
  return LATHE_LEVEL_BASE;
}

lathe_level lathe_choose_level(void) {
  lathe_level level = lathe_widest_level();
  const char *wanted = getenv("LATHE_SIMD");
  if (wanted) {
    for (lathe_level narrower = LATHE_LEVEL_BASE; narrower < level; narrower++)
      if (strcmp(names[narrower], wanted) == 0) level = narrower;
  }
  atomic_store_explicit(&lathe_chosen_level, level, memory_order_relaxed);
  return level;
}

const char *lathe_simd_level(void) { return names[lathe_current_level()]; }

const char *lathe_simd_choice(size_t index) { return index <= (size_t)lathe_widest_level() ? names[index] : NULL; }
