// Dot products of some rows of dy with some rows of pixels, for one instruction set. Included with these defined:
//   DOT_NAME(x)  a name of this instruction set
//   DOT_VECTOR   the type of a register, of DOT_LANES floats
//   DOT_ROWS     rows of dy in a tile
//   DOT_TAPS     rows of pixels in a tile; DOT_ROWS * DOT_TAPS sums, DOT_TAPS + 1 more must fit in registers

LATHE_INLINE void DOT_NAME(tile)(const int rows, const int taps, const dot_tile *t) {
  DOT_VECTOR sum[DOT_ROWS][DOT_TAPS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int k = 0; k < taps; k++) sum[r][k] = (DOT_VECTOR){};
  const long dy_row = t->dy_row, x_row = t->x_row;
  const float *x = t->x;
  for (long segment = 0; segment < t->segments; segment++) {
    const float *dy = t->dy + segment * t->segment_step;
    for (long i = t->segment_length; i > 0; i -= DOT_LANES) {
      DOT_VECTOR p[DOT_TAPS];
#pragma clang loop unroll(full)
      for (int k = 0; k < taps; k++) p[k] = *(const DOT_VECTOR *)(x + k * x_row);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        const DOT_VECTOR y = *(const DOT_VECTOR *)(dy + r * dy_row);
#pragma clang loop unroll(full)
        for (int k = 0; k < taps; k++) sum[r][k] += y * p[k];
      }
      x += DOT_LANES;
      dy += DOT_LANES;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int k = 0; k < taps; k++)
      *(DOT_VECTOR *)(t->sums + (r * t->sum_row + k) * DOT_LANES) += sum[r][k];
}

static void DOT_NAME(dot)(long rows, long taps, const dot_tile *t) {
#define DOT_CASE(r) \
  case r: \
    if (taps == DOT_TAPS) { \
      DOT_NAME(tile)(r, DOT_TAPS, t); \
    } else { \
      dot_tile one = *t; \
      for (long k = 0; k < taps; k++) { \
        DOT_NAME(tile)(r, 1, &one); \
        one.x += t->x_row; \
        one.sums += DOT_LANES; \
      } \
    } \
    break;
  switch (rows) {
    DOT_CASE(1)
    DOT_CASE(2)
#if DOT_ROWS > 2
    DOT_CASE(3)
#endif
#if DOT_ROWS > 3
    DOT_CASE(4)
#endif
#if DOT_ROWS > 4
    DOT_CASE(5)
#endif
  }
#undef DOT_CASE
}

#undef DOT_NAME
#undef DOT_VECTOR
#undef DOT_LANES
#undef DOT_ROWS
#undef DOT_TAPS
