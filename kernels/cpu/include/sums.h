#pragma once

#include <stdbool.h>

/// The sum of `count` elements or of their squares, always added in the same order.
double lathe_sum_run(const float *x, long count, bool squares);

/// The sums of `columns` columns, or of their squares, divided by `divisor`; rows are `stride` elements apart.
void lathe_sum_columns(
    float *y, const float *x, long rows, long stride, long columns, bool squares, float divisor);
