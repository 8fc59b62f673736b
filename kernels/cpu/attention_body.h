// The passes for one SIMD level; included through variants.h.
//
//              queries (lanes)                       scores^T = K Q^T, then weights, computed tile by tile:
//            +-----------------+
//     keys   | scores^T, later |  every product     forward    O = (weights^T)^T V
//            | weights^T       |  reads the tile    backward   dV = weights^T dO, dK = dscores^T Q,
//            +-----------------+  as it lies                   dQ = (dscores^T)^T K, dweights^T = V dO^T

#include "lanes.h"

#include "attention_product.h"
#include "attention_pack.h"
#include "attention_scores.h"
#include "attention_few.h"
#include "attention_forward.h"
#include "attention_backward.h"

static const attention_level LATHE_NAME(level) = {LATHE_NAME(forward), LATHE_NAME(backward)};
