#include "include/recurrence.h"

#include <stddef.h>
#include <string.h>

#include "gemm_internal.h"

// Recurrent layers. A call computes some panels of units of some sequences: the products of the state with the weights of
// these units, packed once for all steps, and then what the cell makes of them, by whole rows: a line of each row in turn
// would wait for memory.

/// One sequence's pointers at a step, each to the first of n units.
typedef struct lathe_cell {
  const float *x[4], *p[4], *bias[4], *h, *c;
  float mask;
  float *saved[5], *h_out, *c_out;
  long n;
} lathe_cell;

typedef struct lathe_cell_gradient {
  const float *dh, *dc, *saved[5], *h, *c;
  float mask;
  float *carry, *cell_carry, *d[4], *p[4];
  long n;
} lathe_cell_gradient;

typedef struct cell_table {
  void (*forward[LATHE_CELLS])(const lathe_cell *);
  void (*backward[LATHE_CELLS])(const lathe_cell_gradient *);
} cell_table;

#include "math_f32.h"
#define LATHE_BODY "recurrence_cells.h"
#include "variants.h"

long lathe_recurrence_width(void) { return lathe_gemm_isa()->columns; }
long lathe_recurrence_panels(long size) {
  const long width = lathe_recurrence_width();
  return (size + width - 1) / width;
}

void lathe_recurrence_pack(const float *weight, long gates, long size, bool backward, long panel, float *packed) {
  const long width = lathe_recurrence_width(), first = panel * width;
  const long count = size - first < width ? size - first : width;
  float *to = packed + panel * width * gates * size;
  if (backward) {
    lathe_gemm_pack_block(weight + first, 1, size, count, gates * size, to, width, width);
    return;
  }
  for (long g = 0; g < gates; g++)
    lathe_gemm_pack_block(
        weight + (g * size + first) * size, size, 1, count, size, to + g * width * size, width, width);
}

/// C[rows x columns] (+)= A B for a packed panel B of k rows.
static void multiply(
    const float *a, long a_row, const float *b, long k, float *c, long c_row, long columns, long rows, bool adds) {
  const gemm_isa *isa = lathe_gemm_isa();
  const long tiles = lathe_gemm_tiles(rows), passes = gemm_passes(k);
  for (long pass = 0; pass < passes; pass++) {
    const long k0 = gemm_pass_start(k, passes, pass);
    for (long tile = 0; tile < tiles; tile++) {
      const long i = gemm_tile_start(rows, tiles, tile);
      const gemm_tile t = {
          .k = gemm_pass_start(k, passes, pass + 1) - k0,
          .a = a + i * a_row + k0,
          .a_row = a_row,
          .b = b + k0 * isa->columns,
          .b_row = isa->columns,
          .c = c + i * c_row,
          .c_row = c_row,
          .columns = columns,
          .flags = adds || pass > 0 ? GEMM_ACCUMULATE : 0,
      };
      isa->kernel(gemm_tile_start(rows, tiles, tile + 1) - i, &t);
    }
  }
}

/// The units of a call's panels.
typedef struct unit_range {
  long first, count;
} unit_range;

static unit_range units(const lathe_recurrence *r, long panel, long last) {
  const long width = lathe_recurrence_width(), first = panel * width, end = last * width;
  return (unit_range){first, (end < r->size ? end : r->size) - first};
}

static float *turn_rows(const lathe_recurrence *r, long turn) { return r->turns + (turn & 1) * r->batch * r->turn_row; }

void lathe_recurrence_forward(
    const lathe_recurrence *r, long turn, long step, long before, long panel, long last, long row, long end) {
  const long width = lathe_recurrence_width(), size = r->size, gates = r->gates;
  const long product_row = lathe_recurrence_panels(size) * width;
  const float *state = turn_rows(r, turn);
  float *next = turn_rows(r, turn + 1);
  // Only an LSTM has a c.
  const float *cell = before < 0 || r->cell != LATHE_CELL_LSTM ? r->first_c : r->c + before * size;
  const long cell_row = before < 0 ? size : r->steps * size;
  for (long p = panel; p < last; p++)
    for (long g = 0; g < gates; g++)
      multiply(
          state + row * r->turn_row, r->turn_row, r->packed + (p * gates + g) * width * size, size,
          r->scratch + (g * r->batch + row) * product_row + p * width, product_row, width, end - row, false);
  const unit_range range = units(r, panel, last);
  void (*advance)(const lathe_cell *) = LATHE_PICK(cells)->forward[r->cell];
  for (long b = row; b < end; b++) {
    const long place = b * r->steps + step;
    lathe_cell s = {.n = range.count, .mask = r->mask ? r->mask[place] : 1.0f};
    for (long g = 0; g < gates; g++) {
      s.x[g] = r->projected + place * gates * size + g * size + range.first;
      s.p[g] = r->scratch + (g * r->batch + b) * product_row + range.first;
      s.bias[g] = r->bias + g * size + range.first;
    }
    for (long k = 0; k < r->kept; k++) s.saved[k] = r->saved + (place * r->kept + k) * size + range.first;
    s.h = state + b * r->turn_row + range.first;
    s.h_out = r->h + place * size + range.first;
    if (r->cell == LATHE_CELL_LSTM) {
      s.c = cell + b * cell_row + range.first;
      s.c_out = r->c + place * size + range.first;
    }
    advance(&s);
    memcpy(next + b * r->turn_row + range.first, s.h_out, (size_t)s.n * sizeof(float));
  }
}

void lathe_recurrence_backward(
    const lathe_recurrence *r, long turn, long step, long before, long panel, long last, long row, long end) {
  const long width = lathe_recurrence_width(), size = r->size, gates = r->gates;
  for (long p = panel; p < last && turn > 0; p++)
    multiply(
        turn_rows(r, turn) + row * r->turn_row, r->turn_row, r->packed + p * width * gates * size, gates * size,
        r->carry + row * size + p * width, size, units(r, p, p + 1).count, end - row, true);
  if (step < 0) return;
  float *next = turn_rows(r, turn + 1);
  const unit_range range = units(r, panel, last);
  void (*back)(const lathe_cell_gradient *) = LATHE_PICK(cells)->backward[r->cell];
  for (long b = row; b < end; b++) {
    const long place = b * r->steps + step;
    lathe_cell_gradient s = {.n = range.count, .mask = r->mask ? r->mask[place] : 1.0f};
    for (long k = 0; k < r->kept; k++) s.saved[k] = r->saved + (place * r->kept + k) * size + range.first;
    for (long g = 0; g < gates; g++) {
      s.d[g] = r->dprojected + (place * gates + g) * size + range.first;
      s.p[g] = r->dhidden + (place * gates + g) * size + range.first;
    }
    const long past = b * r->steps + before;
    s.dh = r->dh + place * size + range.first;
    s.h = (before < 0 ? r->first_h + b * size : r->h + past * size) + range.first;
    s.carry = r->carry + b * size + range.first;
    if (r->cell == LATHE_CELL_LSTM) {
      s.dc = r->dc + place * size + range.first;
      s.c = (before < 0 ? r->first_c + b * size : r->c + past * size) + range.first;
      s.cell_carry = r->cell_carry + b * size + range.first;
    }
    back(&s);
    for (long g = 0; g < gates; g++)
      memcpy(next + b * r->turn_row + g * size + range.first, s.p[g], (size_t)s.n * sizeof(float));
  }
}
