#pragma once

#include <stddef.h>
#include <stdint.h>

// Philox4x32-10. Block b of a key has the counter (offset + b, 0); element i uses lane i % 4 of block i / 4.

/// The words of elements begin..<end; `begin` is a multiple of 4, and whole blocks are written.
void lathe_philox(uint32_t *words, uint64_t seed, uint64_t offset, size_t begin, size_t end);

/// One block of any counter and key.
void lathe_philox_block(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/// Where uniform numbers lie: (low + width u) scale, at most `limit`.
struct lathe_interval {
  float low, width, scale, limit;
};

/// Numbers from `count` words (a multiple of 4 for normal); see `RandomDistribution`.
void lathe_uniform(float *y, const uint32_t *words, size_t count, struct lathe_interval interval);
void lathe_normal(float *y, const uint32_t *words, size_t count, float mean, float deviation);
void lathe_bernoulli(float *y, const uint32_t *words, size_t count, float probability);
/// x / keep where the word's uniform number is at least `probability`, else 0.
void lathe_dropout(float *y, const float *x, const uint32_t *words, size_t count, float probability, float keep);
