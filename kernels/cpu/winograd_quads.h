// Vectors as groups of four lanes ("quads"), the way between rows of an image and lanes of tiles or channels.
//
// Included by the bodies of the Winograd convolutions for each SIMD level.

#define VECTOR LATHE_NAME(winograd_vector)
#define QUAD LATHE_NAME(winograd_quad)

typedef float VECTOR __attribute__((vector_size(LATHE_LANES * 4), aligned(4)));
typedef int32_t LATHE_NAME(winograd_mask) __attribute__((vector_size(LATHE_LANES * 4), aligned(4)));
typedef float QUAD __attribute__((vector_size(16), aligned(4)));

enum { LATHE_NAME(quads) = LATHE_LANES / 4 };

#if LATHE_LANES == 16
#define EACH_QUAD(list) list(0), list(1), list(2), list(3)
#elif LATHE_LANES == 8
#define EACH_QUAD(list) list(0), list(1)
#else
#define EACH_QUAD(list) list(0)
#endif
// Lanes of the result in each quad, counted through both operands.
#define FIRST_HALVES(j) 4 * (j), LATHE_LANES + 4 * (j), 4 * (j) + 1, LATHE_LANES + 4 * (j) + 1
#define SECOND_HALVES(j) 4 * (j) + 2, LATHE_LANES + 4 * (j) + 2, 4 * (j) + 3, LATHE_LANES + 4 * (j) + 3
#define FIRST_PAIRS(j) 4 * (j), 4 * (j) + 1, LATHE_LANES + 4 * (j), LATHE_LANES + 4 * (j) + 1
#define SECOND_PAIRS(j) 4 * (j) + 2, 4 * (j) + 3, LATHE_LANES + 4 * (j) + 2, LATHE_LANES + 4 * (j) + 3
#define MERGE(a, b, list) __builtin_shufflevector(a, b, EACH_QUAD(list))

/// Quad j is what lies at from + at[4 j] or, without `at`, at from + 4 j * step.
LATHE_INLINE VECTOR LATHE_NAME(load_quads)(const float *from, const long *at, const long step) {
  QUAD part[LATHE_NAME(quads)];
#pragma clang loop unroll(full)
  for (int j = 0; j < LATHE_NAME(quads); j++) part[j] = *(const QUAD *)(from + (at ? at[4 * j] : 4 * j * step));
#if LATHE_LANES == 16
  return __builtin_shufflevector(
      __builtin_shufflevector(part[0], part[1], 0, 1, 2, 3, 4, 5, 6, 7),
      __builtin_shufflevector(part[2], part[3], 0, 1, 2, 3, 4, 5, 6, 7), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
      14, 15);
#elif LATHE_LANES == 8
  return __builtin_shufflevector(part[0], part[1], 0, 1, 2, 3, 4, 5, 6, 7);
#else
  return part[0];
#endif
}

/// Four numbers of each of LATHE_LANES items, an item to a lane: v[i] holds their numbers i. Item n is at from + at[n]
/// or, without `at`, at from + n * step.
LATHE_INLINE void LATHE_NAME(load_items)(const float *from, const long *at, const long step, VECTOR v[4]) {
  VECTOR q[4];
#pragma clang loop unroll(full)
  for (int k = 0; k < 4; k++) q[k] = LATHE_NAME(load_quads)(at ? from : from + k * step, at ? at + k : at, step);
  const VECTOR low01 = MERGE(q[0], q[1], FIRST_HALVES), high01 = MERGE(q[0], q[1], SECOND_HALVES);
  const VECTOR low23 = MERGE(q[2], q[3], FIRST_HALVES), high23 = MERGE(q[2], q[3], SECOND_HALVES);
  v[0] = MERGE(low01, low23, FIRST_PAIRS);
  v[1] = MERGE(low01, low23, SECOND_PAIRS);
  v[2] = MERGE(high01, high23, FIRST_PAIRS);
  v[3] = MERGE(high01, high23, SECOND_PAIRS);
}

/// The way back, for the first `count` items.
LATHE_INLINE void LATHE_NAME(store_items)(
    const VECTOR v[4], float *to, const long *at, const long step, const long count) {
  const VECTOR low01 = MERGE(v[0], v[1], FIRST_HALVES), high01 = MERGE(v[0], v[1], SECOND_HALVES);
  const VECTOR low23 = MERGE(v[2], v[3], FIRST_HALVES), high23 = MERGE(v[2], v[3], SECOND_HALVES);
  const VECTOR q[4] = {
      MERGE(low01, low23, FIRST_PAIRS),
      MERGE(low01, low23, SECOND_PAIRS),
      MERGE(high01, high23, FIRST_PAIRS),
      MERGE(high01, high23, SECOND_PAIRS),
  };
  if (count == LATHE_LANES) {
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++)
#pragma clang loop unroll(full)
      for (int j = 0; j < LATHE_NAME(quads); j++)
        memcpy(to + (at ? at[4 * j + k] : (4 * j + k) * step), (const char *)&q[k] + 16 * j, 16);
  } else {
    for (long n = 0; n < count; n++)
      memcpy(to + (at ? at[n] : n * step), (const char *)&q[n % 4] + n / 4 * 16, 16);
  }
}
