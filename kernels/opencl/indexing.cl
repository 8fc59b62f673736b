// gather and scatter_add along the middle axis of [outer, count, inner].
//
// The index [outer, picked, inner] has any strides; index_inner is 0 where whole rows are picked (embedding). A
// negative index counts from the end. One outside the axis is reported and not used: gather gives 0 there,
// scatter_add adds nothing.

static long lathe_place(int index, ulong count, __global long *reports, int report) {
  const long place = index < 0 ? index + (long)count : index;
  if (place >= 0 && place < (long)count) return place;
  lathe_report(reports, report, index, (long)count);
  return -1;
}

#ifdef GATHER

#ifdef LATHE_PROFILE_CPU

// A work-item makes per_item rows of the result.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gather(
    __global const ELEMENT *restrict x, __global const int *restrict index, long index_offset, long index_outer,
    long index_picked, long index_inner, __global ELEMENT *restrict y, __global long *reports, int report,
    ulong rows, ulong count, ulong inner, ulong picked, ulong per_item) {
  const size_t first = get_global_id(0) * per_item;
  const size_t last = min((size_t)rows, first + (size_t)per_item);
  for (size_t row = first; row < last; row++) {
    const size_t o = row / picked;
    const size_t p = row - o * picked;
    __global const int *at = index + index_offset + (long)o * index_outer + (long)p * index_picked;
    __global const ELEMENT *from = x + o * count * inner;
    __global ELEMENT *to = y + row * inner;
    if (index_inner == 0) {
      const long place = lathe_place(at[0], count, reports, report);
      for (size_t i = 0; i < inner; i++) to[i] = place < 0 ? (ELEMENT)0 : from[place * inner + i];
    } else {
      for (size_t i = 0; i < inner; i++) {
        const long place = lathe_place(at[(long)i * index_inner], count, reports, report);
        to[i] = place < 0 ? (ELEMENT)0 : from[place * inner + i];
      }
    }
  }
}

#else

// A work-item makes one element after another; where whole rows are picked, ELEMENT may be a vector.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void gather(
    __global const ELEMENT *restrict x, __global const int *restrict index, long index_offset, long index_outer,
    long index_picked, long index_inner, __global ELEMENT *restrict y, __global long *reports, int report,
    ulong rows, ulong count, ulong inner, ulong picked, uint2 by_inner, uint2 by_picked) {
  const size_t n = rows * inner;
  for (size_t e = get_global_id(0); e < n; e += get_global_size(0)) {
    const size_t row = LATHE_QUOTIENT(e, inner, by_inner);
    const size_t i = e - row * inner;
    const size_t o = LATHE_QUOTIENT(row, picked, by_picked);
    const size_t p = row - o * picked;
    const int picked_index =
        index[index_offset + (long)o * index_outer + (long)p * index_picked + (long)i * index_inner];
    const long place = lathe_place(picked_index, count, reports, report);
    y[e] = place < 0 ? (ELEMENT)0 : x[(o * count + place) * inner + i];
  }
}

#endif

#else

#if COMPENSATED

// Elements (whole rows where rows are picked) to which many are added are few: they have a number, and `rest` keeps what
// their additions rounded away.

// Clears `count` ints.
__kernel void scatter_clear(__global int *restrict words, ulong count) {
  if (get_global_id(0) < count) words[get_global_id(0)] = 0;
}

// Counts what is added to each element, or row; a bad index is left to scatter_add.
__kernel void scatter_count(
    __global const int *restrict index, long index_offset, long index_outer, long index_picked, long index_inner,
    __global int *restrict numbers, ulong outer, ulong count, ulong width, ulong picked) {
  const size_t e = get_global_id(0);
  if (e >= outer * picked * width) return;
  const size_t row = e / width, i = e - row * width;
  const size_t o = row / picked, p = row - o * picked;
  const int value = index[index_offset + (long)o * index_outer + (long)p * index_picked + (long)i * index_inner];
  const long place = value < 0 ? value + (long)count : value;
  if (place >= 0 && place < (long)count) atomic_inc(numbers + (o * count + place) * width + i);
}

// Counts become numbers, or -1 where one run holds all that is added. Which number it is does not matter.
__kernel void scatter_number(__global int *restrict numbers, ulong count) {
  if (get_global_id(0) >= count) return;
  __global int *at = numbers + get_global_id(0);
  *at = *at > LATHE_PRODUCT_RUN ? atomic_inc(numbers + count) : -1;
}

// Kahan's sum; one that is infinite or undefined has no rest.
static void add_to(__global float *to, __global float *rest, float value) {
  const float wanted = value - *rest, total = *to + wanted;
  *rest = total - total == 0.0f ? (total - *to) - wanted : 0.0f;
  *to = total;
}

#endif

// y holds the base. A work-item owns `strip` neighbouring columns and one of `ranges` stretches of the axis, and adds what
// is picked for them in its order, so that the result does not depend on how work-items run.
__kernel void scatter_add(
#if COMPENSATED
    __global const int *restrict numbers, __global float *restrict rest,
#endif
    __global const ELEMENT *restrict source, __global const int *restrict index, long index_offset,
    long index_outer, long index_picked, long index_inner, __global ELEMENT *restrict y, __global long *reports,
    int report, ulong outer, ulong count, ulong inner, ulong picked, ulong strip,
    ulong ranges) {
  const size_t strips = (inner + strip - 1) / strip;
  const size_t range = get_global_id(0) % ranges;
  const size_t item = get_global_id(0) / ranges;
  if (item >= outer * strips) return;
  const ulong low = count * range / ranges, width = count * (range + 1) / ranges - low;
  const size_t o = item / strips;
  const size_t first = (item - o * strips) * strip;
  const size_t last = min((size_t)inner, first + (size_t)strip);
  for (size_t p = 0; p < picked; p++) {
    __global const int *at = index + index_offset + (long)o * index_outer + (long)p * index_picked;
    __global const ELEMENT *from = source + (o * picked + p) * inner;
    __global ELEMENT *to = y + o * count * inner;
    if (index_inner == 0) {
      const long place = lathe_place(at[0], count, reports, report);
      // A bad index is none of any stretch.
      if ((ulong)place - low >= width) continue;
#if COMPENSATED
      const int number = numbers[o * count + place];
      if (number >= 0) {
        for (size_t i = first; i < last; i++) add_to(to + place * inner + i, rest + number * inner + i, from[i]);
        continue;
      }
#endif
      for (size_t i = first; i < last; i++) to[place * inner + i] += from[i];
    } else {
      for (size_t i = first; i < last; i++) {
        const long place = lathe_place(at[(long)i * index_inner], count, reports, report);
        if ((ulong)place - low >= width) continue;
#if COMPENSATED
        const int number = numbers[(o * count + place) * inner + i];
        if (number >= 0) {
          add_to(to + place * inner + i, rest + number, from[i]);
          continue;
        }
#endif
        to[place * inner + i] += from[i];
      }
    }
  }
}

#endif
