#pragma once

#include "vector_types.h"

// Long sums: short runs are added in float32, side by side, and their sums in float64. A run's rounding errors do not grow
// with the length of the whole, and few elements are converted.

typedef double d16v __attribute__((vector_size(128), aligned(8)));

/// Elements of a run along a row, in four chains of vectors, and runs whose sums are added lane by lane first.
#define LATHE_SUM_BLOCK 512
#define LATHE_SUM_BLOCKS 16
/// Rows of a run down a column.
#define LATHE_SUM_ROWS 32

#define widened(x) __builtin_convertvector((x), d16v)
