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

#define STATE(TYPE, mean, left, squares, rest, count)                                 \
  TYPE mean = (TYPE)0.0f, left = (TYPE)0.0f, squares = (TYPE)0.0f, rest = (TYPE)0.0f; \
  float count = 0.0f;

#if LATHE_PROFILE_CPU

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

// Joins the first `n` numbers of a group; all places are named by constants, so that they are registers.
#define TAKE(group, n, mean, left, squares, rest, count)                                  \
  {                                                                                       \
    float sum = 0.0f, off = 0.0f, square = 0.0f;                                          \
    _Pragma("unroll") for (int k = 0; k < GROUP; k++) sum += k < (n) ? group[k] : 0.0f;   \
    const float own = sum / (float)(n);                                                   \
    _Pragma("unroll") for (int k = 0; k < GROUP; k++) {                                   \
      const float d = k < (n) ? group[k] - own : 0.0f;                                    \
      off += d;                                                                           \
      square += d * d;                                                                    \
    }                                                                                     \
    const float own_left = off / (float)(n);                                              \
    const float own_squares = square - off * own_left;                                    \
    JOIN(float, mean, left, squares, rest, count, own, own_left, own_squares, (float)(n)) \
  }

// Numbers that are read at once: 4 where runs are a multiple of 4 long and so aligned, else 1.
#if WIDTH == 4
#define READ(group, k, from)                                    \
  {                                                             \
    const float4 four = *(__global const float4 *)(from);       \
    group[4 * (k)] = four.x, group[4 * (k) + 1] = four.y;       \
    group[4 * (k) + 2] = four.z, group[4 * (k) + 3] = four.w;   \
  }
#else
#define READ(group, k, from) group[k] = *(from);
#endif
#define READS (GROUP / WIDTH)

// The outer axis in `slices` parts whose lengths differ by 1 at most.
#define SLICE(first, end)                                                  \
  const int length = outer / slices, longer = outer % slices;              \
  const int first = slice * length + min(slice, longer);                   \
  const int end = first + length + (slice < longer ? 1 : 0);

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void row_moments(__global const float *restrict x, __global float4 *restrict parts, const int outer,
                 const int channels, const int inner, const int slices) {
  __local float4 lanes[ITEMS];
  const int channel = (int)get_group_id(0), slice = (int)get_group_id(1), lane = (int)get_local_id(0);
  SLICE(first, end)
  STATE(float, mean, left, squares, rest, count)
  // The lanes take the slice's runs together, as if they were one. `i` is the place in a run; ITEMS reads further on are so
  // many runs and places, or one run more.
  const int reads = inner / WIDTH, more = ITEMS % reads;
  const long next = (long)(ITEMS / reads) * channels * inner + more * WIDTH, skipped = (long)(channels - 1) * inner;
  int i = lane % reads;
  __global const float *from = x + ((long)(first + lane / reads) * channels + channel) * inner + i * WIDTH;
#define STEP                 \
  {                          \
    from += next;            \
    i += more;               \
    if (i >= reads) {        \
      i -= reads;            \
      from += skipped;       \
    }                        \
  }
  long remaining = ((long)(end - first) * reads - lane + ITEMS - 1) / ITEMS;
#pragma unroll 1
  for (; remaining >= READS; remaining -= READS) {
    float group[GROUP];
    _Pragma("unroll") for (int k = 0; k < READS; k++) {
      READ(group, k, from)
      STEP
    }
    TAKE(group, GROUP, mean, left, squares, rest, count)
  }
  if (remaining > 0) {
    float group[GROUP];
    // Without branches, which would keep more registers; what is read twice does not count.
    _Pragma("unroll") for (int k = 0; k < READS; k++) {
      READ(group, k, from)
      if (k + 1 < remaining) STEP
    }
    const int last = (int)remaining * WIDTH;
    TAKE(group, last, mean, left, squares, rest, count)
  }
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
  SLICE(first, end)
  STATE(float, mean, left, squares, rest, count)
  __global const float *from = x + (long)first * columns + column;
  int remaining = end - first;
#pragma unroll 1
  for (; remaining >= GROUP; remaining -= GROUP) {
    float group[GROUP];
    _Pragma("unroll") for (int k = 0; k < GROUP; k++, from += columns) group[k] = *from;
    TAKE(group, GROUP, mean, left, squares, rest, count)
  }
  if (remaining > 0) {
    float group[GROUP];
    // Without branches, which would keep more registers.
    _Pragma("unroll") for (int k = 0; k < GROUP; k++) group[k] = from[(long)min(k, remaining - 1) * columns];
    TAKE(group, remaining, mean, left, squares, rest, count)
  }
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
