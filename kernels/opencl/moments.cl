// The mean and the biased variance of each channel of x [outer, channels, inner].
//
//   row_moments     parts of channels whose runs are long: a part is a slice of the outer axis
//                   cpu: a work-item does a part, in vectors of 16 whose lanes stay apart; gpu: a work-group of 64
//   column_moments  the same for short runs: a work-item does a slice of 16 (gpu: 1) columns of [outer, channels * inner]
//   join_moments    the parts of a channel in their order, so that the result depends on their number but never on timing
//
// Sums are of differences from a number nearby, since a mean that is large beside the deviation would cost their digits. A part
// is (mean, what its rounding left, sum of squared differences, count); parts are joined as by Chan, Golub and LeVeque,
// "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
//
// Contract: x is contiguous. parts [channels][parts of a channel].

// Numbers of a lane that share an offset.
#define GROUP 16

// Joins the moments of `n` more numbers in each lane to those of `count`.
#define JOIN(TYPE, mean, left, squares, rest, count, more_mean, more_left, more_squares, n)          \
  {                                                                                                  \
    const float total = count + (n);                                                                 \
    const float share = (n) / total;                                                                 \
    const TYPE delta = (more_mean - mean) + (more_left - left);                                      \
    const TYPE added = more_squares + (count > 0.0f ? delta * delta * (count * share) : (TYPE)0.0f); \
    if (count == 0.0f) {                                                                             \
      mean = more_mean;                                                                              \
      left = more_left;                                                                              \
    } else {                                                                                         \
      left += delta * share;                                                                         \
    }                                                                                                \
    LATHE_ADD_RUN(TYPE, squares, rest, added)                                                        \
    count = total;                                                                                   \
  }

// Joins a group of `n` vectors or numbers.
#define TAKE(TYPE, group, n, mean, left, squares, rest, count)                           \
  {                                                                                      \
    TYPE sum = (TYPE)0.0f, off = (TYPE)0.0f, square = (TYPE)0.0f;                        \
    _Pragma("unroll") for (int k = 0; k < (n); k++) sum += group[k];                     \
    const TYPE own = sum / (float)(n);                                                   \
    _Pragma("unroll") for (int k = 0; k < (n); k++) {                                    \
      const TYPE d = group[k] - own;                                                     \
      off += d;                                                                          \
      square += d * d;                                                                   \
    }                                                                                    \
    const TYPE own_left = off / (float)(n);                                              \
    const TYPE own_squares = square - off * own_left;                                    \
    JOIN(TYPE, mean, left, squares, rest, count, own, own_left, own_squares, (float)(n)) \
  }

#define STATE(TYPE, mean, left, squares, rest, count)                                 \
  TYPE mean = (TYPE)0.0f, left = (TYPE)0.0f, squares = (TYPE)0.0f, rest = (TYPE)0.0f; \
  float count = 0.0f;

#if LATHE_PROFILE_CPU

// Parts: 16 lanes and what is left of the runs, for each slice.
#define PARTS 17

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void row_moments(__global const float *restrict x, __global float4 *restrict parts, const int outer,
                 const int channels, const int inner, const int slices) {
  const int channel = (int)get_global_id(0), slice = (int)get_global_id(1);
  const int first = (int)((long)outer * slice / slices), end = (int)((long)outer * (slice + 1) / slices);
  STATE(float16, mean, left, squares, rest, count)
  STATE(float, last_mean, last_left, last_squares, last_rest, last_count)
  float16 group[GROUP];
  float tail[GROUP];
  int vectors = 0, numbers = 0;
  for (int row = first; row < end; row++) {
    __global const float *from = x + ((long)row * channels + channel) * inner;
    int i = 0;
    for (; i + 16 <= inner; i += 16) {
      group[vectors++] = vload16(0, from + i);
      if (vectors < GROUP) continue;
      TAKE(float16, group, GROUP, mean, left, squares, rest, count)
      vectors = 0;
    }
    for (; i < inner; i++) {
      tail[numbers++] = from[i];
      if (numbers < GROUP) continue;
      TAKE(float, tail, GROUP, last_mean, last_left, last_squares, last_rest, last_count)
      numbers = 0;
    }
  }
  if (vectors > 0) TAKE(float16, group, vectors, mean, left, squares, rest, count)
  if (numbers > 0) TAKE(float, tail, numbers, last_mean, last_left, last_squares, last_rest, last_count)
  float means[16], lefts[16], sums[16];
  vstore16(mean, 0, means);
  vstore16(left, 0, lefts);
  vstore16(squares + rest, 0, sums);
  __global float4 *to = parts + ((long)channel * slices + slice) * PARTS;
  for (int lane = 0; lane < 16; lane++) to[lane] = (float4)(means[lane], lefts[lane], sums[lane], count);
  to[16] = (float4)(last_mean, last_left, last_squares + last_rest, last_count);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void column_moments(__global const float *restrict x, __global float4 *restrict parts, const int outer,
                    const int columns, const int slices) {
  const int column = (int)get_global_id(0) * 16, slice = (int)get_global_id(1);
  const int first = (int)((long)outer * slice / slices), end = (int)((long)outer * (slice + 1) / slices);
  const int width = min(16, columns - column);
  STATE(float16, mean, left, squares, rest, count)
  float16 group[GROUP];
  for (int row = first; row < end; row += GROUP) {
    const int some = min(GROUP, end - row);
    for (int k = 0; k < some; k++) {
      __global const float *from = x + (long)(row + k) * columns + column;
      if (width == 16) {
        group[k] = vload16(0, from);
      } else {
        float lanes[16] = {0.0f};
        for (int lane = 0; lane < width; lane++) lanes[lane] = from[lane];
        group[k] = vload16(0, lanes);
      }
    }
    TAKE(float16, group, some, mean, left, squares, rest, count)
  }
  float means[16], lefts[16], sums[16];
  vstore16(mean, 0, means);
  vstore16(left, 0, lefts);
  vstore16(squares + rest, 0, sums);
  for (int lane = 0; lane < width; lane++)
    parts[(long)(column + lane) * slices + slice] = (float4)(means[lane], lefts[lane], sums[lane], count);
}

#else

#define ITEMS 64

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void row_moments(__global const float *restrict x, __global float4 *restrict parts, const int outer,
                 const int channels, const int inner, const int slices) {
  __local float4 lanes[ITEMS];
  const int channel = (int)get_group_id(0), slice = (int)get_group_id(1), lane = (int)get_local_id(0);
  const int first = (int)((long)outer * slice / slices), end = (int)((long)outer * (slice + 1) / slices);
  const long numbers = (long)(end - first) * inner;
  __global const float *from = x + ((long)first * channels + channel) * inner;
  STATE(float, mean, left, squares, rest, count)
#define AT(e) from[(e) / inner * channels * inner + (e) % inner]
  long start = lane;
  for (; start + (GROUP - 1) * ITEMS < numbers; start += GROUP * ITEMS) {
    // Of a known length, so that it stays in registers.
    float group[GROUP];
    _Pragma("unroll") for (int k = 0; k < GROUP; k++) group[k] = AT(start + k * ITEMS);
    TAKE(float, group, GROUP, mean, left, squares, rest, count)
  }
  float last[GROUP];
  int n = 0;
  for (; start < numbers; start += ITEMS) last[n++] = AT(start);
  if (n > 0) TAKE(float, last, n, mean, left, squares, rest, count)
  float4 own = (float4)(mean, left, squares + rest, count);
  lanes[lane] = own;
  for (int distance = ITEMS / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < distance) {
      const float4 other = lanes[lane + distance];
      if (other.w > 0.0f) {
        float carried = 0.0f;
        JOIN(float, own.x, own.y, own.z, carried, own.w, other.x, other.y, other.z, other.w)
        own.z += carried;
        lanes[lane] = own;
      }
    }
  }
  if (lane == 0) parts[(long)channel * slices + slice] = own;
}

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void column_moments(__global const float *restrict x, __global float4 *restrict parts, const int outer,
                    const int columns, const int slices) {
  const int column = (int)get_global_id(0), slice = (int)get_global_id(1);
  if (column >= columns) return;
  const int first = (int)((long)outer * slice / slices), end = (int)((long)outer * (slice + 1) / slices);
  STATE(float, mean, left, squares, rest, count)
  int row = first;
  for (; row + GROUP <= end; row += GROUP) {
    float group[GROUP];
    _Pragma("unroll") for (int k = 0; k < GROUP; k++) group[k] = x[(long)(row + k) * columns + column];
    TAKE(float, group, GROUP, mean, left, squares, rest, count)
  }
  float last[GROUP];
  int n = 0;
  for (; row < end; row++) last[n++] = x[(long)row * columns + column];
  if (n > 0) TAKE(float, last, n, mean, left, squares, rest, count)
  parts[(long)column * slices + slice] = (float4)(mean, left, squares + rest, count);
}

#endif

__kernel void join_moments(__global const float4 *restrict parts, __global float *restrict means,
                           __global float *restrict variances, const int channels, const int count_of_parts) {
  const int channel = (int)get_global_id(0);
  if (channel >= channels) return;
  __global const float4 *from = parts + (long)channel * count_of_parts;
  STATE(float, mean, left, squares, rest, count)
  for (int i = 0; i < count_of_parts; i++) {
    const float4 part = from[i];
    if (part.w > 0.0f) JOIN(float, mean, left, squares, rest, count, part.x, part.y, part.z, part.w)
  }
  means[channel] = mean + left;
  variances[channel] = (squares + rest) / count;
}
