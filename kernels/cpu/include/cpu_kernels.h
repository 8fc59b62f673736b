#pragma once

// The C loops of the CPU backend: one header for each family.
#include "copy.h"
#include "cpu_info.h"
#include "elementwise.h"
#include "indexing.h"
#include "random.h"
#include "reduction.h"
#include "sorting.h"
#include "thread_pool.h"
