// Where the rows and fields of a CSV file end, 64 bytes at a time.
//
//   mask of quotes      ..1....1......1..1
//   inside quotes       ..11111.......111.     each bit the parity of the quotes up to it
//   delimiters outside  .1.......1.......
//
// A doubled quote leaves and enters the quotes again, so that it needs no rule of its own here.

#include <string.h>

#include "include/TableKernels.h"
#include "levels.h"

typedef uint8_t bytes64 __attribute__((ext_vector_type(64)));
typedef bool bits64 __attribute__((ext_vector_type(64)));

LATHE_INLINE uint64_t mask_of(const bytes64 *bytes, uint8_t byte) {
  const bits64 equal = __builtin_convertvector(*bytes == (bytes64)byte, bits64);
  uint64_t mask;
  memcpy(&mask, &equal, sizeof mask);
  return mask;
}

// By address: a vector as an argument has no place that all levels agree on.
LATHE_INLINE void load(bytes64 *bytes, const uint8_t *data) { memcpy(bytes, data, sizeof *bytes); }

LATHE_INLINE uint64_t high_bits(const bytes64 *bytes) {
  typedef int8_t signed64 __attribute__((ext_vector_type(64)));
  const bits64 negative = __builtin_convertvector((signed64)*bytes < 0, bits64);
  uint64_t mask;
  memcpy(&mask, &negative, sizeof mask);
  return mask;
}

/// Each bit the parity of the bits up to it.
LATHE_INLINE uint64_t parities(uint64_t bits) {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ bits << 32;
}

LATHE_LEVELS(void, lathe_csv_look,
             (const uint8_t *data, size_t begin, size_t end, lathe_csv_format format, lathe_csv_survey *survey),
             (data, begin, end, format, survey)) {
  uint64_t rows[2] = {0, 0}, last[2] = {0, 0}, high = 0;
  uint64_t inside = 0;  // all ones where the block begins inside quotes, if the piece begins outside
  bool any_quote = false, any_nul = false;
  // Whether a row begins at the block's first byte, and whether a CR stands in front of it where a row began.
  uint64_t begins[2] = {begin == 0 || data[begin - 1] == format.line_end, 0};
  uint64_t behind[2] = {
      begin > 0 && data[begin - 1] == '\r' && (begin == 1 || data[begin - 2] == format.line_end), 0};
  for (size_t place = begin; place < end; place += 64) {
    uint8_t rest[64];
    const uint8_t *from = data + place;
    uint64_t within = ~0ull;
    if (end - place < 64) {
      memset(rest, ' ', sizeof rest);
      memcpy(rest, from, end - place);
      from = rest;
      within = (1ull << (end - place)) - 1;
    }
    bytes64 bytes;
    load(&bytes, from);
    const uint64_t line_ends = mask_of(&bytes, format.line_end);
    const uint64_t quotes = format.has_quotes ? mask_of(&bytes, format.quote) : 0;
    high |= high_bits(&bytes);
    any_nul |= (mask_of(&bytes, 0) & within) != 0;
    uint64_t in = inside;
    if (__builtin_expect(quotes != 0, 0)) {
      in ^= parities(quotes);
      any_quote = true;
      inside = (uint64_t)((int64_t)in >> 63);
    }
    if (!line_ends) {
      begins[0] = begins[1] = behind[0] = behind[1] = 0;
      continue;
    }
    const uint64_t returns = mask_of(&bytes, '\r');
    for (int state = 0; state < 2; state++) {
      const uint64_t ends = line_ends & (state == 0 ? ~in : in);
      const uint64_t starts = ends << 1 | begins[state];
      const uint64_t empty = ends & (starts | (starts & returns) << 1 | behind[state]);
      rows[state] += (uint64_t)__builtin_popcountll(ends & ~empty);
      if (ends) last[state] = place + 64 - (uint64_t)__builtin_clzll(ends);
      begins[state] = ends >> 63;
      behind[state] = (starts & returns) >> 63;
    }
  }
  survey->rows[0] = rows[0];
  survey->rows[1] = rows[1];
  survey->last[0] = last[0];
  survey->last[1] = last[1];
  survey->changes_state = inside != 0;
  survey->has_quotes = any_quote;
  survey->has_nul = any_nul;
  survey->is_ascii = high == 0;
}

LATHE_LEVELS(lathe_csv_index_result, lathe_csv_index,
             (const uint8_t *data, size_t length, lathe_csv_format format, uint32_t *ends, size_t capacity),
             (data, length, format, ends, capacity)) {
  lathe_csv_index_result result = {0, 0, false, false};
  uint32_t *next = ends;
  const uint32_t *const last = ends + capacity - 64;
  uint64_t inside = 0, misplaced = 0;
  // Whether the byte in front of the block ends a field, and whether it closes quotes.
  uint64_t after_end = 1, after_close = 0;
  for (size_t place = 0; place < length; place += 64) {
    if (next > last) {
      result.is_full = true;
      break;
    }
    bytes64 bytes;
    load(&bytes, data + place);
    const uint64_t within = length - place < 64 ? (1ull << (length - place)) - 1 : ~0ull;
    const uint64_t quotes = format.has_quotes ? mask_of(&bytes, format.quote) & within : 0;
    uint64_t line_ends = mask_of(&bytes, format.line_end) & within;
    uint64_t field_ends = (mask_of(&bytes, format.delimiter) & within) | line_ends;
    if (__builtin_expect((quotes | inside | after_close) != 0, 0)) {
      const uint64_t in = inside ^ parities(quotes);
      inside = (uint64_t)((int64_t)in >> 63);
      line_ends &= ~in;
      field_ends &= ~in;
      // Quotes open at a field's beginning or as the second of a double; behind closing ones a field ends or they open again.
      const uint64_t opening = quotes & in, closing = quotes & ~in;
      misplaced |= opening & ~(field_ends << 1 | after_end | closing << 1 | after_close);
      const uint64_t behind = (closing << 1 | after_close) & within;
      misplaced |= behind & ~(field_ends | opening | mask_of(&bytes, '\r'));
      after_close = closing >> 63;
    }
    after_end = field_ends >> 63;
    result.line_ends += (size_t)__builtin_popcountll(line_ends);
    // Written in steps of eight, so that the number of places decides few branches.
    const int count = __builtin_popcountll(field_ends);
    for (int done = 0; done < count; done += 8) {
      for (int i = 0; i < 8; i++) {
        next[done + i] = (uint32_t)(place + (field_ends ? (uint64_t)__builtin_ctzll(field_ends) : 0));
        field_ends &= field_ends - 1;
      }
    }
    next += count;
  }
  result.count = (size_t)(next - ends);
  result.has_misplaced_quote = misplaced != 0;
  return result;
}

bool lathe_csv_is_regular(
    const uint8_t *data, const uint32_t *ends, size_t rows, size_t width, uint8_t line_end, uint32_t *starts) {
  uint32_t start = 0;
  bool is_regular = true;
  for (size_t row = 0; row < rows; row++) {
    starts[row] = start;
    const uint32_t end = ends[(row + 1) * width - 1];
    is_regular &= data[end] == line_end;
    // An empty line is a row of one field.
    is_regular &= width > 1 || (end > start && !(end == start + 1 && data[start] == '\r'));
    start = end + 1;
  }
  return is_regular;
}

size_t lathe_csv_sort_out(
    const uint8_t *data, uint32_t *ends, size_t count, size_t width, uint8_t line_end, uint32_t *starts,
    lathe_csv_ragged *ragged, size_t capacity, size_t *ragged_count) {
  size_t rows = 0, first = 0;
  uint32_t start = 0;
  *ragged_count = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t end = ends[i];
    if (data[end] != line_end) continue;
    const size_t fields = i + 1 - first;
    const bool is_empty = fields == 1 && (end == start || (end == start + 1 && data[start] == '\r'));
    if (fields == width && !is_empty) {
      starts[rows] = start;
      memmove(ends + rows * width, ends + first, width * sizeof *ends);
      rows++;
    } else if (!is_empty) {
      if (*ragged_count < capacity) ragged[*ragged_count] = (lathe_csv_ragged){start, end, fields};
      ++*ragged_count;
    }
    first = i + 1;
    start = end + 1;
  }
  return rows;
}

LATHE_LEVELS(size_t, lathe_count_byte, (const uint8_t *data, size_t length, uint8_t byte), (data, length, byte)) {
  size_t count = 0, place = 0;
  for (; place + 64 <= length; place += 64) {
    bytes64 bytes;
    load(&bytes, data + place);
    count += (size_t)__builtin_popcountll(mask_of(&bytes, byte));
  }
  for (; place < length; place++) count += data[place] == byte;
  return count;
}
