// Pooling as in pooling.cl for large windows and for windows that divide a plane into equal parts ("adaptive"): the sizes
// are arguments, so that one program serves them all.
//
// Contract: as in pooling.cl, with the sizes in `s`. Sums are compensated (Kahan), so that they are as good for a million
// elements as for a few. NARROW is 1 where the product of an axis' elements and windows has 32 bits.

#if NARROW
typedef uint pool_product;
#else
typedef ulong pool_product;
#endif

typedef struct {
  int size, outputs, kernel_size, stride, padding;
} pool_axis;

typedef struct {
  pool_axis y, x;
  int planes, counts_padding, adaptive;
} pool_sizes;

// Elements .x ..< .y that a window holds, those outside the plane left out.
static inline int2 elements_of(int window, const pool_axis a, int adaptive) {
  if (adaptive) {
    const pool_product size = a.size, outputs = a.outputs, from = window;
    return (int2)((int)(from * size / outputs), (int)(((from + 1) * size + outputs - 1) / outputs));
  }
  const int start = window * a.stride - a.padding;
  return (int2)(max(start, 0), min(start + a.kernel_size, a.size));
}

// Windows .x ..< .y that hold an element.
static inline int2 windows_over(int element, const pool_axis a, int adaptive) {
  if (adaptive) {
    const pool_product size = a.size, outputs = a.outputs, from = element;
    return (int2)((int)(from * outputs / size), (int)(((from + 1) * outputs + size - 1) / size));
  }
  const int reach = element + a.padding - a.kernel_size;
  return (int2)(reach < 0 ? 0 : reach / a.stride + 1, min((element + a.padding) / a.stride, a.outputs - 1) + 1);
}

// .x is the sum, .y what its last addition put in too much; an infinite or undefined sum has no remainder.
static inline float2 added(float2 sum, float value) {
  const float wanted = value - sum.y, total = sum.x + wanted;
  return (float2)(total, total - total == 0.0f ? (total - sum.x) - wanted : 0.0f);
}

// TAKE(i, row[i]) for each i of a range of a row in turn; on GPUs four are read at once where they are aligned.
#if LATHE_PROFILE_CPU
#define EACH_ELEMENT(row, range, TAKE) \
  for (int ix = range.x; ix < range.y; ix++) { const float value = (row)[ix]; TAKE(ix, value) }
#else
#define EACH_ELEMENT(row, range, TAKE)                                                           \
  _Pragma("unroll 1") for (int ix = range.x; ix < range.y;) {                                    \
    if (ix + 4 <= range.y && ((size_t)((row) + ix) & 15) == 0) {                                 \
      const float4 four = *(__global const float4 *)((row) + ix);                                \
      TAKE(ix, four.x) TAKE(ix + 1, four.y) TAKE(ix + 2, four.z) TAKE(ix + 3, four.w)            \
      ix += 4;                                                                                   \
    } else {                                                                                     \
      const float value = (row)[ix];                                                             \
      TAKE(ix, value)                                                                            \
      ix++;                                                                                      \
    }                                                                                            \
  }
#endif

static inline void max_of(__global const float *x, __global float *y, __global int *index, const pool_sizes s, int line,
                          int ox) {
  __global const float *plane = x + (size_t)(line / s.y.outputs) * s.y.size * s.x.size;
  const int2 rows = elements_of(line % s.y.outputs, s.y, s.adaptive), columns = elements_of(ox, s.x, s.adaptive);
  int where = rows.x * s.x.size + columns.x;
  float best = plane[where];
#define TAKE(element, value)                           \
  {                                                    \
    const bool better = value > best || value != value; \
    best = better ? value : best;                      \
    where = better ? row + (element) : where;          \
  }
  for (int iy = rows.x; iy < rows.y; iy++) {
    const int row = iy * s.x.size;
    EACH_ELEMENT(plane + row, columns, TAKE)
  }
#undef TAKE
  y[(size_t)line * s.x.outputs + ox] = best;
  index[(size_t)line * s.x.outputs + ox] = where;
}

__kernel void max_pool(__global const float *restrict x, __global float *restrict y, __global int *restrict index,
                       const pool_sizes s, const int lines_per_item) {
#define DO(l, c) max_of(x, y, index, s, l, c)
  LATHE_EACH_ELEMENT(s.planes, s.y.outputs, s.x.outputs, DO)
#undef DO
}

static inline float divisor_of(int2 rows, int2 columns, const pool_sizes s) {
  return s.counts_padding ? (float)s.y.kernel_size * (float)s.x.kernel_size
                          : (float)(rows.y - rows.x) * (float)(columns.y - columns.x);
}

static inline float average_of(__global const float *x, const pool_sizes s, int line, int ox) {
  __global const float *plane = x + (size_t)(line / s.y.outputs) * s.y.size * s.x.size;
  const int2 rows = elements_of(line % s.y.outputs, s.y, s.adaptive), columns = elements_of(ox, s.x, s.adaptive);
  float2 sum = (float2)(0.0f);
#define TAKE(element, value) sum = added(sum, value);
  for (int iy = rows.x; iy < rows.y; iy++) EACH_ELEMENT(plane + (size_t)iy * s.x.size, columns, TAKE)
#undef TAKE
  return sum.x / divisor_of(rows, columns, s);
}

__kernel void average_pool(__global const float *restrict x, __global float *restrict y, const pool_sizes s,
                           const int lines_per_item) {
#define DO(l, c) y[(size_t)(l) * s.x.outputs + (c)] = average_of(x, s, l, c)
  LATHE_EACH_ELEMENT(s.planes, s.y.outputs, s.x.outputs, DO)
#undef DO
}

// Few windows cover an element, mostly.
#if LATHE_PROFILE_CPU
#define EACH_WINDOW
#else
#define EACH_WINDOW _Pragma("unroll 1")
#endif

static inline float max_gradient_of(__global const float *dy, __global const int *index, const pool_sizes s, int line,
                                    int ix) {
  const size_t plane = (size_t)(line / s.y.size) * s.y.outputs * s.x.outputs;
  const int iy = line % s.y.size, place = iy * s.x.size + ix;
  const int2 down = windows_over(iy, s.y, s.adaptive), across = windows_over(ix, s.x, s.adaptive);
  float2 sum = (float2)(0.0f);
  EACH_WINDOW for (int oy = down.x; oy < down.y; oy++)
    EACH_WINDOW for (int ox = across.x; ox < across.y; ox++) {
      const size_t window = plane + (size_t)oy * s.x.outputs + ox;
      if (index[window] == place) sum = added(sum, dy[window]);
    }
  return sum.x;
}

__kernel void max_pool_backward(__global const float *restrict dy, __global const int *restrict index,
                                __global float *restrict dx, const pool_sizes s, const int lines_per_item) {
#define DO(l, c) dx[(size_t)(l) * s.x.size + (c)] = max_gradient_of(dy, index, s, l, c)
  LATHE_EACH_ELEMENT(s.planes, s.y.size, s.x.size, DO)
#undef DO
}

static inline float average_gradient_of(__global const float *dy, const pool_sizes s, int line, int ix) {
  __global const float *plane = dy + (size_t)(line / s.y.size) * s.y.outputs * s.x.outputs;
  const int2 down = windows_over(line % s.y.size, s.y, s.adaptive), across = windows_over(ix, s.x, s.adaptive);
  float2 sum = (float2)(0.0f);
  EACH_WINDOW for (int oy = down.x; oy < down.y; oy++) {
    const int2 rows = elements_of(oy, s.y, s.adaptive);
    EACH_WINDOW for (int ox = across.x; ox < across.y; ox++)
      sum = added(sum, plane[(size_t)oy * s.x.outputs + ox] / divisor_of(rows, elements_of(ox, s.x, s.adaptive), s));
  }
  return sum.x;
}

__kernel void average_pool_backward(__global const float *restrict dy, __global float *restrict dx, const pool_sizes s,
                                    const int lines_per_item) {
#define DO(l, c) dx[(size_t)(l) * s.x.size + (c)] = average_gradient_of(dy, s, l, c)
  LATHE_EACH_ELEMENT(s.planes, s.y.size, s.x.size, DO)
#undef DO
}
