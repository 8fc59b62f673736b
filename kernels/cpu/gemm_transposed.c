#include "gemm_internal.h"
#include "levels.h"
#include "transpose.h"

// Results that were computed as their transposed matrix: A B = (B^T A^T)^T, where B lies by columns and is read as it lies.

LATHE_LEVELS(void, lathe_gemm_store_transposed,
    (const float *from, long from_row, long rows, long columns, float *c, long c_row, const float *bias, bool relu),
    (from, from_row, rows, columns, c, c_row, bias, relu)) {
  const f8v zero = {};
  long j = 0;
  for (; j + 8 <= rows; j += 8) {
    f8v added = zero;
    if (bias) added = load8(bias + j);
    long i = 0;
    for (; i + 8 <= columns; i += 8) {
      f8v x[8];
#pragma clang loop unroll(full)
      for (int r = 0; r < 8; r++) x[r] = load8(from + (j + r) * from_row + i);
      transpose8(x);
#pragma clang loop unroll(full)
      for (int r = 0; r < 8; r++) {
        f8v y = x[r] + added;
        // A NaN stays one.
        if (relu) y = (f8v)((i8v)y & ~(y < zero));
        store8(c + (i + r) * c_row + j, y);
      }
    }
    for (; i < columns; i++)
      for (long r = 0; r < 8; r++) {
        const float y = from[(j + r) * from_row + i] + (bias ? bias[j + r] : 0);
        c[i * c_row + j + r] = relu && y < 0 ? 0 : y;
      }
  }
  for (; j < rows; j++)
    for (long i = 0; i < columns; i++) {
      const float y = from[j * from_row + i] + (bias ? bias[j] : 0);
      c[i * c_row + j] = relu && y < 0 ? 0 : y;
    }
}
