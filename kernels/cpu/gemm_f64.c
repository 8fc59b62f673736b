#include "include/gemm_f64.h"

#include <string.h>

// Panels of 16 columns of B and tiles of 4 rows of A are packed a piece of k at a time, so that both stay in the L1 cache;
// each piece's sum is added to what C has of the pieces before.

enum { LATHE_F64_ROWS = 4, LATHE_F64_DEPTH = 128 };

struct lathe_f64_product {
  void (*block)(const double *a, const double *b, long depth, double *c);
};

#define LATHE_BODY "gemm_f64_template.h"
#include "variants.h"

void lathe_gemm_f64_finish(const lathe_gemm_f64 *g, long first_row, long last_row) {
  for (long i = first_row; i < last_row; i++) {
    double *c = g->c + i * g->c_row;
    if (g->bias)
      for (long j = 0; j < g->n; j++) c[j] += g->bias[j];
    if (g->relu)
      for (long j = 0; j < g->n; j++) c[j] = c[j] < 0.0 ? 0.0 : c[j];
  }
}

void lathe_gemm_f64_run(const lathe_gemm_f64 *g, long first_row, long last_row, long panel) {
  const struct lathe_f64_product *kernels = LATHE_PICK(lathe_table);
  const long first = panel * LATHE_GEMM_F64_COLUMNS;
  const long columns = g->n - first < LATHE_GEMM_F64_COLUMNS ? g->n - first : LATHE_GEMM_F64_COLUMNS;
  double b[LATHE_F64_DEPTH * LATHE_GEMM_F64_COLUMNS], a[LATHE_F64_DEPTH * LATHE_F64_ROWS];
  for (long i = first_row; i < last_row; i++) memset(g->c + i * g->c_row + first, 0, (size_t)columns * sizeof(double));
  for (long start = 0; start < g->k; start += LATHE_F64_DEPTH) {
    const long depth = g->k - start < LATHE_F64_DEPTH ? g->k - start : LATHE_F64_DEPTH;
    for (long p = 0; p < depth; p++) {
      const double *from = g->b + (start + p) * g->b_row + first * g->b_column;
      double *to = b + p * LATHE_GEMM_F64_COLUMNS;
      for (long j = 0; j < LATHE_GEMM_F64_COLUMNS; j++) to[j] = j < columns ? from[j * g->b_column] : 0.0;
    }
    for (long row = first_row; row < last_row; row += LATHE_F64_ROWS) {
      const long rows = last_row - row < LATHE_F64_ROWS ? last_row - row : LATHE_F64_ROWS;
      double c[LATHE_F64_ROWS * LATHE_GEMM_F64_COLUMNS] = {0};
      for (long p = 0; p < depth; p++)
        for (long i = 0; i < LATHE_F64_ROWS; i++)
          a[p * LATHE_F64_ROWS + i] = i < rows ? g->a[(row + i) * g->a_row + (start + p) * g->a_column] : 0.0;
      kernels->block(a, b, depth, c);
      for (long i = 0; i < rows; i++) {
        double *to = g->c + (row + i) * g->c_row + first;
        for (long j = 0; j < columns; j++) to[j] += c[i * LATHE_GEMM_F64_COLUMNS + j];
      }
    }
  }
}
