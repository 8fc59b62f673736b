#pragma once

#include <stdbool.h>

/// C = A B (+ bias) (relu) in float64: A is m x k and B is k x n with any strides, C is m x n with rows `c_row` apart.
typedef struct lathe_gemm_f64 {
  long m, n, k;
  const double *a;
  long a_row, a_column;
  const double *b;
  long b_row, b_column;
  double *c;
  long c_row;
  /// One number for each column of C, or NULL.
  const double *bias;
  bool relu;
} lathe_gemm_f64;

/// Columns of C in a panel.
enum { LATHE_GEMM_F64_COLUMNS = 16 };

/// Computes rows first_row..<last_row of panel `panel` of C on the calling thread.
void lathe_gemm_f64_run(const lathe_gemm_f64 *product, long first_row, long last_row, long panel);

/// Adds a bias (or NULL) to rows of C and applies relu where asked, in place.
void lathe_gemm_f64_finish(const lathe_gemm_f64 *product, long first_row, long last_row);
