// Rows divided by the root of the mean of their squares: y = x rstd weight, rstd = 1 / sqrt(mean(x^2) + epsilon).
//
// Contract: rows.clh goes in front; contiguous rows; a work-group (cpu: a work-item) does rows_per_group rows. WEIGHTED (0, 1):
// whether there is a weight.

ROW_ATTRIBUTES __kernel void rms_norm(__global const float *restrict x,
#if WEIGHTED
                                      __global const float *restrict weight,
#endif
                                      __global float *restrict y, const int rows, const int columns,
                                      const int rows_per_group, const float epsilon) {
  ROW_SCRATCH
  const int first = (int)get_group_id(0) * rows_per_group;
  const int end = min(first + rows_per_group, rows);
  for (int row = first; row < end; row++) {
    __global const float *from = x + (size_t)row * columns;
    __global float *to = y + (size_t)row * columns;
    float rest = 0.0f;
    ROW_SUM(squares, i, columns, ROW_LOAD(from + i) * ROW_LOAD(from + i))
    FOR_REST(i, columns) rest += from[i] * from[i];
    const float rstd = 1.0f / sqrt(row_sum(squares, rest) / columns + epsilon);
#if WEIGHTED
    FOR_VECTORS(i, columns) ROW_WRITE(ROW_LOAD(from + i) * rstd * ROW_LOAD(weight + i), to + i);
    FOR_REST(i, columns) to[i] = from[i] * rstd * weight[i];
#else
    FOR_VECTORS(i, columns) ROW_WRITE(ROW_LOAD(from + i) * rstd, to + i);
    FOR_REST(i, columns) to[i] = from[i] * rstd;
#endif
  }
}
