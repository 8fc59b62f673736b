// What `lathe probe` tries on every device; nothing that trains uses these kernels.
//
//   static_local    an array of LOCAL_BYTES in local memory: each element is written by one work-item, read by another
//   dynamic_local   the same in local memory given as an argument
//   touch           writes and reads one element of a buffer, wherever it is
//   halves          float16 arithmetic, with PROBE_HALF; half_functions its mathematical functions
//   doubles         float64 arithmetic, with PROBE_DOUBLE
//   sub_groups      sizes and sums of sub-groups, with PROBE_SUB_GROUPS
//
// Contract: one work-group. Errors are counted per work-item, results are small integers, exact in every type.

#define PATTERN(i) ((uint)(i) * 2654435761u + 12345u)

static inline uint exchange(__local uint *values, uint words) {
  const uint item = (uint)get_local_id(0), items = (uint)get_local_size(0);
  for (uint i = item; i < words; i += items) values[i] = PATTERN(i);
  barrier(CLK_LOCAL_MEM_FENCE);
  uint wrong = 0;
  for (uint i = item; i < words; i += items) wrong += values[words - 1 - i] != PATTERN(words - 1 - i);
  return wrong;
}

#ifdef LOCAL_BYTES
__kernel void static_local(__global uint *errors) {
  __local uint values[LOCAL_BYTES / 4];
  errors[get_local_id(0)] = exchange(values, LOCAL_BYTES / 4);
}
#endif

__kernel void dynamic_local(__global uint *errors, __local uint *values, const uint words) {
  errors[get_local_id(0)] = exchange(values, words);
}

__kernel void touch(__global uint *buffer, const ulong place, __global uint *out) {
  buffer[place] = PATTERN(place);
  out[0] = buffer[place] == PATTERN(place) ? 1 : 0;
}

#ifdef PROBE_HALF
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
__kernel void halves(__global float *out) {
  const half a = (half)(float)get_local_id(0);
  const half b = a * (half)2.0f + (half)1.5f;
  out[get_local_id(0)] = (float)(b - a);
}

#ifdef PROBE_HALF_FUNCTIONS
__kernel void half_functions(__global float *out) {
  const half a = (half)(float)get_local_id(0);
  out[get_local_id(0)] = (float)(sqrt(a * a) + exp((half)0.0f));
}
#endif
#endif

#ifdef PROBE_DOUBLE
__kernel void doubles(__global float *out) {
  const double a = (double)get_local_id(0) + 1e-12;
  out[get_local_id(0)] = (float)((a - (double)get_local_id(0)) * 1e12);
}
#endif

#ifdef PROBE_SUB_GROUPS
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
__kernel void sub_groups(__global float *out) {
  const uint sum = sub_group_reduce_add(1u);
  out[get_local_id(0)] = sum == get_sub_group_size() ? (float)sum : -1.0f;
}
#endif
