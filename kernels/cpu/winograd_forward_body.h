// Forward: blocks of tiles are transformed, multiplied by the packed filter point by point, and transformed back.
//
//   x        strips -> rows -> v[point][panel][channel][tile]      filter   taps -> u[point][output][channel]
//   y        4x4 of each tile <- m[point][panel][output][tile] = u v
//
// Included through variants.h for each SIMD level.

#include "winograd_quads.h"
#include "winograd_transforms.h"
#include "winograd_rows.h"

/// Nine taps of each output channel, a channel to a lane, become a vector for each point, `step` floats apart.
LATHE_INLINE void LATHE_NAME(transform_filter)(
    const float *from, const long *at, bool turned, float *to, const long step) {
  VECTOR taps[9], half[3][6], u[6];
  LATHE_NAME(load_items)(from, at, 0, taps);
  LATHE_NAME(load_items)(from + 5, at, 0, taps + 5);
  LATHE_NAME(load_items)(from + 4, at, 0, u);
  taps[4] = u[0];
  const VECTOR *start = turned ? taps + 8 : taps;
  const long next = turned ? -1 : 1;
  for (int row = 0; row < 3; row++) LATHE_NAME(transform_taps)(start + 3 * row * next, next, half[row]);
  for (int column = 0; column < 6; column++) {
    LATHE_NAME(transform_taps)(&half[0][column], 6, u);
    for (int row = 0; row < 6; row++) *(VECTOR *)(to + (row * 6 + column) * step) = u[row];
  }
}

static void LATHE_NAME(pack)(const winograd_filter *f, float *packed, long first, long last) {
  enum {
    vectors = (GEMM_MAX_ROWS + LATHE_LANES - 1) / LATHE_LANES,
    most_channels = 8,
    step = most_channels * GEMM_MAX_ROWS + LATHE_LANES,
  };
  const long outputs = f->outputs, depth = f->channels, tiles = lathe_gemm_tiles(outputs);
  const long rows = lathe_gemm_isa()->rows, passes = gemm_passes(depth);
  const long output_step = f->turned ? 9 : depth * 9, channel_step = f->turned ? outputs * 9 : 9;
  const size_t size = lathe_gemm_packed_size(outputs, depth);
  // Some channels of a tile: their points are put together here before they go to 36 places.
  float points[winograd_points][step] __attribute__((aligned(64)));
  for (long tile = first; tile < last; tile++) {
    const long o = gemm_tile_start(outputs, tiles, tile), count = gemm_tile_start(outputs, tiles, tile + 1) - o;
    // Lanes beyond the tile's rows hold the last one again.
    long at[vectors * LATHE_LANES];
    for (long r = 0; r < vectors * LATHE_LANES; r++) at[r] = (o + (r < count ? r : count - 1)) * output_step;
    for (long pass = 0; pass < passes; pass++) {
      const long k0 = gemm_pass_start(depth, passes, pass), k1 = gemm_pass_start(depth, passes, pass + 1);
      float *to = (float *)gemm_packed_tile(packed, tiles, rows, k0, k1 - k0, tile);
      for (long c = k0; c < k1; c += most_channels) {
        const long channels = k1 - c < most_channels ? k1 - c : most_channels;
        for (long i = 0; i < channels; i++) {
          for (long point = winograd_points * i / channels; point < winograd_points * (i + 1) / channels; point++)
            for (long j = 0; j < channels * count; j += 16)
              __builtin_prefetch(to + (size_t)point * size + j, 1);
          // Lanes beyond the tile's rows fall on the place of the next channel, which comes next.
          for (long r = 0; r < count; r += LATHE_LANES)
            LATHE_NAME(transform_filter)(
                f->first + (c + i) * channel_step, at + r, f->turned, points[0] + i * count + r, step);
        }
        for (long point = 0; point < winograd_points; point++)
          memcpy(to + (size_t)point * size, points[point], (size_t)(channels * count) * sizeof(float));
        to += channels * count;
      }
    }
  }
}

/// Transforms a block of tiles of x to v[point][panel][channel][tile of the panel].
static void LATHE_NAME(transform_block)(
    const lathe_convolution *s, const winograd_layout *w, const winograd_block *b, const float *x, float *v) {
  enum { pitch = winograd_columns(1) * winograd_most_tiles };
  const long plane = s->height * s->width;
  // Rows of all strips, one behind the other, of two channels: what was just stored is not read at once.
  float rows[2][6][pitch];
  for (long c = 0; c <= s->channels; c++) {
    float *to = rows[c % 2][0];
    for (long i = 0; i < b->strip_count && c < s->channels; i++) {
      const winograd_strip *strip = b->strips + i;
      const float *from = x + (strip->image * s->channels + c) * plane;
      if (c + 2 < s->channels) winograd_fetch_strip(s, from + 2 * plane, strip);
      LATHE_NAME(transform_strip)(s, from, strip, to, pitch);
      to += winograd_columns(strip->count);
    }
    for (long lane = 0; lane < b->lanes && c > 0; lane += LATHE_LANES) {
      float *out = v + (lane / w->columns * s->channels + c - 1) * w->columns + lane % w->columns;
      for (int row = 0; row < 6; row++) {
        const float *from = rows[(c - 1) % 2][row];
        VECTOR d[8], u[6];
        LATHE_NAME(load_items)(from, b->row_at + lane, 0, d);
        LATHE_NAME(load_items)(from + 4, b->row_at + lane, 0, d + 4);
        LATHE_NAME(transform_input)(d, u);
        for (int column = 0; column < 6; column++)
          *(VECTOR *)(out + (row * 6 + column) * w->input_step) = u[column];
      }
    }
  }
}

/// Results of one output channel for some tiles: m[point], `step` floats apart.
static void LATHE_NAME(transform_back)(
    const lathe_convolution *s, const float *m, long step, float bias, const long *y_at, long count, float *y) {
  VECTOR half[4][6], from[6], result[4];
  for (int column = 0; column < 6; column++) {
    for (int row = 0; row < 6; row++) from[row] = *(const VECTOR *)(m + (row * 6 + column) * step);
    LATHE_NAME(transform_output)(from, &half[0][column], 6);
  }
  for (int row = 0; row < 4; row++) {
    LATHE_NAME(transform_output)(half[row], result, 1);
    for (int i = 0; i < 4; i++) {
      result[i] += bias;
      if (s->relu) result[i] = (VECTOR)((LATHE_NAME(winograd_mask))result[i] & ~(result[i] < 0));
    }
    LATHE_NAME(store_items)(result, y + row * s->output_width, y_at, 0, count);
  }
}

static void LATHE_NAME(run)(
    const lathe_convolution *s, const float *x, const float *packed, const float *bias, float *y, long parts,
    long first, long last) {
  const gemm_isa *isa = lathe_gemm_isa();
  const winograd_layout w = winograd_layout_for(s);
  const long depth = s->channels, plane = s->output_height * s->output_width;
  const long tiles = lathe_gemm_tiles(s->output_channels), passes = gemm_passes(depth);
  const size_t size = lathe_gemm_packed_size(s->output_channels, depth);
  float *v = lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)(winograd_points * (w.input_step + w.product_step)));
  if (!v) return;
  float *m = v + winograd_points * w.input_step;
  for (long task = first; task < last; task++) {
    const long part = task % parts;
    winograd_block b;
    winograd_find_block(s, &w, task / parts, &b);
    if (part == 0 || task == first) LATHE_NAME(transform_block)(s, &w, &b, x, v);
    const long tile1 = gemm_tile_start(tiles, parts, part + 1);
    for (long tile0 = gemm_tile_start(tiles, parts, part); tile0 < tile1; tile0 += winograd_group) {
      const long end = tile0 + winograd_group < tile1 ? tile0 + winograd_group : tile1;
      const long o0 = gemm_tile_start(s->output_channels, tiles, tile0);
      const long o1 = gemm_tile_start(s->output_channels, tiles, end);
      for (long point = 0; point < winograd_points; point++)
        for (long pass = 0; pass < passes; pass++) {
          const long k0 = gemm_pass_start(depth, passes, pass), k1 = gemm_pass_start(depth, passes, pass + 1);
          for (long lane = 0; lane < b.lanes; lane += w.columns) {
            gemm_tile t = {
                .k = k1 - k0,
                .b = v + point * w.input_step + lane * depth + k0 * w.columns,
                .b_row = w.columns,
                .c_row = w.columns,
                .columns = b.lanes - lane < w.columns ? b.lanes - lane : w.columns,
                .flags = pass > 0 ? GEMM_ACCUMULATE : 0,
            };
            float *to = m + point * w.product_step + lane * w.rows;
            for (long tile = tile0; tile < end; tile++) {
              const long o = gemm_tile_start(s->output_channels, tiles, tile);
              t.a = gemm_packed_tile(packed + (size_t)point * size, tiles, isa->rows, k0, k1 - k0, tile);
              t.c = to + (o - o0) * w.columns;
              isa->kernel(gemm_tile_start(s->output_channels, tiles, tile + 1) - o, &t);
            }
          }
        }
      for (long o = o0; o < o1; o++) {
        if (o + 1 < o1) winograd_fetch_results(s, y + (o + 1) * plane, &b);
        for (long lane = 0; lane < b.count; lane += LATHE_LANES)
          LATHE_NAME(transform_back)(
              s, m + lane / w.columns * w.columns * w.rows + (o - o0) * w.columns + lane % w.columns, w.product_step,
              bias ? bias[o] : 0, b.y_at + lane, b.count - lane < LATHE_LANES ? b.count - lane : LATHE_LANES,
              y + o * plane);
      }
    }
  }
}

static const winograd_level LATHE_NAME(level) = {LATHE_NAME(pack), LATHE_NAME(run)};

#include "winograd_quads_end.h"
