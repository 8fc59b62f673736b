// The parts of a long sum added in order, RUN at a time, so that the result depends on their number but never on timing:
//
//   result[i] = partial[0][i] + partial[1][i] + ... (+ bias[i % columns]) (relu)      (LATHE_STORED as RESULTS says)
//
// Contract: `partial` is [slices][count]; a work-item adds WIDTH elements: grid (ceil(count / WIDTH), 1, 1).

#ifdef LATHE_PROFILE_CPU
#define WIDTH 16
#else
#define WIDTH 1
#endif

#define RUN 64

__kernel void add_slices(__global const float *restrict partial, __global const float *restrict bias,
                         __global lathe_result *restrict result, const long offset, const int count, const int columns,
                         const int slices, const int has_bias, const int relu) {
  const int first = (int)get_global_id(0) * WIDTH;
  result += offset;
#if WIDTH == 16 && RESULTS == 0
  if (first + WIDTH <= count && !has_bias) {
    float16 sum = (float16)0.0f;
    for (int s = 0; s < slices;) {
      float16 run = vload16(0, partial + (long)s * count + first);
      for (const int end = min(slices, s++ + RUN); s < end; s++) run += vload16(0, partial + (long)s * count + first);
      sum += run;
    }
    vstore16(relu ? select(sum, (float16)0.0f, sum < 0.0f) : sum, 0, result + first);
    return;
  }
#endif
  for (int i = first; i < min(count, first + WIDTH); i++) {
    float sum = 0.0f;
    for (int s = 0; s < slices;) {
      float run = partial[(long)s * count + i];
      for (const int end = min(slices, s++ + RUN); s < end; s++) run += partial[(long)s * count + i];
      sum += run;
    }
    if (has_bias) sum += bias[i % columns];
    // Not max: NaN must stay NaN.
    result[i] = lathe_narrow(relu && sum < 0.0f ? 0.0f : sum);
  }
}
