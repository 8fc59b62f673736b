#include "include/linear.h"

#include <math.h>

#include "levels.h"

/// Rows that a level takes at a time at most.
enum { LATHE_MOST_ROWS = 8 };

struct lathe_nearest {
  long rows;
  void (*tile)(const double *x, long count, long columns, const double *centers, const double *halves, long first,
      double *most, long *labels);
  void (*add)(const double *x, long columns, double *sum);
};

#define LATHE_BODY "linear_nearest_body.h"
#include "variants.h"

void lathe_linear_nearest(const double *x, long rows, long columns, const double *centers, const double *halves,
    long groups, long *labels, double *sums) {
  const struct lathe_nearest *kernels = LATHE_PICK(lathe_table);
  for (long first = 0; first < rows; first += kernels->rows) {
    const long count = rows - first < kernels->rows ? rows - first : kernels->rows;
    double most[LATHE_MOST_ROWS];
    for (long r = 0; r < count; r++) {
      most[r] = -INFINITY;
      labels[first + r] = 0;
    }
    for (long k = 0; k < groups; k += LATHE_NEAREST_GROUPS)
      kernels->tile(
          x + first * columns, count, columns, centers + k * columns, halves + k, k, most, labels + first);
    if (!sums) continue;
    for (long r = first; r < first + count; r++) {
      kernels->add(x + r * columns, columns, sums + labels[r] * columns);
      sums[groups * columns + labels[r]] += 1;
    }
  }
}
