#include "include/sorting.h"

#include <string.h>

#include "math_f32.h"

// Values become unsigned keys of the same order; keys are sorted byte by byte from the lowest (a stable radix
// sort that skips bytes in which all keys agree), short rows by insertion.

struct pair {
  uint64_t key;
  uint64_t index;
};

/// Sorts by the lowest `bytes` bytes; returns where the result is, `a` or `b`.
static struct pair *sort_pairs(struct pair *a, struct pair *b, size_t count, int bytes) {
  if (count <= 64) {
    for (size_t i = 1; i < count; i++) {
      struct pair p = a[i];
      size_t j = i;
      for (; j > 0 && a[j - 1].key > p.key; j--) a[j] = a[j - 1];
      a[j] = p;
    }
    return a;
  }
  for (int byte = 0; byte < bytes; byte++) {
    int shift = 8 * byte;
    size_t counts[256] = {0};
    for (size_t i = 0; i < count; i++) counts[a[i].key >> shift & 255]++;
    if (counts[a[0].key >> shift & 255] == count) continue;
    size_t position = 0;
    for (int v = 0; v < 256; v++) {
      size_t n = counts[v];
      counts[v] = position;
      position += n;
    }
    for (size_t i = 0; i < count; i++) b[counts[a[i].key >> shift & 255]++] = a[i];
    struct pair *t = a;
    a = b;
    b = t;
  }
  return a;
}

static uint64_t key_of_f32(float x) {
  if (x != x) return UINT32_MAX;
  // -0 and 0 are equal.
  uint32_t b = lathe_bits(x + 0.0f);
  return b & 0x80000000u ? ~b : b | 0x80000000u;
}
static uint64_t key_of_i32(int32_t x) { return (uint32_t)x ^ 0x80000000u; }
static uint64_t key_of_i64(int64_t x) { return (uint64_t)x ^ UINT64_C(0x8000000000000000); }
static uint64_t key_of_u8(uint8_t x) { return x; }

#define LATHE_SORT(s, T, bytes, mask)                                                                        \
  void lathe_sort_##s(void *values_, int32_t *indices, const void *x_, size_t count, bool descending,        \
                      void *scratch) {                                                                       \
    T *values = values_;                                                                                     \
    const T *x = x_;                                                                                         \
    struct pair *a = scratch, *b = a + count;                                                                \
    for (size_t i = 0; i < count; i++) {                                                                     \
      uint64_t key = key_of_##s(x[i]);                                                                       \
      a[i] = (struct pair){descending ? ~key & mask : key, i};                                               \
    }                                                                                                        \
    const struct pair *sorted = sort_pairs(a, b, count, bytes);                                              \
    for (size_t i = 0; i < count; i++) {                                                                     \
      values[i] = x[sorted[i].index];                                                                        \
      indices[i] = (int32_t)sorted[i].index;                                                                 \
    }                                                                                                        \
  }
LATHE_SORT(f32, float, 4, UINT32_MAX)
LATHE_SORT(i32, int32_t, 4, UINT32_MAX)
LATHE_SORT(i64, int64_t, 8, UINT64_MAX)
LATHE_SORT(u8, uint8_t, 1, UINT8_MAX)
