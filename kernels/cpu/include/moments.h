#pragma once

// Means and variances. Sums are taken of differences from a number nearby, so that a mean that is large beside the deviation
// costs no digits.

/// How many numbers there are, their mean, and the sum of the squares of their differences from it.
struct lathe_moments {
  double count, mean, squares;
};

/// The moments of `rows` runs of n floats that begin `stride` behind each other.
struct lathe_moments lathe_row_moments(const float *x, long rows, long stride, long n);

/// The moments of each column of [rows, columns].
void lathe_column_moments(const float *x, long rows, long columns, struct lathe_moments *to);

/// Adds the numbers of `from` to those of `to`.
void lathe_join_moments(struct lathe_moments *to, const struct lathe_moments *from);
