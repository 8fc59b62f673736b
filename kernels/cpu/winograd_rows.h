// The first half of the transformation of x: down the columns of a strip, where neighbours along a row are lanes. The
// tiles' shared columns are done once, and here alone is known what lies in the padding.
//
// Included by the bodies of the Winograd convolutions for each SIMD level.

/// Columns at..<at + bytes / 4 of six rows.
LATHE_INLINE void LATHE_NAME(transform_columns)(
    const float *const rows[6], long at, float *to, long to_row, const size_t bytes) {
  VECTOR d[6] = {}, v[6];
#pragma clang loop unroll(full)
  for (int i = 0; i < 6; i++) memcpy(&d[i], rows[i] + at, bytes);
  LATHE_NAME(transform_input)(d, v);
#pragma clang loop unroll(full)
  for (int i = 0; i < 6; i++) memcpy(to + i * to_row + at, &v[i], bytes);
}

/// `count` columns, at least bytes / 4, by so many at a time: the last take some again rather than read beyond the row.
LATHE_INLINE void LATHE_NAME(transform_span)(
    const float *const rows[6], long count, float *to, long to_row, const size_t bytes) {
  const long width = (long)(bytes / sizeof(float));
  long j = 0;
  for (; j + width <= count; j += width) LATHE_NAME(transform_columns)(rows, j, to, to_row, bytes);
  if (j < count) LATHE_NAME(transform_columns)(rows, count - width, to, to_row, bytes);
}

/// Row i of a strip's transformed columns goes to to + i * to_row, winograd_columns(strip->count) of them.
static void LATHE_NAME(transform_strip)(
    const lathe_convolution *s, const float *plane, const winograd_strip *strip, float *to, long to_row) {
  const long all = winograd_columns(strip->count), right = s->width - strip->x;
  const long low = strip->x >= 0 ? 0 : -strip->x < all ? -strip->x : all;
  const long high = right < low ? low : right < all ? right : all, count = high - low;
  const float *rows[6];
  for (long i = 0; i < 6; i++) {
    const long y = strip->y + i;
    rows[i] = y >= 0 && y < s->height && count > 0 ? plane + y * s->width + strip->x + low : winograd_zeros;
  }
  // Padding: groups of four, of which what lies inside is written next.
  for (long j = 0; j < low; j += 4)
    for (long i = 0; i < 6; i++) *(QUAD *)(to + i * to_row + j) = (QUAD){};
  for (long j = all; j > high; j -= 4)
    for (long i = 0; i < 6; i++) *(QUAD *)(to + i * to_row + j - 4) = (QUAD){};
  float *inside = to + low;
  if (count >= LATHE_LANES)
    LATHE_NAME(transform_span)(rows, count, inside, to_row, sizeof(VECTOR));
  else if (LATHE_LANES > 8 && count >= 8)
    LATHE_NAME(transform_span)(rows, count, inside, to_row, 2 * sizeof(QUAD));
  else if (count >= 4)
    LATHE_NAME(transform_span)(rows, count, inside, to_row, sizeof(QUAD));
  else
    LATHE_NAME(transform_span)(rows, count, inside, to_row, sizeof(float));
}
