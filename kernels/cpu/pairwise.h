#pragma once

#include "vector_types.h"

// Long sums in float32: runs of at most 256 additions, whose results are added in pairs. The error of n equal numbers
// then grows with log n and not with n.

/// Additions of a run.
#define PAIRWISE_RUN 256
/// Levels of pairs: enough for 2^48 numbers.
#define PAIRWISE_LEVELS 40

/// Vectors of sums that wait for their partner, `width` on each level.
typedef struct pairwise {
  f16v level[PAIRWISE_LEVELS][8];
  unsigned long count;
} pairwise;

/// Takes the sums of a run and clears them; `width` is a constant, at most 8.
LATHE_INLINE void pairwise_take(pairwise *p, f16v *sum, const int width) {
  int level = 0;
  for (unsigned long rest = p->count++; rest & 1; rest >>= 1, level++)
    for (int i = 0; i < width; i++) sum[i] += p->level[level][i];
  for (int i = 0; i < width; i++) {
    p->level[level][i] = sum[i];
    sum[i] = (f16v){};
  }
}

/// Adds what waits to the last run's sums.
LATHE_INLINE void pairwise_finish(const pairwise *p, f16v *sum, const int width) {
  int level = 0;
  for (unsigned long rest = p->count; rest; rest >>= 1, level++)
    if (rest & 1)
      for (int i = 0; i < width; i++) sum[i] += p->level[level][i];
}
