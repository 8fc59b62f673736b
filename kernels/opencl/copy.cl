// Strided x -> strided y of the same shape.
//
// ELEMENT is an unsigned type of the element's size, RANK the number of joined axes, outermost first. UNIT_STRIDE
// is 1 where both operands have stride 1 along the innermost axis.

typedef struct {
  long size[8];
  long x[8];
  long y[8];
} lathe_axes;

#ifdef LATHE_PROFILE_CPU

// A work-item copies `block` elements, row by row; the outer axes are counted like an odometer.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void copy(
    __global const ELEMENT *restrict x, long x_offset, __global ELEMENT *restrict y, long y_offset, ulong n,
    ulong block, lathe_axes axes) {
  const size_t inner = axes.size[RANK - 1];
  const long x_step = axes.x[RANK - 1];
  const long y_step = axes.y[RANK - 1];
  size_t position = get_global_id(0) * block;
  const size_t last = min((size_t)n, position + (size_t)block);
  size_t index[RANK];
  size_t rest = position;
  for (int axis = RANK - 1; axis >= 0; axis--) {
    index[axis] = rest % axes.size[axis];
    rest /= axes.size[axis];
  }
  size_t start = index[RANK - 1];
  while (position < last) {
    long from = x_offset;
    long to = y_offset;
    for (int axis = 0; axis < RANK - 1; axis++) {
      from += (long)index[axis] * axes.x[axis];
      to += (long)index[axis] * axes.y[axis];
    }
    const size_t end = min(inner, start + (last - position));
    size_t j = start;
#if UNIT_STRIDE
    for (; j + 16 <= end; j += 16) {
      WIDE v;
      v = vload16(0, x + from + j);
      vstore16(v, 0, y + to + j);
    }
    for (; j < end; j++) y[to + j] = x[from + j];
#else
    for (; j < end; j++) y[to + (long)j * y_step] = x[from + (long)j * x_step];
#endif
    position += end - start;
    start = 0;
    for (int axis = RANK - 2; axis >= 0; axis--) {
      if (++index[axis] < axes.size[axis]) break;
      index[axis] = 0;
    }
  }
}

#else

// Work-items take elements in turn; neighbours write neighbouring elements.
__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void copy(
    __global const ELEMENT *restrict x, long x_offset, __global ELEMENT *restrict y, long y_offset, ulong n,
    ulong block, lathe_axes axes) {
  for (size_t e = get_global_id(0); e < n; e += get_global_size(0)) {
    long from = x_offset;
    long to = y_offset;
    ulong rest = e;
    for (int axis = RANK - 1; axis >= 0; axis--) {
      const ulong index = axis == 0 ? rest : rest % axes.size[axis];
      rest /= axes.size[axis];
      from += (long)index * axes.x[axis];
      to += (long)index * axes.y[axis];
    }
    y[to] = x[from];
  }
}

#endif
