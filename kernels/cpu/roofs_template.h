// The loop for one instruction set: ROOF_CHAINS sums hide the latency of a multiply-add on every unit.

static double ROOF_NAME(multiply_adds)(size_t rounds, float *result) {
  ROOF_VECTOR x[ROOF_CHAINS];
  for (int i = 0; i < ROOF_CHAINS; i++) x[i] = (ROOF_VECTOR){0} + (float)i;
  const ROOF_VECTOR a = (ROOF_VECTOR){0} + 0.999f, b = (ROOF_VECTOR){0} + 0.001f;
  for (size_t r = 0; r < rounds; r++) {
    _Pragma("clang fp contract(fast)")
    _Pragma("clang loop unroll(full)")
    for (int i = 0; i < ROOF_CHAINS; i++) x[i] = x[i] * a + b;
  }
  ROOF_VECTOR sum = x[0];
  for (int i = 1; i < ROOF_CHAINS; i++) sum += x[i];
  *result = sum[0];
  return 2.0 * ROOF_CHAINS * (double)(sizeof(ROOF_VECTOR) / sizeof(float));
}

#undef ROOF_NAME
#undef ROOF_VECTOR
#undef ROOF_CHAINS
