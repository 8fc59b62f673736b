#pragma once

// Linear models of tables in float64: rows of features lie behind each other.

/// scores[r][k] = x[r] . w[k] for `rows` rows of `columns` features and `outputs` vectors of weights.
void lathe_linear_scores(
    const double *x, long rows, long columns, const double *w, long outputs, double *scores);

/// sums[k] += the sum of g[r][k] x[r] over rows.
void lathe_linear_gradient(
    const double *x, long rows, long columns, const double *g, long outputs, double *sums);

/// The upper triangle of sums += the sum of h[r] x[r] x[r]^T over rows, a matrix of columns x columns; what is below the diagonal
/// has no meaning.
void lathe_linear_gram(const double *x, long rows, long columns, const double *h, double *sums);

/// a . b
double lathe_linear_dot(const double *a, const double *b, long count);

/// y += factor x
void lathe_linear_add(double factor, const double *x, double *y, long count);

/// distances[r] = the squared Euclidean distance between x[r] and a point.
void lathe_linear_distances(const double *x, long rows, long columns, const double *point, double *distances);

/// Log loss of two classes: returns the sum of weights[r] (log(1 + e^s) - target s) over scores s, and writes its derivatives.
/// Without weights (NULL) each row counts once.
double lathe_linear_log_loss(
    const double *scores, const double *targets, const double *weights, long count, double *gradients);
