// Rows whose pairs of elements are turned by the angles of their positions: y [batch, heads, time, width], without gaps.
//
// x and the table have any steps between rows, and neighbours along the last axis. Elements behind the pairs are copied.
// Contract: common.clh goes in front. A work-item of the `cpu` profile turns per_item rows, grid (items, 1, 1); one of the `gpu`
// profile a pair, and copies one element, grid (pairs or elements behind them, time, batch x heads), work-group (32, 8, 1).

#if LATHE_PROFILE_CPU
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void rotate_rows(__global const float *restrict x, __global const float *restrict cosines,
                          __global const float *restrict sines, __global float *restrict y, const long x_offset,
                          const long x_batch, const long x_head, const long x_time, const long cosine_offset,
                          const long cosine_row, const long sine_offset, const long sine_row, const int heads,
                          const int time, const int width, const int pairs, const int interleaved, const float sign,
                          const long rows, const long per_item) {
  const long first = (long)get_global_id(0) * per_item, end = min(rows, first + per_item);
  for (long row = first; row < end; row++) {
    const long t = row % time, head = row / time % heads, batch = row / time / heads;
    __global const float *from = x + x_offset + batch * x_batch + head * x_head + t * x_time;
    __global const float *c = cosines + cosine_offset + t * cosine_row, *s = sines + sine_offset + t * sine_row;
    __global float *to = y + row * width;
    int p = 0;
    if (!interleaved)
      for (; p + 16 <= pairs; p += 16) {
        const float16 a = vload16(0, from + p), b = vload16(0, from + pairs + p);
        const float16 cosine = vload16(0, c + p), sine = vload16(0, s + p) * sign;
        vstore16(a * cosine - b * sine, 0, to + p);
        vstore16(a * sine + b * cosine, 0, to + pairs + p);
      }
    const int step = interleaved ? 2 : 1, other = interleaved ? 1 : pairs;
    for (; p < pairs; p++) {
      const float a = from[p * step], b = from[p * step + other], sine = s[p] * sign;
      to[p * step] = a * c[p] - b * sine;
      to[p * step + other] = a * sine + b * c[p];
    }
    for (int i = 2 * pairs; i < width; i++) to[i] = from[i];
  }
}
#else
__attribute__((reqd_work_group_size(32, 8, 1)))
__kernel void rotate_rows(__global const float *restrict x, __global const float *restrict cosines,
                          __global const float *restrict sines, __global float *restrict y, const long x_offset,
                          const long x_batch, const long x_head, const long x_time, const long cosine_offset,
                          const long cosine_row, const long sine_offset, const long sine_row, const int heads,
                          const int time, const int width, const int pairs, const int interleaved, const float sign) {
  const int p = (int)get_global_id(0), t = (int)get_global_id(1), head = (int)get_global_id(2);
  if (t >= time) return;
  __global const float *from = x + x_offset + head / heads * x_batch + head % heads * x_head + t * x_time;
  __global float *to = y + ((long)head * time + t) * width;
  if (p < pairs) {
    const float c = cosines[cosine_offset + t * cosine_row + p], s = sines[sine_offset + t * sine_row + p] * sign;
    const int first = interleaved ? 2 * p : p, second = interleaved ? 2 * p + 1 : p + pairs;
    const float a = from[first], b = from[second];
    to[first] = a * c - b * s;
    to[second] = a * s + b * c;
  }
  const int rest = 2 * pairs + p;
  if (rest < width) to[rest] = from[rest];
}
#endif
