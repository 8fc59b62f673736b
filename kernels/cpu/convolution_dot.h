#pragma once

/// Sums over `segments` of `segment_length` pixels: sums[r][k][lane] += dy[r] * x[k], lane by lane.
///
/// What the sums held is added at the end: a call's own sums stay short. x is contiguous over the segments, dy steps by `segment_step`. `sum_row` counts taps. Lengths are multiples
/// of the kernel's lanes.
typedef struct dot_tile {
  const float *dy;
  long dy_row, segment_step, segments, segment_length;
  const float *x;
  long x_row;
  float *sums;
  long sum_row;
} dot_tile;

/// The kernel for this processor.
typedef struct dot_isa {
  long rows, taps, lanes;
  void (*kernel)(long rows, long taps, const dot_tile *tile);
} dot_isa;

const dot_isa *lathe_dot_isa(void);
