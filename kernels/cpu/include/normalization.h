#pragma once

#include <stdbool.h>

// Normalisation of rows. Each takes rows first..<last; distinct rows may be done by distinct threads. `streams`
// says that the result is too large to be found in a cache later: it is then written past the caches.

/// y = (x - mean) * rstd, times weight plus bias unless these are NULL, and the mean and 1 / deviation of each row.
void lathe_layer_norm(
    const float *x, const float *weight, const float *bias, float *y, float *mean, float *rstd, long columns,
    float epsilon, bool streams, long first, long last);

/// y = x / sqrt(mean(x^2) + epsilon), times weight unless that is NULL.
void lathe_rms_norm(
    const float *x, const float *weight, float *y, long columns, float epsilon, bool streams, long first, long last);

/// dx of each row; and, unless weight is NULL, the sums over these rows of dy * (x - mean) * rstd and, behind them, of dy,
/// `columns` of each. `run` is room for as many floats.
void lathe_layer_norm_backward(
    const float *dy, const float *x, const float *mean, const float *rstd, const float *weight, float *dx,
    double *sums, float *run, long columns, bool streams, long first, long last);

/// to = the sum of `count` rows, each `columns` long and `stride` from the one before, in their order.
void lathe_sum_rows(const double *rows, long count, long stride, long columns, float *to);
