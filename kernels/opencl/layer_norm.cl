// Layer normalisation along rows, forward and backward; rows.clh goes in front.
//
//   forward         y = (x - mean) rstd weight + bias, rstd = 1 / sqrt(variance + epsilon)
//   backward        dx, row by row
//                   cpu, AFFINE: and the parameters' sums over the rows of a work-item, as parameter_sums
//   parameter_sums  dweight and dbias of a slice of the rows:  partial [slice][2][columns]
//   add_slices      the slices added in order, so that the result does not depend on timing
//
// Contract: contiguous rows; a work-group (cpu: a work-item) does rows_per_group rows. AFFINE (0, 1): whether weight
// and bias are there.

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
    ROW_FOLD(wide, i, columns, 0.0f, ROW_ADD, ROW_LOAD(from + i))
    FOR_REST(i, columns) rest += from[i];
    const float mean = row_sum(wide, rest) / columns;
    rest = 0.0f;
    ROW_FOLD(squares, i, columns, 0.0f, ROW_ADD, (ROW_LOAD(from + i) - mean) * (ROW_LOAD(from + i) - mean))
    FOR_REST(i, columns) rest += (from[i] - mean) * (from[i] - mean);
    const float rstd = 1.0f / sqrt(row_sum(squares, rest) / columns + epsilon);
#if AFFINE
    FOR_VECTORS(i, columns) {
      LATHE_FETCH(from + columns + i);
      ROW_WRITE((ROW_LOAD(from + i) - mean) * rstd * ROW_LOAD(weight + i) + ROW_LOAD(bias + i), to + i);
    }
    FOR_REST(i, columns) to[i] = (from[i] - mean) * rstd * weight[i] + bias[i];
#else
    FOR_VECTORS(i, columns) {
      LATHE_FETCH(from + columns + i);
      ROW_WRITE((ROW_LOAD(from + i) - mean) * rstd, to + i);
    }
    FOR_REST(i, columns) to[i] = (from[i] - mean) * rstd;
#endif
    if (get_local_id(0) == 0) {
      means[row] = mean;
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
#define GRADIENT(i) (ROW_LOAD(d + i) * ROW_LOAD(weight + i))
#define GRADIENT_AT(i) (d[i] * weight[i])
#else
#define GRADIENT(i) ROW_LOAD(d + i)
#define GRADIENT_AT(i) d[i]
#endif
  ROW_SCRATCH
  const int first = (int)get_group_id(0) * rows_per_group;
  const int end = min(first + rows_per_group, rows);
#if SUMS_PARAMETERS
  __global float *weights = partial + (size_t)get_group_id(0) * 2 * columns;
  __global float *biases = weights + columns;
  for (int i = 0; i < 2 * columns; i++) weights[i] = 0.0f;
#endif
  for (int row = first; row < end; row++) {
    __global const float *d = dy + (size_t)row * columns;
    __global const float *from = x + (size_t)row * columns;
    __global float *to = dx + (size_t)row * columns;
    const float mean = means[row];
    const float rstd = rstds[row];
    ROW_VECTOR wide = (ROW_VECTOR)0.0f, wide_product = (ROW_VECTOR)0.0f;
    float rest = 0.0f, rest_product = 0.0f;
    FOR_VECTORS(i, columns) {
      const ROW_VECTOR g = GRADIENT(i);
      wide += g;
      wide_product += g * ((ROW_LOAD(from + i) - mean) * rstd);
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
  }
}

// Grid (ceil(columns / ROW_LANES), slices); a work-item sums ROW_LANES columns over its slice of the rows.
__kernel void parameter_sums(__global const float *restrict dy, __global const float *restrict x,
                             __global const float *restrict means, __global const float *restrict rstds,
                             __global float *restrict partial, const int rows, const int columns,
                             const int rows_per_slice) {
  const int column = (int)get_global_id(0) * ROW_LANES;
  const int slice = (int)get_global_id(1);
  const int end = min((slice + 1) * rows_per_slice, rows);
  if (column >= columns || slice * rows_per_slice >= rows) return;
  __global float *weights = partial + (size_t)slice * 2 * columns;
  __global float *biases = weights + columns;
  if (column + ROW_LANES <= columns) {
    ROW_VECTOR weight_sum = (ROW_VECTOR)0.0f, bias_sum = (ROW_VECTOR)0.0f;
    for (int row = slice * rows_per_slice; row < end; row++) {
      const size_t place = (size_t)row * columns + column;
      const ROW_VECTOR d = ROW_LOAD(dy + place);
      weight_sum += d * ((ROW_LOAD(x + place) - means[row]) * rstds[row]);
      bias_sum += d;
    }
    ROW_STORE(weight_sum, weights + column);
    ROW_STORE(bias_sum, biases + column);
  } else {
    for (int c = column; c < columns; c++) {
      float weight_sum = 0.0f, bias_sum = 0.0f;
      for (int row = slice * rows_per_slice; row < end; row++) {
        const size_t place = (size_t)row * columns + c;
        weight_sum += dy[place] * ((x[place] - means[row]) * rstds[row]);
        bias_sum += dy[place];
      }
      weights[c] = weight_sum;
      biases[c] = bias_sum;
    }
  }
}

__kernel void add_slices(__global const float *restrict partial, __global float *restrict dweight,
                         __global float *restrict dbias, const int columns, const int slices) {
  const int column = (int)get_global_id(0);
  if (column >= columns) return;
  float weight_sum = 0.0f, bias_sum = 0.0f;
  for (int s = 0; s < slices; s++) {
    weight_sum += partial[(size_t)s * 2 * columns + column];
    bias_sum += partial[(size_t)s * 2 * columns + columns + column];
  }
  dweight[column] = weight_sum;
  dbias[column] = bias_sum;
}
