#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cpu_kernels.h"

// What the groups of checks share: numbers, memory, and comparisons that keep the largest error of the group.

/// Starts the numbers anew: they look random and are the same in every run.
void seed_numbers(uint64_t seed);
uint64_t next_bits(void);
/// A number in -1..<1.
float next_float(void);
/// A whole number in 0..<n.
long next_below(long n);

/// Memory of NaNs that ends where the next page is out of bounds, up to what an element's alignment costs.
void *room(long count, size_t size);
/// Such memory for scratch, aligned to 64 bytes, with up to 63 bytes behind it.
void *scratch_room(long count, size_t size);
float *blank_floats(long count);
float *random_floats(long count);
double *zero_doubles(long count);
/// Frees all rooms.
void release(void);

/// Names the case that the next comparisons belong to.
__attribute__((format(printf, 1, 2))) void describe(const char *format, ...);

/// Expects agreement within `tolerance` times the larger of `scale` and the expected magnitude, NaN where NaN is.
void expect_close(const char *what, const float *actual, const double *expected, long count, double tolerance,
    double scale);
void expect_close_f64(const char *what, const double *actual, const double *expected, long count, double tolerance,
    double scale);
/// Expects agreement within `allowed` units in the last place of float32, or within `absolute`.
void expect_ulps(const char *what, float actual, double expected, double allowed, double absolute, double argument);
/// Expects the same bytes.
void expect_same(const char *what, const void *actual, const void *expected, long count, size_t size);
void expect_true(const char *what, bool holds);

/// What a group found.
typedef struct findings {
  long compared, failures;
  /// The largest error as a share of what is allowed, and where.
  double worst;
  char place[200];
} findings;

/// Begins a group.
void begin_findings(void);
/// Ends it; failures are printed as they are found if `prints`.
const findings *end_findings(void);
void print_failures(bool prints);

// The groups.
void check_products(void);
void check_double_products(void);
void check_convolutions(void);
void check_pooling(void);
void check_blocks(void);
void check_rows(void);
void check_rotation(void);
void check_word_vectors(void);
void check_sums(void);
void check_reductions(void);
void check_functions(void);
void check_double_functions(void);
void check_whole_numbers(void);
void check_conversions(void);
void check_programs(void);
void check_optimizers(void);
void check_attention(void);
void check_recurrence(void);
void check_random(void);
void check_sorting(void);
void check_indexing(void);
void check_trees(void);
void check_exact_trees(void);
void check_tables(void);
void check_linear(void);
void check_threads(void);
