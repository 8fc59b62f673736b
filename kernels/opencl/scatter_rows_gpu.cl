// Rows of a source [outer, picked, inner] joined with those of y [outer, count, inner] that an index names, on GPUs; y holds
// the base. RULE is that of ScatterRule (1 multiplies, 2 and 3 keep the largest and the smallest), or 4 where rows are added.
//
//   scatter_keys   the row that each goes to, `count` for a bad index, which is reported; then sort.cl orders them by row,
//                  stably, with the places they came from
//   scatter_order  both at once where few are picked: each counts how many come before it
//   scatter_rows   joins what goes to one row, in its order. A row's segment of the order is cut where a chunk of CHUNK ends;
//                  parts of cut ones go to partial [lines, chunks, 2][2][inner / groups], as what was joined and what belongs
//                  to it: first that of the segment at the chunk's beginning, then that of the segment at its end
//   scatter_join   joins the parts of segments that were cut, in their order
//
// Where an index differs along rows, each of their `groups` = inner elements has an order of its own, else groups = 1 and
// whole rows have one. Orders are `lines` = outer x groups. A work-item has WIDTH columns of an order, 4 where rows are a
// multiple of 4 long and so aligned, else 1. The result depends on the index alone, not on timing. ELEMENT is the type;
// PAIRS where something is kept beside what was joined: what sums of floats lack, powers of products of floats. EMPTY is
// what changes nothing when it is joined.

#if WIDTH == 4
typedef LATHE_JOIN(ELEMENT, 4) pack;
#define TOTAL lathe_total_f4
#else
typedef ELEMENT pack;
#define TOTAL lathe_total_f1
#endif
#define AT(pointer) (*(__global pack *)(pointer))
#define CONST_AT(pointer) (*(__global const pack *)(pointer))

// JOIN adds an element to a run of at most RUN, JOIN_PART a run or a part to what was joined; FINISH joins all to y.
#define RUN CHUNK
#define JOIN_PART(sum, rest, part, part_rest) JOIN(sum, part)
#define FINISH(y, sum, rest) JOIN(y, sum)
#if RULE == 4
#define JOIN(run, x) run += x;
#if PAIRS
#undef RUN
#undef JOIN_PART
#undef FINISH
#define RUN LATHE_RUN
#define JOIN_PART(sum, rest, part, part_rest)                                     \
  {                                                                               \
    LATHE_ADD_RUN(pack, sum, rest, part)                                          \
    rest += part_rest;                                                            \
    if (++runs % LATHE_SETTLED_RUNS == 0) LATHE_SETTLE(pack, TOTAL, sum, rest)    \
  }
#define FINISH(y, sum, rest) y += TOTAL(sum, rest, 1.0f);
#endif
#elif RULE == 1
#define JOIN(run, x) run *= x;
#if PAIRS
// One at a time: LATHE_SCALED.
#undef RUN
#undef JOIN_PART
#undef FINISH
#define RUN 1
#define JOIN_PART(sum, rest, part, part_rest)     \
  {                                               \
    pack factor = part;                           \
    int power = (int)rest, added = (int)part_rest; \
    lathe_split(&factor, &added);                 \
    lathe_join(&sum, &power, factor, added);      \
    rest = (pack)power;                           \
  }
#define FINISH(y, sum, rest)                      \
  {                                               \
    JOIN_PART(sum, rest, y, (pack)0)              \
    y = lathe_whole(sum, (int)rest);              \
  }
#endif
#else
#if RULE == 2
#define IS_BETTER(run, x) (x > run)
#else
#define IS_BETTER(run, x) (x < run)
#endif
// The first of equal ones stays, and NaN.
#if PAIRS
#define JOIN(run, x) run = IS_BETTER(run, x) | isnan(x) ? x : run;
#else
#define JOIN(run, x) run = IS_BETTER(run, x) ? x : run;
#endif
#endif

// The row that a picked one goes to, `count` for a bad index.
static inline int key_of(int value, ulong count) {
  const long place = value < 0 ? value + (long)count : value;
  return place >= 0 && place < (long)count ? (int)place : (int)count;
}

__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void scatter_keys(
    __global const int *restrict index, long index_offset, long index_outer, long index_picked,
    long index_inner, __global int *restrict keys, __global long *reports, int report, ulong items, ulong count,
    ulong picked, ulong groups, uint2 by_picked, uint2 by_groups) {
  const size_t e = get_global_id(0);
  if (e >= items) return;
  const size_t line = LATHE_QUOTIENT(e, picked, by_picked), p = e - line * picked;
  const size_t o = LATHE_QUOTIENT(line, groups, by_groups), i = line - o * groups;
  const int value = index[index_offset + (long)o * index_outer + (long)p * index_picked + (long)i * index_inner];
  const int key = key_of(value, count);
  if (key == (int)count) lathe_report(reports, report, value, (long)count);
  keys[e] = key;
}

// Keys in local memory at a time.
#define KEYS 1024

// Work-items are (picked, lines).
__kernel __attribute__((reqd_work_group_size(64, 1, 1))) void scatter_order(
    __global const int *restrict index, long index_offset, long index_outer, long index_picked, long index_inner,
    __global int *restrict sorted, __global int *restrict places, __global long *reports, int report, ulong count,
    int picked, ulong groups, uint2 by_groups) {
  __local int4 keys[KEYS / 4];
  const int lane = (int)get_local_id(0), own = (int)get_global_id(0);
  const size_t line = get_group_id(1), o = LATHE_QUOTIENT(line, groups, by_groups), i = line - o * groups;
  index += index_offset + (long)o * index_outer + (long)i * index_inner;
  const int value = own < picked ? index[own * index_picked] : 0;
  const int key = key_of(value, count);
  int rank = 0;
  for (int start = 0; start < picked; start += KEYS) {
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = lane; k < KEYS; k += 64)
      ((__local int *)keys)[k] = start + k < picked ? key_of(index[(start + k) * index_picked], count) : INT_MAX;
    barrier(CLK_LOCAL_MEM_FENCE);
    const int in_front = own - start, used = min(KEYS, picked - start);
    for (int k = 0; k < used; k += 4) {
      // Of equals those in front come first.
      const int4 next = keys[k / 4];
      rank += (next.x < key + (k < in_front)) + (next.y < key + (k + 1 < in_front)) + (next.z < key + (k + 2 < in_front))
            + (next.w < key + (k + 3 < in_front));
    }
  }
  if (own >= picked) return;
  if (key == (int)count) lathe_report(reports, report, value, (long)count);
  sorted[line * picked + rank] = key;
  places[line * picked + rank] = own;
}

__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void scatter_rows(
    __global const int *restrict keys, __global const int *restrict places, __global const ELEMENT *restrict source,
    __global ELEMENT *restrict y, __global ELEMENT *restrict partial, ulong items, ulong count, ulong inner,
    ulong picked, ulong groups, ulong units, uint2 by_units, uint2 by_picked, uint2 by_groups) {
  const size_t e = get_global_id(0);
  if (e >= items) return;
  const size_t row = LATHE_QUOTIENT(e, units, by_units), line = LATHE_QUOTIENT(row, picked, by_picked);
  const size_t own = (e - row * units) * WIDTH;
  const int first = (int)(row - line * picked), limit = (int)min(picked, (ulong)(first / CHUNK + 1) * CHUNK);
  keys += line * picked;
  places += line * picked;
  const int key = keys[first];
  const int begins = first == 0 || keys[first - 1] != key;
  if (key == (int)count || (!begins && first % CHUNK != 0)) return;
  const size_t o = LATHE_QUOTIENT(line, groups, by_groups), i = line - o * groups + own;
  source += o * picked * inner + i;
  pack sum = (pack)EMPTY, rest = (pack)0;
  int runs = 0, at = first;
  while (at < limit && keys[at] == key) {
    pack run = (pack)EMPTY;
    for (int k = 0; k < RUN && at < limit && keys[at] == key; k++, at++) {
      const pack x = CONST_AT(source + places[at] * inner);
      JOIN(run, x)
    }
    JOIN_PART(sum, rest, run, (pack)0)
  }
  const int ends = at == (int)picked || keys[at] != key;
  if (begins && ends) {
    __global ELEMENT *to = y + (o * count + key) * inner + i;
    pack joined = AT(to);
    FINISH(joined, sum, rest)
    AT(to) = joined;
    return;
  }
  const size_t chunks = (picked + CHUNK - 1) / CHUNK, width = units * WIDTH;
  partial += ((line * chunks + first / CHUNK) * 2 + (first % CHUNK != 0)) * 2 * width + own;
  AT(partial) = sum;
  AT(partial + width) = rest;
}

// Work-items for all chunks but the last.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void scatter_join(
    __global const int *restrict keys, __global const ELEMENT *restrict partial, __global ELEMENT *restrict y,
    ulong items, ulong count, ulong inner, ulong picked, ulong groups, ulong units, ulong joints, uint2 by_units,
    uint2 by_joints, uint2 by_groups) {
  const size_t e = get_global_id(0);
  if (e >= items) return;
  const size_t row = LATHE_QUOTIENT(e, units, by_units), own = (e - row * units) * WIDTH, width = units * WIDTH;
  const size_t line = LATHE_QUOTIENT(row, joints, by_joints), chunk = row - line * joints, start = chunk * CHUNK;
  keys += line * picked;
  const int key = keys[start + CHUNK - 1];
  // The segment at the chunk's end, if it is cut there and begins in the chunk.
  if (key == (int)count || keys[start + CHUNK] != key) return;
  const int fills = keys[start] == key;
  if (fills && start > 0 && keys[start - 1] == key) return;
  partial += (line * (joints + 1) + chunk) * 4 * width + own;
  __global const ELEMENT *from = partial + (fills ? 0 : 2 * width);
  pack sum = CONST_AT(from), rest = CONST_AT(from + width);
  int runs = 0;
  for (size_t next = start + CHUNK; next < picked && keys[next] == key; next += CHUNK) {
    partial += 4 * width;
    const pack part = CONST_AT(partial), part_rest = CONST_AT(partial + width);
    JOIN_PART(sum, rest, part, part_rest)
  }
  const size_t o = LATHE_QUOTIENT(line, groups, by_groups), i = line - o * groups + own;
  __global ELEMENT *to = y + (o * count + key) * inner + i;
  pack joined = AT(to);
  FINISH(joined, sum, rest)
  AT(to) = joined;
}
