// How many elements of a rising sequence are smaller than each value (with RIGHT not larger): one work-item a value.
//
// sequences [rows, count] (or one for all where stride is 0), values and y [rows, picked]. ELEMENT is the type, IS_FLOAT
// whether it is float; NaN is larger than every number.

static int lathe_less(ELEMENT a, ELEMENT b) {
#if IS_FLOAT
  if (isnan(a)) return 0;
  if (isnan(b)) return 1;
#endif
  return a < b;
}

__kernel void search_sorted(__global const ELEMENT *restrict sequences, __global const ELEMENT *restrict values,
                            __global int *restrict y, ulong items, ulong count, ulong picked, ulong stride) {
  const size_t item = get_global_id(0);
  if (item >= items) return;
  __global const ELEMENT *sequence = sequences + item / picked * stride;
  const ELEMENT value = values[item];
  size_t low = 0;
  for (size_t length = count; length > 0;) {
    const size_t half_way = length / 2;
    const ELEMENT middle = sequence[low + half_way];
    const int before = RIGHT ? !lathe_less(value, middle) : lathe_less(middle, value);
    low = before ? low + half_way + 1 : low;
    length = before ? length - half_way - 1 : half_way;
  }
  y[item] = (int)low;
}
