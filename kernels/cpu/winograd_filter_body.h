// The filter's gradient: tiles of x with a channel to a lane, those of dy with a tile to a lane, and the way back from
// sums over tiles to nine taps.
//
// Included through variants.h for each SIMD level.

#include "winograd_quads.h"
#include "winograd_transforms.h"
#include "winograd_rows.h"

/// LATHE_LANES channels of one strip, from the rows of all lanes (row i of lane n at rows[i][n]) to points: six columns
/// of a tile are its own four and the first two of the next.
LATHE_INLINE void LATHE_NAME(transform_lanes)(
    const float *rows, const long pitch, long count, float *to, long columns, long step) {
  VECTOR d[8], v[6];
  LATHE_NAME(load_items)(rows, NULL, pitch, d);
  for (long i = 0; i < count; i++) {
    LATHE_NAME(load_items)(rows + 4 * (i + 1), NULL, pitch, d + 4);
    LATHE_NAME(transform_input)(d, v);
#pragma clang loop unroll(full)
    for (int column = 0; column < 6; column++) *(VECTOR *)(to + column * step) = v[column];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) d[k] = d[4 + k];
    to += columns;
  }
}

static void LATHE_NAME(transform_x)(
    const lathe_convolution *s, const winograd_sums_layout *w, const float *x, long first, long count, long channel) {
  enum { pitch = winograd_columns(winograd_strip_tiles) };
  const long plane = s->height * s->width;
  float rows[6][LATHE_LANES][pitch];
  float *to = w->x + channel / w->columns * w->tiles * w->columns + channel % w->columns;
  // Channels that fill up the last panel are zeros.
  memset(rows, 0, sizeof rows);
  while (count > 0) {
    const winograd_strip strip =
        winograd_strip_from(s, first, count < winograd_strip_tiles ? count : winograd_strip_tiles);
    for (long lane = 0; lane < LATHE_LANES && channel + lane < s->channels; lane++)
      LATHE_NAME(transform_strip)(
          s, x + (strip.image * s->channels + channel + lane) * plane, &strip, rows[0][lane], LATHE_LANES * pitch);
    for (int row = 0; row < 6; row++)
      LATHE_NAME(transform_lanes)(
          rows[row][0], pitch, strip.count, to + row * 6 * w->x_step, w->columns, w->x_step);
    to += strip.count * w->columns;
    first += strip.count;
    count -= strip.count;
  }
}

static void LATHE_NAME(transform_dy)(
    const lathe_convolution *s, const winograd_sums_layout *w, const float *dy, long first, long count, long channel) {
  const long plane = s->output_height * s->output_width, row = s->output_width;
  long at[LATHE_GEMM_DEPTH + LATHE_LANES];
  winograd_find_results(s, first, count, at);
  // Lanes beyond the last tile hold it again; no product reads them.
  for (long i = 0; i < LATHE_LANES; i++) at[count + i] = at[count - 1];
  for (long o = channel; o < channel + LATHE_LANES && o < s->output_channels; o++)
    for (long i = 0; i < count; i += LATHE_LANES) {
      const float *from = dy + o * plane;
      float *to = w->dy + o * w->tiles + i;
      VECTOR d[4][4], half[6][4], u[6];
      for (int y = 0; y < 4; y++) LATHE_NAME(load_items)(from + y * row, at + i, 0, d[y]);
      for (int x = 0; x < 4; x++) {
        const VECTOR column[4] = {d[0][x], d[1][x], d[2][x], d[3][x]};
        LATHE_NAME(transform_gradient)(column, &half[0][x], 4);
      }
      for (int y = 0; y < 6; y++) {
        LATHE_NAME(transform_gradient)(half[y], u, 1);
        for (int x = 0; x < 6; x++) *(VECTOR *)(to + (y * 6 + x) * w->dy_step) = u[x];
      }
    }
}

static void LATHE_NAME(finish)(
    const lathe_convolution *s, const winograd_sums_layout *w, float *dfilter, long first, long last) {
  for (long o = first; o < last; o++)
    for (long c = 0; c < s->channels; c += LATHE_LANES) {
      const float *from = w->sums + o * w->panels * w->columns + c;
      float *to = dfilter + (o * s->channels + c) * 9;
      const long count = s->channels - c < LATHE_LANES ? s->channels - c : LATHE_LANES;
      VECTOR half[3][6], m[6], taps[9];
      for (int column = 0; column < 6; column++) {
        for (int row = 0; row < 6; row++) m[row] = *(const VECTOR *)(from + (row * 6 + column) * w->sums_step);
        LATHE_NAME(transform_sums)(m, &half[0][column], 6);
      }
      for (int row = 0; row < 3; row++) LATHE_NAME(transform_sums)(half[row], taps + row * 3, 1);
      LATHE_NAME(store_items)(taps, to, NULL, 9, count);
      LATHE_NAME(store_items)(taps + 4, to + 4, NULL, 9, count);
      for (long lane = 0; lane < count; lane++) to[lane * 9 + 8] = taps[8][lane];
    }
}

static const winograd_filter_level LATHE_NAME(filter_level) = {
    LATHE_LANES, LATHE_NAME(transform_x), LATHE_NAME(transform_dy), LATHE_NAME(finish)};

#include "winograd_quads_end.h"
