#pragma once

#include "vector_types.h"

/// Eight rows of eight to eight columns.
LATHE_INLINE void transpose8(f8v r[8]) {
  f8v t[8];
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define PAIR_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define PAIR_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
  for (int i = 0; i < 8; i += 2) {
    t[i] = LOW(r[i], r[i + 1]);
    t[i + 1] = HIGH(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = PAIR_LOW(t[i], t[i + 2]);
    r[i + 1] = PAIR_HIGH(t[i], t[i + 2]);
    r[i + 2] = PAIR_LOW(t[i + 1], t[i + 3]);
    r[i + 3] = PAIR_HIGH(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    t[i + 4] = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int i = 0; i < 8; i++) r[i] = t[i];
#undef LOW
#undef HIGH
#undef PAIR_LOW
#undef PAIR_HIGH
}
