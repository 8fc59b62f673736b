// Rows of a matrix that stays blocks, or in 16 bits, as float32: y [picked, columns].
//
// With `picks` rows are those that index [picked] names; a negative one counts from the end, one outside the `rows` rows is
// reported and gives 0. Else they are those from `first` on.
// Contract: blocks.clh goes in front (LATHE_BLOCK). A work-item of the `cpu` profile makes per_item rows; of the `gpu` profile
// it unpacks its share of one part after another, or elements of 16 bits one after another.

// The row of the matrix for row p of the result; negative where there is none.
static long picked_row(__global const int *index, long p, int picks, long first, long rows, __global long *reports,
                       int report) {
  if (!picks) return first + p;
  const long row = index[p] < 0 ? index[p] + rows : index[p];
  if (row >= 0 && row < rows) return row;
  lathe_report(reports, report, index[p], rows);
  return -1;
}

// Unpacks run `run` of part `part` of a row, or writes zeros.
#if !LATHE_IS_SHORT
static inline void make_part(__global const uchar *matrix, long row, long columns, long part, int run, __global float *y) {
  lathe_floats low = 0.0f, high = 0.0f;
  if (row >= 0)
    lathe_part(
        matrix + (row * (columns / 32 / LATHE_BLOCK_PARTS) + part / LATHE_BLOCK_PARTS) * LATHE_BLOCK_BYTES,
        (int)(part % LATHE_BLOCK_PARTS), run, &low, &high);
  y += part * 32 + run * LATHE_RUN_WIDTH;
#if LATHE_PROFILE_GPU
  // Rows are whole blocks of a result of its own, so that runs lie at multiples of their size.
  *(__global lathe_floats *)y = low;
  *(__global lathe_floats *)(y + 16) = high;
#else
  LATHE_STORE_FLOATS(low, y);
  LATHE_STORE_FLOATS(high, y + 16);
#endif
}
#endif

#if LATHE_PROFILE_CPU
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void block_rows(__global const uchar *restrict matrix, __global const int *restrict index,
                         __global float *restrict y, __global long *reports, const int report, const int picks, const long rows,
                         const long columns, const long picked, const long first, const long per_item) {
  const long start = (long)get_global_id(0) * per_item, end = min(picked, start + per_item);
  for (long p = start; p < end; p++) {
    const long row = picked_row(index, p, picks, first, rows, reports, report);
#if LATHE_IS_SHORT
    __global const ushort *from = (__global const ushort *)matrix + max(row, 0L) * columns;
    for (long i = 0; i < columns; i++) y[p * columns + i] = row < 0 ? 0.0f : lathe_short(from[i]);
#else
    for (long part = 0; part < columns / 32; part++) make_part(matrix, row, columns, part, 0, y + p * columns);
#endif
  }
}
#else
__attribute__((reqd_work_group_size(256, 1, 1)))
__kernel void block_rows(__global const uchar *restrict matrix, __global const int *restrict index,
                         __global float *restrict y, __global long *reports, const int report, const int picks, const long rows,
                         const long columns, const long picked, const long first, const long per_item) {
#if LATHE_IS_SHORT
  const long units = columns;
#else
  const long units = columns / 8;
#endif
  // A step of all work-items in rows and in units: no division in the loop.
  const long item = (long)get_global_id(0), step = (long)get_global_size(0);
  const long step_rows = step / units, step_units = step % units;
  long p = item / units, unit = item % units;
  for (; p < picked; p += step_rows) {
    const long row = picked_row(index, p, picks, first, rows, reports, report);
#if LATHE_IS_SHORT
    y[p * columns + unit] = row < 0 ? 0.0f : lathe_short(((__global const ushort *)matrix)[row * columns + unit]);
#else
    make_part(matrix, row, columns, unit / 4, (int)(unit % 4), y + p * columns);
#endif
    unit += step_units;
    if (unit >= units) {
      unit -= units;
      p++;
    }
  }
}
#endif
