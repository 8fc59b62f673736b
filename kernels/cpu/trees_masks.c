#include "include/trees.h"

#include <string.h>

#include "levels.h"

// Predictions without walking: a tree's leaves are bits, numbered from left to right, and each node whose condition is
// false clears those of its left child. The lowest bit that is left is the leaf. All nodes are looked at, but each for 64
// rows at once, and nothing is fetched from places that depend on data.

enum { rows = LATHE_TREE_ROWS };

LATHE_LEVELS(void, lathe_tree_masks32,
    (const lathe_mask_node *nodes, long node_count, const double *values, const uint16_t *ranks, double *sums),
    (nodes, node_count, values, ranks, sums)) {
  uint32_t masks[rows];
  memset(masks, 255, sizeof masks);
  for (long n = 0; n < node_count; n++) {
    const uint16_t *column = ranks + (long)nodes[n].column * rows;
    const uint32_t keep = (uint32_t)nodes[n].keep;
    const uint32_t threshold = nodes[n].threshold;
    for (int i = 0; i < rows; i++) masks[i] &= column[i] > threshold ? keep : UINT32_MAX;
  }
  for (int i = 0; i < rows; i++) sums[i] += values[__builtin_ctz(masks[i])];
}

LATHE_LEVELS(void, lathe_tree_masks64,
    (const lathe_mask_node *nodes, long node_count, const double *values, const uint16_t *ranks, double *sums),
    (nodes, node_count, values, ranks, sums)) {
  uint64_t masks[rows];
  memset(masks, 255, sizeof masks);
  for (long n = 0; n < node_count; n++) {
    const uint16_t *column = ranks + (long)nodes[n].column * rows;
    const uint64_t keep = nodes[n].keep;
    const uint64_t threshold = nodes[n].threshold;
    for (int i = 0; i < rows; i++) masks[i] &= column[i] > threshold ? keep : UINT64_MAX;
  }
  for (int i = 0; i < rows; i++) sums[i] += values[__builtin_ctzll(masks[i])];
}
