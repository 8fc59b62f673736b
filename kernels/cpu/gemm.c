#include "include/gemm.h"

#include "gemm_internal.h"
#include "include/workspace.h"
#include "levels.h"

// GEMM of packed panels. A is packed once for each call: for every pass over k, tiles of rows, k-major. Panels of
// B are packed by whoever needs them and used for all tiles of rows at hand while they are in the L1 cache.

long lathe_gemm_panel_columns(void) { return lathe_gemm_isa()->columns; }
long lathe_gemm_tile_rows(void) { return lathe_gemm_isa()->rows; }

long lathe_gemm_tiles(long m) {
  const long rows = lathe_gemm_isa()->rows;
  return (m + rows - 1) / rows;
}

size_t lathe_gemm_packed_size(long m, long k) {
  return (size_t)(lathe_gemm_tiles(m) * lathe_gemm_isa()->rows) * (size_t)k + 64;
}

void lathe_gemm_pack(
    const float *a, long row_stride, long column_stride, long m, long k, float *packed, long first, long last) {
  const long rows = lathe_gemm_isa()->rows, tiles = lathe_gemm_tiles(m), passes = gemm_passes(k);
  for (long pass = 0; pass < passes; pass++) {
    const long k0 = gemm_pass_start(k, passes, pass), depth = gemm_pass_start(k, passes, pass + 1) - k0;
    for (long tile = first; tile < last; tile++) {
      const long i = gemm_tile_start(m, tiles, tile), count = gemm_tile_start(m, tiles, tile + 1) - i;
      lathe_gemm_pack_block(
          a + i * row_stride + k0 * column_stride, row_stride, column_stride, count, depth,
          (float *)gemm_packed_tile(packed, tiles, rows, k0, depth, tile), count, count);
    }
  }
}

bool lathe_gemm_packs(const lathe_gemm *g) {
  const long width = lathe_gemm_isa()->columns, tail = g->n % width;
  // Packing pays where A passes by many panels. A narrow last panel has a kernel of half the width, for packed A.
  return g->a_column != 1 || g->n > 512 || (tail > 0 && tail * 2 <= width && g->n < 8 * width);
}

/// Fetches a thread's share of the panel of B that comes next: row by row it lies on a page of its own.
LATHE_INLINE void prefetch_rows(const float *b, long b_row, long first, long last) {
  for (long k = first; k < last; k++) {
    __builtin_prefetch(b + k * b_row, 0, 2);
    __builtin_prefetch(b + k * b_row + 16, 0, 2);
  }
}

void lathe_gemm_run(
    const lathe_gemm *g, const float *packed, long first_tile, long last_tile, long first_panel, long last_panel) {
  const gemm_isa *isa = lathe_gemm_isa();
  const long width = isa->columns, tiles = lathe_gemm_tiles(g->m), passes = gemm_passes(g->k);
  const long tile_count = last_tile - first_tile;
  // With few tiles of rows, or where it is in the L1 cache as it is, packing a row-major B costs more than it saves.
  const bool in_place = g->b_column == 1 && (tile_count <= 2 || g->k * g->b_row <= 8192);
  float panel[LATHE_GEMM_DEPTH * GEMM_MAX_COLUMNS] __attribute__((aligned(64)));
  for (long pass = 0; pass < passes; pass++) {
    const long k0 = gemm_pass_start(g->k, passes, pass), depth = gemm_pass_start(g->k, passes, pass + 1) - k0;
    const bool is_last = pass == passes - 1;
    for (long p = first_panel; p < last_panel; p++) {
      const long j = p * width, columns = g->n - j < width ? g->n - j : width;
      const float *b = g->b + k0 * g->b_row + j * g->b_column;
      gemm_tile t = {.k = depth, .c_row = g->c_row, .columns = columns, .a_row = packed ? 0 : g->a_row};
      if (in_place && columns == width) {
        t.b = b;
        t.b_row = g->b_row;
      } else {
        const long used = columns * 2 > width || !packed ? width : width / 2;
        lathe_gemm_pack_block(b, g->b_column, g->b_row, columns, depth, panel, used, used);
        t.b = panel;
        t.b_row = used;
      }
      t.column_bias = is_last && g->bias ? g->bias + j : NULL;
      t.flags = (pass > 0 ? GEMM_ACCUMULATE : 0) | (is_last && g->relu ? GEMM_RELU : 0);
      const bool fetches = !in_place && g->b_column == 1 && p + 1 < last_panel;
      for (long tile = first_tile; tile < last_tile; tile++) {
        if (fetches)
          prefetch_rows(
              b + width, g->b_row, depth * (tile - first_tile) / tile_count,
              depth * (tile + 1 - first_tile) / tile_count);
        const long i = gemm_tile_start(g->m, tiles, tile), count = gemm_tile_start(g->m, tiles, tile + 1) - i;
        t.a = packed ? gemm_packed_tile(packed, tiles, isa->rows, k0, depth, tile) : g->a + i * g->a_row + k0;
        t.c = g->c + i * g->c_row + j;
        isa->kernel(count, &t);
      }
    }
  }
}

LATHE_LEVELS(void, lathe_add_rows,
    (float *c, long c_row, const float *from, long rows, long columns),
    (c, c_row, from, rows, columns)) {
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) c[i * c_row + j] += from[i * columns + j];
}

void lathe_gemm_all(const lathe_gemm *g) {
  if (g->m == 1) return lathe_gemv(g, 0, g->n);
  const long tiles = lathe_gemm_tiles(g->m), width = lathe_gemm_isa()->columns;
  float *packed = NULL;
  if (lathe_gemm_packs(g)) {
    packed = lathe_workspace(LATHE_WORKSPACE_SHARED, lathe_gemm_packed_size(g->m, g->k));
    if (!packed) return;
    lathe_gemm_pack(g->a, g->a_row, g->a_column, g->m, g->k, packed, 0, tiles);
  }
  lathe_gemm_run(g, packed, 0, tiles, 0, (g->n + width - 1) / width);
}
