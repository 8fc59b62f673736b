// Convolutions with one channel of the source or of the target in a group, for GPUs: each result by itself, since products of
// tiles would leave most of a tile empty.
//
//   depthwise            forward, or with BACKWARD to the input; a work-item computes RUN_X neighbours of a row
//   depthwise_gradient   the filter's: a group of 256 work-items adds up TAPS taps of one of the target's channels over a
//                        slice of the pixels; slices.cl adds the slices
//
// `sizes`, `taps`, `planes` and `steps` are those of convolution_gpu.cl: of the two numbers of channels of a group, `sizes.z`
// and `sizes.w`, the source's is 1 forward and the target's backward. `count` is the number of runs. stored.clh goes in front
// (LATHE_STORED).

#ifndef BACKWARD
#define BACKWARD 0
#endif
#ifndef RUN_X
#define RUN_X 1
#endif
#define TAPS 8
#define GROUP 256
// Pixels of a work-item that are added up apart, so that long sums keep their digits.
#define RUN 128

__kernel void depthwise(__global const lathe_operand *restrict source, __global const lathe_operand *restrict filter,
                        __global const float *restrict bias, __global lathe_result *restrict target,
                        const int4 sizes, const int4 taps, const int4 planes, const int4 steps, const int has_bias,
                        const int relu, const int count) {
  const int place = (int)get_global_id(0);
  if (place >= count) return;
  const int runs = planes.y / RUN_X, line = place / runs, x = place % runs * RUN_X, y = line % planes.x;
  const int layer = line / planes.x, tap_count = taps.x * taps.y, source_plane = planes.z * planes.w;
#if BACKWARD
  // `layer` is an image's channel, and a group; the source has sizes.w channels for it.
  __global const lathe_operand *weights = filter + (long)(layer % sizes.y) * sizes.w * tap_count;
  __global const lathe_operand *from = source + (long)layer * sizes.w * source_plane;
  const int members = sizes.w;
#else
  const int channel = layer % (sizes.y * sizes.z);
  __global const lathe_operand *weights = filter + (long)channel * tap_count;
  __global const lathe_operand *from =
      source + ((long)(layer / (sizes.y * sizes.z)) * sizes.y + channel / sizes.z) * source_plane;
  const int members = 1;
#endif
  float sum[RUN_X];
#pragma unroll
  for (int i = 0; i < RUN_X; i++) sum[i] = 0.0f;
  for (int member = 0; member < members; member++) {
    for (int tap_y = 0; tap_y < taps.x; tap_y++) {
#if BACKWARD
      const int shifted_y = y + steps.z - tap_y * taps.z, at_y = shifted_y / steps.x;
      if (shifted_y < 0 || at_y * steps.x != shifted_y || at_y >= planes.z) continue;
#else
      const int at_y = y * steps.x + tap_y * taps.z - steps.z;
      if (at_y < 0 || at_y >= planes.z) continue;
#endif
      __global const lathe_operand *row = from + at_y * planes.w;
      for (int tap_x = 0; tap_x < taps.y; tap_x++) {
        const float weight = lathe_wide(weights[tap_y * taps.y + tap_x]);
#pragma unroll
        for (int i = 0; i < RUN_X; i++) {
#if BACKWARD
          const int shifted_x = x + i + steps.w - tap_x * taps.w, at_x = shifted_x / steps.y;
          const bool inside = shifted_x >= 0 && at_x * steps.y == shifted_x && at_x < planes.w;
#else
          const int at_x = (x + i) * steps.y + tap_x * taps.w - steps.w;
          const bool inside = at_x >= 0 && at_x < planes.w;
#endif
          sum[i] += inside ? weight * lathe_wide(row[at_x]) : 0.0f;
        }
      }
    }
    weights += tap_count;
    from += source_plane;
  }
#if !BACKWARD
  const float add = has_bias ? bias[channel] : 0.0f;
#pragma unroll
  for (int i = 0; i < RUN_X; i++) {
    sum[i] += add;
    // Not max: NaN must stay NaN.
    if (relu) sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
  }
#endif
  __global lathe_result *to = target + (long)line * planes.y + x;
#if RUN_X == 4
  *(__global lathe_result4 *)to = lathe_narrow4((float4)(sum[0], sum[1], sum[2], sum[3]));
#else
  to[0] = lathe_narrow(sum[0]);
#endif
}

// Grid (blocks of taps x GROUP, the target's channels, slices).
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void depthwise_gradient(
    __global const lathe_operand *restrict dy, __global const lathe_operand *restrict source,
    __global float *restrict partial, const int4 sizes, const int4 taps, const int4 planes, const int4 steps, const int pixels_per_slice) {
  __local float shared_sums[TAPS][GROUP];
  const int item = (int)get_local_id(0), first_tap = (int)get_group_id(0) * TAPS, tap_count = taps.x * taps.y;
  const int channel = (int)get_group_id(1), channels = sizes.y * sizes.z, slice = (int)get_group_id(2);
  const int plane = planes.x * planes.y, source_plane = planes.z * planes.w;
  const int end = min(sizes.x * plane, (slice + 1) * pixels_per_slice);
  int place_y[TAPS], place_x[TAPS];
  float total[TAPS], sum[TAPS];
#pragma unroll
  for (int t = 0; t < TAPS; t++) {
    const int tap = first_tap + t;
    // A tap outside is above every image.
    place_y[t] = tap < tap_count ? tap / taps.y * taps.z - steps.z : INT_MIN / 2;
    place_x[t] = tap % taps.y * taps.w - steps.w;
    total[t] = 0.0f;
    sum[t] = 0.0f;
  }
  int left = RUN;
  for (int pixel = slice * pixels_per_slice + item; pixel < end; pixel += GROUP) {
    const int image = pixel / plane, place = pixel % plane;
    const int y = place / planes.y * steps.x, x = place % planes.y * steps.y;
    const float gradient = lathe_wide(dy[((long)image * channels + channel) * plane + place]);
    __global const lathe_operand *from = source + ((long)image * sizes.y + channel / sizes.z) * source_plane;
#pragma unroll
    for (int t = 0; t < TAPS; t++) {
      const int at_y = y + place_y[t], at_x = x + place_x[t];
      const bool inside = at_y >= 0 && at_y < planes.z && at_x >= 0 && at_x < planes.w;
      sum[t] += inside ? gradient * lathe_wide(from[at_y * planes.w + at_x]) : 0.0f;
    }
    if (--left == 0) {
      left = RUN;
#pragma unroll
      for (int t = 0; t < TAPS; t++) {
        total[t] += sum[t];
        sum[t] = 0.0f;
      }
    }
  }
#pragma unroll
  for (int t = 0; t < TAPS; t++) shared_sums[t][item] = total[t] + sum[t];
  for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < half_count) {
#pragma unroll
      for (int t = 0; t < TAPS; t++) shared_sums[t][item] += shared_sums[t][item + half_count];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item < TAPS && first_tap + item < tap_count)
    partial[((long)slice * channels + channel) * tap_count + first_tap + item] = shared_sums[item][0];
}
