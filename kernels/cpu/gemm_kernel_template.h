// The inner kernel of GEMM for one instruction set. Included with these defined:
//   GEMM_NAME(x)  a name of this instruction set
//   GEMM_VECTOR   the type of a register, of GEMM_LANES floats
//   GEMM_ROWS     rows of a tile (2, 6 or 12)
//   GEMM_WIDTH    registers across a tile (2 or 4)
// GEMM_PREFETCH, from gemm_internal.h, is how far ahead A is fetched.
// GEMM_ROWS * GEMM_WIDTH accumulators, a row of B and one broadcast of A must fit in the register file.

LATHE_INLINE void GEMM_NAME(tile)(const int rows, const int width, const bool packed, const gemm_tile *t) {
  typedef int32_t mask __attribute__((vector_size(GEMM_LANES * 4), aligned(4)));
  GEMM_VECTOR sum[GEMM_ROWS][GEMM_WIDTH];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < width; v++) sum[r][v] = (GEMM_VECTOR){};
  const float *a = t->a, *b = t->b;
  const long b_row = t->b_row, a_row = t->a_row;
  // C is wanted when the sums are done; its first lines come meanwhile.
  for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) __builtin_prefetch(t->c + r * t->c_row + v * GEMM_LANES, 1);
  }
  for (long k = t->k; k > 0; k--) {
    GEMM_VECTOR x[GEMM_WIDTH];
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) x[v] = *(const GEMM_VECTOR *)(b + v * GEMM_LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const GEMM_VECTOR y = a[packed ? r : r * a_row] - (GEMM_VECTOR){};
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) sum[r][v] += y * x[v];
    }
    if (packed) __builtin_prefetch(a + GEMM_PREFETCH);
    a += packed ? rows : 1;
    b += b_row;
  }
  const long columns = t->columns;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    float *c = t->c + r * t->c_row;
    const float row_bias = t->row_bias ? t->row_bias[r] : 0;
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) {
      long left = columns - v * GEMM_LANES;
      if (left <= 0) break;
      GEMM_VECTOR y = sum[r][v];
      float *to = c + v * GEMM_LANES;
      const bool whole = left >= GEMM_LANES;
      if (t->flags & GEMM_ACCUMULATE) {
        if (whole) {
          y += *(const GEMM_VECTOR *)to;
        } else {
          GEMM_VECTOR old = {};
          for (long i = 0; i < left; i++) old[i] = to[i];
          y += old;
        }
      }
      if (t->row_bias) y += row_bias;
      if (t->column_bias) {
        if (whole) {
          y += *(const GEMM_VECTOR *)(t->column_bias + v * GEMM_LANES);
        } else {
          GEMM_VECTOR bias = {};
          for (long i = 0; i < left; i++) bias[i] = t->column_bias[v * GEMM_LANES + i];
          y += bias;
        }
      }
      if (t->flags & GEMM_RELU) y = (GEMM_VECTOR)((mask)y & ~(y < 0));
      if (whole) {
        *(GEMM_VECTOR *)to = y;
      } else {
        for (long i = 0; i < left; i++) to[i] = y[i];
      }
    }
  }
}

static void GEMM_NAME(kernel)(long rows, const gemm_tile *t) {
#define GEMM_CASE(r) \
  case r: \
    if (t->a_row) \
      GEMM_NAME(tile)(r, GEMM_WIDTH, false, t); \
    else if (t->columns * 2 > GEMM_WIDTH * GEMM_LANES) \
      GEMM_NAME(tile)(r, GEMM_WIDTH, true, t); \
    else \
      GEMM_NAME(tile)(r, GEMM_WIDTH / 2, true, t); \
    break;
  switch (rows) {
    GEMM_CASE(1)
    GEMM_CASE(2)
#if GEMM_ROWS > 2
    GEMM_CASE(3)
    GEMM_CASE(4)
    GEMM_CASE(5)
    GEMM_CASE(6)
#endif
#if GEMM_ROWS > 6
    GEMM_CASE(7)
    GEMM_CASE(8)
    GEMM_CASE(9)
    GEMM_CASE(10)
    GEMM_CASE(11)
    GEMM_CASE(12)
#endif
  }
#undef GEMM_CASE
}

#undef GEMM_NAME
#undef GEMM_VECTOR
#undef GEMM_LANES
#undef GEMM_ROWS
#undef GEMM_WIDTH
