#include "include/trees.h"

// Predictions by walking: eight rows at a time, so that the wait for one row's next node is used by the others.

enum { together = 8 };

void lathe_tree_walk(const lathe_walk_node *nodes, const uint16_t *ranks, int32_t *ends) {
  for (int first = 0; first < LATHE_TREE_ROWS; first += together) {
    int32_t at[together] = {0};
    int32_t moved = 1;
    while (moved) {
      moved = 0;
#pragma clang loop unroll(full)
      for (int i = 0; i < together; i++) {
        const lathe_walk_node node = nodes[at[i]];
        const int32_t rank = ranks[(long)node.column * LATHE_TREE_ROWS + first + i];
        const int32_t next = rank > node.threshold ? node.right : node.left;
        moved |= next ^ at[i];
        at[i] = next;
      }
    }
    for (int i = 0; i < together; i++) ends[first + i] = at[i];
  }
}
