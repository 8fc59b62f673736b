#include "include/trees.h"

#include "levels.h"

// Histograms: a thread adds rows of a block to 64-bit sums of its own that hold gradient and hessian side by side, in 33 KB
// that stay in the first cache, and takes them out to pairs of 64 bits before they overflow.

typedef int64_t i2v __attribute__((vector_size(16), aligned(8)));

// Rows of a leaf lie scattered: what the processor cannot foresee is asked for this many rows ahead.
enum { ahead = 24 };

LATHE_INLINE void add_row(const uint8_t *codes, uint64_t value, uint64_t *own) {
#pragma clang loop unroll(full)
  for (int j = 0; j < LATHE_TREE_COLUMNS; j++) own[j * LATHE_TREE_STRIDE + codes[j]] += value;
}

void lathe_tree_histogram(const uint8_t *block, const uint32_t *rows, long begin, long count, const uint64_t *packed,
    uint64_t *own) {
  if (!rows) {
    const uint8_t *codes = block + begin * LATHE_TREE_COLUMNS;
    for (long i = 0; i < count; i++) add_row(codes + i * LATHE_TREE_COLUMNS, packed[begin + i], own);
    return;
  }
  rows += begin;
  long i = 0;
  for (; i + ahead < count; i++) {
    const size_t next = rows[i + ahead], row = rows[i];
    __builtin_prefetch(block + next * LATHE_TREE_COLUMNS);
    __builtin_prefetch(packed + next);
    add_row(block + row * LATHE_TREE_COLUMNS, packed[row], own);
  }
  for (; i < count; i++) add_row(block + (size_t)rows[i] * LATHE_TREE_COLUMNS, packed[rows[i]], own);
}

LATHE_LEVELS(void, lathe_tree_flush,
    (uint64_t *own, const int32_t *bins, const int32_t *offsets, long columns, int64_t *pairs),
    (own, bins, offsets, columns, pairs)) {
  for (long j = 0; j < columns; j++) {
    uint64_t *from = own + j * LATHE_TREE_STRIDE;
    int64_t *to = pairs + 2 * (long)offsets[j];
    const long count = bins[j];
    for (long k = 0; k < count; k++) {
      const uint64_t sum = from[k];
      to[2 * k] += (int64_t)sum >> 32;
      to[2 * k + 1] += (int64_t)(sum & UINT32_MAX);
    }
    for (long k = 0; k < count; k++) from[k] = 0;
  }
}

void lathe_tree_histogram_wide(const uint8_t *block, const uint32_t *rows, long begin, long count,
    const int64_t *gradients, const int32_t *offsets, long columns, int64_t *pairs) {
  for (long i = begin; i < begin + count; i++) {
    const size_t row = rows ? rows[i] : (size_t)i;
    const i2v value = *(const i2v *)(gradients + 2 * row);
    const uint8_t *codes = block + row * LATHE_TREE_COLUMNS;
    for (long j = 0; j < columns; j++) *(i2v *)(pairs + 2 * ((long)offsets[j] + codes[j])) += value;
  }
}

LATHE_LEVELS(void, lathe_tree_add, (int64_t *a, const int64_t *b, long count), (a, b, count)) {
  for (long i = 0; i < count; i++) a[i] += b[i];
}

LATHE_LEVELS(void, lathe_tree_subtract, (int64_t *a, const int64_t *b, long count), (a, b, count)) {
  for (long i = 0; i < count; i++) a[i] -= b[i];
}

void lathe_tree_total(const uint32_t *rows, long count, const uint64_t *packed, int64_t *gradient, int64_t *hessian) {
  int64_t g = 0, h = 0;
  for (long i = 0; i < count; i++) {
    const uint64_t value = packed[rows ? rows[i] : i];
    g += (int64_t)value >> 32;
    h += (int64_t)(value & UINT32_MAX);
  }
  *gradient = g;
  *hessian = h;
}

void lathe_tree_total_wide(
    const uint32_t *rows, long count, const int64_t *pairs, int64_t *gradient, int64_t *hessian) {
  i2v sum = {};
  for (long i = 0; i < count; i++) sum += *(const i2v *)(pairs + 2 * (rows ? (size_t)rows[i] : (size_t)i));
  *gradient = sum[0];
  *hessian = sum[1];
}
