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
  return g->a_column != 1 || g->n >= 512 || (tail > 0 && tail * 2 <= width && g->n < 8 * width);
}

/// Fetches rows of the columns of B that come next: row by row they lie on pages of their own.
LATHE_INLINE void prefetch_rows(const float *b, long b_row, long columns, long first, long last) {
  for (long k = first; k < last; k++)
    for (long j = 0; j < columns; j += 16) __builtin_prefetch(b + k * b_row + j, 0, 2);
}

bool lathe_gemm_uses_panels(const lathe_gemm *g, long tiles) {
  // With few tiles of rows, or where it is in the L1 cache as it is, packing a row-major B costs more than it saves.
  return g->b_column != 1 || (tiles > 2 && g->k * g->b_row > 8192);
}

size_t lathe_gemm_panels_size(const lathe_gemm *g, long count) {
  return (size_t)(count * lathe_gemm_isa()->columns) * (size_t)g->k;
}

/// Columns that a packed panel has for `columns` of B: a narrow last one has a kernel of half the width, for packed A.
LATHE_INLINE long panel_width(const lathe_gemm *g, long columns, long width) {
  return columns * 2 > width || !lathe_gemm_packs(g) ? width : width / 2;
}

/// Packs some panels of rows k0..<k0 + depth of B behind each other.
LATHE_INLINE void pack_group(const lathe_gemm *g, long width, long k0, long depth, long first, long count, float *to) {
  const long j0 = first * width;
  const float *b = g->b + k0 * g->b_row + j0 * g->b_column;
  const long whole = g->b_column != 1 ? 0 : (g->n - j0) / width < count ? (g->n - j0) / width : count;
  lathe_gemm_pack_panels(b, g->b_row, whole, width, depth, to);
  for (long p = whole; p < count; p++) {
    const long left = g->n - j0 - p * width, columns = left < width ? left : width;
    const long used = panel_width(g, columns, width);
    lathe_gemm_pack_block(
        b + p * width * g->b_column, g->b_column, g->b_row, columns, depth, to + p * depth * width, used, used);
  }
}

long lathe_gemm_passes(long k) { return gemm_passes(k); }

void lathe_gemm_pack_pass(const lathe_gemm *g, const lathe_gemm_panels *panels, long pass, long first, long last) {
  const long width = lathe_gemm_isa()->columns, passes = gemm_passes(g->k), most = GEMM_GROUP_COLUMNS / width;
  const long k0 = gemm_pass_start(g->k, passes, pass), depth = gemm_pass_start(g->k, passes, pass + 1) - k0;
  for (long p = first; p < last; p += most) {
    const long count = last - p < most ? last - p : most;
    pack_group(
        g, width, k0, depth, panels->first + p, count, panels->memory + panels->count * width * k0 + p * depth * width);
  }
}

void lathe_gemm_pack_columns(const lathe_gemm *g, const lathe_gemm_panels *panels, long first, long last) {
  const long passes = gemm_passes(g->k);
  for (long pass = 0; pass < passes; pass++) lathe_gemm_pack_pass(g, panels, pass, first, last);
}

/// One pass over k by some panels.
typedef struct gemm_group {
  long k0, depth;
  long first_panel, count;
  /// The packed panels behind each other, or NULL where B is used as it lies.
  const float *panels;
  /// Columns of B behind these that are fetched meanwhile.
  long next_columns;
} gemm_group;

LATHE_INLINE void run_group(
    const lathe_gemm *g, const gemm_isa *isa, const gemm_group *s, const float *packed, long first_tile,
    long last_tile) {
  const long width = isa->columns, tiles = lathe_gemm_tiles(g->m), tile_count = last_tile - first_tile;
  const long k0 = s->k0, depth = s->depth, turns = tile_count * s->count;
  const bool is_last = k0 + depth == g->k;
  const float *next = g->b + k0 * g->b_row + (s->first_panel + s->count) * width;
  for (long p = 0; p < s->count; p++) {
    const long j = (s->first_panel + p) * width, columns = g->n - j < width ? g->n - j : width;
    gemm_tile t = {
        .k = depth,
        .a_row = packed ? 0 : g->a_row,
        .b = s->panels ? s->panels + p * depth * width : g->b + k0 * g->b_row + j,
        .b_row = s->panels ? panel_width(g, columns, width) : g->b_row,
        .c_row = g->c_row,
        .columns = columns,
        .column_bias = is_last && g->bias ? g->bias + j : NULL,
        .flags = (k0 > 0 ? GEMM_ACCUMULATE : 0) | (is_last && g->relu ? GEMM_RELU : 0)};
    for (long tile = first_tile; tile < last_tile; tile++) {
      if (s->next_columns > 0) {
        const long turn = p * tile_count + tile - first_tile;
        prefetch_rows(next, g->b_row, s->next_columns, depth * turn / turns, depth * (turn + 1) / turns);
      }
      const long i = gemm_tile_start(g->m, tiles, tile), count = gemm_tile_start(g->m, tiles, tile + 1) - i;
      t.a = packed ? gemm_packed_tile(packed, tiles, isa->rows, k0, depth, tile) : g->a + i * g->a_row + k0;
      t.c = g->c + i * g->c_row + j;
      isa->kernel(count, &t);
    }
  }
}

void lathe_gemm_run(
    const lathe_gemm *g, const float *packed, const lathe_gemm_panels *panels, long first_tile, long last_tile,
    long first_panel, long last_panel) {
  const gemm_isa *isa = lathe_gemm_isa();
  const long width = isa->columns, passes = gemm_passes(g->k), most = GEMM_GROUP_COLUMNS / width;
  const bool packs = !panels && lathe_gemm_uses_panels(g, last_tile - first_tile);
  float memory[LATHE_GEMM_DEPTH * GEMM_GROUP_COLUMNS] __attribute__((aligned(64)));
  for (long pass = 0; pass < passes; pass++) {
    const long k0 = gemm_pass_start(g->k, passes, pass), depth = gemm_pass_start(g->k, passes, pass + 1) - k0;
    for (long p = first_panel; p < last_panel;) {
      const long left = last_panel - p;
      gemm_group group = {.k0 = k0, .depth = depth, .first_panel = p, .count = left < most ? left : most};
      if (panels) {
        group.panels = panels->memory + panels->count * width * k0 + (p - panels->first) * depth * width;
      } else if (packs) {
        pack_group(g, width, k0, depth, p, group.count, memory);
        group.panels = memory;
        const long end = (p + group.count) * width, behind = left > group.count ? g->n - end : 0;
        if (g->b_column == 1) group.next_columns = behind < GEMM_GROUP_COLUMNS ? behind : GEMM_GROUP_COLUMNS;
      } else if (left == 1 || group.count * width > g->n - p * width) {
        // All but the last panel are whole; a part of one is copied, so that whole vectors can be read.
        group.count = group.count > 1 ? group.count - 1 : 1;
        if (g->n - p * width < width) {
          pack_group(g, width, k0, depth, p, 1, memory);
          group.panels = memory;
        }
      }
      run_group(g, isa, &group, packed, first_tile, last_tile);
      p += group.count;
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
  lathe_gemm_run(g, packed, NULL, 0, tiles, 0, (g->n + width - 1) / width);
}
