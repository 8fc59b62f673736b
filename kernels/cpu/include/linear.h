#pragma once

// Linear models of tables in float64: rows of features lie behind each other.

/// scores[r][k] = x[r] . w[k] for `rows` rows of `columns` features and `outputs` vectors of weights.
void lathe_linear_scores(
    const double *x, long rows, long columns, const double *w, long outputs, double *scores);

/// sums[k] += the sum of g[r][k] x[r] over rows.
void lathe_linear_gradient(
    const double *x, long rows, long columns, const double *g, long outputs, double *sums);

/// Rows that lathe_linear_gram packs at a time, and the columns of a panel.
enum { LATHE_GRAM_ROWS = 128, LATHE_GRAM_WIDTH = 16 };

/// How many numbers lathe_linear_gram needs room for.
long lathe_linear_gram_room(long columns);

/// The upper triangle of sums += the sum of h[r] y[r] y[r]^T over rows y = x - means, a matrix of columns x columns; what is below
/// the diagonal has no meaning. Without means (NULL) rows are taken as they are, without h each counts once.
void lathe_linear_gram(
    const double *x, long rows, long columns, const double *means, const double *h, double *room, double *sums);

/// a . b
double lathe_linear_dot(const double *a, const double *b, long count);

/// y += factor x
void lathe_linear_add(double factor, const double *x, double *y, long count);

/// distances[r][k] = the squared Euclidean distance between x[r] and point k of `count`.
void lathe_linear_distances(
    const double *x, long rows, long columns, const double *points, long count, double *distances);

/// Groups that lathe_linear_nearest compares a row with at a time.
enum { LATHE_NEAREST_GROUPS = 8 };

/// labels[r] = the group with the largest x[r] . c - half, of equals the first; with sums (not NULL) adds x[r] to the group's row
/// of a matrix of groups x columns, and 1 to its number behind the matrix.
///
/// `centers` are [groups / 8][columns][8], and `halves` numbers for as many groups: what is added to come to a multiple of
/// LATHE_NEAREST_GROUPS has an infinite half.
void lathe_linear_nearest(const double *x, long rows, long columns, const double *centers, const double *halves,
    long groups, long *labels, double *sums);

/// Log loss of two classes: returns the sum of weights[r] (log(1 + e^s) - target s) over scores s, and writes its derivatives.
/// Without weights (NULL) each row counts once.
double lathe_linear_log_loss(
    const double *scores, const double *targets, const double *weights, long count, double *gradients);
