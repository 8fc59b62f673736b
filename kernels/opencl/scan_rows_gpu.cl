// Rows [rows, count] searched and cumulated on GPUs, a work-group of LOCAL for each; scan.cl has the other axes.
//
// ELEMENT, VALUE, IS_FLOAT, LARGEST and LOAD as in scan.cl. A work-item takes WIDTH neighbours at once: 4 where rows are a
// multiple of 4 long and so aligned, else 1. The order of all sums is that of their places.

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

ROWS_KERNEL void arg_reduce(__global const ELEMENT *restrict x, __global int *restrict y, const uint count) {
  __local VALUE values[LOCAL];
  __local int places[LOCAL];
  const int lane = (int)get_local_id(0);
  __global const ELEMENT *from = x + get_group_id(0) * (size_t)count;
  VALUE best = LOAD(from[0]);
  int place = 0;
  for (uint i = lane * WIDTH; i < count; i += TILE) {
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
  if (lane == 0) y[get_group_id(0)] = place;
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
                                     __global int *restrict to_places, const uint count) {
  __local VALUE values[LOCAL];
  __local int places[LOCAL];
  const int lane = (int)get_local_id(0);
  const size_t start = get_group_id(0) * (size_t)count;
  VALUE carried = 0;
  int carried_place = -1;
  for (uint tile = 0; tile < count; tile += TILE) {
    const uint i = tile + lane * WIDTH;
    VALUE own[WIDTH];
    int own_places[WIDTH];
#pragma unroll
    for (int k = 0; k < WIDTH; k++) {
      own[k] = 0;
      own_places[k] = i < count ? (int)i + k : -1;
    }
    if (i < count) UNPACK(own, x + start + i)
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
    if (i < count) {
      *(__global pack *)(y + start + i) = PACK(own);
#if WIDTH == 4
      *(__global int4 *)(to_places + start + i) = (int4)(own_places[0], own_places[1], own_places[2], own_places[3]);
#else
      to_places[start + i] = own_places[0];
#endif
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}

#else

ROWS_KERNEL void cumulative_sum(__global const ELEMENT *restrict x, __global ELEMENT *restrict y, const uint count) {
  __local VALUE sums[LOCAL];
  const int lane = (int)get_local_id(0);
  const size_t start = get_group_id(0) * (size_t)count;
  VALUE carried = 0;
#if IS_FLOAT
  float rest = 0.0f;
  int runs = 0;
#endif
  for (uint tile = 0; tile < count; tile += TILE) {
    const uint i = tile + lane * WIDTH;
    VALUE own[WIDTH];
#pragma unroll
    for (int k = 0; k < WIDTH; k++) own[k] = 0;
    if (i < count) UNPACK(own, x + start + i)
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
    if (i < count) *(__global pack *)(y + start + i) = PACK(own);
#if IS_FLOAT
    LATHE_ADD_RUN(float, carried, rest, total)
    if (++runs % LATHE_SETTLED_RUNS == 0) LATHE_SETTLE(float, lathe_total_f1, carried, rest)
#else
    carried += total;
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}

#endif
