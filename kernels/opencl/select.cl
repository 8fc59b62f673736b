// The elements of rows that come first in the order of sort.cl, by counting: a digit of 8 bits after the other, from the
// highest on, says what the key of the last of k elements begins with; what comes before it, and as many of its equals
// as are missing, in their order, are taken.
//
// x [rows, count]. ELEMENT is the type, KEY an unsigned type that holds its BITS bits; IS_FLOAT and IS_SIGNED say what it
// is, AS_KEY gives a float's bits. Keys of elements that come earlier are smaller; NaN is larger than every number.

static KEY lathe_key(ELEMENT value) {
#if IS_FLOAT
  KEY bits = isnan(value) ? ~(KEY)0 >> 1 : AS_KEY(value == 0 ? (ELEMENT)0 : value);
  bits ^= bits >> (BITS - 1) ? ~(KEY)0 : (KEY)1 << (BITS - 1);
#elif IS_SIGNED
  const KEY bits = (KEY)value ^ (KEY)1 << (BITS - 1);
#else
  const KEY bits = value;
#endif
  return DESCENDING ? bits ^ ~(KEY)0 >> (8 * sizeof(KEY) - BITS) : bits;
}

__kernel void select_clear(__global int *restrict bins, ulong count) {
  if (get_global_id(0) < count) bins[get_global_id(0)] = 0;
}

// Counts the digits at `shift` of the elements whose key begins with the row's prefix, in bins [rows, 256].
#ifdef LATHE_PROFILE_CPU

// A work-item counts one of `parts` of a row.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void select_count(
    __global const ELEMENT *restrict x, __global const KEY *restrict prefixes, __global int *restrict bins, ulong rows,
    ulong count, ulong parts, int shift, int is_first) {
  const size_t row = get_global_id(0) / parts, part = get_global_id(0) - row * parts;
  if (row >= rows) return;
  const KEY prefix = is_first ? 0 : prefixes[row];
  int found[256];
  for (int digit = 0; digit < 256; digit++) found[digit] = 0;
  for (size_t i = count * part / parts; i < count * (part + 1) / parts; i++) {
    const KEY key = lathe_key(x[row * count + i]);
    if (is_first || key >> (shift + 8) == prefix) found[(key >> shift) & 255]++;
  }
  for (int digit = 0; digit < 256; digit++) {
    if (found[digit] > 0) atomic_add(bins + row * 256 + digit, found[digit]);
  }
}

#else

// A work-group counts one of `parts` of a row.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void select_count(
    __global const ELEMENT *restrict x, __global const KEY *restrict prefixes, __global int *restrict bins, ulong rows,
    ulong count, ulong parts, int shift, int is_first) {
  __local int found[256];
  const size_t row = get_group_id(0) / parts, part = get_group_id(0) - row * parts;
  const int digit = (int)get_local_id(0);
  const KEY prefix = is_first ? 0 : prefixes[row];
  found[digit] = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (size_t i = count * part / parts + digit; i < count * (part + 1) / parts; i += 256) {
    const KEY key = lathe_key(x[row * count + i]);
    if (is_first || key >> (shift + 8) == prefix) atomic_inc(found + ((key >> shift) & 255));
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (found[digit] > 0) atomic_add(bins + row * 256 + digit, found[digit]);
}

#endif

// Adds to each row's prefix the digit of its last element, notes how many elements that begin so are wanted, and clears
// the bins.
__kernel void select_digit(__global KEY *restrict prefixes, __global int *restrict wanted, __global int *restrict bins,
                           ulong rows, ulong k, int is_first) {
  const size_t row = get_global_id(0);
  if (row >= rows) return;
  int left = is_first ? (int)k : wanted[row];
  int last = -1;
  __global int4 *own = (__global int4 *)(bins + row * 256);
  for (int four = 0; four < 64; four++) {
    const int4 bin = own[four];
    const int found[4] = {bin.x, bin.y, bin.z, bin.w};
    own[four] = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (last >= 0) continue;
      if (found[i] >= left) last = 4 * four + i;
      else left -= found[i];
    }
  }
  wanted[row] = left;
  prefixes[row] = (is_first ? 0 : prefixes[row] << 8) | (KEY)last;
}

// Of each of `parts` of a row, how many elements come before the last one, and how many are its equals.
#ifdef LATHE_PROFILE_CPU

__kernel void select_tally(__global const ELEMENT *restrict x, __global const KEY *restrict prefixes,
                           __global int2 *restrict tallies, ulong rows, ulong count, ulong parts) {
  const size_t item = get_global_id(0), row = item / parts, part = item - row * parts;
  if (row >= rows) return;
  const KEY last = prefixes[row];
  int before = 0, equal = 0;
  for (size_t i = count * part / parts; i < count * (part + 1) / parts; i++) {
    const KEY key = lathe_key(x[row * count + i]);
    before += key < last;
    equal += key == last;
  }
  tallies[item] = (int2)(before, equal);
}

#else

// A work-group counts in a part.
__kernel __attribute__((reqd_work_group_size(64, 1, 1))) void select_tally(
    __global const ELEMENT *restrict x, __global const KEY *restrict prefixes, __global int2 *restrict tallies, ulong rows,
    ulong count, ulong parts) {
  __local int found[2];
  const size_t item = get_group_id(0), row = item / parts, part = item - row * parts;
  const int lane = (int)get_local_id(0);
  if (lane < 2) found[lane] = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  const KEY last = prefixes[row];
  int before = 0, equal = 0;
  for (size_t i = count * part / parts + lane; i < count * (part + 1) / parts; i += 64) {
    const KEY key = lathe_key(x[row * count + i]);
    before += key < last;
    equal += key == last;
  }
  atomic_add(found, before);
  atomic_add(found + 1, equal);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (lane == 0) tallies[item] = (int2)(found[0], found[1]);
}

#endif

// Tallies become places in the result: equals stand behind all that come before them.
__kernel void select_offsets(__global const int *restrict wanted, __global int2 *restrict tallies, ulong rows,
                             ulong parts, ulong k) {
  const size_t row = get_global_id(0);
  if (row >= rows) return;
  int2 place = (int2)(0, (int)k - wanted[row]);
  for (size_t item = row * parts; item < (row + 1) * parts; item++) {
    const int2 own = tallies[item];
    tallies[item] = place;
    place += own;
  }
}

// Takes what comes before a row's last element, and of its equals the first, each in the order of their places.
__kernel void select_take(__global const ELEMENT *restrict x, __global const KEY *restrict prefixes,
                          __global const int2 *restrict offsets, __global ELEMENT *restrict values,
                          __global int *restrict places, ulong rows, ulong count, ulong parts, ulong k) {
  const size_t item = get_global_id(0), row = item / parts, part = item - row * parts;
  if (row >= rows) return;
  const KEY last = prefixes[row];
  int before = offsets[item].x, equal = offsets[item].y;
  for (size_t i = count * part / parts; i < count * (part + 1) / parts; i++) {
    const ELEMENT value = x[row * count + i];
    const KEY key = lathe_key(value);
    if (key > last || (key == last && equal >= (int)k)) continue;
    const size_t to = row * k + (key < last ? before++ : equal++);
    values[to] = value;
    places[to] = (int)i;
  }
}

// The places in x of elements that were sorted after they were taken.
__kernel void select_places(__global const int *restrict taken, __global const int *restrict order,
                            __global int *restrict places, ulong rows, ulong k) {
  const size_t e = get_global_id(0);
  if (e < rows * k) places[e] = taken[e / k * k + order[e]];
}
