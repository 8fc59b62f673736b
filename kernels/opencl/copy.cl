// Strided x -> strided y of the same shape.
//
// ELEMENT is an unsigned type of the element's size, RANK the number of joined axes, outermost first. UNIT_STRIDE
// is 1 where both operands have stride 1 along the innermost axis.

typedef struct {
  long size[8];
  long x[8];
  long y[8];
} lathe_axes;

#ifdef TRANSPOSE

// A batch of matrices whose rows are columns of x: y is contiguous along the last axis, x along the one before.
// Tiles of 16 x 16 (cpu) or 32 x 32 (gpu) keep both sides in whole cache lines.

#ifdef LATHE_PROFILE_CPU

// A work-item copies the tiles of 16 rows.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void transpose(
    __global const ELEMENT *restrict x, long x_offset, __global ELEMENT *restrict y, long y_offset, lathe_axes axes) {
  const long rows = axes.size[1];
  const long columns = axes.size[2];
  const long x_step = axes.x[2];
  const long y_step = axes.y[1];
  const long first = get_global_id(0) * 16;
  const long last = min(rows, first + 16);
  x += x_offset + (long)get_global_id(1) * axes.x[0];
  y += y_offset + (long)get_global_id(1) * axes.y[0];
  for (long column = 0; column < columns; column += 16) {
    const long end = min(columns, column + 16);
    if (last - first == 16 && end - column == 16) {
      ELEMENT tile[16][16];
      for (int j = 0; j < 16; j++) {
        for (int i = 0; i < 16; i++) tile[i][j] = x[(column + j) * x_step + first + i];
      }
      for (int i = 0; i < 16; i++) {
        for (int j = 0; j < 16; j++) y[(first + i) * y_step + column + j] = tile[i][j];
      }
    } else {
      for (long i = first; i < last; i++) {
        for (long j = column; j < end; j++) y[i * y_step + j] = x[j * x_step + i];
      }
    }
  }
}

#else

// A work-group of 32 x 8 copies a tile of 32 x 32 through local memory; the spare column avoids bank conflicts.
__kernel __attribute__((reqd_work_group_size(32, 8, 1))) void transpose(
    __global const ELEMENT *restrict x, long x_offset, __global ELEMENT *restrict y, long y_offset, lathe_axes axes) {
  __local ELEMENT tile[32][33];
  const long rows = axes.size[1];
  const long columns = axes.size[2];
  const long first_column = get_group_id(0) * 32;
  const long first_row = get_group_id(1) * 32;
  const int lane = (int)get_local_id(0);
  x += x_offset + (long)get_group_id(2) * axes.x[0];
  y += y_offset + (long)get_group_id(2) * axes.y[0];
  for (int k = (int)get_local_id(1); k < 32; k += 8) {
    const long row = first_row + lane;
    const long column = first_column + k;
    if (row < rows && column < columns) tile[k][lane] = x[column * axes.x[2] + row];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int k = (int)get_local_id(1); k < 32; k += 8) {
    const long row = first_row + k;
    const long column = first_column + lane;
    if (row < rows && column < columns) y[row * axes.y[1] + column] = tile[lane][k];
  }
}

#endif

#elif defined(LATHE_PROFILE_CPU)

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

// Work-items take elements in turn, or with WIDTH 4 whole vectors along the innermost axis, whose size, steps and offsets are
// counted in vectors then; neighbours write neighbouring elements. NARROW: places have 31 bits, and divisors come along.
#ifndef WIDTH
#define WIDTH 1
#endif
#if WIDTH == 1
typedef ELEMENT unit;
#else
typedef LATHE_JOIN(ELEMENT, WIDTH) unit;
#endif
#if NARROW
typedef int place;
#else
typedef long place;
#endif

typedef struct {
  place size[8];
  place x[8];
  place y[8];
  uint2 divisor[8];
} lathe_places;

__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void copy(
    __global const ELEMENT *restrict x_base, long x_offset, __global ELEMENT *restrict y_base, long y_offset, ulong n,
    ulong block, lathe_places axes) {
  __global const unit *restrict x = (__global const unit *)x_base + x_offset;
  __global unit *restrict y = (__global unit *)y_base + y_offset;
  for (size_t e = get_global_id(0); e < n; e += get_global_size(0)) {
    place from = 0, to = 0, rest = (place)e;
    for (int axis = RANK - 1; axis > 0; axis--) {
#if NARROW
      const place outer = lathe_quotient(rest, axes.divisor[axis]);
#else
      const place outer = rest / axes.size[axis];
#endif
      const place index = rest - outer * axes.size[axis];
      rest = outer;
      from += index * axes.x[axis];
      to += index * axes.y[axis];
    }
    y[to + rest * axes.y[0]] = x[from + rest * axes.x[0]];
  }
}

#endif
