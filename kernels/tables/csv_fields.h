#pragma once

#include "numbers.h"

/// A field's text without its quotes. Doubled quotes inside are still double.
typedef struct lathe_field {
  const uint8_t *text, *end;
  bool is_quoted;
} lathe_field;

LATHE_INLINE lathe_field lathe_field_at(const lathe_csv_fields *f, size_t row, bool has_quotes) {
  const uint32_t *const ends = f->ends + row * f->width + f->column;
  const uint8_t *text = f->data + (f->column == 0 ? f->starts[row] : ends[-1] + 1);
  const uint8_t *end = f->data + ends[0];
  if (f->trims_return && end > text && end[-1] == '\r') end--;
  bool is_quoted = false;
  if (has_quotes && end - text >= 2 && *text == f->quote) {
    text++;
    end--;
    is_quoted = true;
  }
  return (lathe_field){text, end, is_quoted};
}

/// Whether a text is one of the words for missing values.
LATHE_INLINE bool lathe_is_missing_word(const lathe_words *words, const uint8_t *text, size_t length) {
  if (length > words->longest) return false;
  if (length == 0) return words->has_empty;
  if (__builtin_expect(!words->begins[*text], 1)) return false;
  for (uint32_t i = 0, start = 0; i < words->count; start = words->ends[i++]) {
    if (words->ends[i] - start == length && memcmp(words->bytes + start, text, length) == 0) return true;
  }
  return false;
}

LATHE_INLINE bool lathe_is_missing(const lathe_csv_fields *f, lathe_field field) {
  if (field.is_quoted && !f->quoted_is_missing) return false;
  return lathe_is_missing_word(f->missing, field.text, (size_t)(field.end - field.text));
}

LATHE_INLINE lathe_field lathe_without_spaces(lathe_field field) {
  while (field.text < field.end && (*field.text == ' ' || *field.text == '\t')) field.text++;
  while (field.end > field.text && (field.end[-1] == ' ' || field.end[-1] == '\t')) field.end--;
  return field;
}

/// The text without what stands between groups of three digits, with a point for the decimal mark; false where the groups
/// are others, or the text is too long to be a number.
bool lathe_without_groups(lathe_field *field, uint8_t thousands, uint8_t *room, size_t size);

/// 1 for true, 0 for false, -1 where a text is neither.
int lathe_scan_bool(const uint8_t *text, size_t length);
