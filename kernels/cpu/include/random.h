#pragma once

#include <stddef.h>
#include <stdint.h>

// Philox4x32-10 (Salmon et al., SC 2011). Element i of a sequence is lane i % 4 of block `offset + i / 4`; each function
// makes elements first..<first + count, `first` a multiple of 4.

/// One block's four words.
void lathe_philox(uint64_t seed, uint64_t block, uint32_t words[4]);

/// low + (high - low) * u, u in [0, 1) with 24 bits.
void lathe_random_uniform(float *out, size_t first, size_t count, uint64_t seed, uint64_t offset, float low, float high);

/// Box-Muller pairs, scaled and shifted.
void lathe_random_normal(
    float *out, size_t first, size_t count, uint64_t seed, uint64_t offset, float mean, float deviation);

/// 1 where u < probability, else 0.
void lathe_random_bernoulli(float *out, size_t first, size_t count, uint64_t seed, uint64_t offset, float probability);

/// x * scale where u >= probability, else 0.
void lathe_dropout(
    const float *x, float *out, size_t first, size_t count, uint64_t seed, uint64_t offset, float probability,
    float scale);
