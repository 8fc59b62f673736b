#pragma once

#include "include/pooling.h"
#include "vector_types.h"

// Which elements a window holds along one axis; the same for both directions of both poolings.

/// One axis of a pooling.
typedef struct pool_axis {
  long size, outputs, kernel, stride, padding;
  bool adaptive;
} pool_axis;

LATHE_INLINE pool_axis vertical_axis(const lathe_pool *s) {
  return (pool_axis){s->height, s->output_height, s->kernel_height, s->stride_y, s->padding_y, s->adaptive};
}
LATHE_INLINE pool_axis horizontal_axis(const lathe_pool *s) {
  return (pool_axis){s->width, s->output_width, s->kernel_width, s->stride_x, s->padding_x, s->adaptive};
}

/// Elements low..<high that window `i` holds, those outside the image left out.
LATHE_INLINE void window_elements(const pool_axis *a, long i, long *low, long *high) {
  if (a->adaptive) {
    *low = i * a->size / a->outputs;
    *high = ((i + 1) * a->size + a->outputs - 1) / a->outputs;
    return;
  }
  const long start = i * a->stride - a->padding;
  *low = start < 0 ? 0 : start;
  *high = start + a->kernel < a->size ? start + a->kernel : a->size;
}

/// Windows from this size on are read row by row, each by itself, and added up in float64.
#define LARGE_WINDOW 64

LATHE_INLINE bool has_large_windows(const lathe_pool *s) {
  return s->adaptive || s->kernel_height * s->kernel_width > LARGE_WINDOW;
}
