#include "include/word_vectors.h"

#include <math.h>

#include "levels.h"

LATHE_INLINE uint64_t next_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * 0x2545F4914F6CDD1Dull;
}

/// A number below `bound`.
LATHE_INLINE uint32_t below(uint64_t *state, uint32_t bound) {
  return (uint32_t)(((next_random(state) >> 32) * bound) >> 32);
}

/// What a target's row is pulled by: (label - sigmoid(score)) rate.
LATHE_INLINE float pull(float score, int is_right, float rate) {
  return ((is_right ? 1.0f : 0.0f) - 1.0f / (1.0f + expf(-score))) * rate;
}

/// Scores of `count` rows at once, so that the input is read once for all of them.
LATHE_INLINE void scores(const float *h, float *const *rows, long count, long stride, float *result) {
  long k = 0;
  for (; k + 3 <= count; k += 3) {
    const float *a = rows[k], *b = rows[k + 1], *c = rows[k + 2];
    f16v x = {}, y = {}, z = {};
    for (long i = 0; i < stride; i += 16) {
      const f16v v = load16(h + i);
      x += v * load16(a + i);
      y += v * load16(b + i);
      z += v * load16(c + i);
    }
    result[k] = sum16(&x);
    result[k + 1] = sum16(&y);
    result[k + 2] = sum16(&z);
  }
  for (; k < count; k++) {
    f16v x = {};
    for (long i = 0; i < stride; i += 16) x += load16(h + i) * load16(rows[k] + i);
    result[k] = sum16(&x);
  }
}

/// `h` is the mean of the rows, in `scratch` where there are several.
LATHE_INLINE void step(
    const lathe_word_tables *t, const int32_t *rows, long count, const int32_t *targets, long target_count, float rate,
    float *scratch) {
  const long stride = t->stride;
  float *h = t->input + rows[0] * stride;
  if (count > 1) {
    const float share = 1.0f / (float)count;
    for (long i = 0; i < stride; i += 16) {
      f16v sum = load16(h + i);
      for (long r = 1; r < count; r++) sum += load16(t->input + rows[r] * stride + i);
      store16(scratch + i, sum * share);
    }
    h = scratch;
  }
  float *outputs[LATHE_WORD_MOST_NEGATIVES + 1];
  float pulls[LATHE_WORD_MOST_NEGATIVES + 1];
  for (long k = 0; k < target_count; k++) outputs[k] = t->output + targets[k] * stride;
  scores(h, outputs, target_count, stride, pulls);
  for (long k = 0; k < target_count; k++) pulls[k] = pull(pulls[k], k == 0, rate);
  for (long i = 0; i < stride; i += 16) {
    const f16v v = load16(h + i);
    f16v gradient = {};
    for (long k = 0; k < target_count; k++) {
      const f16v row = load16(outputs[k] + i);
      // Where a word is drawn twice both pulls take effect: the row is read again.
      gradient += pulls[k] * row;
      store16(outputs[k] + i, row + pulls[k] * v);
    }
    if (count == 1) {
      store16(h + i, v + gradient);
    } else {
      for (long r = 0; r < count; r++) {
        float *row = t->input + rows[r] * stride + i;
        store16(row, load16(row) + gradient);
      }
    }
  }
}

LATHE_LEVELS(void, lathe_word_step,
    (const lathe_word_tables *tables, const int32_t *rows, long count, const int32_t *targets, long target_count,
     float rate, float *scratch),
    (tables, rows, count, targets, target_count, rate, scratch)) {
  step(tables, rows, count, targets, target_count, rate, scratch);
}

LATHE_INLINE long add_rows(const lathe_word_tables *t, int32_t word, int32_t *rows) {
  if (!t->starts) {
    rows[0] = word;
    return 1;
  }
  const long count = t->starts[word + 1] - t->starts[word];
  memcpy(rows, t->bags + t->starts[word], (size_t)count * sizeof(int32_t));
  return count;
}

/// Draws the wrong words beside a right one; a word drawn that is the right one is left out.
LATHE_INLINE long draw_targets(const lathe_word_tables *t, int32_t word, uint64_t *random, int32_t *targets) {
  long count = 1;
  targets[0] = word;
  for (int n = 0; n < t->negatives; n++) {
    const uint64_t drawn = next_random(random);
    const uint32_t place = (uint32_t)(((drawn >> 32) * (uint64_t)t->words) >> 32);
    const int32_t other = ((uint32_t)drawn & 0xFFFFFF) < t->shares[place] ? (int32_t)place : t->aliases[place];
    if (other != word) targets[count++] = other;
  }
  return count;
}

LATHE_LEVELS(void, lathe_word_train,
    (const lathe_word_tables *tables, const int32_t *tokens, long count, float rate, uint64_t *random, int32_t *kept,
     int32_t *rows, float *scratch),
    (tables, tokens, count, rate, random, kept, rows, scratch)) {
  const lathe_word_tables *t = tables;
  int32_t targets[LATHE_WORD_MOST_NEGATIVES + 1];
  for (long start = 0; start < count; start++) {
    long length = 0;
    for (; start < count && tokens[start] >= 0; start++) {
      const int32_t word = tokens[start];
      if (!t->keep || ((uint32_t)next_random(random) & 0x7FFFFFFF) < t->keep[word]) kept[length++] = word;
    }
    for (long center = 0; center < length; center++) {
      const long reach = 1 + below(random, (uint32_t)t->window);
      const long first = center > reach ? center - reach : 0;
      const long end = center + reach + 1 < length ? center + reach + 1 : length;
      if (t->is_cbow) {
        long row_count = 0;
        for (long other = first; other < end; other++)
          if (other != center) row_count += add_rows(t, kept[other], rows + row_count);
        if (!row_count) continue;
        const long target_count = draw_targets(t, kept[center], random, targets);
        step(t, rows, row_count, targets, target_count, rate, scratch);
        continue;
      }
      const long row_count = add_rows(t, kept[center], rows);
      for (long other = first; other < end; other++) {
        if (other == center) continue;
        const long target_count = draw_targets(t, kept[other], random, targets);
        step(t, rows, row_count, targets, target_count, rate, scratch);
      }
    }
  }
}

LATHE_LEVELS(double, lathe_glove_train,
    (const lathe_glove_tables *tables, const int32_t *words, const int32_t *contexts, const float *counts, long count),
    (tables, words, contexts, counts, count)) {
  const lathe_glove_tables *t = tables;
  double error = 0;
  for (long n = 0; n < count; n++) {
    float *w = t->vectors + words[n] * t->stride, *w_sums = t->vector_sums + words[n] * t->stride;
    float *c = t->contexts + contexts[n] * t->stride, *c_sums = t->context_sums + contexts[n] * t->stride;
    // The padding of both rows is zero, the biases are added by themselves.
    float difference = w[t->width] + c[t->width] - logf(counts[n]);
    for (long i = 0; i < t->width; i++) difference += w[i] * c[i];
    const float weight = counts[n] < t->most ? powf(counts[n] / t->most, t->power) : 1.0f;
    error += 0.5 * (double)weight * (double)difference * (double)difference;
    const float scale = weight * difference * t->rate;
    for (long i = 0; i <= t->width; i++) {
      const float w_pull = scale * (i < t->width ? c[i] : 1.0f), c_pull = scale * (i < t->width ? w[i] : 1.0f);
      w[i] -= w_pull / sqrtf(w_sums[i]);
      c[i] -= c_pull / sqrtf(c_sums[i]);
      w_sums[i] += w_pull * w_pull;
      c_sums[i] += c_pull * c_pull;
    }
  }
  return error;
}
