#pragma once

#include <stddef.h>

/// Turns a loop of independent multiply-adds `rounds` times in the widest vectors; returns the floating-point
/// operations of one turn. `result` takes a number that depends on all of them.
double lathe_roof_multiply_adds(size_t rounds, float *result);

/// Copies blocks of 64 bytes, both sides aligned to that, past the caches.
void lathe_roof_copy(char *to, const char *from, size_t blocks);
