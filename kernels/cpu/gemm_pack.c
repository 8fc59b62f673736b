#include "gemm_internal.h"
#include "levels.h"
#include "transpose.h"

// Packing: strips of a matrix are copied into the order in which the inner kernel reads them.

/// `count` rows that are contiguous along k, transposed eight by eight.
LATHE_INLINE void pack_transposed(
    const float *src, long row, long count, long depth, float *dst, long dst_row, long width) {
  for (long i = 0; i < count; i += 8) {
    const long rows = count - i < 8 ? count - i : 8;
    const float *from = src + i * row;
    float *to = dst + i;
    long k = 0;
    for (; k + 8 <= depth; k += 8) {
      f8v block[8];
      if (rows == 8) {
        for (int r = 0; r < 8; r++) block[r] = load8(from + r * row + k);
      } else {
        for (int r = 0; r < 8; r++) block[r] = r < rows ? load8(from + r * row + k) : (f8v){};
      }
      transpose8(block);
      if (rows == 8 || i + 8 <= width) {
        for (int j = 0; j < 8; j++) store8(to + (k + j) * dst_row, block[j]);
      } else {
        const size_t bytes = (size_t)(width - i) * sizeof(float);
        if (bytes == 16) {
          for (int j = 0; j < 8; j++) memcpy(to + (k + j) * dst_row, &block[j], 16);
        } else if (bytes == 24) {
          for (int j = 0; j < 8; j++) memcpy(to + (k + j) * dst_row, &block[j], 24);
        } else {
          for (int j = 0; j < 8; j++) memcpy(to + (k + j) * dst_row, &block[j], bytes);
        }
      }
    }
    for (; k < depth; k++)
      for (long r = 0; r < rows; r++) to[k * dst_row + r] = from[r * row + k];
  }
}

/// `width` is a constant where this is inlined, so that the copies are a few vector moves.
LATHE_INLINE void pack_copied(const float *src, long column, long depth, float *dst, long dst_row, const long width) {
  for (long k = 0; k < depth; k++) memcpy(dst + k * dst_row, src + k * column, (size_t)width * sizeof(float));
}

LATHE_LEVELS(void, lathe_gemm_pack_block,
    (const float *src, long row, long column, long count, long depth, float *dst, long dst_row, long width),
    (src, row, column, count, depth, dst, dst_row, width)) {
  if (row == 1 && column != 1) {
    switch (count) {
      case 32: pack_copied(src, column, depth, dst, dst_row, 32); break;
      case 16: pack_copied(src, column, depth, dst, dst_row, 16); break;
      case 12: pack_copied(src, column, depth, dst, dst_row, 12); break;
      case 10: pack_copied(src, column, depth, dst, dst_row, 10); break;
      case 8: pack_copied(src, column, depth, dst, dst_row, 8); break;
      default:
        if (count < 8) {
          for (long k = 0; k < depth; k++)
            for (long i = 0; i < count; i++) dst[k * dst_row + i] = src[k * column + i];
        } else {
          for (long k = 0; k < depth; k++) {
            const float *from = src + k * column;
            float *to = dst + k * dst_row;
            for (long i = 0; i + 8 <= count; i += 8) store8(to + i, load8(from + i));
            store8(to + count - 8, load8(from + count - 8));
          }
        }
    }
  } else if (column == 1) {
    pack_transposed(src, row, count, depth, dst, dst_row, width);
  } else {
    for (long k = 0; k < depth; k++)
      for (long i = 0; i < count; i++) dst[k * dst_row + i] = src[i * row + k * column];
  }
  if (count < width) {
    for (long k = 0; k < depth; k++)
      for (long i = count; i < width; i++) dst[k * dst_row + i] = 0;
  }
}

LATHE_INLINE void pack_whole_panels(
    const float *src, long row, long panels, const long width, long depth, float *dst) {
  for (long k = 0; k < depth; k++)
    for (long p = 0; p < panels; p++)
      memcpy(dst + (p * depth + k) * width, src + k * row + p * width, (size_t)width * sizeof(float));
}

LATHE_LEVELS(void, lathe_gemm_pack_panels,
    (const float *src, long row, long panels, long width, long depth, float *dst),
    (src, row, panels, width, depth, dst)) {
  if (width == 32)
    pack_whole_panels(src, row, panels, 32, depth, dst);
  else
    pack_whole_panels(src, row, panels, 16, depth, dst);
}

LATHE_LEVELS(void, lathe_bias_activation,
    (float *c, long rows, long columns, const float *bias, bool relu),
    (c, rows, columns, bias, relu)) {
  for (long i = 0; i < rows; i++) {
    float *row = c + i * columns;
    long j = 0;
    for (; j + 16 <= columns; j += 16) {
      f16v x = load16(row + j);
      if (bias) x += load16(bias + j);
      if (relu) x = (f16v)((i16v)x & ~(x < 0));
      store16(row + j, x);
    }
    for (; j < columns; j++) {
      float x = row[j] + (bias ? bias[j] : 0);
      row[j] = relu && x < 0 ? 0 : x;
    }
  }
}
