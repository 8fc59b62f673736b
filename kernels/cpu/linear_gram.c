#include "include/linear.h"

#include "levels.h"

// X^T X by tiles: columns are packed in panels of 16, a piece of rows at a time, so that two panels stay in the L1 cache.

struct lathe_gram {
  void (*tile)(const double *a, const double *b, long rows, double *c);
};

#define LATHE_BODY "linear_gram_body.h"
#include "variants.h"

long lathe_linear_gram_room(long columns) {
  return LATHE_GRAM_ROWS * ((columns + LATHE_GRAM_WIDTH - 1) / LATHE_GRAM_WIDTH) * LATHE_GRAM_WIDTH;
}

LATHE_STATIC_LEVELS(void, pack_panels,
    (const double *x, long rows, long columns, const double *means, double *panels),
    (x, rows, columns, means, panels)) {
  for (long first = 0; first < columns; first += LATHE_GRAM_WIDTH, panels += LATHE_GRAM_ROWS * LATHE_GRAM_WIDTH) {
    const long width = columns - first < LATHE_GRAM_WIDTH ? columns - first : LATHE_GRAM_WIDTH;
    double centers[LATHE_GRAM_WIDTH] = {0};
    for (long q = 0; means && q < width; q++) centers[q] = means[first + q];
    for (long r = 0; r < rows; r++) {
      const double *from = x + r * columns + first;
      double *to = panels + r * LATHE_GRAM_WIDTH;
      if (width == LATHE_GRAM_WIDTH) {
        for (long q = 0; q < LATHE_GRAM_WIDTH; q++) to[q] = from[q] - centers[q];
      } else {
        for (long q = 0; q < LATHE_GRAM_WIDTH; q++) to[q] = q < width ? from[q] - centers[q] : 0.0;
      }
    }
  }
}

LATHE_STATIC_LEVELS(
    void, scale_panel, (const double *panel, long rows, const double *h, double *scaled), (panel, rows, h, scaled)) {
  for (long r = 0; r < rows; r++)
    for (long q = 0; q < LATHE_GRAM_WIDTH; q++) scaled[r * LATHE_GRAM_WIDTH + q] = h[r] * panel[r * LATHE_GRAM_WIDTH + q];
}

LATHE_STATIC_LEVELS(void, add_tile, (const double *tile, long height, long width, double *sums, long columns),
    (tile, height, width, sums, columns)) {
  for (long p = 0; p < height; p++)
    for (long q = 0; q < width; q++) sums[p * columns + q] += tile[p * LATHE_GRAM_WIDTH + q];
}

void lathe_linear_gram(
    const double *x, long rows, long columns, const double *means, const double *h, double *room, double *sums) {
  const struct lathe_gram *kernels = LATHE_PICK(lathe_table);
  double scaled[LATHE_GRAM_ROWS * LATHE_GRAM_WIDTH], tile[LATHE_GRAM_WIDTH * LATHE_GRAM_WIDTH];
  for (long first = 0; first < rows; first += LATHE_GRAM_ROWS) {
    const long count = rows - first < LATHE_GRAM_ROWS ? rows - first : LATHE_GRAM_ROWS;
    pack_panels(x + first * columns, count, columns, means, room);
    for (long i = 0; i < columns; i += LATHE_GRAM_WIDTH) {
      const long height = columns - i < LATHE_GRAM_WIDTH ? columns - i : LATHE_GRAM_WIDTH;
      const double *a = room + i * LATHE_GRAM_ROWS;
      if (h) {
        scale_panel(a, count, h + first, scaled);
        a = scaled;
      }
      for (long j = i; j < columns; j += LATHE_GRAM_WIDTH) {
        const long width = columns - j < LATHE_GRAM_WIDTH ? columns - j : LATHE_GRAM_WIDTH;
        kernels->tile(a, room + j * LATHE_GRAM_ROWS, count, tile);
        add_tile(tile, height, width, sums + i * columns + j, columns);
      }
    }
  }
}
