// Stable sort of rows with the places the elements came from. NaN is larger than every number.
//
// ELEMENT is the type. Elements are ordered by value and, among equals, by their place, so that any
// sorting network is stable.

static int lathe_less(ELEMENT a, ELEMENT b) {
#if IS_FLOAT
  if (isnan(a)) return 0;
  if (isnan(b)) return 1;
#endif
  return a < b;
}

// Whether (a, i) comes before (b, j).
static int lathe_precedes(ELEMENT a, int i, ELEMENT b, int j) {
  const int less = DESCENDING ? lathe_less(b, a) : lathe_less(a, b);
  const int greater = DESCENDING ? lathe_less(a, b) : lathe_less(b, a);
  return less || (!greater && i < j);
}

#ifdef TOP_K

// The k first of the elements that each of `parts` work-items of a row takes, `parts` apart, in order; FIRST = 1 where the
// elements are a row of x, else they are what such parts found, with -1 as the place of what a part lacked.
__kernel void top_part(__global const ELEMENT *restrict x, __global const int *restrict x_places,
                       __global ELEMENT *restrict values, __global int *restrict places, ulong rows, ulong count,
                       ulong parts, ulong k) {
  const size_t item = get_global_id(0);
  if (item >= rows * parts) return;
  const size_t row = item / parts;
  __global ELEMENT *own = values + item * k;
  __global int *own_places = places + item * k;
  size_t found = 0;
  for (size_t i = item - row * parts; i < count; i += parts) {
    const ELEMENT value = x[row * count + i];
#if FIRST
    const int place = (int)i;
#else
    const int place = x_places[row * count + i];
    if (place < 0) continue;
#endif
    if (found == k && !lathe_precedes(value, place, own[k - 1], own_places[k - 1])) continue;
    size_t to = found < k ? found++ : k - 1;
    // It ends soon, mostly.
#pragma unroll 1
    for (; to > 0 && lathe_precedes(value, place, own[to - 1], own_places[to - 1]); to--) {
      own[to] = own[to - 1];
      own_places[to] = own_places[to - 1];
    }
    own[to] = value;
    own_places[to] = place;
  }
#pragma unroll 1
  for (; found < k; found++) own_places[found] = -1;
}

#elif defined(LATHE_PROFILE_CPU)

// A work-item sorts per_item rows by merging runs of 1, 2, 4, ... elements back and forth between the result and
// scratch memory of the same size.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void sort_rows(
    __global const ELEMENT *restrict x, __global ELEMENT *restrict values, __global int *restrict places,
    __global ELEMENT *restrict scratch_values, __global int *restrict scratch_places, ulong rows, ulong count,
    ulong per_item) {
  const size_t first = get_global_id(0) * per_item;
  const size_t last = min((size_t)rows, first + (size_t)per_item);
  int passes = 0;
  for (size_t run = 1; run < count; run *= 2) passes++;
  for (size_t row = first; row < last; row++) {
    // An odd number of passes starts in scratch memory, so that the last one ends in the result.
    __global ELEMENT *from_values = ((passes & 1) ? scratch_values : values) + row * count;
    __global int *from_places = ((passes & 1) ? scratch_places : places) + row * count;
    __global ELEMENT *to_values = ((passes & 1) ? values : scratch_values) + row * count;
    __global int *to_places = ((passes & 1) ? places : scratch_places) + row * count;
    for (size_t i = 0; i < count; i++) {
      from_values[i] = x[row * count + i];
      from_places[i] = (int)i;
    }
    for (size_t run = 1; run < count; run *= 2) {
      for (size_t start = 0; start < count; start += 2 * run) {
        const size_t middle = min((size_t)count, start + run);
        const size_t end = min((size_t)count, start + 2 * run);
        size_t a = start;
        size_t b = middle;
        for (size_t to = start; to < end; to++) {
          // Elements of the left run come from places before those of the right one.
          const int takes_left =
              b >= end ||
              (a < middle && !(DESCENDING ? lathe_less(from_values[a], from_values[b])
                                          : lathe_less(from_values[b], from_values[a])));
          const size_t from = takes_left ? a : b;
          to_values[to] = from_values[from];
          to_places[to] = from_places[from];
          a += takes_left ? 1 : 0;
          b += takes_left ? 0 : 1;
        }
      }
      __global ELEMENT *values_before = from_values;
      __global int *places_before = from_places;
      from_values = to_values;
      from_places = to_places;
      to_values = values_before;
      to_places = places_before;
    }
  }
}

#else

// Bitonic sort of rows padded to `padded` = 2^k elements; a padding element (place >= count) comes last.

// Whether two elements, a in front of b, are in order.
static int in_order(ELEMENT va, int pa, ELEMENT vb, int pb, ulong count) {
  const int a_is_padding = pa >= (long)count, b_is_padding = pb >= (long)count;
  if (a_is_padding || b_is_padding) return b_is_padding && (!a_is_padding || pa < pb);
  return lathe_precedes(va, pa, vb, pb);
}

// Brings two elements, in any memory, into the order wanted.
#define EXCHANGE(values, places, a, b, ascends, count)          \
  {                                                             \
    const ELEMENT va = values[a], vb = values[b];               \
    const int pa = places[a], pb = places[b];                   \
    if (in_order(va, pa, vb, pb, count) != ascends) {           \
      values[a] = vb;                                           \
      values[b] = va;                                           \
      places[a] = pb;                                           \
      places[b] = pa;                                           \
    }                                                           \
  }

// One step: compares elements `distance` apart, at least TILE, in sequences of `length`.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void sort_step(
    __global ELEMENT *restrict values, __global int *restrict places, ulong pairs, ulong count, ulong padded,
    ulong length, ulong distance) {
  const size_t pair = get_global_id(0);
  if (pair >= pairs) return;
  const size_t a = 2 * pair - (pair & (distance - 1)), b = a + distance;
  const int ascends = ((a & (padded - 1)) & length) == 0;
  EXCHANGE(values, places, a, b, ascends, count)
}

// Two steps at once: of elements 2 x `distance` apart, then `distance`, at least TILE; each of `fours` items has four elements.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void sort_two_steps(
    __global ELEMENT *restrict values, __global int *restrict places, ulong fours, ulong count, ulong padded,
    ulong length, ulong distance) {
  const size_t item = get_global_id(0);
  if (item >= fours) return;
  const size_t first = 4 * item - 3 * (item & (distance - 1));
  const int ascends = ((first & (padded - 1)) & length) == 0;
  ELEMENT own[4];
  int own_places[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    own[i] = values[first + i * distance];
    own_places[i] = places[first + i * distance];
  }
  EXCHANGE(own, own_places, 0, 2, ascends, count)
  EXCHANGE(own, own_places, 1, 3, ascends, count)
  EXCHANGE(own, own_places, 0, 1, ascends, count)
  EXCHANGE(own, own_places, 2, 3, ascends, count)
#pragma unroll
  for (int i = 0; i < 4; i++) {
    values[first + i * distance] = own[i];
    places[first + i * distance] = own_places[i];
  }
}

// All steps of sequences of first_length to last_length whose elements are less than TILE apart; a group does them in local
// memory for TILE elements. The first launch pads the rows of x, the last one writes the sorted rows to y; others are
// between `values` and `places`. 2^bits is `padded`.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void sort_tile(
    __global const ELEMENT *restrict x, __global ELEMENT *restrict values, __global int *restrict places,
    __global ELEMENT *restrict y, __global int *restrict y_places, ulong elements, ulong count, int bits,
    ulong first_length, ulong last_length, int is_first, int is_last) {
  __local ELEMENT tile[TILE];
  __local int tile_places[TILE];
  const int lane = (int)get_local_id(0);
  const size_t start = get_group_id(0) * (size_t)TILE, padded = (size_t)1 << bits;
  const int size = (int)min((ulong)TILE, elements - start);
  for (int i = lane; i < size; i += 256) {
    const size_t row = (start + i) >> bits, at = (start + i) & (padded - 1);
    if (is_first) {
      tile[i] = at < count ? x[row * count + at] : (ELEMENT)0;
      tile_places[i] = (int)at;
    } else {
      tile[i] = values[start + i];
      tile_places[i] = places[start + i];
    }
  }
  for (ulong length = first_length; length <= last_length; length *= 2) {
    for (int distance = (int)min(length, (ulong)TILE) / 2; distance > 0; distance /= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int pair = lane; pair < size / 2; pair += 256) {
        const int a = 2 * pair - (pair & (distance - 1)), b = a + distance;
        const int ascends = (((start + a) & (padded - 1)) & length) == 0;
        EXCHANGE(tile, tile_places, a, b, ascends, count)
      }
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = lane; i < size; i += 256) {
    const size_t row = (start + i) >> bits, at = (start + i) & (padded - 1);
    if (!is_last) {
      values[start + i] = tile[i];
      places[start + i] = tile_places[i];
    } else if (at < count) {
      y[row * count + at] = tile[i];
      y_places[row * count + at] = tile_places[i];
    }
  }
}

#endif
