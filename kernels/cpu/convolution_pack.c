#include "convolution_internal.h"
#include "levels.h"

// The pixels that a filter's elements meet, gathered into rows: the only place that knows of strides, padding and
// dilation in the forward direction.

long lathe_pixel_runs(const lathe_convolution *s, const float *x, long first, long count, pixel_run *runs) {
  const long ow = s->output_width, pixels = s->output_height * ow;
  long image = first / pixels, rest = first % pixels, oy = rest / ow, ox = rest % ow, to = 0, n = 0;
  while (count > 0) {
    const long run = ow - ox < count ? ow - ox : count;
    runs[n++] = (pixel_run){
        .image = x + image * s->channels * s->height * s->width,
        .y = oy * s->stride_y - s->padding_y,
        .x = ox * s->stride_x - s->padding_x,
        .count = run,
        .to = to,
    };
    to += run;
    count -= run;
    ox = 0;
    if (++oy == s->output_height) {
      oy = 0;
      image++;
    }
  }
  return n;
}

bool lathe_runs_inside(const lathe_convolution *s, const pixel_run *runs, long run_count) {
  for (long i = 0; i < run_count; i++) {
    const pixel_run *r = runs + i;
    if (r->y < 0 || r->x < 0 || r->y + (s->kernel_height - 1) * s->dilation_y >= s->height
        || r->x + (r->count - 1) * s->stride_x + (s->kernel_width - 1) * s->dilation_x >= s->width)
      return false;
  }
  return true;
}

/// Copies in steps of eight, up to seven floats too many where `room` says that these may be read and written.
LATHE_INLINE void copy_run(float *to, const float *from, long count, bool room) {
  if (room) {
    for (long i = 0; i < count; i += 8) store8(to + i, load8(from + i));
  } else {
    for (long i = 0; i < count; i++) to[i] = from[i];
  }
}

/// Every second element.
LATHE_INLINE void copy_run_by_two(float *to, const float *from, long count, bool room) {
  if (room) {
    for (long i = 0; i < count; i += 8) {
      const f8v a = load8(from + 2 * i), b = load8(from + 2 * i + 8);
      store8(to + i, __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
    }
  } else {
    for (long i = 0; i < count; i++) to[i] = from[2 * i];
  }
}

/// The general case: rows and columns of the window may lie in the padding.
LATHE_INLINE void pack_run(
    const lathe_convolution *s, const pixel_run *r, const float *plane, long row, long column, const float *end,
    float *to) {
  const long y = r->y + row, step = s->stride_x;
  if (y < 0 || y >= s->height) {
    for (long i = 0; i < r->count; i++) to[i] = 0;
    return;
  }
  const long x = r->x + column;
  const float *from = plane + y * s->width + x;
  long low = x < 0 ? (-x + step - 1) / step : 0;
  long high = x >= s->width ? 0 : (s->width - x + step - 1) / step;
  if (low > r->count) low = r->count;
  if (high > r->count) high = r->count;
  if (high < low) high = low;
  for (long i = 0; i < low; i++) to[i] = 0;
  if (step == 1) {
    long i = low;
    if (high - low >= 8) {
      for (; i + 8 <= high; i += 8) store8(to + i, load8(from + i));
      // The last eight once more, where they do not start at a multiple of eight.
      store8(to + high - 8, load8(from + high - 8));
    } else {
      for (; i < high; i++) to[i] = from[i];
    }
  } else {
    long i = low;
    if (step == 2)
      for (; i + 8 <= high && from + 2 * i + 16 <= end; i += 8) {
        const f8v a = load8(from + 2 * i), b = load8(from + 2 * i + 8);
        store8(to + i, __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
      }
    for (; i < high; i++) to[i] = from[i * step];
  }
  for (long i = high; i < r->count; i++) to[i] = 0;
}

/// The most pixels that are packed in pieces of eight.
#define MAX_PIECES 256

/// Cuts runs into pieces of eight neighbours; 0 where that does not work out even.
LATHE_INLINE long find_pieces(const lathe_convolution *s, const pixel_run *runs, long run_count, const float **pieces) {
  long n = 0;
  for (long i = 0; i < run_count; i++) {
    const pixel_run *r = runs + i;
    if (r->count % 8 != 0 || n + r->count / 8 > MAX_PIECES) return 0;
    for (long j = 0; j < r->count; j += 8) pieces[n++] = r->image + r->y * s->width + r->x + j;
  }
  return n;
}

/// The filter's elements first..<last as steps from the window's start, one after the other.
typedef struct {
  long kx, ky, offset, right, down, next;
  long kernel_width, kernel_height;
} tap_walk;

LATHE_INLINE void start_walk(const lathe_convolution *s, long first, tap_walk *w) {
  const long kw = s->kernel_width, taps = s->kernel_height * kw;
  const long c = first / taps;
  w->kernel_width = kw;
  w->kernel_height = s->kernel_height;
  w->ky = first % taps / kw;
  w->kx = first % kw;
  w->right = s->dilation_x;
  w->down = s->dilation_y * s->width - kw * s->dilation_x;
  w->next = s->height * s->width - s->kernel_height * s->dilation_y * s->width;
  w->offset = c * s->height * s->width + w->ky * s->dilation_y * s->width + w->kx * s->dilation_x;
}

LATHE_INLINE void step(tap_walk *w) {
  w->offset += w->right;
  if (++w->kx < w->kernel_width) return;
  w->kx = 0;
  w->offset += w->down;
  if (++w->ky < w->kernel_height) return;
  w->ky = 0;
  w->offset += w->next;
}

/// Rows of exactly four pieces: what a panel of 32 pixels takes. A function of its own, as it needs all registers.
LATHE_LEVELS(void, lathe_pack_four_pieces,
    (const lathe_convolution *s, const float *const *pieces, long first, long last, float *dst, long dst_row),
    (s, pieces, first, last, dst, dst_row)) {
  const float *a = pieces[0], *b = pieces[1], *c = pieces[2], *d = pieces[3];
  tap_walk w;
  start_walk(s, first, &w);
  for (long k = first; k < last; k++) {
    const f8v p = load8(a + w.offset), q = load8(b + w.offset), r = load8(c + w.offset), t = load8(d + w.offset);
    store8(dst, p);
    store8(dst + 8, q);
    store8(dst + 16, r);
    store8(dst + 24, t);
    dst += dst_row;
    step(&w);
  }
}

/// Rows of any number of pieces, and zeros behind them up to `width`.
LATHE_LEVELS(void, lathe_pack_pieces,
    (const lathe_convolution *s, const float *const *pieces, long count, long first, long last, float *dst,
     long dst_row, long width),
    (s, pieces, count, first, last, dst, dst_row, width)) {
  tap_walk w;
  start_walk(s, first, &w);
  for (long k = first; k < last; k++) {
    const long offset = w.offset;
    long i = 0;
    for (; i + 4 <= count; i += 4) {
      const f8v p = load8(pieces[i] + offset), q = load8(pieces[i + 1] + offset);
      const f8v r = load8(pieces[i + 2] + offset), t = load8(pieces[i + 3] + offset);
      store8(dst + 8 * i, p);
      store8(dst + 8 * i + 8, q);
      store8(dst + 8 * i + 16, r);
      store8(dst + 8 * i + 24, t);
    }
    for (; i < count; i++) store8(dst + 8 * i, load8(pieces[i] + offset));
    for (; 8 * i < width; i++) store8(dst + 8 * i, (f8v){});
    dst += dst_row;
    step(&w);
  }
}

LATHE_LEVELS(void, lathe_pack_pixels,
    (const lathe_convolution *s, const pixel_run *runs, long run_count, bool inside, const float *end, long first,
     long last, float *dst, long dst_row, long width),
    (s, runs, run_count, inside, end, first, last, dst, dst_row, width)) {
  const long kw = s->kernel_width, taps = s->kernel_height * kw, plane = s->height * s->width;
  const long pixels = run_count ? runs[run_count - 1].to + runs[run_count - 1].count : 0;
  long c = first / taps, ky = first % taps / kw, kx = first % kw;
  if (inside && s->stride_x == 1) {
    const float *pieces[MAX_PIECES];
    const long count = find_pieces(s, runs, run_count, pieces);
    if (count == 4 && width == 32) return lathe_pack_four_pieces(s, pieces, first, last, dst, dst_row);
    if (count > 0) return lathe_pack_pieces(s, pieces, count, first, last, dst, dst_row, width);
  }
  for (long k = first; k < last; k++) {
    float *row = dst + (k - first) * dst_row;
    const long y = ky * s->dilation_y, x = kx * s->dilation_x;
    if (inside && s->stride_x <= 2) {
      for (long i = 0; i < run_count; i++) {
        const pixel_run *r = runs + i;
        const float *p = r->image + c * plane + (r->y + y) * s->width + r->x + x;
        // Beyond the run: the rest of this row, or the next row, which is written later.
        const bool room = (k + 1 < last || r->to + (r->count + 7) / 8 * 8 <= width)
            && p + (r->count + 7) / 8 * 8 * s->stride_x <= end;
        if (s->stride_x == 1)
          copy_run(row + r->to, p, r->count, room);
        else
          copy_run_by_two(row + r->to, p, r->count, room);
      }
    } else {
      for (long i = 0; i < run_count; i++)
        pack_run(s, runs + i, runs[i].image + c * plane, y, x, end, row + runs[i].to);
    }
    for (long i = pixels; i < width; i++) row[i] = 0;
    if (++kx == kw) {
      kx = 0;
      if (++ky == s->kernel_height) {
        ky = 0;
        c++;
      }
    }
  }
}
