// Softmax, log-softmax and cross-entropy along rows; rows.clh goes in front.
//
//   row ->  largest  ->  sum of exp(x - largest)  ->  result        three passes over a row that stays in the cache
//
// Contract: contiguous rows of `columns` numbers; a work-group (cpu: a work-item) does rows_per_group rows, one
// after another. A NaN in a row makes the whole result NaN.

// The largest element of a row; numbers only, NaN is found by the sum of exponentials.
#define ROW_LARGEST(row, columns, result)                                        \
  {                                                                              \
    float rest = -INFINITY;                                                      \
    ROW_FOLD(wide, i, columns, -INFINITY, max, ROW_LOAD(row + i))                \
    FOR_REST(i, columns) rest = max(rest, row[i]);                               \
    result = row_max(wide, rest);                                                \
  }
// The sum of exp(x - largest).
#define ROW_EXPONENTIALS(row, columns, largest, result)                          \
  {                                                                              \
    ROW_VECTOR wide = (ROW_VECTOR)0.0f;                                          \
    float rest = 0.0f;                                                           \
    FOR_VECTORS(i, columns) wide += ROW_EXP(ROW_LOAD(row + i) - largest);        \
    FOR_REST(i, columns) rest += lathe_exp_f1(row[i] - largest);                 \
    result = row_sum(wide, rest);                                                \
  }

// A CPU keeps the exponentials until their sum is known: in the result, or in the first-level cache if that is streamed.
#define KEEPS_EXPONENTIALS (LATHE_PROFILE_CPU && !LOGARITHM)
#define STREAMED_ROW 6144

ROW_ATTRIBUTES __kernel void softmax(__global const float *restrict x, __global float *restrict y, const int rows,
                                     const int columns, const int rows_per_group) {
  ROW_SCRATCH
  const int first = (int)get_group_id(0) * rows_per_group;
  const int end = min(first + rows_per_group, rows);
  for (int row = first; row < end; row++) {
    __global const float *from = x + (size_t)row * columns;
    __global float *to = y + (size_t)row * columns;
    float largest;
    ROW_LARGEST(from, columns, largest)
#if KEEPS_EXPONENTIALS
#if STREAMS
    float kept[STREAMED_ROW] __attribute__((aligned(64)));
#else
    __global float *kept = to;
#endif
    ROW_VECTOR wide = (ROW_VECTOR)0.0f;
    float rest = 0.0f;
    FOR_VECTORS(i, columns) {
      const ROW_VECTOR e = ROW_EXP(ROW_LOAD(from + i) - largest);
      wide += e;
      ROW_STORE(e, kept + i);
    }
    FOR_REST(i, columns) {
      kept[i] = lathe_exp_f1(from[i] - largest);
      rest += kept[i];
    }
    const float scale = 1.0f / row_sum(wide, rest);
    FOR_VECTORS(i, columns) {
      LATHE_FETCH(from + columns + i);
      ROW_WRITE(ROW_LOAD(kept + i) * scale, to + i);
    }
    FOR_REST(i, columns) to[i] = kept[i] * scale;
#else
    float total;
    ROW_EXPONENTIALS(from, columns, largest, total)
#if LOGARITHM
    // Apart: their sum would round the logarithm away beside a large element.
    const float logarithm = log(total);
    FOR_VECTORS(i, columns) ROW_STORE(ROW_LOAD(from + i) - largest - logarithm, to + i);
    FOR_REST(i, columns) to[i] = from[i] - largest - logarithm;
#else
    const float scale = 1.0f / total;
    FOR_VECTORS(i, columns) ROW_STORE(ROW_EXP(ROW_LOAD(from + i) - largest) * scale, to + i);
    FOR_REST(i, columns) to[i] = lathe_exp_f1(from[i] - largest) * scale;
#endif
#endif
  }
}

// dx = y (dy - sum(dy y)), or for the logarithm dx = dy - exp(y) sum(dy).
ROW_ATTRIBUTES __kernel void softmax_backward(__global const float *restrict dy, __global const float *restrict y,
                                              __global float *restrict dx, const int rows, const int columns,
                                              const int rows_per_group) {
  ROW_SCRATCH
  const int first = (int)get_group_id(0) * rows_per_group;
  const int end = min(first + rows_per_group, rows);
  for (int row = first; row < end; row++) {
    __global const float *d = dy + (size_t)row * columns;
    __global const float *out = y + (size_t)row * columns;
    __global float *to = dx + (size_t)row * columns;
    float rest = 0.0f;
#if LOGARITHM
    ROW_FOLD(wide, i, columns, 0.0f, ROW_ADD, ROW_LOAD(d + i))
    FOR_REST(i, columns) rest += d[i];
    const float total = row_sum(wide, rest);
    FOR_VECTORS(i, columns) ROW_STORE(ROW_LOAD(d + i) - ROW_EXP(ROW_LOAD(out + i)) * total, to + i);
    FOR_REST(i, columns) to[i] = d[i] - lathe_exp_f1(out[i]) * total;
#else
    ROW_FOLD(wide, i, columns, 0.0f, ROW_ADD, ROW_LOAD(d + i) * ROW_LOAD(out + i))
    FOR_REST(i, columns) rest += d[i] * out[i];
    const float total = row_sum(wide, rest);
    FOR_VECTORS(i, columns) {
      LATHE_FETCH(d + columns + i);
      LATHE_FETCH(out + columns + i);
      ROW_WRITE(ROW_LOAD(out + i) * (ROW_LOAD(d + i) - total), to + i);
    }
    FOR_REST(i, columns) to[i] = out[i] * (d[i] - total);
#endif
  }
}

// A row's loss is logSumExp - (1 - smoothing) x[label] - smoothing / columns sum(x); 0 where the label is `ignored`. The
// parts of logSumExp are the largest element and the logarithm of the sum of exponentials relative to it: all is computed
// relative to the former, so that nothing large cancels. With LOGARITHM x holds logarithms of probabilities, parts 0 and 0.
ROW_ATTRIBUTES __kernel void cross_entropy(__global const float *restrict x, __global const int *restrict labels,
                                           __global float *restrict losses, __global float *restrict parts,
                                           __global long *reports, const int report, const int rows,
                                           const int columns, const int rows_per_group, const int has_ignored,
                                           const int ignored, const float smoothing) {
  ROW_SCRATCH
  const int first = (int)get_group_id(0) * rows_per_group;
  const int end = min(first + rows_per_group, rows);
  for (int row = first; row < end; row++) {
    __global const float *from = x + (size_t)row * columns;
#if LOGARITHM
    const float largest = 0.0f, logarithm = 0.0f;
#else
    float largest, exponentials;
    ROW_LARGEST(from, columns, largest)
    ROW_EXPONENTIALS(from, columns, largest, exponentials)
    const float logarithm = log(exponentials);
#endif
    ROW_VECTOR wide = (ROW_VECTOR)0.0f;
    float rest = 0.0f;
    if (smoothing != 0.0f) {
      FOR_VECTORS(i, columns) wide += ROW_LOAD(from + i) - largest;
      FOR_REST(i, columns) rest += from[i] - largest;
    }
    const float total = row_sum(wide, rest);
    if (get_local_id(0) == 0) {
      const int label = labels[row];
      parts[2 * (size_t)row] = largest;
      parts[2 * (size_t)row + 1] = logarithm;
      if (has_ignored && label == ignored) {
        losses[row] = 0.0f;
      } else if (label < 0 || label >= columns) {
        lathe_report(reports, report, label, columns);
        losses[row] = NAN;
      } else {
        float loss = logarithm - (1.0f - smoothing) * (from[label] - largest);
        // Not 0 times an infinite sum.
        if (smoothing != 0.0f) loss -= smoothing / columns * total;
        losses[row] = loss;
      }
    }
  }
}

// dx = dloss (softmax(x) - smoothing / columns - (1 - smoothing) [i == label]); without softmax for logarithms.
#if LOGARITHM
#define SHARES(exponential, type, x) ((type)0.0f)
#else
#define SHARES(exponential, type, x) exponential((x) - largest - logarithm)
#endif
ROW_ATTRIBUTES __kernel void cross_entropy_backward(__global const float *restrict x,
                                                    __global const int *restrict labels,
                                                    __global const float *restrict parts,
                                                    __global const float *restrict dlosses,
                                                    __global float *restrict dx, const int rows, const int columns,
                                                    const int rows_per_group, const int has_ignored,
                                                    const int ignored, const float smoothing) {
  const int first = (int)get_group_id(0) * rows_per_group;
  const int end = min(first + rows_per_group, rows);
  for (int row = first; row < end; row++) {
    __global const float *from = x + (size_t)row * columns;
    __global float *to = dx + (size_t)row * columns;
    const int label = labels[row];
    if (has_ignored && label == ignored) {
      FOR_VECTORS(i, columns) ROW_STORE((ROW_VECTOR)0.0f, to + i);
      FOR_REST(i, columns) to[i] = 0.0f;
      continue;
    }
    const float largest = parts[2 * (size_t)row], logarithm = parts[2 * (size_t)row + 1];
    const float scale = dlosses[row];
    const float even = smoothing / columns;
    FOR_VECTORS(i, columns) {
      ROW_STORE(scale * (SHARES(ROW_EXP, ROW_VECTOR, ROW_LOAD(from + i)) - even), to + i);
      // The same work-item has just written the vector.
      if (label >= i && label < i + ROW_LANES)
        to[label] = scale * (SHARES(lathe_exp_f1, float, from[label]) - even - (1.0f - smoothing));
    }
    FOR_REST(i, columns)
      to[i] = scale * (SHARES(lathe_exp_f1, float, from[i]) - even - (i == label ? 1.0f - smoothing : 0.0f));
  }
}
