// Elements of a source [outer, picked, inner] joined with those of y [outer, count, inner], which holds the base.
//
// The index [outer, picked, inner] has any strides; a negative one counts from the end, and one outside the axis is
// reported and not used. RULE is that of ScatterRule: 0 writes over, of several the last; 1 multiplies, 2 and 3 keep the
// largest and the smallest. ELEMENT is the type, IS_FLOAT whether it is float.

static long lathe_place(int index, ulong count) {
  const long place = index < 0 ? index + (long)count : index;
  return place >= 0 && place < (long)count ? place : -1;
}

#if RULE == 0

// The element of y that element `e` of the source goes to, and its order among those of the same column; -1 for a bad index.
static long lathe_target(__global const int *index, long index_offset, long index_outer, long index_picked,
                         long index_inner, ulong count, ulong inner, ulong picked, size_t e, int *order, int *value) {
  const size_t row = e / inner, i = e - row * inner;
  const size_t o = row / picked, p = row - o * picked;
  *order = (int)p;
  *value = index[index_offset + (long)o * index_outer + (long)p * index_picked + (long)i * index_inner];
  const long place = lathe_place(*value, count);
  return place < 0 ? -1 : (long)((o * count + place) * inner + i);
}

__kernel void scatter_clear(__global int *restrict owners, ulong count) {
  if (get_global_id(0) < count) owners[get_global_id(0)] = -1;
}

// The last of several wins, in whatever order they come by.
__kernel void scatter_claim(
    __global const int *restrict index, long index_offset, long index_outer, long index_picked, long index_inner,
    __global int *restrict owners, __global long *reports, int report, ulong outer, ulong count, ulong inner,
    ulong picked) {
  const size_t e = get_global_id(0);
  if (e >= outer * picked * inner) return;
  int order, value;
  const long target = lathe_target(
      index, index_offset, index_outer, index_picked, index_inner, count, inner, picked, e, &order, &value);
  if (target < 0) {
    lathe_report(reports, report, value, (long)count);
  } else {
    atomic_max(owners + target, order);
  }
}

__kernel void scatter_write(
    __global const ELEMENT *restrict source, __global const int *restrict index, long index_offset,
    long index_outer, long index_picked, long index_inner, __global const int *restrict owners,
    __global ELEMENT *restrict y, ulong outer, ulong count, ulong inner, ulong picked) {
  const size_t e = get_global_id(0);
  if (e >= outer * picked * inner) return;
  int order, value;
  const long target = lathe_target(
      index, index_offset, index_outer, index_picked, index_inner, count, inner, picked, e, &order, &value);
  if (target >= 0 && owners[target] == order) y[target] = source[e];
}

#else

static ELEMENT lathe_joined(ELEMENT a, ELEMENT b) {
#if RULE == 1
  return a * b;
#else
  int better = RULE == 2 ? b > a : b < a;
#if IS_FLOAT
  better = better || isnan(b);
#endif
  return better ? b : a;
#endif
}

// A work-item owns `strip` neighbouring columns and one of `ranges` stretches of the axis, and joins what is picked for
// them in its order, so that the result does not depend on how work-items run.
__kernel void scatter(
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
    for (size_t i = first; i < last; i++) {
      const int value = at[(long)i * index_inner];
      const long place = lathe_place(value, count);
      if (place < 0) {
        lathe_report(reports, report, value, (long)count);
      } else if ((ulong)place - low < width) {
        to[place * inner + i] = lathe_joined(to[place * inner + i], from[i]);
      }
    }
  }
}

#endif
