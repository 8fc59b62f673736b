#include "check.h"

// Matrix products: all ways in which LatheCPU calls them.

typedef enum { WHOLE, IN_PARTS, SHARED_PANELS } manner;
static const char *const manners[] = {"whole", "in parts", "shared panels"};

/// A matrix that lies row by row or column by column, with `gap` elements between lines.
typedef struct matrix {
  float *data;
  long row, column;
} matrix;

static matrix make_matrix(long rows, long columns, bool transposed, long gap) {
  const long line = (transposed ? rows : columns) + gap, lines = transposed ? columns : rows;
  // Behind the last line there is no gap.
  float *data = random_floats(line * lines - gap);
  return transposed ? (matrix){data, 1, line} : (matrix){data, line, 1};
}

static void run_parts(const lathe_gemm *g, const float *packed, const lathe_gemm_panels *panels, long first,
    long last) {
  const long tiles = lathe_gemm_tiles(g->m), middle = tiles / 2;
  lathe_gemm_run(g, packed, panels, 0, middle, first, last);
  // The other tiles panel by panel.
  for (long p = first; p < last; p++) lathe_gemm_run(g, packed, panels, middle, tiles, p, p + 1);
}

static void run_product(const lathe_gemm *g, manner how) {
  if (how == WHOLE) return lathe_gemm_all(g);
  const long tiles = lathe_gemm_tiles(g->m), width = lathe_gemm_panel_columns(), panels = (g->n + width - 1) / width;
  float *packed = NULL;
  if (lathe_gemm_packs(g)) {
    packed = scratch_room((long)lathe_gemm_packed_size(g->m, g->k), sizeof *packed);
    lathe_gemm_pack(g->a, g->a_row, g->a_column, g->m, g->k, packed, 0, tiles / 2);
    lathe_gemm_pack(g->a, g->a_row, g->a_column, g->m, g->k, packed, tiles / 2, tiles);
  }
  if (how == IN_PARTS) return run_parts(g, packed, NULL, 0, panels);
  const long middle = panels / 2;
  for (int half = 0; half < 2; half++) {
    const long first = half ? middle : 0, count = half ? panels - middle : middle;
    if (count == 0) continue;
    const lathe_gemm_panels shared = {
        scratch_room((long)lathe_gemm_panels_size(g, count), sizeof(float)), first, count};
    lathe_gemm_pack_columns(g, &shared, 0, count / 2);
    lathe_gemm_pack_columns(g, &shared, count / 2, count);
    run_parts(g, packed, &shared, first, first + count);
  }
}

/// Layout bit 0 has A transposed, bit 1 has B transposed.
static void check_product(long m, long n, long k, int layout, long gap, bool with_bias, bool relu) {
  const matrix a = make_matrix(m, k, layout & 1, gap), b = make_matrix(k, n, layout & 2, gap);
  const float *bias = with_bias ? random_floats(n) : NULL;
  double *expected = zero_doubles(m * n);
  for (long i = 0; i < m; i++) {
    double *row = expected + i * n;
    for (long p = 0; p < k; p++) {
      const double x = a.data[i * a.row + p * a.column];
      for (long j = 0; j < n; j++) row[j] += x * (double)b.data[p * b.row + j * b.column];
    }
    for (long j = 0; j < n; j++) {
      if (bias) row[j] += bias[j];
      if (relu && row[j] < 0) row[j] = 0;
    }
  }
  lathe_gemm g = {
      .m = m, .n = n, .k = k, .a = a.data, .a_row = a.row, .a_column = a.column, .b = b.data, .b_row = b.row,
      .b_column = b.column, .c_row = n + gap, .bias = bias, .relu = relu};
  for (manner how = WHOLE; how <= SHARED_PANELS; how++) {
    if (m == 1 && how != WHOLE) continue;
    if (how == SHARED_PANELS && !lathe_gemm_uses_panels(&g, lathe_gemm_tiles(m))) continue;
    describe("gemm %ld x %ld x %ld, layout %d, %s", m, n, k, layout, manners[how]);
    g.c = blank_floats(m * g.c_row - gap);
    run_product(&g, how);
    for (long i = 0; i < m; i++) {
      expect_close("C", g.c + i * g.c_row, expected + i * n, n, 2e-6, sqrt((double)k));
      for (long j = n; j < g.c_row && i + 1 < m; j++) expect_true("C's gap is left alone", isnan(g.c[i * g.c_row + j]));
    }
  }
  release();
}

static void check_vector_product(long n, long k, bool transposed, long a_column) {
  const matrix b = make_matrix(k, n, transposed, 3);
  const float *a = random_floats((k - 1) * a_column + 1), *bias = random_floats(n);
  float *c = blank_floats(n);
  double *expected = zero_doubles(n);
  for (long j = 0; j < n; j++) {
    for (long p = 0; p < k; p++) expected[j] += (double)a[p * a_column] * (double)b.data[p * b.row + j * b.column];
    expected[j] += bias[j];
    if (expected[j] < 0) expected[j] = 0;
  }
  const lathe_gemm g = {
      .m = 1, .n = n, .k = k, .a = a, .a_row = k * a_column, .a_column = a_column, .b = b.data, .b_row = b.row,
      .b_column = b.column, .c = c, .c_row = n, .bias = bias, .relu = true};
  describe("gemv %ld x %ld%s", n, k, transposed ? ", transposed" : "");
  lathe_gemv(&g, 0, n / 3);
  lathe_gemv(&g, n / 3, n);
  expect_close("C", c, expected, n, 2e-6, sqrt((double)k));
  release();
}

/// Sums of rows, and what follows a product that the BLAS did.
static void check_finishing(long rows, long columns) {
  const long gap = 5, row = columns + gap;
  float *c = random_floats(rows * row), *from = random_floats(rows * columns), *bias = random_floats(columns);
  double *sums = zero_doubles(rows * row), *finished = zero_doubles(rows * columns);
  for (long i = 0; i < rows; i++) {
    for (long j = 0; j < row; j++)
      sums[i * row + j] = (double)c[i * row + j] + (j < columns ? (double)from[i * columns + j] : 0);
    for (long j = 0; j < columns; j++)
      finished[i * columns + j] = fmax((double)from[i * columns + j] + (double)bias[j], 0);
  }
  describe("%ld x %ld", rows, columns);
  lathe_add_rows(c, row, from, rows, columns);
  expect_close("added rows", c, sums, rows * row, 1e-7, 1);
  lathe_bias_activation(from, rows, columns, bias, true);
  expect_close("bias and relu", from, finished, rows * columns, 1e-7, 1);
  release();
}

/// Results that are written as rows of the transposed matrix.
static void check_transposed(long rows, long columns) {
  const long from_row = columns + 2, c_row = rows + 3;
  float *from = random_floats(rows * from_row), *bias = random_floats(rows);
  describe("transposing %ld x %ld", rows, columns);
  for (int form = 0; form < 4; form++) {
    float *c = blank_floats(columns * c_row);
    lathe_gemm_store_transposed(from, from_row, rows, columns, c, c_row, form % 2 ? bias : NULL, form / 2);
    for (long i = 0; i < columns; i++)
      for (long j = 0; j < rows; j++) {
        const double sum = (double)from[j * from_row + i] + (form % 2 ? (double)bias[j] : 0);
        const double y = form / 2 && sum < 0 ? 0 : sum;
        expect_close("y", &c[i * c_row + j], &y, 1, 1e-6, 1);
      }
    for (long i = 0; i + 1 < columns; i++) expect_true("nothing between rows", isnan(c[i * c_row + rows]));
  }
  release();
}

void check_products(void) {
  static const long edges[] = {1, 2, 5, 7, 12, 17, 33, 65};
  enum { EDGES = sizeof edges / sizeof edges[0] };
  for (int m = 0; m < EDGES; m++)
    for (int n = 0; n < EDGES; n++)
      for (int k = 0; k < EDGES; k++)
        for (int layout = 0; layout < 4; layout++)
          check_product(edges[m], edges[n], edges[k], layout, layout == 3 ? 3 : 0, layout % 2 == 0, layout > 1);
  static const long large[][3] = {{67, 515, 260}, {130, 70, 600}, {41, 48, 530}, {6, 300, 300}, {29, 513, 1030}};
  for (int i = 0; i < 5; i++)
    for (int layout = 0; layout < 4; layout++)
      check_product(large[i][0], large[i][1], large[i][2], layout, i, i % 2 == 0, layout == 1);
  static const long columns[] = {1, 5, 16, 17, 130, 300}, depths[] = {1, 7, 64, 129, 1000, 4097};
  for (int n = 0; n < 6; n++)
    for (int k = 0; k < 6; k++)
      for (int layout = 0; layout < 4; layout++)
        check_vector_product(columns[n], depths[k], layout & 1, layout & 2 ? 3 : 1);
  for (int i = 0; i < EDGES; i++) check_finishing(edges[i], edges[EDGES - 1 - i]);
  for (int i = 0; i < EDGES; i++)
    for (int j = 0; j < EDGES; j++) check_transposed(edges[i], edges[j]);
}

static void check_double_product(long m, long n, long k, int layout) {
  double *a = room(m * k, sizeof *a), *b = room(k * n, sizeof *b), *bias = room(n, sizeof *bias);
  double *c = room(m * n, sizeof *c), *expected = zero_doubles(m * n);
  for (long i = 0; i < m * k; i++) a[i] = next_float() + 0x1p-30 * next_float();
  for (long i = 0; i < k * n; i++) b[i] = next_float() + 0x1p-30 * next_float();
  for (long i = 0; i < n; i++) bias[i] = next_float();
  const lathe_gemm_f64 g = {
      .m = m, .n = n, .k = k, .a = a, .a_row = layout & 1 ? 1 : k, .a_column = layout & 1 ? m : 1, .b = b,
      .b_row = layout & 2 ? 1 : n, .b_column = layout & 2 ? k : 1, .c = c, .c_row = n,
      .bias = layout == 2 ? NULL : bias, .relu = layout > 0};
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      double sum = g.bias ? bias[j] : 0;
      for (long p = 0; p < k; p++) sum += a[i * g.a_row + p * g.a_column] * b[p * g.b_row + j * g.b_column];
      expected[i * n + j] = g.relu && sum < 0 ? 0 : sum;
    }
  describe("%ld x %ld x %ld, layout %d", m, n, k, layout);
  const long panels = (n + LATHE_GEMM_F64_COLUMNS - 1) / LATHE_GEMM_F64_COLUMNS;
  for (long panel = 0; panel < panels; panel++) {
    lathe_gemm_f64_run(&g, 0, m / 2, panel);
    lathe_gemm_f64_run(&g, m / 2, m, panel);
  }
  lathe_gemm_f64_finish(&g, 0, m);
  expect_close_f64("C", c, expected, m * n, 4e-15, sqrt((double)k));
  release();
}

void check_double_products(void) {
  static const long sizes[][3] = {{1, 1, 1}, {3, 17, 5}, {4, 16, 128}, {9, 33, 129}, {130, 47, 300}, {2, 100, 1}};
  for (int i = 0; i < 6; i++)
    for (int layout = 0; layout < 4; layout++) check_double_product(sizes[i][0], sizes[i][1], sizes[i][2], layout);
}
