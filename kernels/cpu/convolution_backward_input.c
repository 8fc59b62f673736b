#include "convolution_internal.h"
#include "include/workspace.h"
#include "levels.h"

// The gradient of a convolution's input in general: filter^T dy, tile by tile, added into dx where each tap
// belongs. Rows of the product are taps in the order (ky, kx, channel): neighbouring rows then belong to different
// planes of dx, so that an addition never waits for the one before it. A task owns its planes of dx, so the order
// of additions is always the same.

/// Output channels whose part of the filter is packed at a time.
#define PACK_OUTPUTS 16

long lathe_convolution_scatter_channels(const lathe_convolution *s, long threads) {
  const long channels = s->channels / s->groups;
  const long others = s->batch * s->groups, wanted = (2 * threads + others - 1) / others;
  const long taps = s->kernel_height * s->kernel_width;
  // At least one full tile of rows.
  const long least = (lathe_gemm_tile_rows() + taps - 1) / taps;
  long block = (channels + wanted - 1) / wanted;
  if (block < least) block = least;
  return block < channels ? block : channels;
}

static long block_count(const lathe_convolution *s, long block_channels) {
  return (s->channels / s->groups + block_channels - 1) / block_channels;
}

/// Rows of a block's product, and floats of its packed filter.
static long block_rows(const lathe_convolution *s, long channels) {
  return channels * s->kernel_height * s->kernel_width;
}
static size_t block_size(const lathe_convolution *s, long block_channels) {
  return (size_t)(lathe_gemm_tiles(block_rows(s, block_channels)) * lathe_gemm_tile_rows()
      * (s->output_channels / s->groups));
}

size_t lathe_convolution_scatter_size(const lathe_convolution *s, long block_channels) {
  return (size_t)(s->groups * block_count(s, block_channels)) * block_size(s, block_channels);
}

static long channels_of(const lathe_convolution *s, long block_channels, long block) {
  const long left = s->channels / s->groups - block * block_channels;
  return left < block_channels ? left : block_channels;
}

long lathe_convolution_scatter_tiles(const lathe_convolution *s, long block_channels) {
  return s->groups * block_count(s, block_channels) * lathe_gemm_tiles(block_rows(s, block_channels));
}

void lathe_convolution_scatter_pack(
    const lathe_convolution *s, const float *filter, long block_channels, float *packed, long first, long last) {
  const long inputs = s->channels / s->groups, outputs = s->output_channels / s->groups;
  const long taps = s->kernel_height * s->kernel_width, blocks = block_count(s, block_channels);
  const long most_tiles = lathe_gemm_tiles(block_rows(s, block_channels));
  // Some outputs for all tiles: their part of the filter stays in the L2 cache while each tap takes its numbers from it.
  for (long o0 = 0; o0 < outputs; o0 += PACK_OUTPUTS) {
    const long o1 = o0 + PACK_OUTPUTS < outputs ? o0 + PACK_OUTPUTS : outputs;
    for (long task = first; task < last; task++) {
      const long tile = task % most_tiles, block = task / most_tiles % blocks, g = task / most_tiles / blocks;
      const long channels = channels_of(s, block_channels, block), rows = channels * taps;
      const long tiles = lathe_gemm_tiles(rows);
      // The last block may have fewer.
      if (tile >= tiles) continue;
      const long row = gemm_tile_start(rows, tiles, tile), count = gemm_tile_start(rows, tiles, tile + 1) - row;
      const float *from = filter + ((g * outputs + o0) * inputs + block * block_channels) * taps;
      float *to = packed + (size_t)(g * blocks + block) * block_size(s, block_channels) + row * outputs + o0 * count;
      long at[GEMM_MAX_ROWS];
      for (long i = 0; i < count; i++) at[i] = (row + i) % channels * taps + (row + i) / channels;
      for (long o = o0; o < o1; o++) {
        for (long i = 0; i < count; i++) to[i] = from[at[i]];
        from += inputs * taps;
        to += count;
      }
    }
  }
}

typedef struct {
  long y, x, count, to;
} target_run;

/// Adds a tile's rows first..<last into dx; the general case.
LATHE_INLINE void scatter_rows(
    const lathe_convolution *s, const float *tile, long width, long first, long last, long channels,
    const target_run *runs, long run_count, float *dx) {
  const long plane = s->height * s->width, step = s->stride_x;
  for (long r = first; r < last; r++) {
    const long tap = r / channels, ky = tap / s->kernel_width * s->dilation_y;
    const long kx = tap % s->kernel_width * s->dilation_x;
    for (long i = 0; i < run_count; i++) {
      const target_run *run = runs + i;
      const long y = run->y + ky, x = run->x + kx;
      if (y < 0 || y >= s->height) continue;
      long low = x < 0 ? (-x + step - 1) / step : 0;
      long high = x >= s->width ? 0 : (s->width - x + step - 1) / step;
      if (high > run->count) high = run->count;
      const float *from = tile + (r - first) * width + run->to;
      float *to = dx + r % channels * plane + y * s->width + x;
      if (step == 1) {
        for (; low + 8 <= high; low += 8) store8(to + low, load8(to + low) + load8(from + low));
        for (; low < high; low++) to[low] += from[low];
      } else {
        for (; low < high; low++) to[low * step] += from[low];
      }
    }
  }
}

/// The same for runs of eight pixels and a stride of 1, all inside the image. `four` is a constant: whether there
/// are exactly four.
LATHE_INLINE void scatter_eights(
    const lathe_convolution *s, const float *from, long width, long first, long last, long channels,
    const target_run *runs, long run_count, float *dx, const bool four) {
  const long plane = s->height * s->width, w = s->width;
  long offsets[GEMM_MAX_COLUMNS / 8];
  for (long i = 0; i < run_count; i++) offsets[i] = runs[i].y * w + runs[i].x;
  for (long r = first; r < last;) {
    // Rows of one tap: one for each channel.
    const long tap = r / channels, channel = r % channels;
    const long end = r - channel + channels < last ? r - channel + channels : last;
    float *to = dx + channel * plane + tap / s->kernel_width * s->dilation_y * w
        + tap % s->kernel_width * s->dilation_x;
    if (four) {
      float *a = to + offsets[0], *b = to + offsets[1], *c = to + offsets[2], *d = to + offsets[3];
      for (; r < end; r++) {
        const f8v p = load8(a) + load8(from), q = load8(b) + load8(from + 8);
        const f8v t = load8(c) + load8(from + 16), u = load8(d) + load8(from + 24);
        store8(a, p);
        store8(b, q);
        store8(c, t);
        store8(d, u);
        a += plane, b += plane, c += plane, d += plane;
        from += width;
      }
    } else {
      for (; r < end; r++) {
        for (long i = 0; i < run_count; i++)
          store8(to + offsets[i], load8(to + offsets[i]) + load8(from + i * 8));
        to += plane;
        from += width;
      }
    }
  }
}

LATHE_STATIC_LEVELS(void, scatter_fours,
    (const lathe_convolution *s, const float *tile, long width, long first, long last, long channels,
     const target_run *runs, float *dx),
    (s, tile, width, first, last, channels, runs, dx)) {
  scatter_eights(s, tile, width, first, last, channels, runs, 4, dx, true);
}

LATHE_STATIC_LEVELS(void, scatter_tile,
    (const lathe_convolution *s, const float *tile, long width, long first, long last, long channels,
     const target_run *runs, long run_count, bool eights, float *dx),
    (s, tile, width, first, last, channels, runs, run_count, eights, dx)) {
  if (eights)
    scatter_eights(s, tile, width, first, last, channels, runs, run_count, dx, false);
  else
    scatter_rows(s, tile, width, first, last, channels, runs, run_count, dx);
}

/// Describes pixels first..<first + count of an image; whether all runs have eight pixels and lie inside.
static bool find_runs(
    const lathe_convolution *s, long first, long count, target_run *runs, long *run_count) {
  const long ow = s->output_width;
  bool eights = s->stride_x == 1;
  long n = 0, to = 0;
  for (long p = first; p < first + count;) {
    const long oy = p / ow, ox = p % ow;
    long length = ow - ox < first + count - p ? ow - ox : first + count - p;
    const target_run run = {oy * s->stride_y - s->padding_y, ox * s->stride_x - s->padding_x, length, to};
    eights = eights && length % 8 == 0 && run.y >= 0 && run.x >= 0
        && run.y + (s->kernel_height - 1) * s->dilation_y < s->height
        && run.x + length - 1 + (s->kernel_width - 1) * s->dilation_x < s->width;
    runs[n++] = run;
    p += length;
    to += length;
  }
  if (eights) {
    // Longer runs are cut into eights.
    target_run cut[GEMM_MAX_COLUMNS / 8];
    long m = 0;
    for (long i = 0; i < n; i++)
      for (long j = 0; j < runs[i].count; j += 8)
        cut[m++] = (target_run){runs[i].y, runs[i].x + j, 8, runs[i].to + j};
    memcpy(runs, cut, (size_t)m * sizeof *cut);
    n = m;
  }
  *run_count = n;
  return eights;
}

void lathe_convolution_scatter_run(
    const lathe_convolution *s, const float *dy, const float *packed, float *dx, long block_channels, long first,
    long last) {
  const gemm_isa *isa = lathe_gemm_isa();
  const long width = isa->columns, pixels = s->output_height * s->output_width, plane = s->height * s->width;
  const long inputs = s->channels / s->groups, outputs = s->output_channels / s->groups;
  const long blocks = block_count(s, block_channels), passes = gemm_passes(outputs);
  float *panel = lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)(outputs * width));
  if (!panel) return;
  float product[GEMM_MAX_ROWS * GEMM_MAX_COLUMNS] __attribute__((aligned(64)));
  target_run runs[GEMM_MAX_COLUMNS];
  for (long task = first; task < last; task++) {
    const long block = task % blocks, g = task / blocks % s->groups, image = task / blocks / s->groups;
    const long channels = channels_of(s, block_channels, block);
    const long rows = block_rows(s, channels), tiles = lathe_gemm_tiles(rows);
    const float *filter = packed + (size_t)(g * blocks + block) * block_size(s, block_channels);
    float *to = dx + (image * s->channels + g * inputs + block * block_channels) * plane;
    memset(to, 0, (size_t)(channels * plane) * sizeof(float));
    const float *from = dy + (image * s->output_channels + g * outputs) * pixels;
    for (long p = 0; p < pixels; p += width) {
      const long columns = pixels - p < width ? pixels - p : width;
      gemm_tile t = {.c = product, .c_row = width, .columns = columns};
      if (columns == width) {
        t.b = from + p;
        t.b_row = pixels;
      } else {
        const long used = columns * 2 > width ? width : width / 2;
        lathe_gemm_pack_block(from + p, 1, pixels, columns, outputs, panel, used, used);
        t.b = panel;
        t.b_row = used;
      }
      long run_count;
      const bool eights = find_runs(s, p, columns, runs, &run_count);
      const float *panel_start = t.b;
      for (long tile = 0; tile < tiles; tile++) {
        const long r0 = gemm_tile_start(rows, tiles, tile), r1 = gemm_tile_start(rows, tiles, tile + 1);
        for (long pass = 0; pass < passes; pass++) {
          const long k0 = gemm_pass_start(outputs, passes, pass), k1 = gemm_pass_start(outputs, passes, pass + 1);
          t.k = k1 - k0;
          t.a = filter + r0 * outputs + k0 * (r1 - r0);
          t.b = panel_start + k0 * t.b_row;
          t.flags = pass % PASSES_IN_ORDER == 0 ? 0 : GEMM_ACCUMULATE;
          isa->kernel(r1 - r0, &t);
          if (pass + 1 < passes && (pass + 1) % PASSES_IN_ORDER != 0) continue;
          if (eights && run_count == 4)
            scatter_fours(s, product, width, r0, r1, channels, runs, to);
          else
            scatter_tile(s, product, width, r0, r1, channels, runs, run_count, eights, to);
        }
      }
    }
  }
}
