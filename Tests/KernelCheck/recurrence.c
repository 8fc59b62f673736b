#include "check.h"

// Recurrent layers against a loop over the steps in float64, their gradients against that loop's central differences.

static const long gate_counts[LATHE_CELLS] = {1, 1, 4, 3}, kept_counts[LATHE_CELLS] = {1, 1, 5, 4};
static const char *const names[LATHE_CELLS] = {"tanh", "relu", "LSTM", "GRU"};

/// A layer and one of its sequences in float64.
typedef struct sequence {
  int cell;
  long gates, steps, size;
  const long *order;
  const float *weight, *bias, *mask;
  /// [steps, gates * size], and what is added to the state's projection there.
  double *projected, *added;
  double *first_h, *first_c;
  /// [steps, size], and what the loss multiplies them by.
  double *h, *c;
  const float *dh, *dc;
} sequence;

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/// Runs the sequence; returns the loss whose gradient is asked for.
static double run(const sequence *s) {
  const double *h = s->first_h, *c = s->first_c;
  double loss = 0;
  for (long turn = 0; turn < s->steps; turn++) {
    const long step = s->order[turn];
    const double m = s->mask ? s->mask[step] : 1;
    for (long j = 0; j < s->size; j++) {
      double x[4], p[4], y, cell = 0;
      for (long g = 0; g < s->gates; g++) {
        const long row = g * s->size + j, at = step * s->gates * s->size + row;
        x[g] = s->projected[at];
        p[g] = s->added[at] + (s->bias ? s->bias[row] : 0);
        for (long k = 0; k < s->size; k++) p[g] += (double)s->weight[row * s->size + k] * h[k];
      }
      switch (s->cell) {
        case LATHE_CELL_TANH: y = tanh(x[0] + p[0]); break;
        case LATHE_CELL_RELU: y = fmax(x[0] + p[0], 0); break;
        case LATHE_CELL_LSTM:
          cell = sigmoid(x[1] + p[1]) * c[j] + sigmoid(x[0] + p[0]) * tanh(x[2] + p[2]);
          y = sigmoid(x[3] + p[3]) * tanh(cell);
          break;
        default: {
          const double n = tanh(x[2] + sigmoid(x[0] + p[0]) * p[2]), z = sigmoid(x[1] + p[1]);
          y = (1 - z) * n + z * h[j];
        }
      }
      const long at = step * s->size + j;
      s->h[at] = m * y + (1 - m) * h[j];
      loss += s->dh[at] * s->h[at];
      if (s->cell != LATHE_CELL_LSTM) continue;
      s->c[at] = m * cell + (1 - m) * c[j];
      loss += s->dc[at] * s->c[at];
    }
    h = s->h + step * s->size;
    c = s->c + step * s->size;
  }
  return loss;
}

/// The loss' derivative by each of `count` numbers.
static void differentiate(const sequence *s, double *by, long count, double *to) {
  const double little = 1e-4;
  for (long i = 0; i < count; i++) {
    const double x = by[i];
    by[i] = x + little;
    const double above = run(s);
    by[i] = x - little;
    to[i] = (above - run(s)) / (2 * little);
    by[i] = x;
  }
}

static long turn_row(long columns) { return (columns + 15) / 16 * 16 + 16; }

/// Every panel of every turn, the first by itself, for the first sequences and for the others.
static void forward(const lathe_recurrence *r, const long *order, long row, long end) {
  const long panels = lathe_recurrence_panels(r->size);
  for (long turn = 0; turn < r->steps; turn++) {
    const long before = turn ? order[turn - 1] : -1;
    lathe_recurrence_forward(r, turn, order[turn], before, 0, 1, row, end);
    if (panels > 1) lathe_recurrence_forward(r, turn, order[turn], before, 1, panels, row, end);
  }
}

static void backward(const lathe_recurrence *r, const long *order, long row, long end) {
  const long panels = lathe_recurrence_panels(r->size);
  for (long turn = 0; turn <= r->steps; turn++) {
    const long at = r->steps - 1 - turn, step = at >= 0 ? order[at] : -1, before = at >= 1 ? order[at - 1] : -1;
    lathe_recurrence_backward(r, turn, step, before, 0, 1, row, end);
    if (panels > 1) lathe_recurrence_backward(r, turn, step, before, 1, panels, row, end);
  }
}

static float *pack(const float *weight, const lathe_recurrence *r, bool is_backward) {
  const long panels = lathe_recurrence_panels(r->size);
  // The kernel may read a vector behind a panel's end.
  float *packed = scratch_room(panels * lathe_recurrence_width() * r->gates * r->size + 64, sizeof *packed);
  for (long panel = 0; panel < panels; panel++) lathe_recurrence_pack(weight, r->gates, r->size, is_backward, panel,
      packed);
  return packed;
}

static double *widened(const float *x, long count) {
  double *y = room(count, sizeof *y);
  for (long i = 0; i < count; i++) y[i] = x[i];
  return y;
}

static float *zero_floats(long count) {
  float *x = blank_floats(count);
  memset(x, 0, (size_t)count * sizeof *x);
  return x;
}

static void check_layer(int cell, long batch, long steps, long size, bool reversed, bool masked, bool differentiates) {
  const long gates = gate_counts[cell], states = batch * steps * size, inputs = states * gates;
  const bool has_c = cell == LATHE_CELL_LSTM;
  long order[8];
  for (long i = 0; i < steps; i++) order[i] = reversed ? steps - 1 - i : i;
  float *weight = random_floats(gates * size * size), *bias = random_floats(gates * size);
  for (long i = 0; i < gates * size * size; i++) weight[i] *= 2 / sqrtf((float)size);
  lathe_recurrence r = {
      .cell = cell, .gates = gates, .kept = kept_counts[cell], .steps = steps, .batch = batch, .size = size,
      .projected = random_floats(inputs), .bias = bias, .first_h = random_floats(batch * size),
      .first_c = has_c ? random_floats(batch * size) : NULL, .h = blank_floats(states),
      .c = has_c ? blank_floats(states) : NULL, .saved = blank_floats(states * kept_counts[cell]),
      .dh = random_floats(states), .dc = has_c ? random_floats(states) : NULL, .turn_row = turn_row(size)};
  if (masked) {
    float *mask = random_floats(batch * steps);
    for (long i = 0; i < batch * steps; i++) mask[i] = mask[i] > -0.3f ? 1 : 0;
    r.mask = mask;
  }
  r.packed = pack(weight, &r, false);
  r.scratch = scratch_room(lathe_recurrence_panels(size) * lathe_recurrence_width() * gates * batch, sizeof(float));
  r.turns = scratch_room(2 * batch * r.turn_row, sizeof(float));
  for (long b = 0; b < batch; b++)
    memcpy(r.turns + b * r.turn_row, r.first_h + b * size, (size_t)size * sizeof(float));
  describe(
      "%s, %ld sequences of %ld, %ld units%s%s", names[cell], batch, steps, size, reversed ? ", reversed" : "",
      masked ? ", masked" : "");
  forward(&r, order, 0, batch / 2);
  forward(&r, order, batch / 2, batch);

  if (differentiates) {
    r.dprojected = blank_floats(inputs);
    r.dhidden = cell == LATHE_CELL_GRU ? blank_floats(inputs) : r.dprojected;
    r.carry = zero_floats(batch * size);
    r.cell_carry = has_c ? zero_floats(batch * size) : NULL;
    r.turn_row = turn_row(gates * size);
    r.turns = scratch_room(2 * batch * r.turn_row, sizeof(float));
    r.packed = pack(weight, &r, true);
    backward(&r, order, 0, batch / 2);
    backward(&r, order, batch / 2, batch);
  }

  for (long b = 0; b < batch; b++) {
    const long here = b * steps * size, count = steps * gates * size;
    sequence s = {
        .cell = cell, .gates = gates, .steps = steps, .size = size, .order = order, .weight = weight, .bias = bias,
        .mask = masked ? r.mask + b * steps : NULL, .projected = widened(r.projected + here * gates, count),
        .added = zero_doubles(count), .first_h = widened(r.first_h + b * size, size),
        .first_c = has_c ? widened(r.first_c + b * size, size) : zero_doubles(size), .h = zero_doubles(steps * size),
        .c = zero_doubles(steps * size), .dh = r.dh + here, .dc = has_c ? r.dc + here : NULL};
    run(&s);
    expect_close("h", r.h + here, s.h, steps * size, 4e-6, 1);
    if (has_c) expect_close("c", r.c + here, s.c, steps * size, 4e-6, 1);
    if (!differentiates) continue;
    double *gradient = room(count, sizeof *gradient);
    differentiate(&s, s.projected, count, gradient);
    expect_close("gradient of the projection", r.dprojected + here * gates, gradient, count, 1e-5, 1);
    differentiate(&s, s.added, count, gradient);
    expect_close("gradient of the state's projection", r.dhidden + here * gates, gradient, count, 1e-5, 1);
    differentiate(&s, s.first_h, size, gradient);
    expect_close("gradient of the first h", r.carry + b * size, gradient, size, 1e-5, 1);
    if (!has_c) continue;
    differentiate(&s, s.first_c, size, gradient);
    expect_close("gradient of the first c", r.cell_carry + b * size, gradient, size, 1e-5, 1);
  }
  release();
}

void check_recurrence(void) {
  for (int cell = 0; cell < LATHE_CELLS; cell++) {
    check_layer(cell, 9, 3, 5, false, false, true);
    check_layer(cell, 3, 4, 6, true, true, true);
    check_layer(cell, 2, 2, 37, false, true, true);
    check_layer(cell, 1, 1, 1, false, false, true);
    // The products take more than one pass.
    check_layer(cell, 3, 2, 290, false, false, false);
  }
}
