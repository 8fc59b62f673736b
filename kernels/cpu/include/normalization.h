#pragma once

// Layer normalisation of rows. Each takes rows first..<last; distinct rows may be done by distinct threads.

/// y = (x - mean) * rstd, times weight plus bias unless these are NULL, and the mean and 1 / deviation of each row.
void lathe_layer_norm(
    const float *x, const float *weight, const float *bias, float *y, float *mean, float *rstd, long columns,
    float epsilon, long first, long last);

/// dx of each row; weight may be NULL.
void lathe_layer_norm_backward(
    const float *dy, const float *x, const float *mean, const float *rstd, const float *weight, float *dx,
    long columns, long first, long last);

/// Sums over rows first..<last of dy * (x - mean) * rstd and of dy, for each column.
void lathe_layer_norm_sums(
    const float *dy, const float *x, const float *mean, const float *rstd, float *dweight, float *dbias,
    long columns, long first, long last);

/// to = the sum of `count` rows, each `columns` long, in their order.
void lathe_sum_rows(const float *rows, long count, long columns, float *to);
