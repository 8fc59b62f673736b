#include "check.h"

// Sorting, selection and search, against counts of what is smaller.

/// NaN is larger than every number.
#define ABOVE(a, b) ((a) > (b) || ((a) != (a) && (b) == (b)))

#define CHECK_SORTING(s, T, random)                                                                                   \
  static void check_sort_##s(long n, bool descending) {                                                               \
    T *x = room(n, sizeof *x), *y = room(n, sizeof *y), *expected = room(n, sizeof *expected);                        \
    int32_t *index = room(n, sizeof *index), *places = room(n, sizeof *places);                                       \
    for (long i = 0; i < n; i++) x[i] = (T)(random);                                                                  \
    for (long i = 0; i < n; i++) {                                                                                    \
      /* Equal ones keep their order. */                                                                              \
      long rank = 0;                                                                                                  \
      for (long j = 0; j < n; j++) {                                                                                  \
        const bool is_before = descending ? ABOVE(x[j], x[i]) : ABOVE(x[i], x[j]);                                    \
        const bool is_behind = descending ? ABOVE(x[i], x[j]) : ABOVE(x[j], x[i]);                                    \
        rank += is_before || (!is_behind && j < i);                                                                   \
      }                                                                                                               \
      expected[rank] = x[i];                                                                                          \
      places[rank] = (int32_t)i;                                                                                      \
    }                                                                                                                 \
    describe("%ld of " #s "%s", n, descending ? ", descending" : "");                                                 \
    lathe_sort_##s(y, index, x, (size_t)n, descending, scratch_room(n, 32));                                          \
    expect_same("sorted indices", index, places, n, sizeof *index);                                                   \
    expect_same("sorted values", y, expected, n, sizeof *y);                                                          \
    for (long k = 1; k <= n; k = 3 * k + 1) {                                                                         \
      memset(y, 0x55, (size_t)n * sizeof *y);                                                                         \
      lathe_top_##s(y, index, x, (size_t)n, (size_t)k, descending, scratch_room(k, 32));                              \
      expect_same("top indices", index, places, k, sizeof *index);                                                    \
      expect_same("top values", y, expected, k, sizeof *y);                                                           \
    }                                                                                                                 \
    release();                                                                                                        \
  }
#define RANDOM_FLOAT (next_below(20) == 0 ? NAN : next_below(3) ? 100 * next_float() : rintf(5 * next_float()))
// Bytes of several values, so that the sort passes over each byte.
#define RANDOM_WHOLE ((int64_t)next_bits() >> (next_below(2) ? 20 : 61))
CHECK_SORTING(f32, float, RANDOM_FLOAT)
CHECK_SORTING(f64, double, RANDOM_FLOAT)
CHECK_SORTING(i32, int32_t, RANDOM_WHOLE)
CHECK_SORTING(i64, int64_t, RANDOM_WHOLE)
CHECK_SORTING(u8, uint8_t, RANDOM_WHOLE)
CHECK_SORTING(i8, int8_t, RANDOM_WHOLE)
CHECK_SORTING(i16, int16_t, RANDOM_WHOLE)
CHECK_SORTING(u16, uint16_t, RANDOM_WHOLE)
CHECK_SORTING(u32, uint32_t, RANDOM_WHOLE)

#define CHECK_SEARCH(s, T)                                                                            \
  static void check_search_##s(long n) {                                                              \
    enum { PICKED = 100 };                                                                            \
    T *sequence = room(n, sizeof *sequence), *values = room(PICKED, sizeof *values);                  \
    int32_t *y = room(PICKED, sizeof *y), *expected = room(PICKED, sizeof *expected);                 \
    T last = -10;                                                                                     \
    for (long i = 0; i < n; i++) sequence[i] = last += (T)next_below(3);                              \
    for (long i = 0; i < PICKED; i++) values[i] = (T)(next_below(n + 5) - 12);                        \
    for (int right = 0; right < 2; right++) {                                                         \
      memset(expected, 0, PICKED * sizeof *expected);                                                 \
      for (long i = 0; i < PICKED; i++)                                                               \
        for (long j = 0; j < n; j++)                                                                  \
          expected[i] += right ? sequence[j] <= values[i] : sequence[j] < values[i];                  \
      describe("search in %ld of " #s "%s", n, right ? ", right" : "");                               \
      lathe_search_##s(y, sequence, values, (size_t)n, PICKED, right);                                \
      expect_same("places", y, expected, PICKED, sizeof *y);                                          \
    }                                                                                                 \
    release();                                                                                        \
  }
CHECK_SEARCH(f32, float)
CHECK_SEARCH(f64, double)
CHECK_SEARCH(i32, int32_t)
CHECK_SEARCH(i64, int64_t)

void check_sorting(void) {
  static const long counts[] = {1, 2, 17, 64, 65, 300, 700};
  for (int i = 0; i < 7; i++) {
    const long n = counts[i];
    for (int descending = 0; descending < 2; descending++) {
      check_sort_f32(n, descending), check_sort_f64(n, descending), check_sort_i32(n, descending);
      check_sort_i64(n, descending), check_sort_u8(n, descending), check_sort_i8(n, descending);
      check_sort_i16(n, descending), check_sort_u16(n, descending), check_sort_u32(n, descending);
    }
    check_search_f32(n), check_search_f64(n), check_search_i32(n), check_search_i64(n);
  }
}
