#pragma once

#include <stdbool.h>
#include <stdint.h>

/// The sizes of a 2-D pooling, as `Pool2D` of LatheCore; `planes` are images times channels.
typedef struct lathe_pool {
  long planes, height, width;
  long kernel_height, kernel_width, stride_y, stride_x, padding_y, padding_x;
  long output_height, output_width;
  bool counts_padding;
  /// Window i of n over an axis of L elements is i L / n ..< (i + 1) L / n, rounded outwards.
  bool adaptive;
} lathe_pool;

// Each takes planes first..<last; distinct planes may be done by distinct threads.

/// The first largest element of each window and its index in the plane; the last NaN where there is one.
void lathe_max_pool(const lathe_pool *s, const float *x, float *y, int32_t *index, long first, long last);
/// Adds each dy into dx at its index.
void lathe_max_pool_backward(
    const lathe_pool *s, const float *dy, const int32_t *index, float *dx, long first, long last);
/// The mean of each window.
void lathe_average_pool(const lathe_pool *s, const float *x, float *y, long first, long last);
/// Spreads each dy over its window.
void lathe_average_pool_backward(const lathe_pool *s, const float *dy, float *dx, long first, long last);
