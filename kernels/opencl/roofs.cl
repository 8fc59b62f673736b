// What the device can do at all; benchmarks hold the other kernels against these.
//
//   multiply_adds   12 independent sums of SUMS in each work-item, `rounds` times: they and what they are multiplied with
//                   fit the 16 registers that processors have at least, and hide how long a multiply-add takes
//   copy_vectors    to[i] = from[i]; a work-item of the cpu profile copies a run of PER_ITEM vectors, one of the gpu
//                   profile a vector, so that neighbours touch neighbouring memory
//   nothing         a launch

#ifdef LATHE_PROFILE_CPU
#define VECTOR float16
#define SUMS LATHE_V
#define PER_ITEM 1024
// By the compiler, since fma may be a function where the processor has no such instruction; its operands tell the compiler how
// wide vectors are to be, where it would rather halve them.
static inline SUMS multiply_add(const SUMS x, const SUMS f, const SUMS s) { return x * f + s; }
#define MULTIPLY_ADD(x, f, s) multiply_add(x, f, s)
#else
#define VECTOR float4
#define SUMS float4
#define PER_ITEM 1
#define MULTIPLY_ADD(x, f, s) fma(x, f, s)
#endif

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void multiply_adds(
    __global float *out, float a, float b, int rounds) {
  const SUMS f = (SUMS)(a), s = (SUMS)(b);
  SUMS x[12];
#pragma unroll
  for (int i = 0; i < 12; i++) x[i] = (SUMS)(0.1f * (float)i);
  for (int r = 0; r < rounds; r++) {
#pragma unroll
    for (int i = 0; i < 12; i++) x[i] = MULTIPLY_ADD(x[i], f, s);
  }
  SUMS sum = x[0];
#pragma unroll
  for (int i = 1; i < 12; i++) sum += x[i];
  out[get_global_id(0)] = sum.s0 + sum.s3;
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
