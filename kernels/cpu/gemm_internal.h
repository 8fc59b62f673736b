#pragma once

#include "include/gemm.h"
#include "vector_types.h"

// How one call of the inner kernel ends.
enum {
  // Adds to what is in C instead of overwriting it.
  GEMM_ACCUMULATE = 1,
  // Negative results become 0.
  GEMM_RELU = 2,
};

/// One tile: C[rows x columns] (+)= A B, where row k of B has a panel's readable floats at b + k * b_row.
typedef struct gemm_tile {
  long k;
  const float *a;
  /// The distance of A's rows where they are read as they lie, with neighbours along k; 0 where A is packed, with
  /// `rows` numbers for each k. What is not packed is multiplied by whole panels: B's row has all of their columns.
  long a_row;
  const float *b;
  long b_row;
  float *c;
  long c_row;
  long columns;
  /// For each column or each row, or NULL.
  const float *column_bias;
  const float *row_bias;
  int flags;
} gemm_tile;

typedef void (*gemm_kernel)(long rows, const gemm_tile *tile);

/// The inner kernel for this processor and its tile.
typedef struct gemm_isa {
  long rows, columns;
  /// Floats of a vector.
  long lanes;
  gemm_kernel kernel;
} gemm_isa;

const gemm_isa *lathe_gemm_isa(void);

/// Ends a tile whose columns are no whole vectors: its sums lie in `part`, `width` for each row.
void lathe_gemm_store_part(const gemm_tile *tile, const float *part, long rows, long width);

/// The widest panel of any processor.
#define GEMM_MAX_COLUMNS 32
#define GEMM_MAX_ROWS 12

/// How many floats ahead packed A is fetched: a tile of the L2 cache arrives in time for its turn.
#define GEMM_PREFETCH 384
/// Floats of a cache line.
#define GEMM_LINE 16
/// Columns of B that are packed at a time, so that its rows are read by more than a panel's few bytes.
#define GEMM_GROUP_COLUMNS 64

/// First row of a tile when m rows are cut evenly into `tiles`.
LATHE_INLINE long gemm_tile_start(long m, long tiles, long tile) { return m * tile / tiles; }

/// Passes over k, and where a pass starts: all of nearly one length.
LATHE_INLINE long gemm_passes(long k) { return k <= LATHE_GEMM_DEPTH ? 1 : (k + LATHE_GEMM_DEPTH - 1) / LATHE_GEMM_DEPTH; }
LATHE_INLINE long gemm_pass_start(long k, long passes, long pass) { return k * pass / passes; }

/// Where tile `tile` of the pass that starts at `k0` and is `depth` deep lies in packed A.
LATHE_INLINE const float *gemm_packed_tile(const float *packed, long tiles, long rows, long k0, long depth, long tile) {
  return packed + tiles * rows * k0 + tile * rows * depth;
}

/// dst[k * dst_row + i] = src[i * row + k * column] for i < count, and zeros up to `width`; may be called for
/// neighbouring destinations from distinct threads: it writes nothing else.
void lathe_gemm_pack_block(
    const float *src, long row, long column, long count, long depth, float *dst, long dst_row, long width);

/// Copies whole panels of `width` columns each of a matrix whose rows are contiguous to panels that lie behind each other.
void lathe_gemm_pack_panels(const float *src, long row, long panels, long width, long depth, float *dst);
