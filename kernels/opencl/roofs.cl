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
#define START LATHE_LOAD(0, starts)
#define STORE_SUMS LATHE_STORE
#define PER_ITEM 1024
// By the compiler, since fma may be a function where the processor has no such instruction; its operands tell the compiler how
// wide vectors are to be, where it would rather halve them.
static inline SUMS multiply_add(const SUMS x, const SUMS f, const SUMS s) { return x * f + s; }
#define MULTIPLY_ADD(x, f, s) multiply_add(x, f, s)
#else
#define VECTOR float4
#define SUMS float4
#define START vload4(0, starts)
#define STORE_SUMS vstore4
#define PER_ITEM 1
#define MULTIPLY_ADD(x, f, s) fma(x, f, s)
#endif

__constant float starts[16] = {0.5f,  0.75f, 1.25f, 1.5f,  0.625f, 0.875f, 1.125f, 1.375f,
                               0.25f, 1.75f, 0.125f, 2.0f, 0.375f, 1.625f, 0.6875f, 1.1875f};

// Each lane of each sum of each work-item begins with a number of its own and ends in `out`, so that none can be left out.
__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void multiply_adds(
    __global float *out, float a, float b, int rounds) {
  // Different in each item, so that they are in registers of the item's own.
  const SUMS start = START + (float)(get_global_id(0) % 1024) * 0x1p-10f, f = start * a, s = start + b;
  SUMS x[12];
#pragma unroll
  for (int i = 0; i < 12; i++) x[i] = start + 0.1f * (float)i;
  for (int r = 0; r < rounds; r++) {
#pragma unroll
    for (int i = 0; i < 12; i++) x[i] = MULTIPLY_ADD(f, s, x[i]);
  }
  SUMS sum = x[0];
#pragma unroll
  for (int i = 1; i < 12; i++) sum += x[i];
  STORE_SUMS(sum, get_global_id(0), out);
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
