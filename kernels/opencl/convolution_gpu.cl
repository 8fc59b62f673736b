// 2-D convolution for GPUs as a matrix product whose right operand is read from the image (implicit GEMM).
//
//                       TILE pixels             A work-group computes TILE x TILE results, a work-item 4 x 4 of
//              +-------------------------+      them. Slices of DEPTH of the reduced axis go through local memory,
//   reduced    | patches, DEPTH at a time|      two slices in turn: the next one is read from global memory while
//              +-------------------------+      the present one is multiplied.
//     +----+   +-------------------------+
// TILE|left|   |  result                 |
//     +----+   +-------------------------+
//
//   convolution      left: filter, rows x (channel, tap); forward, or with BACKWARD to the input
//   filter_gradient  left: dy, rows x pixels; patches: pixels x (channel, tap); slices of the pixels give partial
//                    results, added in order by slices.cl
//
// Contract: NCHW, contiguous; grid (ceil(columns / TILE) x SIDE, ceil(rows / TILE) x SIDE, GROUPS [x slices]),
// work-group (SIDE, SIDE, 1). Every work-item of a group passes every barrier. 17 KB of local memory as it is.
//
// Definitions without a default: BACKWARD, HAS_BIAS, RELU, GROUPS, ROWS and CHANNELS (per group), KERNEL_*,
// STRIDE_*, PADDING_*, DILATION_*, SOURCE_HEIGHT, SOURCE_WIDTH, TARGET_HEIGHT, TARGET_WIDTH.

// Tunables; the work-items of a group, TILE x TILE / 16, are a multiple of both.
#ifndef TILE
#define TILE 64
#endif
#ifndef DEPTH
#define DEPTH 16
#endif
#define WORK 4
#define SIDE (TILE / WORK)
#define LOADS (TILE * DEPTH / (SIDE * SIDE))
// Four floats more in a row, so that rows start in different banks and stay aligned to 16 bytes.
#define PITCH (TILE + 4)

#define TAPS (KERNEL_HEIGHT * KERNEL_WIDTH)
#define REDUCED (CHANNELS * TAPS)
#define TARGET_PLANE (TARGET_HEIGHT * TARGET_WIDTH)
#define SOURCE_PLANE (SOURCE_HEIGHT * SOURCE_WIDTH)
#if BACKWARD
#define FILTER_ROW TAPS
#define FILTER_CHANNEL (ROWS * TAPS)
#else
#define FILTER_ROW REDUCED
#define FILTER_CHANNEL TAPS
#endif

// The source index along one axis for a target index and a tap, or -1.
static inline int source_index(int target, int tap, int stride, int padding, int dilation, int extent) {
#if BACKWARD
  const int shifted = target + padding - tap * dilation;
  const int index = shifted / stride;
  return shifted >= 0 && index * stride == shifted && index < extent ? index : -1;
#else
  const int index = target * stride + tap * dilation - padding;
  return index >= 0 && index < extent ? index : -1;
#endif
}

// The element of the patch of target pixel (y, x) for reduced index k; `image` is the group's first source channel.
static inline float patch(__global const float *image, int k, int y, int x) {
  const int channel = k / TAPS;
  const int tap = k % TAPS;
  const int sy = source_index(y, tap / KERNEL_WIDTH, STRIDE_Y, PADDING_Y, DILATION_Y, SOURCE_HEIGHT);
  const int sx = source_index(x, tap % KERNEL_WIDTH, STRIDE_X, PADDING_X, DILATION_X, SOURCE_WIDTH);
  return sy >= 0 && sx >= 0 ? image[channel * SOURCE_PLANE + sy * SOURCE_WIDTH + sx] : 0.0f;
}

// sum += left x right over one slice in local memory.
#define MULTIPLY_SLICE(left, right, sum)                                                    \
  for (int p = 0; p < DEPTH; p++) {                                                         \
    const float4 l = vload4(ly, left + p * PITCH);                                          \
    const float4 r = vload4(lx, right + p * PITCH);                                         \
    sum[0] += l.x * r;                                                                      \
    sum[1] += l.y * r;                                                                      \
    sum[2] += l.z * r;                                                                      \
    sum[3] += l.w * r;                                                                      \
  }

// Runs of 256 steps are added up apart, so that long sums keep their digits.
#define END_RUN(total, sum)                                                                 \
  for (int w = 0; w < WORK; w++) {                                                          \
    total[w] += sum[w];                                                                     \
    sum[w] = (float4)0.0f;                                                                  \
  }

__attribute__((reqd_work_group_size(SIDE, SIDE, 1)))
__kernel void convolution(__global const float *restrict source, __global const float *restrict filter,
#if HAS_BIAS
                          __global const float *restrict bias,
#endif
                          __global float *restrict target, const int pixels) {
  __local float left[2][DEPTH * PITCH];
  __local float right[2][DEPTH * PITCH];
  const int lx = (int)get_local_id(0);
  const int ly = (int)get_local_id(1);
  const int item = ly * SIDE + lx;
  const int group = (int)get_group_id(2);
  const int first_row = (int)get_group_id(1) * TILE;
  const int first_pixel = (int)get_group_id(0) * TILE;
  filter += (size_t)group * (ROWS * REDUCED);

  // What this item loads: LOADS reduced indices of one pixel, and LOADS rows of one reduced index.
  const int pixel = first_pixel + item % TILE;
  const int y = pixel % TARGET_PLANE / TARGET_WIDTH;
  const int x = pixel % TARGET_WIDTH;
  __global const float *image =
      source + ((size_t)(pixel / TARGET_PLANE) * GROUPS + group) * (CHANNELS * SOURCE_PLANE);

  float4 sum[WORK] = {(float4)0.0f, (float4)0.0f, (float4)0.0f, (float4)0.0f};
  float4 total[WORK] = {(float4)0.0f, (float4)0.0f, (float4)0.0f, (float4)0.0f};
  float next_left[LOADS], next_right[LOADS];
  const int slices = (REDUCED + DEPTH - 1) / DEPTH;
  for (int s = 0; s <= slices; s++) {
    if (s < slices) {
      const int left_k = s * DEPTH + item % DEPTH;
      const int offset = left_k / TAPS * FILTER_CHANNEL + left_k % TAPS;
      for (int i = 0; i < LOADS; i++) {
        const int row = first_row + item / DEPTH + i * (TILE / LOADS);
        next_left[i] = row < ROWS && left_k < REDUCED ? filter[row * FILTER_ROW + offset] : 0.0f;
        const int k = s * DEPTH + item / TILE + i * (DEPTH / LOADS);
        next_right[i] = pixel < pixels && k < REDUCED ? patch(image, k, y, x) : 0.0f;
      }
    }
    if (s > 0) {
      __local const float *l0 = left[(s - 1) & 1];
      __local const float *r0 = right[(s - 1) & 1];
      MULTIPLY_SLICE(l0, r0, sum)
      if (s % (256 / DEPTH) == 0 || s == slices) END_RUN(total, sum)
    }
    if (s < slices) {
      for (int i = 0; i < LOADS; i++) {
        left[s & 1][item % DEPTH * PITCH + item / DEPTH + i * (TILE / LOADS)] = next_left[i];
        right[s & 1][(item / TILE + i * (DEPTH / LOADS)) * PITCH + item % TILE] = next_right[i];
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  for (int r = 0; r < WORK; r++) {
    const int row = first_row + ly * WORK + r;
    if (row >= ROWS) continue;
    float values[WORK];
    vstore4(total[r], 0, values);
    for (int j = 0; j < WORK; j++) {
      const int p = first_pixel + lx * WORK + j;
      if (p >= pixels) continue;
      float value = values[j];
#if HAS_BIAS
      value += bias[group * ROWS + row];
#endif
#if RELU
      // Not max: NaN must stay NaN.
      value = value < 0.0f ? 0.0f : value;
#endif
      target[((size_t)(p / TARGET_PLANE) * (GROUPS * ROWS) + group * ROWS + row) * TARGET_PLANE + p % TARGET_PLANE] =
          value;
    }
  }
}

#if !BACKWARD
__attribute__((reqd_work_group_size(SIDE, SIDE, 1)))
__kernel void filter_gradient(__global const float *restrict dy, __global const float *restrict source,
                              __global float *restrict partial, const int pixels, const int pixels_per_slice) {
  __local float left[2][DEPTH * PITCH];
  __local float right[2][DEPTH * PITCH];
  const int lx = (int)get_local_id(0);
  const int ly = (int)get_local_id(1);
  const int item = ly * SIDE + lx;
  const int group = (int)get_group_id(2) % GROUPS;
  const int part = (int)get_group_id(2) / GROUPS;
  const int first_row = (int)get_group_id(1) * TILE;
  const int first_column = (int)get_group_id(0) * TILE;
  const int first_pixel = part * pixels_per_slice;
  const int end_pixel = min(pixels, first_pixel + pixels_per_slice);

  float4 sum[WORK] = {(float4)0.0f, (float4)0.0f, (float4)0.0f, (float4)0.0f};
  float4 total[WORK] = {(float4)0.0f, (float4)0.0f, (float4)0.0f, (float4)0.0f};
  float next_left[LOADS], next_right[LOADS];
  const int slices = (max(end_pixel - first_pixel, 0) + DEPTH - 1) / DEPTH;
  for (int s = 0; s <= slices; s++) {
    if (s < slices) {
      const int pixel = first_pixel + s * DEPTH + item % DEPTH;
      const int image = pixel / TARGET_PLANE;
      const int place = pixel % TARGET_PLANE;
      __global const float *from = dy + ((size_t)image * GROUPS + group) * (ROWS * TARGET_PLANE) + place;
      __global const float *patches = source + ((size_t)image * GROUPS + group) * (CHANNELS * SOURCE_PLANE);
      for (int i = 0; i < LOADS; i++) {
        const int index = item / DEPTH + i * (TILE / LOADS);
        const int row = first_row + index;
        next_left[i] = row < ROWS && pixel < end_pixel ? from[row * TARGET_PLANE] : 0.0f;
        const int column = first_column + index;
        next_right[i] = column < REDUCED && pixel < end_pixel
                            ? patch(patches, column, place / TARGET_WIDTH, place % TARGET_WIDTH)
                            : 0.0f;
      }
    }
    if (s > 0) {
      __local const float *l0 = left[(s - 1) & 1];
      __local const float *r0 = right[(s - 1) & 1];
      MULTIPLY_SLICE(l0, r0, sum)
      if (s % (256 / DEPTH) == 0 || s == slices) END_RUN(total, sum)
    }
    if (s < slices) {
      for (int i = 0; i < LOADS; i++) {
        const int place = item % DEPTH * PITCH + item / DEPTH + i * (TILE / LOADS);
        left[s & 1][place] = next_left[i];
        right[s & 1][place] = next_right[i];
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  partial += ((size_t)part * GROUPS + group) * (ROWS * REDUCED);
  for (int r = 0; r < WORK; r++) {
    const int row = first_row + ly * WORK + r;
    if (row >= ROWS) continue;
    float values[WORK];
    vstore4(total[r], 0, values);
    for (int j = 0; j < WORK; j++) {
      const int column = first_column + lx * WORK + j;
      if (column < REDUCED) partial[(size_t)row * REDUCED + column] = values[j];
    }
  }
}
#endif
