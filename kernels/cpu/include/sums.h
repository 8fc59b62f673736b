#pragma once

#include <stdbool.h>

/// The sum of `count` elements or of their squares, always added in the same order.
double lathe_sum_run(const float *x, long count, bool squares);

/// The sums of `columns` columns, or of their squares, divided by `divisor`; rows are `stride` elements apart.
void lathe_sum_columns(
    float *y, const float *x, long rows, long stride, long columns, bool squares, float divisor);

/// Adds rows of `columns` floats behind each other to the sums of a run.
void lathe_add_to_run(float *run, const float *x, long rows, long columns);

/// Adds the sums of a run to those of the whole and clears them; whether all were finite.
bool lathe_end_run(double *to, float *run, long columns);
