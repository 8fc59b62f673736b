// The transformations of F(4x4, 3x3) in one direction, a tile or a channel to a lane; numbers of `from` and `to` are
// `step` vectors apart.
//
// Included by the bodies of the Winograd convolutions for each SIMD level.

/// Six numbers from three, by G.
LATHE_INLINE void LATHE_NAME(transform_taps)(const VECTOR *g, const long step, VECTOR u[6]) {
  const VECTOR g0 = g[0], g1 = g[step], g2 = g[2 * step];
  const VECTOR sum = g0 + g2, wide = g0 * (1.0f / 24) + g2 * (1.0f / 6), middle = g1 * (1.0f / 12);
  u[0] = g0 * 0.25f;
  u[1] = (sum + g1) * (-1.0f / 6);
  u[2] = (sum - g1) * (-1.0f / 6);
  u[3] = wide + middle;
  u[4] = wide - middle;
  u[5] = g2;
}

/// Six numbers from six, by the transpose of B.
LATHE_INLINE void LATHE_NAME(transform_input)(const VECTOR d[6], VECTOR v[6]) {
  const VECTOR even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1], near = d[4] - d[2], far = 2 * (d[3] - d[1]);
  v[0] = 4 * d[0] - 5 * d[2] + d[4];
  v[1] = even + odd;
  v[2] = even - odd;
  v[3] = near + far;
  v[4] = near - far;
  v[5] = 4 * d[1] - 5 * d[3] + d[5];
}

/// Four numbers from six, by the transpose of A.
LATHE_INLINE void LATHE_NAME(transform_output)(const VECTOR m[6], VECTOR *y, const long step) {
  const VECTOR sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  const VECTOR sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = m[0] + sum1 + sum2;
  y[step] = difference1 + 2 * difference2;
  y[2 * step] = sum1 + 4 * sum2;
  y[3 * step] = difference1 + 8 * difference2 + m[5];
}

/// Six numbers from four, by A.
LATHE_INLINE void LATHE_NAME(transform_gradient)(const VECTOR d[4], VECTOR *u, const long step) {
  const VECTOR even = d[0] + d[2], odd = d[1] + d[3];
  const VECTOR far_even = d[0] + 4 * d[2], far_odd = 2 * d[1] + 8 * d[3];
  u[0] = d[0];
  u[step] = even + odd;
  u[2 * step] = even - odd;
  u[3 * step] = far_even + far_odd;
  u[4 * step] = far_even - far_odd;
  u[5 * step] = d[3];
}

/// Three numbers from six, by the transpose of G.
LATHE_INLINE void LATHE_NAME(transform_sums)(const VECTOR m[6], VECTOR *w, const long step) {
  const VECTOR near = (m[1] + m[2]) * (1.0f / 6), far = m[3] + m[4];
  w[0] = m[0] * 0.25f - near + far * (1.0f / 24);
  w[step] = (m[2] - m[1]) * (1.0f / 6) + (m[3] - m[4]) * (1.0f / 12);
  w[2 * step] = far * (1.0f / 6) - near + m[5];
}
