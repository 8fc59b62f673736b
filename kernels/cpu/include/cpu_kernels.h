#pragma once

// The C loops of the CPU backend: one header for each family.
#include "cpu_info.h"
#include "indexing.h"
#include "random.h"
#include "thread_pool.h"
