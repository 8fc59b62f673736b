#pragma once

#include <stdbool.h>

// Layer normalisation of rows. Each takes rows first..<last; distinct rows may be done by distinct threads. `streams`
// says that the result is too large to be found in a cache later: it is then written past the caches.

/// y = (x - mean) * rstd, times weight plus bias unless these are NULL, and the mean and 1 / deviation of each row.
void lathe_layer_norm(
    const float *x, const float *weight, const float *bias, float *y, float *mean, float *rstd, long columns,
    float epsilon, bool streams, long first, long last);

/// dx of each row; and, unless weight is NULL, the sums over these rows of dy * (x - mean) * rstd and of dy.
void lathe_layer_norm_backward(
    const float *dy, const float *x, const float *mean, const float *rstd, const float *weight, float *dx,
    float *dweight, float *dbias, long columns, bool streams, long first, long last);

/// to = the sum of `count` rows, each `columns` long, in their order.
void lathe_sum_rows(const float *rows, long count, long columns, float *to);
