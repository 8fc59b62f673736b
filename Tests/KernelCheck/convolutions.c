#include "check.h"

// Convolutions by the kernel that LatheCPU takes for their sizes, every task on its own.

typedef struct operands {
  float *x, *filter, *bias, *dy;
} operands;

static long filter_size(const lathe_convolution *s) {
  return s->output_channels * (s->channels / s->groups) * s->kernel_height * s->kernel_width;
}

/// Calls of `body` by the place of each product's operands: y, x, filter.
#define FOR_EACH_PRODUCT(s, body)                                                                               \
  for (long n = 0; n < (s)->batch; n++)                                                                         \
    for (long o = 0; o < (s)->output_channels; o++)                                                             \
      for (long oy = 0; oy < (s)->output_height; oy++)                                                          \
        for (long ox = 0; ox < (s)->output_width; ox++)                                                         \
          for (long c = 0, inputs = (s)->channels / (s)->groups; c < inputs; c++)                               \
            for (long ky = 0; ky < (s)->kernel_height; ky++)                                                    \
              for (long kx = 0; kx < (s)->kernel_width; kx++) {                                                 \
                const long iy = oy * (s)->stride_y - (s)->padding_y + ky * (s)->dilation_y;                     \
                const long ix = ox * (s)->stride_x - (s)->padding_x + kx * (s)->dilation_x;                     \
                if (iy < 0 || iy >= (s)->height || ix < 0 || ix >= (s)->width) continue;                        \
                const long group = o / ((s)->output_channels / (s)->groups);                                    \
                const long i = ((n * (s)->output_channels + o) * (s)->output_height + oy) * (s)->output_width + ox; \
                const long j = ((n * (s)->channels + group * inputs + c) * (s)->height + iy) * (s)->width + ix; \
                const long k = ((o * inputs + c) * (s)->kernel_height + ky) * (s)->kernel_width + kx;           \
                body                                                                                            \
              }

static void forward_by_winograd(
    const lathe_convolution *s, const float *x, const float *filter, bool turned, const float *bias, float *y) {
  const long tiles = lathe_convolution_tiles(s);
  float *packed = scratch_room((long)lathe_winograd_packed_size(s), sizeof *packed);
  lathe_winograd_pack(s, filter, turned, packed, 0, tiles / 2);
  lathe_winograd_pack(s, filter, turned, packed, tiles / 2, tiles);
  const long parts = tiles < 2 ? tiles : 2, tasks = lathe_winograd_blocks(s) * parts;
  for (long task = 0; task < tasks; task++) lathe_winograd_run(s, x, packed, bias, y, parts, task, task + 1);
}

static void forward(const lathe_convolution *s, const float *x, const float *filter, const float *bias, float *y) {
  if (s->channels == s->groups && s->output_channels == s->groups) {
    const long planes = s->batch * s->channels;
    lathe_depthwise_run(s, x, filter, bias, y, 0, planes / 2);
    lathe_depthwise_run(s, x, filter, bias, y, planes / 2, planes);
    return;
  }
  if (lathe_winograd_suits(s)) return forward_by_winograd(s, x, filter, false, bias, y);
  const long tiles = lathe_convolution_tiles(s);
  float *packed = scratch_room((long)lathe_convolution_packed_size(s), sizeof *packed);
  lathe_convolution_pack(s, filter, packed, 0, tiles / 2);
  lathe_convolution_pack(s, filter, packed, tiles / 2, tiles);
  const long of_group = tiles / s->groups, blocks = of_group < 2 ? of_group : 2;
  const long tasks = s->groups * blocks * lathe_convolution_panels(s);
  lathe_convolution_run(s, x, packed, bias, y, blocks, 0, tasks / 3);
  lathe_convolution_run(s, x, packed, bias, y, blocks, tasks / 3, tasks);
}

static void backward_input(const lathe_convolution *s, const float *dy, const float *filter, float *dx) {
  lathe_convolution turned;
  if (lathe_convolution_turn(s, &turned)) {
    if (lathe_winograd_suits(&turned)) return forward_by_winograd(&turned, dy, filter, true, NULL, dx);
    float *other = blank_floats(filter_size(s));
    lathe_convolution_turn_filter(s, filter, other, 0, s->channels / 2);
    lathe_convolution_turn_filter(s, filter, other, s->channels / 2, s->channels);
    return forward(&turned, dy, other, NULL, dx);
  }
  const long channels = lathe_convolution_scatter_channels(s, 2), inputs = s->channels / s->groups;
  const long tasks = s->batch * s->groups * ((inputs + channels - 1) / channels);
  const long tiles = lathe_convolution_scatter_tiles(s, channels);
  float *packed = scratch_room((long)lathe_convolution_scatter_size(s, channels), sizeof *packed);
  lathe_convolution_scatter_pack(s, filter, channels, packed, 0, tiles / 2);
  lathe_convolution_scatter_pack(s, filter, channels, packed, tiles / 2, tiles);
  lathe_convolution_scatter_run(s, dy, packed, dx, channels, 0, tasks / 2);
  lathe_convolution_scatter_run(s, dy, packed, dx, channels, tasks / 2, tasks);
}

static void backward_filter_by_winograd(const lathe_convolution *s, const float *dy, const float *x, float *dfilter) {
  float *memory = scratch_room((long)lathe_winograd_filter_size(s), sizeof *memory);
  for (long chunk = 0; chunk < lathe_winograd_filter_chunks(s); chunk++) {
    const long tasks = lathe_winograd_filter_tasks(s), products = lathe_winograd_filter_products(s);
    for (long task = 0; task < tasks; task++) lathe_winograd_filter_transform(s, dy, x, memory, chunk, task, task + 1);
    lathe_winograd_filter_multiply(s, memory, chunk, 0, products / 2);
    lathe_winograd_filter_multiply(s, memory, chunk, products / 2, products);
  }
  lathe_winograd_filter_finish(s, memory, dfilter, 0, s->output_channels / 2);
  lathe_winograd_filter_finish(s, memory, dfilter, s->output_channels / 2, s->output_channels);
}

static void backward_filter(const lathe_convolution *s, const float *dy, const float *x, float *dfilter) {
  if (lathe_winograd_suits(s)) return backward_filter_by_winograd(s, dy, x, dfilter);
  const lathe_filter_plan plan = lathe_convolution_filter_plan(s);
  const long size = filter_size(s), tasks = s->groups * plan.slices * plan.tap_blocks;
  float *partial = scratch_room(size * plan.slices, sizeof *partial);
  lathe_convolution_filter_run(s, &plan, dy, x, partial, 0, tasks / 2);
  lathe_convolution_filter_run(s, &plan, dy, x, partial, tasks / 2, tasks);
  lathe_convolution_filter_sum(s, &plan, partial, dfilter, 0, size / 3);
  lathe_convolution_filter_sum(s, &plan, partial, dfilter, size / 3, size);
}

static void check_convolution(lathe_convolution s) {
  s.output_height = (s.height + 2 * s.padding_y - s.dilation_y * (s.kernel_height - 1) - 1) / s.stride_y + 1;
  s.output_width = (s.width + 2 * s.padding_x - s.dilation_x * (s.kernel_width - 1) - 1) / s.stride_x + 1;
  if (s.output_height <= 0 || s.output_width <= 0) return;
  s.relu = true;
  const long pixels = s.output_height * s.output_width;
  const long depth = s.channels / s.groups * s.kernel_height * s.kernel_width;
  const long x_size = s.batch * s.channels * s.height * s.width, y_size = s.batch * s.output_channels * pixels;
  const operands in = {
      random_floats(x_size), random_floats(filter_size(&s)), random_floats(s.output_channels), random_floats(y_size)};
  double *y = zero_doubles(y_size), *dx = zero_doubles(x_size), *dfilter = zero_doubles(filter_size(&s));
  FOR_EACH_PRODUCT(&s, {
    y[i] += (double)in.x[j] * (double)in.filter[k];
    dx[j] += (double)in.dy[i] * (double)in.filter[k];
    dfilter[k] += (double)in.dy[i] * (double)in.x[j];
  })
  for (long i = 0; i < y_size; i++) y[i] = fmax(y[i] + (double)in.bias[i / pixels % s.output_channels], 0);
  describe(
      "%ld x [%ld, %ld, %ld] to %ld, %ld groups, kernel %ld x %ld, stride %ld x %ld, padding %ld x %ld, "
      "dilation %ld x %ld",
      s.batch, s.channels, s.height, s.width, s.output_channels, s.groups, s.kernel_height, s.kernel_width, s.stride_y,
      s.stride_x, s.padding_y, s.padding_x, s.dilation_y, s.dilation_x);
  // Transformed tiles lose a digit.
  lathe_convolution turned;
  const double factor = lathe_winograd_suits(&s) ? 7.5 : 1;
  const double turned_factor = lathe_convolution_turn(&s, &turned) && lathe_winograd_suits(&turned) ? 7.5 : 1;
  float *result = blank_floats(y_size);
  forward(&s, in.x, in.filter, in.bias, result);
  expect_close("y", result, y, y_size, 2e-6, factor * sqrt((double)depth));
  result = blank_floats(x_size);
  backward_input(&s, in.dy, in.filter, result);
  const double outputs = (double)(s.output_channels / s.groups * s.kernel_height * s.kernel_width);
  expect_close("dx", result, dx, x_size, 2e-6, turned_factor * sqrt(outputs));
  result = blank_floats(filter_size(&s));
  backward_filter(&s, in.dy, in.x, result);
  expect_close("dfilter", result, dfilter, filter_size(&s), 2e-6, factor * sqrt((double)(s.batch * pixels)));
  release();
}

static lathe_convolution sizes(long batch, long channels, long outputs, long height, long width, long kh, long kw) {
  return (lathe_convolution){
      .batch = batch, .channels = channels, .height = height, .width = width, .output_channels = outputs, .groups = 1,
      .kernel_height = kh, .kernel_width = kw, .stride_y = 1, .stride_x = 1, .dilation_y = 1, .dilation_x = 1};
}

static lathe_convolution padded(lathe_convolution s, long stride, long padding_y, long padding_x, long groups) {
  s.stride_y = s.stride_x = stride;
  s.padding_y = padding_y;
  s.padding_x = padding_x;
  s.groups = groups;
  return s;
}

void check_convolutions(void) {
  check_convolution(sizes(3, 1, 10, 28, 28, 5, 5));
  check_convolution(sizes(4, 10, 20, 12, 12, 5, 5));
  check_convolution(padded(sizes(2, 33, 31, 16, 16, 3, 3), 1, 1, 1, 1));
  check_convolution(padded(sizes(3, 32, 64, 7, 7, 3, 3), 1, 1, 1, 1));
  check_convolution(padded(sizes(1, 64, 65, 8, 8, 3, 3), 2, 1, 1, 1));
  // Tiles, also of the gradient of x alone: more channels than a pass takes, and rows and blocks of tiles that are not full.
  check_convolution(padded(sizes(3, 40, 36, 12, 8, 3, 3), 1, 1, 1, 1));
  check_convolution(padded(sizes(1, 300, 33, 12, 12, 3, 3), 1, 1, 1, 1));
  check_convolution(padded(sizes(1, 32, 35, 4, 136, 3, 3), 1, 1, 1, 1));
  check_convolution(padded(sizes(9, 33, 32, 4, 4, 3, 3), 1, 5, 5, 1));
  check_convolution(padded(sizes(3, 36, 40, 8, 8, 3, 3), 1, 2, 2, 1));
  // Filters whose gradient is a product.
  check_convolution(padded(sizes(2, 16, 32, 40, 30, 3, 3), 1, 1, 1, 1));
  check_convolution(padded(sizes(3, 20, 47, 33, 29, 3, 3), 2, 1, 1, 1));
  check_convolution(padded(sizes(20, 36, 33, 4, 4, 1, 1), 2, 0, 0, 1));
  check_convolution(sizes(2, 40, 24, 9, 9, 1, 1));
  check_convolution(padded(sizes(2, 40, 24, 9, 9, 1, 1), 2, 0, 0, 1));
  check_convolution(padded(sizes(1, 3, 16, 40, 41, 7, 7), 2, 3, 3, 1));
  static const long images[][4] = {{1, 1, 1, 1}, {7, 5, 3, 2}, {13, 31, 2, 5}, {6, 65, 4, 3}};
  static const long strides[][2] = {{1, 1}, {2, 1}, {2, 3}, {1, 2}}, paddings[][2] = {{0, 0}, {1, 2}, {2, 0}};
  static const long dilations[][2] = {{1, 1}, {2, 1}, {1, 3}};
  for (int i = 0; i < 4 * 4 * 3 * 3; i++) {
    const long *image = images[i % 4], *stride = strides[i / 4 % 4], *padding = paddings[i / 16 % 3];
    lathe_convolution s = padded(sizes(2, 3, 5, image[0], image[1], image[2], image[3]), 1, padding[0], padding[1], 1);
    s.stride_y = stride[0];
    s.stride_x = stride[1];
    s.dilation_y = dilations[i / 48][0];
    s.dilation_x = dilations[i / 48][1];
    check_convolution(s);
  }
  static const long groups[][3] = {{6, 4, 2}, {6, 6, 6}, {4, 8, 4}, {30, 30, 3}, {17, 17, 17}};
  for (int i = 0; i < 5; i++)
    for (long stride = 1; stride < 3; stride++)
      check_convolution(padded(sizes(2, groups[i][0], groups[i][1], 11, 19, 3, 3), stride, 1, 1, groups[i][2]));
  // Sums over many images or pixels are cut into slices.
  check_convolution(padded(sizes(70, 2, 3, 6, 7, 3, 3), 1, 1, 1, 1));
  check_convolution(sizes(33, 3, 7, 30, 30, 2, 2));
  check_convolution(padded(sizes(1, 2, 3, 65, 64, 3, 3), 1, 1, 1, 1));
  // Copies with padding hold some rows of such images.
  check_convolution(padded(sizes(2, 40, 5, 63, 65, 3, 3), 1, 1, 1, 1));
  check_convolution(padded(sizes(2, 40, 5, 63, 65, 3, 3), 2, 1, 1, 1));
  check_convolution(padded(sizes(1, 60, 5, 61, 70, 5, 3), 1, 2, 1, 5));
}
