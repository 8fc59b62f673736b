#include "indexing.h"

#include <string.h>

#define STRIDED(T)                                                                        \
  {                                                                                       \
    const T *from = source;                                                               \
    T *to = target;                                                                       \
    if (source_stride == 0) {                                                             \
      T value = from[0];                                                                  \
      for (size_t i = 0; i < count; i++) to[(ptrdiff_t)i * target_stride] = value;        \
    } else {                                                                              \
      for (size_t i = 0; i < count; i++)                                                  \
        to[(ptrdiff_t)i * target_stride] = from[(ptrdiff_t)i * source_stride];            \
    }                                                                                     \
  }

void lathe_copy_strided(
    const void *source, ptrdiff_t source_stride, void *target, ptrdiff_t target_stride, size_t count, size_t size) {
  if (source_stride == 1 && target_stride == 1) {
    memcpy(target, source, count * size);
    return;
  }
  switch (size) {
    case 1: STRIDED(uint8_t) break;
    case 2: STRIDED(uint16_t) break;
    case 4: STRIDED(uint32_t) break;
    default: STRIDED(uint64_t)
  }
}

// The index as a place in 0..<count, or -1 where it is outside.
static inline int64_t place(int32_t index, size_t count) {
  int64_t i = index < 0 ? (int64_t)index + (int64_t)count : index;
  return i < 0 || i >= (int64_t)count ? -1 : i;
}

#define GATHER_ROW(T)                                                                      \
  for (size_t i = 0; i < s->inner; i++) {                                                  \
    int64_t k = place(row[(ptrdiff_t)i * s->inner_stride], s->count);                      \
    if (k < 0) return (int64_t)(r * s->inner + i);                                         \
    ((T *)out)[r * s->inner + i] = ((const T *)x)[(o * s->count + (size_t)k) * s->inner + i]; \
  }

int64_t lathe_gather(
    const void *x, const int32_t *index, void *out, size_t size, const struct lathe_index_sizes *s, size_t first,
    size_t last) {
  for (size_t r = first; r < last; r++) {
    size_t o = r / s->picked, p = r % s->picked;
    const int32_t *row = index + (ptrdiff_t)o * s->outer_stride + (ptrdiff_t)p * s->picked_stride;
    if (s->inner_stride == 0 || s->inner == 1) {
      int64_t k = place(row[0], s->count);
      if (k < 0) return (int64_t)(r * s->inner);
      size_t bytes = s->inner * size;
      memcpy((char *)out + r * bytes, (const char *)x + (o * s->count + (size_t)k) * bytes, bytes);
      continue;
    }
    switch (size) {
      case 1: GATHER_ROW(uint8_t) break;
      case 2: GATHER_ROW(uint16_t) break;
      case 4: GATHER_ROW(uint32_t) break;
      default: GATHER_ROW(uint64_t)
    }
  }
  return -1;
}

#define SCATTER(NAME, T)                                                                                         \
  int64_t NAME(                                                                                                  \
      const T *source, const int32_t *index, T *out, const struct lathe_index_sizes *s, size_t o, size_t first,  \
      size_t last) {                                                                                             \
    for (size_t p = 0; p < s->picked; p++) {                                                                     \
      const int32_t *row = index + (ptrdiff_t)o * s->outer_stride + (ptrdiff_t)p * s->picked_stride;             \
      const T *from = source + (o * s->picked + p) * s->inner;                                                   \
      if (s->inner_stride == 0) {                                                                                \
        int64_t k = place(row[0], s->count);                                                                     \
        if (k < 0) return (int64_t)((o * s->picked + p) * s->inner + first);                                     \
        T *to = out + (o * s->count + (size_t)k) * s->inner;                                                     \
        for (size_t i = first; i < last; i++) to[i] += from[i];                                                  \
        continue;                                                                                                \
      }                                                                                                          \
      for (size_t i = first; i < last; i++) {                                                                    \
        int64_t k = place(row[(ptrdiff_t)i * s->inner_stride], s->count);                                        \
        if (k < 0) return (int64_t)((o * s->picked + p) * s->inner + i);                                         \
        out[(o * s->count + (size_t)k) * s->inner + i] += from[i];                                               \
      }                                                                                                          \
    }                                                                                                            \
    return -1;                                                                                                   \
  }

SCATTER(lathe_scatter_add_f32, float)
SCATTER(lathe_scatter_add_i32, int32_t)
SCATTER(lathe_scatter_add_i64, int64_t)
