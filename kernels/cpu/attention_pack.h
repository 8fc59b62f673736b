// Copies of operands in the form that the products want. Included by attention_body.h for each SIMD level.

/// Rows and columns that are exchanged at once.
#define TRANSPOSED (LATHE_LANES == 16 ? 16 : 8)

#if LATHE_LANES == 16
/// 16 x 16 floats with rows and columns exchanged, times a factor.
LATHE_INLINE void LATHE_NAME(transpose_block)(const float *from, long row, float *to, long to_row, float factor) {
  f16v x[16], y[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) x[i] = load16(from + i * row);
  // Each turn interleaves the first half of the rows with the second, which moves a bit of the row's number into the
  // column's; after four turns they have changed places.
#pragma clang loop unroll(full)
  for (int turn = 0; turn < 4; turn++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      y[2 * i] = __builtin_shufflevector(x[i], x[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      y[2 * i + 1] =
          __builtin_shufflevector(x[i], x[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) x[i] = y[i];
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) store16(to + i * to_row, x[i] * factor);
}
#else
/// 8 x 8 floats with rows and columns exchanged, times a factor.
LATHE_INLINE void LATHE_NAME(transpose_block)(const float *from, long row, float *to, long to_row, float factor) {
  f8v x[8];
  for (int i = 0; i < 8; i++) x[i] = load8(from + i * row);
  transpose8(x);
  for (int i = 0; i < 8; i++) store8(to + i * to_row, x[i] * factor);
}
#endif

/// to[j * to_row + i] = from[i * row + j] * factor for i < rows and j < columns, zeros for i up to `to_row`.
static void LATHE_NAME(pack_transposed)(
    const float *from, long row, long rows, long columns, float *to, long to_row, float factor) {
  for (long i = 0; i < to_row; i += TRANSPOSED) {
    long j = 0;
    if (i + TRANSPOSED <= rows)
      for (; j + TRANSPOSED <= columns; j += TRANSPOSED)
        LATHE_NAME(transpose_block)(from + i * row + j, row, to + j * to_row + i, to_row, factor);
    for (; j < columns; j++)
      for (long r = i; r < i + TRANSPOSED; r++) to[j * to_row + r] = r < rows ? from[r * row + j] * factor : 0;
  }
}

#undef TRANSPOSED

/// Copies rows times a factor; zeros behind their ends up to `to_row`, and in rows up to `all_rows`.
static void LATHE_NAME(pack_rows)(
    const float *from, long row, long rows, long columns, float *to, long to_row, long all_rows, float factor) {
  for (long i = 0; i < rows; i++) {
    long j = 0;
    for (; j + 16 <= columns; j += 16) store16(to + i * to_row + j, load16(from + i * row + j) * factor);
    for (; j < columns; j++) to[i * to_row + j] = from[i * row + j] * factor;
    for (; j < to_row; j++) to[i * to_row + j] = 0;
  }
  if (all_rows > rows) memset(to + rows * to_row, 0, (size_t)((all_rows - rows) * to_row) * sizeof(float));
}

/// Copies rows times a factor to where an operand has them.
static void LATHE_NAME(unpack_rows)(
    const float *from, long row, long rows, long columns, float *to, long to_row, float factor) {
  for (long i = 0; i < rows; i++) {
    long j = 0;
    for (; j + 16 <= columns; j += 16) store16(to + i * to_row + j, load16(from + i * row + j) * factor);
    for (; j < columns; j++) to[i * to_row + j] = from[i * row + j] * factor;
  }
}

/// Rows of an operand as rows of `to_row` floats without gaps: where they are, if so, else a copy in `memory`.
static const float *LATHE_NAME(dense_rows)(
    const float *from, long row, long rows, long columns, long to_row, float *memory) {
  if (row == to_row && columns == to_row) return from;
  LATHE_NAME(pack_rows)(from, row, rows, columns, memory, to_row, rows, 1);
  return memory;
}
