#include "levels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static int choose(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int level = __builtin_cpu_supports("x86-64-v4") ? 2 : __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
  const char *wanted = getenv("LATHE_SIMD");
  if (wanted && !strcmp(wanted, "avx2") && level > 1) level = 1;
  if (wanted && !strcmp(wanted, "sse2")) level = 0;
  return level;
#else
  return 0;
#endif
}

int lathe_table_level(void) {
  static _Atomic int chosen = -1;
  int level = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (level < 0) {
    level = choose();
    atomic_store_explicit(&chosen, level, memory_order_relaxed);
  }
  return level;
}
