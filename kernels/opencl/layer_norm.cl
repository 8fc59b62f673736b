// Layer normalisation along rows, forward and backward; rows.clh goes in front.
//
//   forward         y = (x - mean) rstd weight + bias, rstd = 1 / sqrt(variance + epsilon)
//   backward        dx, row by row
//                   cpu, AFFINE: and the parameters' sums over the rows of a work-item, as parameter_sums
//   parameter_sums  gpu: dweight and dbias of a slice of the rows:  partial [slice][PARTS][columns], the pairs of
//                   LATHE_ADD_RUN for dweight (sum, rest) and for dbias; on a CPU then the sums of a run of rows
//   add_slices      the slices added in order, so that the result does not depend on timing
//
// Contract: contiguous rows; a work-group (cpu: a work-item) does rows_per_group rows. AFFINE (0, 1): whether weight
// and bias are there.

#if LATHE_PROFILE_CPU
#define PARTS 6
#else
#define PARTS 4
#endif

ROW_ATTRIBUTES __kernel void layer_norm(__global const float *restrict x,
#if AFFINE
                                        __global const float *restrict weight, __global const float *restrict bias,
#endif
                                        __global float *restrict y, __global float *restrict means,
                                        __global float *restrict rstds, const int rows, const int columns,
                                        const int rows_per_group, const float epsilon) {
  ROW_SCRATCH
  const int first = (int)get_group_id(0) * rows_per_group;
  const int end = min(first + rows_per_group, rows);
  for (int row = first; row < end; row++) {
    __global const float *from = x + (size_t)row * columns;
    __global float *to = y + (size_t)row * columns;
    float rest = 0.0f;
    ROW_SUM(wide, i, columns, ROW_LOAD(from + i))
    FOR_REST(i, columns) rest += from[i];
    const float mean = row_sum(wide, rest) / columns;
    rest = 0.0f;
    ROW_SUM(squares, i, columns, (ROW_LOAD(from + i) - mean) * (ROW_LOAD(from + i) - mean))
    FOR_REST(i, columns) rest += (from[i] - mean) * (from[i] - mean);
    float variance = row_sum(squares, rest) / columns;
    if (!(variance <= FLT_MAX)) {
      // The squares leave float32: the same for the row times a power of two, beside which epsilon is nothing.
      const float scale = 0x1p-96f;
      rest = 0.0f;
      ROW_SUM(scaled, i, columns, ROW_LOAD(from + i) * scale)
      FOR_REST(i, columns) rest += from[i] * scale;
      const float scaled_mean = row_sum(scaled, rest) / columns;
      rest = 0.0f;
      ROW_SUM(scaled_squares, i, columns,
              (ROW_LOAD(from + i) * scale - scaled_mean) * (ROW_LOAD(from + i) * scale - scaled_mean))
      FOR_REST(i, columns) rest += (from[i] * scale - scaled_mean) * (from[i] * scale - scaled_mean);
      const float scaled_rstd = 1.0f / sqrt(row_sum(scaled_squares, rest) / columns);
      for (int i = (int)get_local_id(0); i < columns; i += ROW_ITEMS) {
        const float normal = (from[i] * scale - scaled_mean) * scaled_rstd;
#if AFFINE
        to[i] = normal * weight[i] + bias[i];
#else
        to[i] = normal;
#endif
      }
      if (get_local_id(0) == 0) {
        means[row] = scaled_mean / scale;
        rstds[row] = scaled_rstd * scale;
      }
      continue;
    }
    float shift = 0.0f;
    // Where the mean is large beside the deviation, its rounding error counts.
    if (mean * mean > 256.0f * variance) {
      rest = 0.0f;
      ROW_SUM(differences, i, columns, ROW_LOAD(from + i) - mean)
      FOR_REST(i, columns) rest += from[i] - mean;
      shift = row_sum(differences, rest) / columns;
      variance = max(0.0f, variance - shift * shift);
    }
    const float rstd = 1.0f / sqrt(variance + epsilon);
    const float correction = -shift * rstd;
#if AFFINE
    FOR_VECTORS(i, columns) {
      LATHE_FETCH(from + columns + i);
      const ROW_VECTOR normal = (ROW_LOAD(from + i) - mean) * rstd + correction;
      ROW_WRITE(normal * ROW_LOAD(weight + i) + ROW_LOAD(bias + i), to + i);
    }
    FOR_REST(i, columns) to[i] = ((from[i] - mean) * rstd + correction) * weight[i] + bias[i];
#else
    FOR_VECTORS(i, columns) {
      LATHE_FETCH(from + columns + i);
      ROW_WRITE((ROW_LOAD(from + i) - mean) * rstd + correction, to + i);
    }
    FOR_REST(i, columns) to[i] = (from[i] - mean) * rstd + correction;
#endif
    if (get_local_id(0) == 0) {
      means[row] = mean + shift;
      rstds[row] = rstd;
    }
  }
}

#define SUMS_PARAMETERS (AFFINE && LATHE_PROFILE_CPU)

// With g = dy weight and h = (x - mean) rstd: dx = rstd (g - mean(g) - h mean(g h)).
ROW_ATTRIBUTES __kernel void layer_norm_backward(__global const float *restrict dy, __global const float *restrict x,
                                                 __global const float *restrict means,
                                                 __global const float *restrict rstds,
#if AFFINE
                                                 __global const float *restrict weight,
#endif
                                                 __global float *restrict dx,
#if SUMS_PARAMETERS
                                                 __global float *restrict partial,
#endif
                                                 const int rows, const int columns, const int rows_per_group) {
#if AFFINE
#define GRADIENT(i) (ROW_LOAD(d + (i)) * ROW_LOAD(weight + (i)))
#define GRADIENT_AT(i) (d[i] * weight[i])
#else
#define GRADIENT(i) ROW_LOAD(d + (i))
#define GRADIENT_AT(i) d[i]
#endif
#define ADD_GRADIENT(sum, product, i)                      \
  {                                                        \
    const ROW_VECTOR g = GRADIENT(i);                      \
    sum += g;                                              \
    product += g * ((ROW_LOAD(from + (i)) - mean) * rstd); \
  }
  ROW_SCRATCH
  const int first = (int)get_group_id(0) * rows_per_group;
  const int end = min(first + rows_per_group, rows);
#if SUMS_PARAMETERS
  __global float *pairs = partial + (size_t)get_group_id(0) * PARTS * columns;
  __global float *weights = pairs + (size_t)4 * columns;
  __global float *biases = weights + columns;
  for (int i = 0; i < PARTS * columns; i++) pairs[i] = 0.0f;
#endif
  for (int row = first; row < end; row++) {
    __global const float *d = dy + (size_t)row * columns;
    __global const float *from = x + (size_t)row * columns;
    __global float *to = dx + (size_t)row * columns;
    const float mean = means[row];
    const float rstd = rstds[row];
    ROW_VECTOR wide = (ROW_VECTOR)0.0f, wide_product = (ROW_VECTOR)0.0f;
    ROW_VECTOR wide_rest = (ROW_VECTOR)0.0f, product_rest = (ROW_VECTOR)0.0f;
    float rest = 0.0f, rest_product = 0.0f;
    int runs = 0;
    for (int i = (int)get_local_id(0) * ROW_LANES; i + ROW_LANES <= columns;) {
      ROW_VECTOR run = (ROW_VECTOR)0.0f, product_run = (ROW_VECTOR)0.0f;
#if LATHE_PROFILE_CPU
      // Two chains beside each other, since an addition waits for the one before it.
      ROW_VECTOR run_2 = (ROW_VECTOR)0.0f, product_run_2 = (ROW_VECTOR)0.0f;
      for (int k = 0; k < 2 * LATHE_RUN && i + 2 * ROW_LANES <= columns; k++, i += 2 * ROW_LANES) {
        ADD_GRADIENT(run, product_run, i)
        ADD_GRADIENT(run_2, product_run_2, i + ROW_LANES)
      }
      if (i + 2 * ROW_LANES > columns && i + ROW_LANES <= columns) {
        ADD_GRADIENT(run, product_run, i)
        i += ROW_LANES;
      }
      run += run_2;
      product_run += product_run_2;
#else
      for (int k = 0; k < 2 * LATHE_RUN && i + ROW_LANES <= columns; k++, i += ROW_ITEMS * ROW_LANES)
        ADD_GRADIENT(run, product_run, i)
#endif
      if (runs++ == 0) {
        wide = run;
        wide_product = product_run;
        continue;
      }
      LATHE_ADD_RUN(ROW_VECTOR, wide, wide_rest, run)
      LATHE_ADD_RUN(ROW_VECTOR, wide_product, product_rest, product_run)
    }
    if (runs > 1) {
      wide = ROW_TOTAL(wide, wide_rest, 1.0f);
      wide_product = ROW_TOTAL(wide_product, product_rest, 1.0f);
    }
    FOR_REST(i, columns) {
      const float g = GRADIENT_AT(i);
      rest += g;
      rest_product += g * ((from[i] - mean) * rstd);
    }
    const float mean_g = row_sum(wide, rest) / columns;
    const float mean_product = row_sum(wide_product, rest_product) / columns;
    FOR_VECTORS(i, columns) {
      LATHE_FETCH(d + columns + i);
      LATHE_FETCH(from + columns + i);
      const ROW_VECTOR normal = (ROW_LOAD(from + i) - mean) * rstd;
#if SUMS_PARAMETERS
      ROW_STORE(ROW_LOAD(weights + i) + ROW_LOAD(d + i) * normal, weights + i);
      ROW_STORE(ROW_LOAD(biases + i) + ROW_LOAD(d + i), biases + i);
#endif
      ROW_WRITE(rstd * (GRADIENT(i) - mean_g - normal * mean_product), to + i);
    }
    FOR_REST(i, columns) {
      const float normal = (from[i] - mean) * rstd;
#if SUMS_PARAMETERS
      weights[i] += d[i] * normal;
      biases[i] += d[i];
#endif
      to[i] = rstd * (GRADIENT_AT(i) - mean_g - normal * mean_product);
    }
#if SUMS_PARAMETERS
    if ((row + 1 - first) % (2 * LATHE_RUN) == 0 || row + 1 == end) {
      for (int half_way = 0; half_way < 2; half_way++) {
        __global float *sums = pairs + (size_t)2 * half_way * columns;
        __global float *runs = weights + (size_t)half_way * columns;
        FOR_VECTORS(i, columns) {
          ROW_VECTOR sum = ROW_LOAD(sums + i), sum_rest = ROW_LOAD(sums + columns + i);
          LATHE_ADD_RUN(ROW_VECTOR, sum, sum_rest, ROW_LOAD(runs + i))
          ROW_STORE(sum, sums + i);
          ROW_STORE(sum_rest, sums + columns + i);
          ROW_STORE((ROW_VECTOR)0.0f, runs + i);
        }
        FOR_REST(i, columns) {
          LATHE_ADD_RUN(float, sums[i], sums[columns + i], runs[i])
          runs[i] = 0.0f;
        }
      }
    }
#endif
  }
}

#if LATHE_PROFILE_GPU

#define SUM_VECTORS 32
#define SUM_ROWS 8

// A group sums SUM_VECTORS vectors of columns over its slice of the rows, SUM_ROWS of them side by side, and joins those
// in a fixed order. Grid (ceil(columns / (SUM_VECTORS ROW_LANES)) groups, slices groups).
__kernel __attribute__((reqd_work_group_size(SUM_VECTORS, SUM_ROWS, 1))) void parameter_sums(
    __global const float *restrict dy, __global const float *restrict x, __global const float *restrict means,
    __global const float *restrict rstds, __global float *restrict partial, const int rows, const int columns,
    const int rows_per_slice) {
  __local ROW_VECTOR waiting[PARTS][SUM_ROWS / 2][SUM_VECTORS];
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1), slice = (int)get_group_id(1);
  const int column = (int)get_global_id(0) * ROW_LANES;
  const int end = column < columns ? min((slice + 1) * rows_per_slice, rows) : 0;
  ROW_VECTOR weight_sum = (ROW_VECTOR)0.0f, weight_rest = (ROW_VECTOR)0.0f;
  ROW_VECTOR bias_sum = (ROW_VECTOR)0.0f, bias_rest = (ROW_VECTOR)0.0f;
  for (int row = slice * rows_per_slice + ly; row < end;) {
    ROW_VECTOR weight_run = (ROW_VECTOR)0.0f, bias_run = (ROW_VECTOR)0.0f;
    for (int k = 0; k < LATHE_RUN && row < end; k++, row += SUM_ROWS) {
      const size_t place = (size_t)row * columns + column;
      const ROW_VECTOR d = ROW_LOAD(dy + place);
      weight_run += d * ((ROW_LOAD(x + place) - means[row]) * rstds[row]);
      bias_run += d;
    }
    LATHE_ADD_RUN(ROW_VECTOR, weight_sum, weight_rest, weight_run)
    LATHE_ADD_RUN(ROW_VECTOR, bias_sum, bias_rest, bias_run)
  }
  for (int distance = SUM_ROWS / 2; distance > 0; distance /= 2) {
    if (ly >= distance && ly < 2 * distance) {
      waiting[0][ly - distance][lx] = weight_sum;
      waiting[1][ly - distance][lx] = weight_rest;
      waiting[2][ly - distance][lx] = bias_sum;
      waiting[3][ly - distance][lx] = bias_rest;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (ly < distance) {
      LATHE_ADD_RUN(ROW_VECTOR, weight_sum, weight_rest, waiting[0][ly][lx])
      weight_rest += waiting[1][ly][lx];
      LATHE_ADD_RUN(ROW_VECTOR, bias_sum, bias_rest, waiting[2][ly][lx])
      bias_rest += waiting[3][ly][lx];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (ly > 0 || column >= columns) return;
  __global float *pairs = partial + (size_t)slice * PARTS * columns + column;
  ROW_STORE(weight_sum, pairs);
  ROW_STORE(weight_rest, pairs + columns);
  ROW_STORE(bias_sum, pairs + (size_t)2 * columns);
  ROW_STORE(bias_rest, pairs + (size_t)3 * columns);
}

#endif

// Grid (2 columns), a work-item for each sum.
__kernel void add_slices(__global const float *restrict partial, __global float *restrict dweight,
                         __global float *restrict dbias, const int columns, const int slices) {
  const int column = (int)get_global_id(0) % columns;
  const int half_way = (int)get_global_id(0) / columns;
  if (half_way >= 2) return;
  float sum = 0.0f, rest = 0.0f;
  for (int s = 0; s < slices; s++) {
    __global const float *pairs = partial + ((size_t)s * PARTS + 2 * half_way) * columns;
    LATHE_ADD_RUN(float, sum, rest, pairs[column])
    rest += pairs[columns + column];
  }
  (half_way == 0 ? dweight : dbias)[column] = lathe_total_f1(sum, rest, 1.0f);
}
