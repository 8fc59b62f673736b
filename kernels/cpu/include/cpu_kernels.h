#pragma once

// The C loops of the CPU backend: one header for each family.
#include "convolution.h"
#include "copy.h"
#include "cpu_info.h"
#include "elementwise.h"
#include "gemm.h"
#include "indexing.h"
#include "normalization.h"
#include "optimizer.h"
#include "pooling.h"
#include "random.h"
#include "reduction.h"
#include "roofs.h"
#include "softmax.h"
#include "sorting.h"
#include "thread_pool.h"
#include "workspace.h"
