// scatter_add of whole rows on GPUs: y [outer, count, inner] holds the base, source [outer, picked, inner] is added to the
// rows that an index [outer, picked] names.
//
//   scatter_keys   the row that each is added to, `count` for a bad index, which is reported; then sort.cl orders them
//                  by row, stably, with the places they came from
//   scatter_rows   adds up what goes to one row, in its order. A row's segment of the order is cut where a chunk of CHUNK
//                  ends; parts of cut ones go to partial [outer, chunks, 2][2][inner], as sums and what these lack: first
//                  that of the segment at the chunk's beginning, then that of the segment at its end
//   scatter_join   adds the parts of segments that were cut, in their order
//
// A work-item has WIDTH columns, 4 where rows are a multiple of 4 long and so aligned, else 1. The result depends on the
// index alone, not on timing. ELEMENT is the type; IS_FLOAT where sums are kept as pairs.

#if WIDTH == 4
typedef LATHE_JOIN(ELEMENT, 4) pack;
#define TOTAL lathe_total_f4
#else
typedef ELEMENT pack;
#define TOTAL lathe_total_f1
#endif
#define AT(pointer) (*(__global pack *)(pointer))
#define CONST_AT(pointer) (*(__global const pack *)(pointer))

#if IS_FLOAT
#define ADD_PART(sum, rest, part, part_rest)                                      \
  {                                                                               \
    LATHE_ADD_RUN(pack, sum, rest, part)                                          \
    rest += part_rest;                                                            \
    if (++runs % LATHE_SETTLED_RUNS == 0) LATHE_SETTLE(pack, TOTAL, sum, rest)    \
  }
#define TOTAL_OF(sum, rest) TOTAL(sum, rest, 1.0f)
#define RUN LATHE_RUN
#else
#define ADD_PART(sum, rest, part, part_rest) sum += part;
#define TOTAL_OF(sum, rest) (sum)
#define RUN CHUNK
#endif

__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void scatter_keys(
    __global const int *restrict index, long index_offset, long index_outer, long index_picked,
    __global int *restrict keys, __global long *reports, int report, ulong items, ulong count, ulong picked,
    uint2 by_picked) {
  const size_t e = get_global_id(0);
  if (e >= items) return;
  const size_t o = LATHE_QUOTIENT(e, picked, by_picked), p = e - o * picked;
  const int value = index[index_offset + (long)o * index_outer + (long)p * index_picked];
  const long place = value < 0 ? value + (long)count : value;
  const int is_good = place >= 0 && place < (long)count;
  if (!is_good) lathe_report(reports, report, value, (long)count);
  keys[e] = is_good ? (int)place : (int)count;
}

__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void scatter_rows(
    __global const int *restrict keys, __global const int *restrict places, __global const ELEMENT *restrict source,
    __global ELEMENT *restrict y, __global ELEMENT *restrict partial, ulong items, ulong count, ulong inner,
    ulong picked, uint2 by_units, uint2 by_picked) {
  const size_t e = get_global_id(0);
  if (e >= items) return;
  const size_t units = inner / WIDTH, row = LATHE_QUOTIENT(e, units, by_units), i = (e - row * units) * WIDTH;
  const size_t o = LATHE_QUOTIENT(row, picked, by_picked);
  const int first = (int)(row - o * picked), limit = (int)min(picked, (ulong)(first / CHUNK + 1) * CHUNK);
  keys += o * picked;
  places += o * picked;
  const int key = keys[first];
  const int begins = first == 0 || keys[first - 1] != key;
  if (key == (int)count || (!begins && first % CHUNK != 0)) return;
  source += o * picked * inner + i;
  pack sum = (pack)0, rest = (pack)0;
  int runs = 0, at = first;
  while (at < limit && keys[at] == key) {
    pack run = (pack)0;
    for (int k = 0; k < RUN && at < limit && keys[at] == key; k++, at++) run += CONST_AT(source + places[at] * inner);
    ADD_PART(sum, rest, run, (pack)0)
  }
  const int ends = at == (int)picked || keys[at] != key;
  if (begins && ends) {
    AT(y + (o * count + key) * inner + i) += TOTAL_OF(sum, rest);
    return;
  }
  const size_t chunks = (picked + CHUNK - 1) / CHUNK;
  partial += ((o * chunks + first / CHUNK) * 2 + (first % CHUNK != 0)) * 2 * inner + i;
  AT(partial) = sum;
  AT(partial + inner) = rest;
}

// Work-items for all chunks but the last.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void scatter_join(
    __global const int *restrict keys, __global const ELEMENT *restrict partial, __global ELEMENT *restrict y,
    ulong items, ulong count, ulong inner, ulong picked, ulong joints, uint2 by_units, uint2 by_joints) {
  const size_t e = get_global_id(0);
  if (e >= items) return;
  const size_t units = inner / WIDTH, row = LATHE_QUOTIENT(e, units, by_units), i = (e - row * units) * WIDTH;
  const size_t o = LATHE_QUOTIENT(row, joints, by_joints), chunk = row - o * joints, start = chunk * CHUNK;
  keys += o * picked;
  const int key = keys[start + CHUNK - 1];
  // The segment at the chunk's end, if it is cut there and begins in the chunk.
  if (key == (int)count || keys[start + CHUNK] != key) return;
  const int fills = keys[start] == key;
  if (fills && start > 0 && keys[start - 1] == key) return;
  partial += (o * (joints + 1) + chunk) * 4 * inner + i;
  __global const ELEMENT *from = partial + (fills ? 0 : 2 * inner);
  pack sum = CONST_AT(from), rest = CONST_AT(from + inner);
  int runs = 0;
  for (size_t next = start + CHUNK; next < picked && keys[next] == key; next += CHUNK) {
    partial += 4 * inner;
    ADD_PART(sum, rest, CONST_AT(partial), CONST_AT(partial + inner))
  }
  AT(y + (o * count + key) * inner + i) += TOTAL_OF(sum, rest);
}
