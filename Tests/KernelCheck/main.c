// Runs the kernels of kernels/cpu and kernels/tables against naive loops and the system's functions in float64, without
// Swift: on any processor that a C compiler knows, under emulators and sanitizers.
//
//   kernel-check [GROUP...]     all groups otherwise; --levels lists the SIMD levels of this processor
//
// Prints a line for each group with the largest error as a share of what is allowed; exits with 1 where it is more
// than that.
#include "check.h"

#include <stdlib.h>

static const struct {
  const char *name;
  void (*run)(void);
} groups[] = {
    {"products", check_products},
    {"products-f64", check_double_products},
    {"convolutions", check_convolutions},
    {"pooling", check_pooling},
    {"blocks", check_blocks},
    {"rows", check_rows},
    {"rotation", check_rotation},
    {"word-vectors", check_word_vectors},
    {"sums", check_sums},
    {"reductions", check_reductions},
    {"functions", check_functions},
    {"functions-f64", check_double_functions},
    {"whole-numbers", check_whole_numbers},
    {"conversions", check_conversions},
    {"programs", check_programs},
    {"optimizers", check_optimizers},
    {"attention", check_attention},
    {"recurrence", check_recurrence},
    {"random", check_random},
    {"sorting", check_sorting},
    {"indexing", check_indexing},
    {"trees", check_trees},
    {"exact-trees", check_exact_trees},
    {"tables", check_tables},
    {"linear", check_linear},
    {"threads", check_threads},
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

/// Whether the comparisons find what they should: each call must be a failure.
static bool comparisons_work(void) {
  const float one = 1, nearly = 1.001f, none = NAN;
  const double exact = 1, missing = NAN, endless = INFINITY;
  print_failures(false);
  begin_findings();
  expect_close("", &nearly, &exact, 1, 1e-6, 1);
  expect_close("", &none, &exact, 1, 1e-6, 1);
  expect_close("", &one, &missing, 1, 1e-6, 1);
  expect_close("", &one, &endless, 1, 1e-6, 1);
  expect_close_f64("", &missing, &exact, 1, 1e-6, 1);
  expect_ulps("", nearly, 1, 2, 0, 0);
  expect_ulps("", none, 1, 2, 0, 0);
  expect_same("", &one, &nearly, 1, sizeof one);
  expect_true("", false);
  const bool found_all = end_findings()->failures == 9;
  print_failures(true);
  return found_all;
}

static bool is_named(const char *name, int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return true;
  return argc == 1;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--levels") == 0) {
    for (size_t i = 0; lathe_simd_choice(i); i++) puts(lathe_simd_choice(i));
    return 0;
  }
  for (int i = 1; i < argc; i++) {
    bool known = false;
    for (int g = 0; g < GROUPS; g++) known |= strcmp(argv[i], groups[g].name) == 0;
    if (known) continue;
    fprintf(stderr, "kernel-check: no group named '%s'; there are", argv[i]);
    for (int g = 0; g < GROUPS; g++) fprintf(stderr, " %s", groups[g].name);
    fputc('\n', stderr);
    return 2;
  }
  const char *wanted = getenv("LATHE_SIMD"), *level = lathe_simd_level();
  if (wanted && strcmp(wanted, level) != 0) {
    fprintf(stderr, "kernel-check: LATHE_SIMD is %s, the kernels of %s would run: name one of --levels\n", wanted,
        level);
    return 2;
  }
  if (!comparisons_work()) {
    fprintf(stderr, "kernel-check: the comparisons themselves do not find errors\n");
    return 1;
  }
  int failed = 0;
  for (int g = 0; g < GROUPS; g++) {
    if (!is_named(groups[g].name, argc, argv)) continue;
    begin_findings();
    seed_numbers((uint64_t)g + 1);
    groups[g].run();
    release();
    const findings *found = end_findings();
    // A group that compares nothing has lost its cases.
    const bool good = found->failures == 0 && found->compared > 0;
    printf(
        "%-7s %-14s %9ld values, largest error %.3f of what is allowed%s%s%s%s\n", level, groups[g].name,
        found->compared,
        found->worst, *found->place ? " (" : "", found->place, *found->place ? ")" : "", good ? "" : "  FAILED");
    if (found->failures) printf("  %ld of them are wrong\n", found->failures);
    fflush(stdout);
    failed += !good;
  }
  return failed ? 1 : 0;
}
