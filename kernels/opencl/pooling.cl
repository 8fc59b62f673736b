// Max and average pooling over planes [h, w], forward and backward.
//
//    plane            windows of KERNEL_HEIGHT x KERNEL_WIDTH, STRIDE apart, the first at -PADDING.
//   +----------+      Backward gathers: every input pixel adds what it is owed by the windows that cover it, in the
//   | [==]     |      order of the windows, so that no two work-items write one pixel. Where windows tile the plane
//   | [==][==] |      (TILED: stride == kernel, no padding) each pixel has at most one.
//   +----------+
//
// Contract: x [planes, HEIGHT, WIDTH], y and index [planes, OUT_HEIGHT, OUT_WIDTH]. cpu: a work-item does a line of
// the result after another, `lines_per_item` of them; gpu: a work-item does one element. Lines (elements) are counted
// through all planes. index is row * WIDTH + column of the window's first largest element, or of its last NaN.
//
// Definitions without a default: KERNEL_*, STRIDE_*, COUNTS_PADDING, TILED, INSIDE (every window lies inside the plane); cpu:
// HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH, PADDING_*, too. gpu: these are arguments, so that a program serves planes of all
// sizes; NARROW_ELEMENTS is 1 where all elements together are fewer than 2^31.

#if LATHE_PROFILE_CPU
#define PLANE_SIZES
#define OF_PLANE
#define EACH_WINDOW
#else
// Few windows cover an element: unrolled, the loop over them would be text that hardly runs.
#define EACH_WINDOW _Pragma("unroll 1")
#define PLANE_SIZES , const int8 plane_sizes
#define OF_PLANE , plane_sizes
#define HEIGHT plane_sizes.s0
#define WIDTH plane_sizes.s1
#define OUT_HEIGHT plane_sizes.s2
#define OUT_WIDTH plane_sizes.s3
#define PADDING_Y plane_sizes.s4
#define PADDING_X plane_sizes.s5
#endif
// The most common windows, which have vector loops of their own.
#define WINDOWS_OF_TWO (TILED && KERNEL_HEIGHT == 2 && KERNEL_WIDTH == 2)

static inline void max_at(__global const float *x, __global float *y, __global int *index, int line, int ox PLANE_SIZES) {
  const int oy = line % OUT_HEIGHT;
  __global const float *plane = x + (size_t)(line / OUT_HEIGHT) * (HEIGHT * WIDTH);
  float best = -INFINITY;
  int where = -1;
#pragma unroll
  for (int ky = 0; ky < KERNEL_HEIGHT; ky++) {
    const int iy = oy * STRIDE_Y + ky - PADDING_Y;
    if (!INSIDE && (iy < 0 || iy >= HEIGHT)) continue;
#pragma unroll
    for (int kx = 0; kx < KERNEL_WIDTH; kx++) {
      const int ix = ox * STRIDE_X + kx - PADDING_X;
      if (!INSIDE && (ix < 0 || ix >= WIDTH)) continue;
      const float value = plane[iy * WIDTH + ix];
      const bool better = where < 0 || value > best || value != value;
      best = better ? value : best;
      where = better ? iy * WIDTH + ix : where;
    }
  }
  y[(size_t)line * OUT_WIDTH + ox] = best;
  index[(size_t)line * OUT_WIDTH + ox] = where;
}

#if LATHE_PROFILE_CPU && WINDOWS_OF_TWO
// `better` is all ones where b beats a: larger, or NaN.
#define TAKE(a, where, b, place)                        \
  {                                                     \
    const __typeof__(where) better = (b > a) | (b != b); \
    a = select(a, b, better);                           \
    where = select(where, place, better);               \
  }

// N neighbouring windows: both rows are read as one vector of twice the length.
#define MAX_OF(N, M, STEPS)                                                                                \
  {                                                                                                        \
    const float##M upper = vload##M(0, row + 2 * ox), lower = vload##M(0, row + WIDTH + 2 * ox);           \
    const int##N place = 2 * oy * WIDTH + 2 * ox + STEPS;                                                  \
    float##N best = upper.even;                                                                            \
    int##N where = place;                                                                                  \
    TAKE(best, where, upper.odd, place + 1)                                                                \
    TAKE(best, where, lower.even, place + WIDTH)                                                           \
    TAKE(best, where, lower.odd, place + WIDTH + 1)                                                        \
    vstore##N(best, 0, y + (size_t)line * OUT_WIDTH + ox);                                                 \
    vstore##N(where, 0, index + (size_t)line * OUT_WIDTH + ox);                                            \
    ox += N;                                                                                               \
  }

__kernel void max_pool(__global const float *restrict x, __global float *restrict y, __global int *restrict index,
                       const int planes, const int lines_per_item) {
  const int first = (int)get_global_id(0) * lines_per_item;
  const int end = min(first + lines_per_item, planes * OUT_HEIGHT);
  for (int line = first; line < end; line++) {
    const int oy = line % OUT_HEIGHT;
    __global const float *row = x + (size_t)(line / OUT_HEIGHT) * (HEIGHT * WIDTH) + 2 * oy * WIDTH;
    int ox = 0;
    while (ox + 8 <= OUT_WIDTH) MAX_OF(8, 16, (int8)(0, 2, 4, 6, 8, 10, 12, 14))
    if (OUT_WIDTH & 4) MAX_OF(4, 8, (int4)(0, 2, 4, 6))
    for (; ox < OUT_WIDTH; ox++) max_at(x, y, index, line, ox);
  }
}
#else
__kernel void max_pool(__global const float *restrict x, __global float *restrict y, __global int *restrict index,
                       const int planes, const int lines_per_item PLANE_SIZES) {
#define DO(l, c) max_at(x, y, index, l, c OF_PLANE)
  LATHE_EACH_ELEMENT(planes, OUT_HEIGHT, OUT_WIDTH, DO)
#undef DO
}
#endif

static inline float average_at(__global const float *x, int line, int ox PLANE_SIZES) {
  const int oy = line % OUT_HEIGHT;
  __global const float *plane = x + (size_t)(line / OUT_HEIGHT) * (HEIGHT * WIDTH);
  float sum = 0.0f;
  int count = 0;
#pragma unroll
  for (int ky = 0; ky < KERNEL_HEIGHT; ky++) {
    const int iy = oy * STRIDE_Y + ky - PADDING_Y;
    if (!INSIDE && (iy < 0 || iy >= HEIGHT)) continue;
#pragma unroll
    for (int kx = 0; kx < KERNEL_WIDTH; kx++) {
      const int ix = ox * STRIDE_X + kx - PADDING_X;
      if (!INSIDE && (ix < 0 || ix >= WIDTH)) continue;
      sum += plane[iy * WIDTH + ix];
      count++;
    }
  }
  return sum / (float)(COUNTS_PADDING ? KERNEL_HEIGHT * KERNEL_WIDTH : count);
}

__kernel void average_pool(__global const float *restrict x, __global float *restrict y, const int planes,
                           const int lines_per_item PLANE_SIZES) {
#define DO(l, c) y[(size_t)(l) * OUT_WIDTH + (c)] = average_at(x, l, c OF_PLANE)
  LATHE_EACH_ELEMENT(planes, OUT_HEIGHT, OUT_WIDTH, DO)
#undef DO
}

// First and last window, along one axis, that covers a position.
static inline int first_window(int position, int kernel_extent, int stride, int padding) {
  const int reach = position + padding - kernel_extent;
  return reach < 0 ? 0 : reach / stride + 1;
}
static inline int last_window(int position, int stride, int padding, int count) {
  return min((position + padding) / stride, count - 1);
}

static inline float max_gradient_at(__global const float *dy, __global const int *index, int line, int ix PLANE_SIZES) {
  const int iy = line % HEIGHT;
  const size_t plane = (size_t)(line / HEIGHT) * (OUT_HEIGHT * OUT_WIDTH);
  const int place = iy * WIDTH + ix;
#if TILED
  const int oy = iy / STRIDE_Y;
  const int ox = ix / STRIDE_X;
  if (oy >= OUT_HEIGHT || ox >= OUT_WIDTH) return 0.0f;
  const size_t window = plane + oy * OUT_WIDTH + ox;
  return index[window] == place ? dy[window] : 0.0f;
#else
  float sum = 0.0f;
  const int y_end = last_window(iy, STRIDE_Y, PADDING_Y, OUT_HEIGHT);
  const int x_end = last_window(ix, STRIDE_X, PADDING_X, OUT_WIDTH);
  EACH_WINDOW for (int oy = first_window(iy, KERNEL_HEIGHT, STRIDE_Y, PADDING_Y); oy <= y_end; oy++)
    EACH_WINDOW for (int ox = first_window(ix, KERNEL_WIDTH, STRIDE_X, PADDING_X); ox <= x_end; ox++) {
      const size_t window = plane + oy * OUT_WIDTH + ox;
      sum += index[window] == place ? dy[window] : 0.0f;
    }
  return sum;
#endif
}

#if LATHE_PROFILE_CPU && TILED
// A row of the pixels of N neighbouring windows.
#define GRADIENT_OF(N, M, STEPS)                                                 \
  {                                                                              \
    const float##N value = vload##N(0, from + ox);                               \
    const int##N place = vload##N(0, places + ox) - (row + 2 * ox + STEPS);      \
    float##M pixels;                                                             \
    pixels.even = select((float##N)0.0f, value, place == 0);                     \
    pixels.odd = select((float##N)0.0f, value, place == 1);                      \
    vstore##M(pixels, 0, plane + row + 2 * ox);                                  \
    ox += N;                                                                     \
  }

// A work-item writes whole windows: `lines` are those of the windows, and the last of a plane also clears what is
// behind the windows.
__kernel void max_pool_backward(__global const float *restrict dy, __global const int *restrict index,
                                __global float *restrict dx, const int planes, const int lines_per_item) {
  const int first = (int)get_global_id(0) * lines_per_item;
  const int end = min(first + lines_per_item, planes * OUT_HEIGHT);
  for (int line = first; line < end; line++) {
    const int oy = line % OUT_HEIGHT;
    __global float *plane = dx + (size_t)(line / OUT_HEIGHT) * (HEIGHT * WIDTH);
    __global const float *from = dy + (size_t)line * OUT_WIDTH;
    __global const int *places = index + (size_t)line * OUT_WIDTH;
#pragma unroll
    for (int ky = 0; ky < KERNEL_HEIGHT; ky++) {
      const int row = (oy * STRIDE_Y + ky) * WIDTH;
      int ox = 0;
#if WINDOWS_OF_TWO
      while (ox + 8 <= OUT_WIDTH) GRADIENT_OF(8, 16, (int8)(0, 2, 4, 6, 8, 10, 12, 14))
      if (OUT_WIDTH & 4) GRADIENT_OF(4, 8, (int4)(0, 2, 4, 6))
#endif
      for (; ox < OUT_WIDTH; ox++) {
        const float value = from[ox];
        const int place = places[ox];
#pragma unroll
        for (int kx = 0; kx < KERNEL_WIDTH; kx++)
          plane[row + ox * STRIDE_X + kx] = place == row + ox * STRIDE_X + kx ? value : 0.0f;
      }
      for (int x = OUT_WIDTH * STRIDE_X; x < WIDTH; x++) plane[row + x] = 0.0f;
    }
    if (oy == OUT_HEIGHT - 1)
      for (int i = OUT_HEIGHT * STRIDE_Y * WIDTH; i < HEIGHT * WIDTH; i++) plane[i] = 0.0f;
  }
}
#else
__kernel void max_pool_backward(__global const float *restrict dy, __global const int *restrict index,
                                __global float *restrict dx, const int planes, const int lines_per_item PLANE_SIZES) {
#define DO(l, c) dx[(size_t)(l) * WIDTH + (c)] = max_gradient_at(dy, index, l, c OF_PLANE)
  LATHE_EACH_ELEMENT(planes, HEIGHT, WIDTH, DO)
#undef DO
}
#endif

// Positions of a window along one axis that lie inside the plane.
static inline int inside_count(int window, int kernel_extent, int stride, int padding, int extent) {
  const int start = window * stride - padding;
  return min(start + kernel_extent, extent) - max(start, 0);
}

static inline float average_gradient_at(__global const float *dy, int line, int ix PLANE_SIZES) {
  const int iy = line % HEIGHT;
  __global const float *plane = dy + (size_t)(line / HEIGHT) * (OUT_HEIGHT * OUT_WIDTH);
  float sum = 0.0f;
  const int y_end = last_window(iy, STRIDE_Y, PADDING_Y, OUT_HEIGHT);
  const int x_end = last_window(ix, STRIDE_X, PADDING_X, OUT_WIDTH);
  EACH_WINDOW for (int oy = first_window(iy, KERNEL_HEIGHT, STRIDE_Y, PADDING_Y); oy <= y_end; oy++)
    EACH_WINDOW for (int ox = first_window(ix, KERNEL_WIDTH, STRIDE_X, PADDING_X); ox <= x_end; ox++) {
      const int count = COUNTS_PADDING ? KERNEL_HEIGHT * KERNEL_WIDTH
                                       : inside_count(oy, KERNEL_HEIGHT, STRIDE_Y, PADDING_Y, HEIGHT) *
                                             inside_count(ox, KERNEL_WIDTH, STRIDE_X, PADDING_X, WIDTH);
      sum += plane[oy * OUT_WIDTH + ox] / (float)count;
    }
  return sum;
}

__kernel void average_pool_backward(__global const float *restrict dy, __global float *restrict dx, const int planes,
                                    const int lines_per_item PLANE_SIZES) {
#define DO(l, c) dx[(size_t)(l) * WIDTH + (c)] = average_gradient_at(dy, l, c OF_PLANE)
  LATHE_EACH_ELEMENT(planes, HEIGHT, WIDTH, DO)
#undef DO
}
