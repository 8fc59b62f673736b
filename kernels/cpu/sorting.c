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
static uint64_t key_of_f64(double x) {
  if (x != x) return UINT64_MAX;
  uint64_t b = (uint64_t)lathe_bits64(x + 0.0);
  return b >> 63 ? ~b : b | UINT64_C(0x8000000000000000);
}
static uint64_t key_of_i32(int32_t x) { return (uint32_t)x ^ 0x80000000u; }
static uint64_t key_of_i64(int64_t x) { return (uint64_t)x ^ UINT64_C(0x8000000000000000); }
static uint64_t key_of_u8(uint8_t x) { return x; }
static uint64_t key_of_u16(uint16_t x) { return x; }
static uint64_t key_of_u32(uint32_t x) { return x; }
static uint64_t key_of_i8(int8_t x) { return (uint8_t)x ^ 0x80u; }
static uint64_t key_of_i16(int16_t x) { return (uint16_t)x ^ 0x8000u; }

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
LATHE_SORT(f64, double, 8, UINT64_MAX)
LATHE_SORT(i32, int32_t, 4, UINT32_MAX)
LATHE_SORT(i64, int64_t, 8, UINT64_MAX)
LATHE_SORT(u8, uint8_t, 1, UINT8_MAX)
LATHE_SORT(i8, int8_t, 1, UINT8_MAX)
LATHE_SORT(i16, int16_t, 2, UINT16_MAX)
LATHE_SORT(u16, uint16_t, 2, UINT16_MAX)
LATHE_SORT(u32, uint32_t, 4, UINT32_MAX)

/// The key of the `rank`-th smallest of all keys, byte by byte from the highest; `rank` becomes how many of that key itself
/// are among them.
#define LATHE_SELECT_KEY(s, T, bytes, mask)                                                                  \
  static uint64_t select_key_##s(const T *x, size_t count, bool largest, size_t *rank) {                     \
    uint64_t found = 0, known = 0;                                                                           \
    for (int byte = bytes - 1; byte >= 0; byte--) {                                                          \
      size_t counts[256] = {0};                                                                              \
      for (size_t i = 0; i < count; i++) {                                                                   \
        const uint64_t plain = key_of_##s(x[i]), key = largest ? ~plain & mask : plain;                      \
        if ((key & known) == found) counts[key >> 8 * byte & 255]++;                                         \
      }                                                                                                      \
      uint64_t digit = 0;                                                                                    \
      while (*rank > counts[digit]) *rank -= counts[digit++];                                                \
      found |= digit << 8 * byte;                                                                            \
      known |= UINT64_C(255) << 8 * byte;                                                                    \
    }                                                                                                        \
    return found;                                                                                            \
  }                                                                                                          \
  void lathe_top_##s(void *values_, int32_t *indices, const void *x_, size_t count, size_t k, bool largest,  \
                     void *scratch) {                                                                        \
    T *values = values_;                                                                                     \
    const T *x = x_;                                                                                         \
    struct pair *a = scratch, *b = a + k;                                                                    \
    size_t equal = k, taken = 0;                                                                             \
    const uint64_t last = select_key_##s(x, count, largest, &equal);                                         \
    for (size_t i = 0; i < count && taken < k; i++) {                                                        \
      const uint64_t plain = key_of_##s(x[i]), key = largest ? ~plain & mask : plain;                        \
      if (key > last || (key == last && equal == 0)) continue;                                               \
      if (key == last) equal--;                                                                              \
      a[taken++] = (struct pair){key, i};                                                                    \
    }                                                                                                        \
    const struct pair *sorted = sort_pairs(a, b, k, bytes);                                                  \
    for (size_t i = 0; i < k; i++) {                                                                         \
      values[i] = x[sorted[i].index];                                                                        \
      indices[i] = (int32_t)sorted[i].index;                                                                 \
    }                                                                                                        \
  }
LATHE_SELECT_KEY(f32, float, 4, UINT32_MAX)
LATHE_SELECT_KEY(f64, double, 8, UINT64_MAX)
LATHE_SELECT_KEY(i32, int32_t, 4, UINT32_MAX)
LATHE_SELECT_KEY(i64, int64_t, 8, UINT64_MAX)
LATHE_SELECT_KEY(u8, uint8_t, 1, UINT8_MAX)
LATHE_SELECT_KEY(i8, int8_t, 1, UINT8_MAX)
LATHE_SELECT_KEY(i16, int16_t, 2, UINT16_MAX)
LATHE_SELECT_KEY(u16, uint16_t, 2, UINT16_MAX)
LATHE_SELECT_KEY(u32, uint32_t, 4, UINT32_MAX)

#define LATHE_SEARCH(s, T)                                                                                    \
  void lathe_search_##s(int32_t *y, const void *sequence_, const void *values_, size_t count, size_t picked,  \
                        bool right) {                                                                         \
    const T *sequence = sequence_, *values = values_;                                                         \
    for (size_t p = 0; p < picked; p++) {                                                                     \
      const uint64_t key = key_of_##s(values[p]);                                                             \
      size_t low = 0, length = count;                                                                         \
      while (length > 0) {                                                                                    \
        const size_t half = length / 2;                                                                       \
        const uint64_t middle = key_of_##s(sequence[low + half]);                                             \
        const bool before = right ? middle <= key : middle < key;                                             \
        low = before ? low + half + 1 : low;                                                                  \
        length = before ? length - half - 1 : half;                                                           \
      }                                                                                                       \
      y[p] = (int32_t)low;                                                                                    \
    }                                                                                                         \
  }
LATHE_SEARCH(f32, float)
LATHE_SEARCH(f64, double)
LATHE_SEARCH(i32, int32_t)
LATHE_SEARCH(i64, int64_t)
