#include "convolution_winograd.h"
#include "include/workspace.h"

// 3x3 convolution by F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): a tile
// of 4x4 results takes 36 products instead of 144. Tiles and filters are transformed, 36 matrix products do the sums
// over channels, and their results are transformed back. Sixteen tiles are worked on at a time, a tile to a lane.
//
// Only for AVX-512, where it was measured to win; the transformations rest on its gathers and masks. Its errors are
// about ten times those of sums in order: 1e-5 of the largest result. Where x is infinite, a tile becomes NaN.

#if defined(__x86_64__)

enum { points = winograd_points, lanes = winograd_lanes, block_tiles = 32, group_tiles = 4 };

bool lathe_winograd_suits(const lathe_convolution *s) {
  if (lathe_gemm_isa()->lanes != lanes || s->kernel_height != 3 || s->kernel_width != 3) return false;
  if (s->groups != 1 || s->stride_y != 1 || s->stride_x != 1 || s->dilation_y != 1 || s->dilation_x != 1) return false;
  // Whole tiles; enough channels on both sides to be worth the transformations.
  if (s->output_height % 4 != 0 || s->output_width % 4 != 0 || s->channels < 32 || s->output_channels < 32)
    return false;
  // Offsets of a gather have 32 bits.
  const long inputs = s->channels * s->height * s->width;
  const long outputs = s->output_channels * s->output_height * s->output_width;
  return s->batch * inputs < INT32_MAX / 2 && s->batch * outputs < INT32_MAX / 2;
}

size_t lathe_winograd_packed_size(const lathe_convolution *s) {
  return points * lathe_gemm_packed_size(s->output_channels, s->channels);
}

long lathe_winograd_blocks(const lathe_convolution *s) {
  return (s->batch * (s->output_height / 4) * (s->output_width / 4) + block_tiles - 1) / block_tiles;
}

WIDE void lathe_winograd_pack(const lathe_convolution *s, const float *filter, float *packed, long first, long last) {
  const long tiles = lathe_gemm_tiles(s->output_channels), rows = lathe_gemm_isa()->rows, depth = s->channels;
  const long passes = gemm_passes(depth);
  const size_t size = lathe_gemm_packed_size(s->output_channels, depth);
  for (long tile = first; tile < last; tile++) {
    const long o = gemm_tile_start(s->output_channels, tiles, tile);
    const long count = gemm_tile_start(s->output_channels, tiles, tile + 1) - o;
    const __mmask16 mask = (__mmask16)((1u << count) - 1);
    // The tile's output channels are the lanes.
    i16v index;
    for (int i = 0; i < lanes; i++) index[i] = (int32_t)(i < count ? i * depth * 9 : 0);
    for (long pass = 0; pass < passes; pass++) {
      const long k0 = gemm_pass_start(depth, passes, pass), k1 = gemm_pass_start(depth, passes, pass + 1);
      float *to = (float *)gemm_packed_tile(packed, tiles, rows, k0, k1 - k0, tile);
      for (long c = k0; c < k1; c++) {
        const float *from = filter + (o * depth + c) * 9;
        f16v half[6][3], u[6];
        for (int column = 0; column < 3; column++) {
          f16v g[3];
          for (int row = 0; row < 3; row++)
            g[row] = gather(from + row * 3 + column, index, mask);
          transform_taps(g, u);
          for (int row = 0; row < 6; row++) half[row][column] = u[row];
        }
        for (int row = 0; row < 6; row++) {
          transform_taps(half[row], u);
          for (int column = 0; column < 6; column++)
            _mm512_mask_storeu_ps(
                to + (size_t)(row * 6 + column) * size + (c - k0) * count, mask, (__m512)u[column]);
        }
      }
    }
  }
}

/// Sixteen tiles: where their 6x6 numbers of x and their 4x4 results lie, counted from the first channel.
typedef struct {
  i16v x;
  int32_t y[lanes];
  /// Which lanes' tiles have row i or column i of x inside the image.
  __mmask16 rows[6], columns[6];
  long count;
} tile_lanes;

static void find_tiles(const lathe_convolution *s, long first, long count, tile_lanes *t) {
  const long across = s->output_width / 4, down = s->output_height / 4;
  memset(t, 0, sizeof *t);
  t->count = count < 0 ? 0 : count < lanes ? count : lanes;
  for (long lane = 0; lane < t->count; lane++) {
    const long tile = first + lane, image = tile / (across * down);
    const long oy = tile / across % down * 4, ox = tile % across * 4;
    const long y = oy - s->padding_y, x = ox - s->padding_x;
    t->x[lane] = (int32_t)((image * s->channels * s->height + y) * s->width + x);
    t->y[lane] = (int32_t)((image * s->output_channels * s->output_height + oy) * s->output_width + ox);
    for (long i = 0; i < 6; i++) {
      if (y + i >= 0 && y + i < s->height) t->rows[i] |= (__mmask16)(1u << lane);
      if (x + i >= 0 && x + i < s->width) t->columns[i] |= (__mmask16)(1u << lane);
    }
  }
}

/// v[point][channel][tile of the block] for sixteen tiles.
WIDE static void transform_tiles(const lathe_convolution *s, const float *x, const tile_lanes *t, float *v) {
  const long plane = s->height * s->width;
  for (long c = 0; c < s->channels; c++) {
    f16v d[points];
    for (int row = 0; row < 6; row++)
      for (int column = 0; column < 6; column++)
        d[row * 6 + column] =
            gather(x + c * plane + row * s->width + column, t->x, t->rows[row] & t->columns[column]);
    for (int column = 0; column < 6; column++) transform_input(d + column, d + column, 6);
    for (int row = 0; row < 6; row++) {
      transform_input(d + row * 6, d + row * 6, 1);
      for (int column = 0; column < 6; column++)
        store16(v + ((row * 6 + column) * s->channels + c) * block_tiles, d[row * 6 + column]);
    }
  }
}

/// Results of one output channel for sixteen tiles: m[point], `step` floats apart.
WIDE static void transform_back(
    const lathe_convolution *s, const float *m, long step, float bias, const tile_lanes *t, float *y) {
  f16v half[4 * 6], result[4];
  for (int column = 0; column < 6; column++) {
    f16v from[6];
    for (int row = 0; row < 6; row++) from[row] = load16(m + (row * 6 + column) * step);
    transform_output(from, 1, half + column, 6);
  }
  for (int row = 0; row < 4; row++) {
    transform_output(half + row * 6, 1, result, 1);
    for (int i = 0; i < 4; i++) {
      result[i] += bias;
      if (s->relu) result[i] = (f16v)((i16v)result[i] & ~(result[i] < 0));
    }
    // Four vectors, a column each, become four numbers for each tile: tile 4 q + p is quarter q of vector p.
    const __m512 low01 = _mm512_unpacklo_ps((__m512)result[0], (__m512)result[1]);
    const __m512 high01 = _mm512_unpackhi_ps((__m512)result[0], (__m512)result[1]);
    const __m512 low23 = _mm512_unpacklo_ps((__m512)result[2], (__m512)result[3]);
    const __m512 high23 = _mm512_unpackhi_ps((__m512)result[2], (__m512)result[3]);
    float turned[4][lanes] __attribute__((aligned(64)));
    _mm512_store_ps(turned[0], _mm512_shuffle_ps(low01, low23, 0x44));
    _mm512_store_ps(turned[1], _mm512_shuffle_ps(low01, low23, 0xee));
    _mm512_store_ps(turned[2], _mm512_shuffle_ps(high01, high23, 0x44));
    _mm512_store_ps(turned[3], _mm512_shuffle_ps(high01, high23, 0xee));
    float *to = y + row * s->output_width;
    for (long lane = 0; lane < t->count; lane++)
      _mm_storeu_ps(to + t->y[lane], _mm_load_ps(turned[lane % 4] + lane / 4 * 4));
  }
}

void lathe_winograd_run(
    const lathe_convolution *s, const float *x, const float *packed, const float *bias, float *y, long parts,
    long first, long last) {
  const gemm_isa *isa = lathe_gemm_isa();
  const long all = s->batch * (s->output_height / 4) * (s->output_width / 4), depth = s->channels;
  const long tiles = lathe_gemm_tiles(s->output_channels), passes = gemm_passes(depth);
  const size_t size = lathe_gemm_packed_size(s->output_channels, depth);
  const long plane = s->output_height * s->output_width, rows = group_tiles * isa->rows;
  float *v = lathe_workspace(LATHE_WORKSPACE_PRIVATE, (size_t)(points * block_tiles * (depth + rows)));
  if (!v) return;
  float *m = v + points * block_tiles * depth;
  for (long task = first; task < last; task++) {
    const long block = task / parts, part = task % parts;
    tile_lanes at[2];
    for (int half = 0; half < 2; half++) {
      const long start = block * block_tiles + half * lanes;
      find_tiles(s, start, all - start, at + half);
      transform_tiles(s, x, at + half, v + half * lanes);
    }
    const long tile1 = gemm_tile_start(tiles, parts, part + 1);
    for (long tile0 = gemm_tile_start(tiles, parts, part); tile0 < tile1; tile0 += group_tiles) {
      const long end = tile0 + group_tiles < tile1 ? tile0 + group_tiles : tile1;
      const long o0 = gemm_tile_start(s->output_channels, tiles, tile0);
      const long o1 = gemm_tile_start(s->output_channels, tiles, end);
      for (long point = 0; point < points; point++) {
        for (long pass = 0; pass < passes; pass++) {
          const long k0 = gemm_pass_start(depth, passes, pass), k1 = gemm_pass_start(depth, passes, pass + 1);
          gemm_tile t = {
              .k = k1 - k0,
              .b = v + (point * depth + k0) * block_tiles,
              .b_row = block_tiles,
              .c_row = block_tiles,
              .columns = block_tiles,
              .flags = pass > 0 ? GEMM_ACCUMULATE : 0,
          };
          for (long tile = tile0; tile < end; tile++) {
            const long o = gemm_tile_start(s->output_channels, tiles, tile);
            t.a = gemm_packed_tile(packed + (size_t)point * size, tiles, isa->rows, k0, k1 - k0, tile);
            t.c = m + (point * rows + o - o0) * block_tiles;
            isa->kernel(gemm_tile_start(s->output_channels, tiles, tile + 1) - o, &t);
          }
        }
      }
      for (int half = 0; half < 2; half++)
        for (long o = o0; o < o1; o++)
          transform_back(
              s, m + (o - o0) * block_tiles + half * lanes, rows * block_tiles, bias ? bias[o] : 0, at + half,
              y + o * plane);
    }
  }
}

#else

bool lathe_winograd_suits(const lathe_convolution *s) { return false; }
size_t lathe_winograd_packed_size(const lathe_convolution *s) { return 0; }
long lathe_winograd_blocks(const lathe_convolution *s) { return 0; }
void lathe_winograd_pack(const lathe_convolution *s, const float *filter, float *packed, long first, long last) {}
void lathe_winograd_run(
    const lathe_convolution *s, const float *x, const float *packed, const float *bias, float *y, long parts,
    long first, long last) {}

#endif
