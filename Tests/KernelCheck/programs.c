#include "check.h"

// The executor of element-wise programs: inputs of any strides, constants, results in memory, and reductions of them.

// Rows are those of two axes.
enum { OUTER = 4, INNER = 9, ROWS = OUTER * INNER };

/// y = (a + b) c of a dense, a transposed and a repeated input, and one more by a constant.
typedef struct program {
  struct lathe_input inputs[4];
  struct lathe_constant constants[1];
  struct lathe_step steps[3];
  struct lathe_output outputs[1];
  int32_t slots[7];
  struct lathe_plan plan;
} program;

enum { SUM, A, B, C, PRODUCT, HALF, RESULT };

static void make_program(program *p, long columns, const float *a, const float *b, const float *c, float *y,
    bool streams) {
  const struct lathe_elementwise_kernels *k = lathe_elementwise();
  const int64_t size = sizeof(float), row = columns * size;
  const float half = 0.5f;
  *p = (program){
      .inputs =
          {{.base = (const char *)a, .strides = {INNER * row, row, size}, .element_size = 4, .reg = A, .is_dense = 1},
           {.base = (const char *)b, .strides = {size, OUTER * size, ROWS * size}, .element_size = 4, .reg = B},
           {.base = (const char *)c, .strides = {0, 0, size}, .element_size = 4, .reg = C}},
      .constants = {{.element_size = 4, .reg = HALF}},
      .steps =
          {{k->add_f32, SUM, A, B, 0}, {k->multiply_f32, PRODUCT, SUM, C, 0}, {k->multiply_f32, RESULT, PRODUCT, HALF,
              0}},
      .outputs = {{.base = (char *)y, .element_size = 4, .reg = RESULT, .streams = streams}},
      // Registers of inputs that are read in place and of the result in memory need no slot.
      .slots = {[SUM] = 0, [A] = -1, [B] = 1, [C] = 2, [PRODUCT] = 3, [HALF] = 4, [RESULT] = streams || !y ? 5 : -1}};
  memcpy(&p->constants[0].bits, &half, sizeof half);
  p->plan = (struct lathe_plan){
      .shape = {OUTER, INNER, columns}, .rank = 3, .register_count = 7, .slot_bytes = LATHE_BLOCK * 4,
      .slot_count = 6, .fill_count = LATHE_BLOCK, .input_count = 3, .constant_count = 1, .step_count = 3,
      .output_count = y ? 1 : 0, .slots = p->slots, .inputs = p->inputs, .constants = p->constants,
      .steps = p->steps, .outputs = p->outputs};
}

static void check_program(long columns, bool streams) {
  const long count = ROWS * columns;
  float *a = random_floats(count), *b = random_floats(count), *c = random_floats(columns);
  float *y = streams ? scratch_room(count, sizeof *y) : blank_floats(count);
  double *expected = zero_doubles(count), *rows = zero_doubles(ROWS), *down = zero_doubles(columns), all = 0;
  for (long i = 0; i < count; i++) {
    const long row = i / columns, column = i % columns;
    const double other = b[column * ROWS + row % INNER * OUTER + row / INNER];
    expected[i] = ((double)a[i] + other) * (double)c[column] / 2;
    rows[row] += expected[i];
    down[column] += expected[i];
    all += expected[i];
  }
  describe("%d x %ld%s", ROWS, columns, streams ? ", past the caches" : "");
  program p;
  make_program(&p, columns, a, b, c, y, streams);
  lathe_plan_run(&p.plan, 0, (size_t)count / 3);
  lathe_plan_run(&p.plan, (size_t)count / 3, (size_t)count);
  expect_close("y", y, expected, count, 2e-7, 1);
  make_program(&p, columns, a, b, c, NULL, false);
  void *scratch = scratch_room((long)lathe_plan_scratch(&p.plan), 1);
  lathe_plan_begin(&p.plan, scratch);
  const struct lathe_reduction_kernels *k = lathe_reductions();
  double sum = 0, *sums = zero_doubles(columns), *of_rows = zero_doubles(ROWS);
  lathe_plan_reduce_run(&p.plan, scratch, 0, (size_t)count, RESULT, k->sum_f32, &sum);
  expect_close_f64("the sum", &sum, &all, 1, 2e-7, sqrt((double)count));
  lathe_plan_reduce_rows(&p.plan, scratch, 0, ROWS, (size_t)columns, (size_t)columns, RESULT, k->sum_f32_rows, sums);
  expect_close_f64("sums of columns", sums, down, columns, 2e-7, 6);
  lathe_plan_reduce_short(
      &p.plan, scratch, 0, ROWS, (size_t)columns, RESULT, sizeof *y, k->sum_f32, (int64_t *)(void *)of_rows);
  expect_close_f64("sums of rows", of_rows, rows, ROWS, 2e-7, sqrt((double)columns));
  release();
}

void check_programs(void) {
  static const long columns[] = {1, 3, 64, 513, 1024};
  for (int i = 0; i < 5; i++) {
    check_program(columns[i], false);
    check_program(columns[i], true);
  }
}
