#pragma once

#include "convolution_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

// What both directions of the Winograd tiles share: F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional
// Neural Networks" (2015), with a tile or a channel to a lane of an AVX-512 register.

#define WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define WIDE_INLINE static inline __attribute__((always_inline, target("arch=x86-64-v4"), min_vector_width(512)))

enum { winograd_points = 36, winograd_lanes = 16 };

WIDE_INLINE f16v gather(const float *from, const i16v index, __mmask16 mask) {
  return (f16v)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, (__m512i)index, from, 4);
}

/// Six numbers from three, by G.
WIDE_INLINE void transform_taps(const f16v g[3], f16v u[6]) {
  const f16v sum = g[0] + g[2], wide = g[0] * (1.0f / 24) + g[2] * (1.0f / 6), middle = g[1] * (1.0f / 12);
  u[0] = g[0] * 0.25f;
  u[1] = (sum + g[1]) * (-1.0f / 6);
  u[2] = (sum - g[1]) * (-1.0f / 6);
  u[3] = wide + middle;
  u[4] = wide - middle;
  u[5] = g[2];
}

/// Six numbers from six, by the transpose of B; `step` apart in d and v.
WIDE_INLINE void transform_input(const f16v *d, f16v *v, const long step) {
  const f16v d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
  const f16v even = d4 - 4 * d2, odd = d3 - 4 * d1, near = d4 - d2, far = 2 * (d3 - d1);
  v[0] = 4 * d[0] - 5 * d2 + d4;
  v[step] = even + odd;
  v[2 * step] = even - odd;
  v[3 * step] = near + far;
  v[4 * step] = near - far;
  v[5 * step] = 4 * d1 - 5 * d3 + d[5 * step];
}

/// Four numbers from six, by the transpose of A.
WIDE_INLINE void transform_output(const f16v *m, const long step, f16v *y, const long y_step) {
  const f16v sum1 = m[step] + m[2 * step], difference1 = m[step] - m[2 * step];
  const f16v sum2 = m[3 * step] + m[4 * step], difference2 = m[3 * step] - m[4 * step];
  y[0] = m[0] + sum1 + sum2;
  y[y_step] = difference1 + 2 * difference2;
  y[2 * y_step] = sum1 + 4 * sum2;
  y[3 * y_step] = difference1 + 8 * difference2 + m[5 * step];
}

#endif
