#include "include/indexing.h"

#include <string.h>

int64_t lathe_resolve_indices(int32_t *out, const int32_t *index, int64_t stride_p, int64_t stride_i, size_t picked,
                              size_t count, size_t inner) {
  for (size_t p = 0; p < picked; p++) {
    for (size_t i = 0; i < inner; i++) {
      int64_t k = index[(int64_t)p * stride_p + (int64_t)i * stride_i];
      if (k < 0) k += (int64_t)count;
      if ((uint64_t)k >= count) return (int64_t)(p * inner + i);
      out[p * inner + i] = (int32_t)k;
    }
  }
  return -1;
}

#define LATHE_SCATTER(name, T, expression)                                                                       \
  void name(void *y_, const void *x_, const int32_t *index, int is_row, size_t picked, size_t inner, size_t low, \
            size_t high) {                                                                                       \
    T *restrict y = y_;                                                                                          \
    const T *restrict x = x_;                                                                                    \
    for (size_t p = 0; p < picked; p++) {                                                                        \
      if (is_row) {                                                                                              \
        size_t k = (size_t)index[p];                                                                             \
        if (k < low || k >= high) continue;                                                                      \
        for (size_t i = 0; i < inner; i++) {                                                                     \
          const T a = y[k * inner + i], b = x[p * inner + i];                                                    \
          y[k * inner + i] = expression;                                                                         \
        }                                                                                                        \
      } else {                                                                                                   \
        for (size_t i = 0; i < inner; i++) {                                                                     \
          size_t k = (size_t)index[p * inner + i];                                                               \
          if (k < low || k >= high) continue;                                                                    \
          const T a = y[k * inner + i], b = x[p * inner + i];                                                    \
          y[k * inner + i] = expression;                                                                         \
        }                                                                                                        \
      }                                                                                                          \
    }                                                                                                            \
  }
#define LATHE_SCATTERS(s, T, U)                                                 \
  LATHE_SCATTER(lathe_scatter_add_##s, U, a + b)                                \
  LATHE_SCATTER(lathe_scatter_product_##s, U, a *b)                             \
  LATHE_SCATTER(lathe_scatter_maximum_##s, T, ((b > a) | (b != b)) ? b : a)     \
  LATHE_SCATTER(lathe_scatter_minimum_##s, T, ((b < a) | (b != b)) ? b : a)
LATHE_SCATTERS(f32, float, float)
LATHE_SCATTERS(f64, double, double)
LATHE_SCATTERS(i32, int32_t, uint32_t)
LATHE_SCATTERS(i64, int64_t, uint64_t)

#define LATHE_SCATTER_SET(s, T)                                                                                    \
  void lathe_scatter_set_##s(void *y_, const void *x_, const int32_t *index, int is_row, size_t picked,            \
                             size_t inner, size_t low, size_t high) {                                              \
    T *restrict y = y_;                                                                                            \
    const T *restrict x = x_;                                                                                      \
    for (size_t p = 0; p < picked; p++) {                                                                          \
      if (is_row) {                                                                                                \
        size_t k = (size_t)index[p];                                                                               \
        if (k >= low && k < high) memcpy(y + k * inner, x + p * inner, inner * sizeof(T));                         \
      } else {                                                                                                     \
        for (size_t i = 0; i < inner; i++) {                                                                       \
          size_t k = (size_t)index[p * inner + i];                                                                 \
          if (k >= low && k < high) y[k * inner + i] = x[p * inner + i];                                           \
        }                                                                                                          \
      }                                                                                                            \
    }                                                                                                              \
  }
LATHE_SCATTER_SET(8, uint8_t)
LATHE_SCATTER_SET(16, uint16_t)
LATHE_SCATTER_SET(32, uint32_t)
LATHE_SCATTER_SET(64, uint64_t)

int32_t lathe_number_targets(int32_t *numbers, const int32_t *index, size_t picked, size_t count, size_t width,
                             size_t most, int32_t first) {
  memset(numbers, 0, count * width * sizeof *numbers);
  for (size_t p = 0; p < picked; p++)
    for (size_t i = 0; i < width; i++) numbers[(size_t)index[p * width + i] * width + i]++;
  for (size_t t = 0; t < count * width; t++) numbers[t] = (size_t)numbers[t] > most ? first++ : -1;
  return first;
}

void lathe_scatter_add_numbered(float *restrict y, const float *restrict x, const int32_t *index, int is_row,
                                size_t picked, size_t inner, size_t low, size_t high, const int32_t *numbers,
                                double *restrict sums) {
  // Runs of neighbours that have one number.
  const size_t length = is_row ? inner : 1, width = is_row ? 1 : inner;
  for (size_t t = low * width; t < high * width; t++) {
    if (numbers[t] < 0) continue;
    for (size_t i = 0; i < length; i++) sums[(size_t)numbers[t] * length + i] = y[t * length + i];
  }
  for (size_t p = 0; p < picked; p++)
    for (size_t j = 0; j < width; j++) {
      const size_t row = (size_t)index[p * width + j];
      if (row < low || row >= high) continue;
      const size_t t = row * width + j;
      const float *from = x + (p * width + j) * length;
      if (numbers[t] < 0) {
        for (size_t i = 0; i < length; i++) y[t * length + i] += from[i];
      } else {
        for (size_t i = 0; i < length; i++) sums[(size_t)numbers[t] * length + i] += from[i];
      }
    }
  for (size_t t = low * width; t < high * width; t++) {
    if (numbers[t] < 0) continue;
    for (size_t i = 0; i < length; i++) y[t * length + i] = (float)sums[(size_t)numbers[t] * length + i];
  }
}

int64_t lathe_gather_rows(char *y, const char *x, const int32_t *index, int64_t index_stride, size_t picked,
                          size_t count, size_t bytes) {
  for (size_t p = 0; p < picked; p++) {
    int64_t k = index[(int64_t)p * index_stride];
    if (k < 0) k += (int64_t)count;
    if ((uint64_t)k >= count) return (int64_t)p;
    memcpy(y + p * bytes, x + (size_t)k * bytes, bytes);
  }
  return -1;
}

#define LATHE_GATHER(T)                                                          \
  for (size_t p = 0; p < picked; p++) {                                          \
    const int32_t *row = index + (int64_t)p * stride_p;                          \
    for (size_t i = 0; i < inner; i++) {                                         \
      int64_t k = row[(int64_t)i * stride_i];                                    \
      if (k < 0) k += (int64_t)count;                                            \
      if ((uint64_t)k >= count) return (int64_t)(p * inner + i);                 \
      ((T *)y)[p * inner + i] = ((const T *)x)[(size_t)k * inner + i];           \
    }                                                                            \
  }                                                                              \
  break;

int64_t lathe_gather_elements(char *y, const char *x, const int32_t *index, int64_t stride_p, int64_t stride_i,
                              size_t picked, size_t count, size_t inner, size_t size) {
  switch (size) {
    case 1: LATHE_GATHER(uint8_t)
    case 2: LATHE_GATHER(uint16_t)
    case 4: LATHE_GATHER(uint32_t)
    default: LATHE_GATHER(uint64_t)
  }
  return -1;
}
