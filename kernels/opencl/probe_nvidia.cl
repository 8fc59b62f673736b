// What `lathe probe` tries on NVIDIA's driver alone: inline PTX brings other compilers down. Nothing else uses it.
//
//   lanes         laneid, and shfl.sync with the neighbour
//   wide_loads    ld.global.nc.v4
//   async_copy    cp.async from global to local memory
//   matrix_loads  ldmatrix, four 8 x 8 tiles of 16 bits
//   product       mma.sync of a 16 x K by a K x 8 tile: -D MMA_F16 or MMA_BF16 (K = 16), MMA_TF32 (K = 8)
//
// Contract: one work-group of 32. Operands of `product` come as the registers that each lane holds, so that the host
// alone knows where an element of a tile is.

#ifdef PROBE_LANES
__kernel void lanes(__global uint *out) {
  uint lane, other;
  __asm__ volatile("mov.u32 %0, %%laneid;" : "=r"(lane));
  __asm__ volatile("shfl.sync.bfly.b32 %0, %1, 1, 0x1f, 0xffffffff;" : "=r"(other) : "r"(lane * 3));
  out[get_local_id(0)] = lane * 1000 + other;
}
#endif

#ifdef PROBE_WIDE_LOADS
__kernel void wide_loads(__global const uint *from, __global uint *out) {
  const uint lane = (uint)get_local_id(0);
  uint a, b, c, d;
  __asm__ volatile("ld.global.nc.v4.u32 {%0, %1, %2, %3}, [%4];"
                   : "=r"(a), "=r"(b), "=r"(c), "=r"(d)
                   : "l"(from + lane * 4));
  out[lane] = a + b + c + d;
}
#endif

#ifdef PROBE_ASYNC_COPY
__kernel void async_copy(__global const uint *from, __global uint *out) {
  __local uint values[32 * 4];
  const uint lane = (uint)get_local_id(0);
  __asm__ volatile("cp.async.ca.shared.global [%0], [%1], 16;" : : "l"(values + lane * 4), "l"(from + lane * 4) : "memory");
  __asm__ volatile("cp.async.wait_all;" : : : "memory");
  barrier(CLK_LOCAL_MEM_FENCE);
  __local const uint *own = values + (31 - lane) * 4;
  out[31 - lane] = own[0] + own[1] + own[2] + own[3];
}
#endif

#ifdef PROBE_MATRIX_LOADS
__kernel void matrix_loads(__global const ushort *from, __global uint *out) {
  __local ushort tile[4 * 64] __attribute__((aligned(16)));
  const uint lane = (uint)get_local_id(0);
  for (uint i = lane; i < 4 * 64; i += 32) tile[i] = from[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  uint a, b, c, d;
  __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                   : "=r"(a), "=r"(b), "=r"(c), "=r"(d)
                   : "l"(tile + lane * 8)
                   : "memory");
  out[lane * 4] = a;
  out[lane * 4 + 1] = b;
  out[lane * 4 + 2] = c;
  out[lane * 4 + 3] = d;
}
#endif

#if defined(MMA_F16) || defined(MMA_BF16) || defined(MMA_TF32)
__kernel void product(__global const uint *a, __global const uint *b, __global float *out) {
  const uint lane = (uint)get_local_id(0);
  float c0, c1, c2, c3;
  __asm__ volatile(
#if defined(MMA_F16)
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
#elif defined(MMA_BF16)
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
#else
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
#endif
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %10, %10, %10};"
      : "=f"(c0), "=f"(c1), "=f"(c2), "=f"(c3)
      : "r"(a[lane * 4]), "r"(a[lane * 4 + 1]), "r"(a[lane * 4 + 2]), "r"(a[lane * 4 + 3]), "r"(b[lane * 2]),
        "r"(b[lane * 2 + 1]), "f"(0.0f));
  out[lane * 4] = c0;
  out[lane * 4 + 1] = c1;
  out[lane * 4 + 2] = c2;
  out[lane * 4 + 3] = c3;
}
#endif
