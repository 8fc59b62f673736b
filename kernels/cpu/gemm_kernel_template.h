// The inner kernel of GEMM for one instruction set. Included with these defined:
//   GEMM_NAME(x)  a name of this instruction set
//   GEMM_VECTOR   the type of a register, of GEMM_LANES floats
//   GEMM_ROWS     rows of a tile (2, 6 or 12)
//   GEMM_WIDTH    registers across a tile (2 or 4)
// GEMM_PREFETCH, from gemm_internal.h, is how far ahead A is fetched.
// GEMM_ROWS * GEMM_WIDTH accumulators, a row of B and one broadcast of A must fit in the register file.

/// Adds one column of A times one row of B to the sums.
LATHE_INLINE void GEMM_NAME(step)(
    const int rows, const int width, GEMM_VECTOR sum[GEMM_ROWS][GEMM_WIDTH], const float *a, long a_row,
    const float *b) {
  GEMM_VECTOR x[GEMM_WIDTH];
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) x[v] = *(const GEMM_VECTOR *)(b + v * GEMM_LANES);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    const GEMM_VECTOR y = a[r * a_row] - (GEMM_VECTOR){};
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) sum[r][v] += y * x[v];
  }
}

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
  long k = t->k;
  // Rows that are not packed take registers of their own where steps ahead are loaded together.
  const int steps = packed || rows * width <= 12 ? 4 : 1;
  if (packed) {
    for (; k >= steps; k -= steps) {
#pragma clang loop unroll(full)
      for (int i = 0; i < rows * steps; i += 16) __builtin_prefetch(a + GEMM_PREFETCH + i);
#pragma clang loop unroll(full)
      for (int u = 0; u < steps; u++) {
        GEMM_NAME(step)(rows, width, sum, a + u * rows, 1, b);
        b += b_row;
      }
      a += rows * steps;
    }
  } else {
    // A cache line of each row, and meanwhile that of each row of the next tile: the rows of one page are more streams
    // than processors follow.
    for (; k >= GEMM_LINE; k -= GEMM_LINE) {
      const float *next = a + rows * a_row;
#pragma clang loop unroll(disable)
      for (int line = 0; line < GEMM_LINE; line += steps) {
#pragma clang loop unroll(full)
        for (int u = 0; u < steps; u++) {
          __builtin_prefetch(next);
          if (line + u < rows - 1) next += a_row;
          GEMM_NAME(step)(rows, width, sum, a + line + u, a_row, b);
          b += b_row;
        }
      }
      a += GEMM_LINE;
    }
  }
  for (; k > 0; k--) {
    GEMM_NAME(step)(rows, width, sum, a, packed ? 1 : a_row, b);
    a += packed ? rows : 1;
    b += b_row;
  }
  if (t->columns < width * GEMM_LANES) {
    float part[GEMM_ROWS * GEMM_WIDTH * GEMM_LANES];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) *(GEMM_VECTOR *)(part + (r * width + v) * GEMM_LANES) = sum[r][v];
    lathe_gemm_store_part(t, part, rows, width * GEMM_LANES);
    return;
  }
  // Each step goes over all sums, so that its condition is tested once.
  if (t->flags & GEMM_ACCUMULATE) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) sum[r][v] += *(const GEMM_VECTOR *)(t->c + r * t->c_row + v * GEMM_LANES);
  }
  if (t->row_bias) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) sum[r][v] += t->row_bias[r];
  }
  if (t->column_bias) {
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) {
      const GEMM_VECTOR bias = *(const GEMM_VECTOR *)(t->column_bias + v * GEMM_LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) sum[r][v] += bias;
    }
  }
  if (t->flags & GEMM_RELU) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) sum[r][v] = (GEMM_VECTOR)((mask)sum[r][v] & ~(sum[r][v] < 0));
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) *(GEMM_VECTOR *)(t->c + r * t->c_row + v * GEMM_LANES) = sum[r][v];
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
