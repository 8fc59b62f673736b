#pragma once

#include <stdbool.h>

/// Rows of pairs that are turned; see `Rotation` of LatheCore.
typedef struct lathe_rotation {
  /// Heads and positions of a sequence, elements and pairs of a row.
  long heads, time, width, pairs;
  bool is_interleaved, is_inverse;
  /// The first row of x, and the steps to the next sequence, head and position.
  const float *x;
  long x_batch, x_head, x_time;
  /// The first position's cosines and sines, and the steps to the next.
  const float *cosines, *sines;
  long cosine_row, sine_row;
  /// [batch, heads, time, width].
  float *y;
} lathe_rotation;

/// Turns rows first..<last of batch x heads x time.
void lathe_rotate(const lathe_rotation *r, long first, long last);
