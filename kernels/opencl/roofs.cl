// What the device can do at all; benchmarks hold the other kernels against these.
//
//   multiply_adds   CHAINS independent sums of VECTOR in each work-item, `rounds` times
//   copy_vectors    to[i] = from[i]; a work-item of the cpu profile copies a run of PER_ITEM vectors, one of the gpu
//                   profile a vector, so that neighbours touch neighbouring memory
//   nothing         a launch

#ifdef LATHE_PROFILE_CPU
#define VECTOR float16
#define SUM(x) ((x).s0 + (x).sf)
#define PER_ITEM 1024
#else
#define VECTOR float4
#define SUM(x) ((x).s0 + (x).s3)
#define PER_ITEM 1
#endif

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void multiply_adds(
    __global float *out, float a, float b, int rounds) {
  VECTOR x0 = (VECTOR)(0.0f), x1 = (VECTOR)(0.1f), x2 = (VECTOR)(0.2f), x3 = (VECTOR)(0.3f);
  VECTOR x4 = (VECTOR)(0.4f), x5 = (VECTOR)(0.5f), x6 = (VECTOR)(0.6f), x7 = (VECTOR)(0.7f);
  VECTOR x8 = (VECTOR)(0.8f), x9 = (VECTOR)(0.9f), xa = (VECTOR)(1.0f), xb = (VECTOR)(1.1f);
  const VECTOR f = (VECTOR)(a), s = (VECTOR)(b);
  for (int r = 0; r < rounds; r++) {
    x0 = fma(x0, f, s); x1 = fma(x1, f, s); x2 = fma(x2, f, s); x3 = fma(x3, f, s);
    x4 = fma(x4, f, s); x5 = fma(x5, f, s); x6 = fma(x6, f, s); x7 = fma(x7, f, s);
    x8 = fma(x8, f, s); x9 = fma(x9, f, s); xa = fma(xa, f, s); xb = fma(xb, f, s);
  }
  const VECTOR sum = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + xa + xb;
  out[get_global_id(0)] = SUM(sum);
}

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void copy_vectors(
    __global const VECTOR *restrict from, __global VECTOR *restrict to, ulong count) {
  const size_t first = get_global_id(0) * PER_ITEM;
  const size_t last = min((size_t)count, first + PER_ITEM);
  for (size_t i = first; i < last; i++) to[i] = from[i];
}

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void nothing(__global float *out) {
  if (get_global_id(0) == (size_t)-1) out[0] = 0;
}
