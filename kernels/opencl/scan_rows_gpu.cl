// Rows [rows, count] searched and cumulated on GPUs, a work-group of LOCAL for each; scan.cl has columns where they are short or
// many.
//
// ELEMENT, VALUE, IS_FLOAT, LARGEST and LOAD as in scan.cl. A work-item takes WIDTH neighbours at once: 4 where rows are a
// multiple of 4 long and so aligned, else 1. The order of all sums is that of their places.
//
// Few long rows have `parts` work-groups each, for stretches of `stretch` elements, a multiple of LOCAL x WIDTH. What is
// cumulated goes over them twice: PARTS is 1 where it only keeps each stretch's total, 2 where it begins with the totals of
// those before. The search keeps a place of each, from which arg_join takes one. PARTS is 0 for whole rows.

#if WIDTH == 4
typedef LATHE_JOIN(ELEMENT, 4) pack;
#define PACK(v) (pack)((v)[0], (v)[1], (v)[2], (v)[3])
#define UNPACK(to, from)                                                                            \
  {                                                                                                 \
    const pack packed = *(__global const pack *)(from);                                             \
    to[0] = LOAD(packed.x), to[1] = LOAD(packed.y), to[2] = LOAD(packed.z), to[3] = LOAD(packed.w); \
  }
#else
typedef ELEMENT pack;
#define PACK(v) (v)[0]
#define UNPACK(to, from) to[0] = LOAD(*(from));
#endif
#define TILE (LOCAL * WIDTH)

// The row of a work-group, and its stretch.
#define ROW_STRETCH                                                                         \
  const uint group = (uint)get_group_id(0), row = group / parts, part = group - row * parts; \
  const uint begin = part * stretch, end = min(count, begin + stretch);                     \
  const size_t start = row * (size_t)count;                                                 \
  const int lane = (int)get_local_id(0);
#ifndef PARTS
#define PARTS 0
#endif
// Totals [rows, parts] of two kinds.
#if PARTS
#define TOTALS(first, second) __global first *restrict totals, __global second *restrict other_totals,
#else
#define TOTALS(first, second)
#endif
#define EACH_STRETCH_BEFORE for (uint s = group - part; s < group; s++)
#if PARTS == 1
#define KEEP_TOTAL(first, second)                                   \
  if (lane == 0) totals[group] = first, other_totals[group] = second;
#else
#define KEEP_TOTAL(first, second)
#endif

#define ROWS_KERNEL __kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1)))

// Gives each work-item the total of what all up to it hold: PUT(at) lays its own into local memory, TAKE_FROM(at) puts what lies
// there in front of its own.
#define SCAN_LANES(lane, PUT, TAKE_FROM)                        \
  PUT(lane)                                                     \
  barrier(CLK_LOCAL_MEM_FENCE);                                 \
  for (int distance = 1; distance < LOCAL; distance *= 2) {     \
    if (lane >= distance) TAKE_FROM(lane - distance)            \
    barrier(CLK_LOCAL_MEM_FENCE);                               \
    PUT(lane)                                                   \
    barrier(CLK_LOCAL_MEM_FENCE);                               \
  }

#ifdef ARG_REDUCE

// Whether an element comes before another: NaN first, then by value, of equal ones by place.
static int comes_first(VALUE v, int i, VALUE best, int place) {
#if IS_FLOAT
  if (isnan(v) || isnan(best)) return isnan(v) && (!isnan(best) || i < place);
#endif
  return (LARGEST ? v > best : v < best) || (v == best && i < place);
}

ROWS_KERNEL void arg_reduce(__global const ELEMENT *restrict x, __global int *restrict y, const uint count,
                            const uint parts, const uint stretch) {
  __local VALUE values[LOCAL];
  __local int places[LOCAL];
  ROW_STRETCH
  __global const ELEMENT *from = x + start;
  VALUE best = LOAD(from[begin]);
  int place = (int)begin;
  for (uint i = begin + lane * WIDTH; i < end; i += TILE) {
    VALUE own[WIDTH];
    UNPACK(own, from + i)
#pragma unroll
    for (int k = 0; k < WIDTH; k++) {
      if (!comes_first(own[k], (int)i + k, best, place)) continue;
      best = own[k];
      place = (int)i + k;
    }
  }
  values[lane] = best;
  places[lane] = place;
  for (int distance = LOCAL / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < distance && comes_first(values[lane + distance], places[lane + distance], best, place)) {
      values[lane] = best = values[lane + distance];
      places[lane] = place = places[lane + distance];
    }
  }
  if (lane == 0) y[group] = place;
}

// The place of each row's first among those of its stretches [rows, parts].
__kernel __attribute__((reqd_work_group_size(64, 1, 1))) void arg_join(
    __global const ELEMENT *restrict x, __global const int *restrict places, __global int *restrict y, const uint rows,
    const uint count, const uint parts) {
  const uint row = (uint)get_global_id(0);
  if (row >= rows) return;
  x += row * (size_t)count;
  places += row * (size_t)parts;
  int place = places[0];
  VALUE best = LOAD(x[place]);
  for (uint s = 1; s < parts; s++) {
    const VALUE value = LOAD(x[places[s]]);
    if (!comes_first(value, places[s], best, place)) continue;
    best = value;
    place = places[s];
  }
  y[row] = place;
}

#elif defined(CUMULATIVE_EXTREMUM)

// Joins an element, or the best of some, to the best of those in front of it; a place of -1 stands for none.
#define JOIN_BEST(before, before_place, best, place)                                    \
  if (place < 0 || (before_place >= 0 && !takes_over(best, before))) {                  \
    best = before;                                                                      \
    place = before_place;                                                               \
  }
static int takes_over(VALUE v, VALUE best) {
  int better = LARGEST ? v >= best : v <= best;
#if IS_FLOAT
  better = isnan(v) || (better && !isnan(best));
#endif
  return better;
}

ROWS_KERNEL void cumulative_extremum(__global const ELEMENT *restrict x, __global ELEMENT *restrict y,
                                     __global int *restrict to_places, TOTALS(VALUE, int) const uint count,
                                     const uint parts, const uint stretch) {
  __local VALUE values[LOCAL];
  __local int places[LOCAL];
  ROW_STRETCH
  VALUE carried = 0;
  int carried_place = -1;
#if PARTS == 2
  EACH_STRETCH_BEFORE {
    VALUE last = totals[s];
    int last_place = other_totals[s];
    JOIN_BEST(carried, carried_place, last, last_place)
    carried = last;
    carried_place = last_place;
  }
#endif
  for (uint tile = begin; tile < end; tile += TILE) {
    const uint i = tile + lane * WIDTH;
    VALUE own[WIDTH];
    int own_places[WIDTH];
#pragma unroll
    for (int k = 0; k < WIDTH; k++) {
      own[k] = 0;
      own_places[k] = i < end ? (int)i + k : -1;
    }
    if (i < end) UNPACK(own, x + start + i)
#pragma unroll
    for (int k = 1; k < WIDTH; k++) JOIN_BEST(own[k - 1], own_places[k - 1], own[k], own_places[k])
    VALUE best = own[WIDTH - 1];
    int place = own_places[WIDTH - 1];
#define PUT(at) values[at] = best, places[at] = place;
#define TAKE_FROM(at) JOIN_BEST(values[at], places[at], best, place)
    SCAN_LANES(lane, PUT, TAKE_FROM)
    VALUE before = carried;
    int before_place = carried_place;
    if (lane > 0) {
      before = values[lane - 1];
      before_place = places[lane - 1];
      JOIN_BEST(carried, carried_place, before, before_place)
    }
#pragma unroll
    for (int k = 0; k < WIDTH; k++) JOIN_BEST(before, before_place, own[k], own_places[k])
    VALUE last = values[LOCAL - 1];
    int last_place = places[LOCAL - 1];
    JOIN_BEST(carried, carried_place, last, last_place)
    carried = last;
    carried_place = last_place;
    if (PARTS != 1 && i < end) {
      *(__global pack *)(y + start + i) = PACK(own);
#if WIDTH == 4
      *(__global int4 *)(to_places + start + i) = (int4)(own_places[0], own_places[1], own_places[2], own_places[3]);
#else
      to_places[start + i] = own_places[0];
#endif
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  KEEP_TOTAL(carried, carried_place)
}

#elif defined(CUMULATIVE_PRODUCT)

// Products of stretches may leave the range of numbers where those from the beginning do not: LATHE_SCALED.
ROWS_KERNEL void cumulative_product(__global const ELEMENT *restrict x, __global ELEMENT *restrict y,
                                    TOTALS(VALUE, int) const uint count, const uint parts, const uint stretch) {
  __local VALUE factors[LOCAL];
  __local int powers[LOCAL];
  ROW_STRETCH
  VALUE carried = 1;
  int carried_power = 0;
#if PARTS == 2
  EACH_STRETCH_BEFORE lathe_join(&carried, &carried_power, totals[s], other_totals[s]);
#endif
  for (uint tile = begin; tile < end; tile += TILE) {
    const uint i = tile + lane * WIDTH;
    VALUE own[WIDTH];
    int own_powers[WIDTH];
#pragma unroll
    for (int k = 0; k < WIDTH; k++) {
      own[k] = 1;
      own_powers[k] = 0;
    }
    if (i < end) UNPACK(own, x + start + i)
#pragma unroll
    for (int k = 0; k < WIDTH; k++) {
      lathe_split(&own[k], &own_powers[k]);
      if (k > 0) lathe_join(&own[k], &own_powers[k], own[k - 1], own_powers[k - 1]);
    }
    VALUE product = own[WIDTH - 1];
    int power = own_powers[WIDTH - 1];
#define PUT(at) factors[at] = product, powers[at] = power;
#define TAKE_FROM(at) lathe_join(&product, &power, factors[at], powers[at]);
    SCAN_LANES(lane, PUT, TAKE_FROM)
    VALUE before = carried;
    int before_power = carried_power;
    if (lane > 0) lathe_join(&before, &before_power, factors[lane - 1], powers[lane - 1]);
    lathe_join(&carried, &carried_power, factors[LOCAL - 1], powers[LOCAL - 1]);
#if PARTS != 1
#pragma unroll
    for (int k = 0; k < WIDTH; k++) {
      lathe_join(&own[k], &own_powers[k], before, before_power);
      own[k] = lathe_whole(own[k], own_powers[k]);
    }
    if (i < end) *(__global pack *)(y + start + i) = PACK(own);
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  KEEP_TOTAL(carried, carried_power)
}

#else

ROWS_KERNEL void cumulative_sum(__global const ELEMENT *restrict x, __global ELEMENT *restrict y,
                                TOTALS(VALUE, VALUE) const uint count, const uint parts, const uint stretch) {
  __local VALUE sums[LOCAL];
  ROW_STRETCH
  VALUE carried = 0, rest = 0;
  int runs = 0;
#if PARTS == 2
  EACH_STRETCH_BEFORE {
    const VALUE total = totals[s];
#if IS_FLOAT
    LATHE_ADD_RUN(float, carried, rest, total)
    rest += other_totals[s];
#else
    carried += total;
#endif
  }
#endif
  for (uint tile = begin; tile < end; tile += TILE) {
    const uint i = tile + lane * WIDTH;
    VALUE own[WIDTH];
#pragma unroll
    for (int k = 0; k < WIDTH; k++) own[k] = 0;
    if (i < end) UNPACK(own, x + start + i)
#pragma unroll
    for (int k = 1; k < WIDTH; k++) own[k] += own[k - 1];
    VALUE sum = own[WIDTH - 1];
#define PUT(at) sums[at] = sum;
#define TAKE_FROM(at) sum = sums[at] + sum;
    SCAN_LANES(lane, PUT, TAKE_FROM)
    const VALUE before = lane > 0 ? sums[lane - 1] : 0, total = sums[LOCAL - 1];
#if IS_FLOAT
    const VALUE base = lathe_total_f1(carried, rest, 1.0f);
#else
    const VALUE base = carried;
#endif
#pragma unroll
    for (int k = 0; k < WIDTH; k++) own[k] = base + (before + own[k]);
    if (PARTS != 1 && i < end) *(__global pack *)(y + start + i) = PACK(own);
#if IS_FLOAT
    LATHE_ADD_RUN(float, carried, rest, total)
    if (++runs % LATHE_SETTLED_RUNS == 0) LATHE_SETTLE(float, lathe_total_f1, carried, rest)
#else
    carried += total;
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  KEEP_TOTAL(carried, rest)
}

#endif
