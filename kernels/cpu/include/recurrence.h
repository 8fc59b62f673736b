#pragma once

#include <stdbool.h>

/// Cells, by the numbers of `RecurrentCell` of LatheCore.
enum { LATHE_CELL_TANH, LATHE_CELL_RELU, LATHE_CELL_LSTM, LATHE_CELL_GRU, LATHE_CELLS };

/// A recurrence over sequences of [batch, steps]; see `Operation.recurrence` of LatheCore.
typedef struct lathe_recurrence {
  int cell;
  long gates, kept;
  long steps, batch, size;
  /// [batch, steps, gates * size].
  const float *projected;
  /// Packed by `lathe_recurrence_pack`.
  const float *packed;
  /// [gates * size], zeros where there is none.
  const float *bias;
  /// [batch, size].
  const float *first_h, *first_c;
  /// [batch, steps] or NULL.
  const float *mask;
  /// [batch, steps, size].
  float *h, *c;
  /// [batch, steps, kept * size].
  float *saved;
  /// Scratch of `gates * batch` rows of all panels.
  float *scratch;
  /// What the product of a step reads, two in turn, [2, batch, turn_row]: the states, or backward the gradients of the
  /// gates. In the sequences rows are a power of two apart and fall into the same few sets of a cache.
  float *turns;
  long turn_row;
  /// Backward: the gradients of the states, [batch, steps, size].
  const float *dh, *dc;
  /// Backward: [batch, steps, gates * size], of the inputs' projection and of the state's; the same memory except for GRU.
  float *dprojected, *dhidden;
  /// Backward: [batch, size], zeros at first; at the end the gradients of the first states.
  float *carry, *cell_carry;
} lathe_recurrence;

/// Units that a panel computes, and the number of panels.
long lathe_recurrence_width(void);
long lathe_recurrence_panels(long size);

/// Packs a panel of the weight [gates * size, size] for `lathe_recurrence_forward`, or for `_backward`.
void lathe_recurrence_pack(const float *weight, long gates, long size, bool backward, long panel, float *packed);

/// Computes the units of the panels `panel`..<`last` of the sequences row..<end at `step`, the one done as number `turn`;
/// `before` is the step before, -1 for the first state, which `turns` starts with.
void lathe_recurrence_forward(
    const lathe_recurrence *r, long turn, long step, long before, long panel, long last, long row, long end);

/// Adds to these panels' `carry` the gradient through the projection of the last turn (unless `turn` is 0), then computes
/// the gradients at `step` (unless -1), whose step before is `before`.
void lathe_recurrence_backward(
    const lathe_recurrence *r, long turn, long step, long before, long panel, long last, long row, long end);
