#pragma once

#include <stdbool.h>
#include <stddef.h>

/// The largest number of A's columns that one pass takes; a packed panel of B then fits in the L1 cache.
#define LATHE_GEMM_DEPTH 256

/// C = A B (+ bias) (relu): A is m x k and B is k x n with any strides, C is m x n with rows `c_row` apart.
typedef struct lathe_gemm {
  long m, n, k;
  const float *a;
  long a_row, a_column;
  const float *b;
  long b_row, b_column;
  float *c;
  long c_row;
  /// One number for each column of C, or NULL.
  const float *bias;
  bool relu;
} lathe_gemm;

/// Columns of C in a panel, and rows in a tile, of the kernel for this processor.
long lathe_gemm_panel_columns(void);
long lathe_gemm_tile_rows(void);

/// Tiles of rows that A is cut into.
long lathe_gemm_tiles(long m);

/// Floats that a packed m x k matrix A takes.
size_t lathe_gemm_packed_size(long m, long k);

/// Packs tiles first..<last of A for `lathe_gemm_run`; distinct tiles may be packed by distinct threads.
void lathe_gemm_pack(
    const float *a, long row_stride, long column_stride, long m, long k, float *packed, long first, long last);

/// Whether A is packed for `lathe_gemm_run`; otherwise it reads A as it lies.
bool lathe_gemm_packs(const lathe_gemm *product);

/// Some panels of B, packed for several calls of `lathe_gemm_run`.
typedef struct lathe_gemm_panels {
  float *memory;
  long first, count;
} lathe_gemm_panels;

/// Whether calls for `tiles` tiles of rows use panels that were packed for them; otherwise they read B as it lies.
bool lathe_gemm_uses_panels(const lathe_gemm *product, long tiles);

/// Floats that `count` packed panels take.
size_t lathe_gemm_panels_size(const lathe_gemm *product, long count);

/// Packs panels first..<last of those in `panels`; distinct ones may be packed by distinct threads.
void lathe_gemm_pack_columns(const lathe_gemm *product, const lathe_gemm_panels *panels, long first, long last);

/// In how many passes products go over k.
long lathe_gemm_passes(long k);

/// Packs what one pass reads of the panels first..<last among `panels`; each pass may be packed by a thread of its own.
void lathe_gemm_pack_pass(
    const lathe_gemm *product, const lathe_gemm_panels *panels, long pass, long first, long last);

/// Computes tiles `first_tile..<last_tile` by panels `first_panel..<last_panel` of C on the calling thread.
/// `packed` is NULL where `lathe_gemm_packs` says no, `panels` where the call packs those of B itself.
void lathe_gemm_run(
    const lathe_gemm *product, const float *packed, const lathe_gemm_panels *panels, long first_tile, long last_tile,
    long first_panel, long last_panel);

/// Computes all of C on the calling thread.
void lathe_gemm_all(const lathe_gemm *product);

/// Computes columns first..<last of C where m is 1, on the calling thread. In B one stride is 1 or its axis has one
/// element.
void lathe_gemv(const lathe_gemm *product, long first, long last);

/// Writes the transposed matrix of `rows` x `columns` elements, rows `from_row` apart, to rows of C; adds one number of the bias
/// (or NULL) for each of C's columns, and applies relu where asked.
void lathe_gemm_store_transposed(
    const float *from, long from_row, long rows, long columns, float *c, long c_row, const float *bias, bool relu);

/// Adds contiguous rows of `columns` to rows of C.
void lathe_add_rows(float *c, long c_row, const float *from, long rows, long columns);

/// Adds a bias (or NULL) to `rows` rows of `columns` and applies relu where asked, in place.
void lathe_bias_activation(float *c, long rows, long columns, const float *bias, bool relu);
