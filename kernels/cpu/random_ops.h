// The loops of the random numbers. Compiled for each SIMD level by variants.h.

static void LATHE_NAME(philox)(uint32_t *restrict words, uint64_t seed, uint64_t offset, size_t begin, size_t end) {
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  size_t first = begin / 4, blocks = (end + 3) / 4 - first;
  // A tile of blocks, so that the lanes can be stored in order by a second, short loop.
  for (size_t start = 0; start < blocks; start += 64) {
    size_t n = blocks - start < 64 ? blocks - start : 64;
    uint32_t lanes[4][64];
    LATHE_LOOP for (size_t i = 0; i < 64; i++) {
      uint64_t counter = offset + first + start + i;
      uint32_t x[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), 0, 0};
      lathe_philox_rounds(x, key0, key1);
      lanes[0][i] = x[0];
      lanes[1][i] = x[1];
      lanes[2][i] = x[2];
      lanes[3][i] = x[3];
    }
    for (size_t i = 0; i < n; i++)
      for (int lane = 0; lane < 4; lane++) words[4 * (start + i) + lane] = lanes[lane][i];
  }
}

static void LATHE_NAME(uniform)(float *restrict y, const uint32_t *restrict words, size_t n,
                                struct lathe_interval interval) {
  const float low = interval.low, width = interval.width, scale = interval.scale, limit = interval.limit;
  LATHE_LOOP for (size_t i = 0; i < n; i++) {
    float v = (low + width * lathe_unit(words[i])) * scale;
    y[i] = v < limit ? v : limit;
  }
}

static void LATHE_NAME(normal)(float *restrict y, const uint32_t *restrict words, size_t n, float mean,
                               float deviation) {
  LATHE_LOOP for (size_t i = 0; i < n / 2; i++) {
    float a = (float)(int32_t)((words[2 * i] >> 8) + 1) * 0x1p-24f;
    float t = 6.283185307f * lathe_unit(words[2 * i + 1]);
    float r = __builtin_elementwise_sqrt(-2.0f * lathe_log(a));
    y[2 * i] = mean + deviation * (r * lathe_sine(t, 1));
    y[2 * i + 1] = mean + deviation * (r * lathe_sine(t, 0));
  }
}

static void LATHE_NAME(bernoulli)(float *restrict y, const uint32_t *restrict words, size_t n, float probability) {
  LATHE_LOOP for (size_t i = 0; i < n; i++) y[i] = lathe_unit(words[i]) < probability ? 1.0f : 0.0f;
}

static void LATHE_NAME(dropout)(float *restrict y, const float *restrict x, const uint32_t *restrict words, size_t n,
                                float probability, float keep) {
  LATHE_LOOP for (size_t i = 0; i < n; i++) {
    float v = x[i] / keep;
    y[i] = lathe_unit(words[i]) >= probability ? v : 0.0f;
  }
}

static const struct lathe_random_kernels LATHE_NAME(lathe_table) = {
    LATHE_NAME(philox), LATHE_NAME(uniform), LATHE_NAME(normal), LATHE_NAME(bernoulli), LATHE_NAME(dropout),
};
