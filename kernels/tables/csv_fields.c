// The fields of a column as values of its type. A loop for each type; what is not as usual (missing, spaces, groups of
// digits, long numbers) leaves the loop's short path.

#include "csv_fields.h"

#include <math.h>

enum { GROUP_ROOM = 128 };

bool lathe_without_groups(lathe_field *field, uint8_t thousands, uint8_t *room, size_t size) {
  const uint8_t *text = field->text;
  if (!memchr(text, thousands, (size_t)(field->end - text))) return true;
  if ((size_t)(field->end - text) + 16 > size) return false;
  size_t length = 0;
  if (text < field->end && (*text == '-' || *text == '+')) room[length++] = *text++;
  int digits = 0, groups = 0;
  for (; text < field->end && (lathe_is_digit(*text) || *text == thousands); text++) {
    if (*text != thousands) {
      room[length++] = *text;
      digits++;
      continue;
    }
    if (groups == 0 ? digits < 1 || digits > 3 : digits != 3) return false;
    groups++;
    digits = 0;
  }
  if (groups > 0 && digits != 3) return false;
  for (; text < field->end; text++) {
    if (*text == thousands) return false;
    room[length++] = *text;
  }
  memset(room + length, 0, 16);
  field->text = room;
  field->end = room + length;
  return true;
}

int lathe_scan_bool(const uint8_t *text, size_t length) {
  if (length == 4 && (memcmp(text, "true", 4) == 0 || memcmp(text, "True", 4) == 0 || memcmp(text, "TRUE", 4) == 0))
    return 1;
  if (length == 5 && (memcmp(text, "false", 5) == 0 || memcmp(text, "False", 5) == 0 || memcmp(text, "FALSE", 5) == 0))
    return 0;
  return -1;
}

/// Notes rows without a value; 64 of them are cleared at once, since other threads write the rows beside them.
typedef struct missing_rows {
  uint64_t *validity;
  uint64_t word;
  size_t place;
  size_t count;
} missing_rows;

LATHE_INLINE void flush(missing_rows *missing) {
  if (missing->word) __atomic_fetch_and(missing->validity + missing->place, ~missing->word, __ATOMIC_RELAXED);
  missing->word = 0;
}

LATHE_INLINE void note(missing_rows *missing, size_t row) {
  if (missing->place != row >> 6) {
    flush(missing);
    missing->place = row >> 6;
  }
  missing->word |= 1ull << (row & 63);
  missing->count++;
}

// LATHE_COLUMN(type, read, otherwise): the rest of a function that reads a column, where `read(field, value)` is the short
// path and `otherwise(f, field, value)` what else a value may look like.
#define LATHE_COLUMN(type, empty, read, otherwise)                                                       \
  type *const values = (type *)target->values + target->first;                                           \
  missing_rows missing = {target->validity, 0, 0, 0};                                                    \
  size_t row = 0;                                                                                        \
  for (; row < f->rows; row++) {                                                                         \
    const lathe_field field = lathe_field_at(f, row, f->has_quotes);                                     \
    if (__builtin_expect(read, 1)) continue;                                                             \
    if (lathe_is_missing(f, field) || lathe_is_missing(f, lathe_without_spaces(field)) ||                \
        field.text == field.end) {                                                                       \
      values[row] = empty;                                                                               \
      note(&missing, target->first + row);                                                               \
      continue;                                                                                          \
    }                                                                                                    \
    if (!otherwise(f, lathe_without_spaces(field), values + row)) break;                                 \
  }                                                                                                      \
  flush(&missing);                                                                                       \
  target->missing += missing.count;                                                                      \
  return row;

static bool other_int64(const lathe_csv_fields *f, lathe_field field, int64_t *value) {
  uint8_t room[GROUP_ROOM];
  if (f->thousands && !lathe_without_groups(&field, f->thousands, room, sizeof room)) return false;
  return lathe_scan_int64(field.text, field.end, value) == 1;
}

size_t lathe_csv_int64(const lathe_csv_fields *f, lathe_csv_target *target) {
  LATHE_COLUMN(int64_t, 0, lathe_scan_int64(field.text, field.end, values + row) == 1, other_int64)
}

LATHE_INLINE bool read_float64(const lathe_csv_fields *f, lathe_field field, double *value) {
  lathe_decimal number;
  if (!lathe_scan_decimal(field.text, field.end, f->decimal, &number) || number.is_long || number.digits >> 63)
    return false;
  *value = lathe_float64_of(&number);
  return true;
}

static bool other_float64(const lathe_csv_fields *f, lathe_field field, double *value) {
  uint8_t room[GROUP_ROOM];
  lathe_decimal number;
  if (f->thousands && !lathe_without_groups(&field, f->thousands, room, sizeof room)) return false;
  const size_t length = (size_t)(field.end - field.text);
  int64_t whole;
  if (f->refuses_long_integers && lathe_scan_int64(field.text, field.end, &whole) < 0) return false;
  if (lathe_scan_decimal(field.text, field.end, f->decimal, &number)) {
    *value = number.is_long ? lathe_long_float64(field.text, length, f->decimal) : lathe_float64_of(&number);
    return true;
  }
  const int infinity = lathe_scan_infinity(field.text, length);
  *value = infinity * INFINITY;
  return infinity != 0;
}

size_t lathe_csv_float64(const lathe_csv_fields *f, lathe_csv_target *target) {
  LATHE_COLUMN(double, NAN, read_float64(f, field, values + row), other_float64)
}

LATHE_INLINE bool read_float32(const lathe_csv_fields *f, lathe_field field, float *value) {
  lathe_decimal number;
  if (!lathe_scan_decimal(field.text, field.end, f->decimal, &number) || number.is_long) return false;
  *value = lathe_round_float32(&number);
  return true;
}

static bool other_float32(const lathe_csv_fields *f, lathe_field field, float *value) {
  uint8_t room[GROUP_ROOM];
  lathe_decimal number;
  if (f->thousands && !lathe_without_groups(&field, f->thousands, room, sizeof room)) return false;
  const size_t length = (size_t)(field.end - field.text);
  if (lathe_scan_decimal(field.text, field.end, f->decimal, &number)) {
    *value = number.is_long ? lathe_long_float32(field.text, length, f->decimal) : lathe_round_float32(&number);
    return true;
  }
  const int infinity = lathe_scan_infinity(field.text, length);
  *value = (float)infinity * INFINITY;
  return infinity != 0;
}

size_t lathe_csv_float32(const lathe_csv_fields *f, lathe_csv_target *target) {
  LATHE_COLUMN(float, NAN, read_float32(f, field, values + row), other_float32)
}

static bool other_bool(const lathe_csv_fields *f, lathe_field field, uint8_t *value) {
  (void)f;
  const int truth = lathe_scan_bool(field.text, (size_t)(field.end - field.text));
  *value = truth == 1;
  return truth >= 0;
}

size_t lathe_csv_bool(const lathe_csv_fields *f, lathe_csv_target *target) {
  LATHE_COLUMN(uint8_t, 0, other_bool(f, field, values + row), other_bool)
}

LATHE_INLINE bool read_time(lathe_field field, int order, bool is_zoned, int64_t *value) {
  bool has_zone;
  if (order == LATHE_YEAR_FIRST && !is_zoned && lathe_scan_plain_time(field.text, field.end, value)) return true;
  return lathe_scan_time(field.text, field.end, order, value, &has_zone) && has_zone == is_zoned;
}

size_t lathe_csv_time(const lathe_csv_fields *f, lathe_csv_target *target, int order, bool is_zoned) {
#define other_time(f, field, value) read_time(field, order, is_zoned, value)
  LATHE_COLUMN(int64_t, 0, read_time(field, order, is_zoned, values + row), other_time)
#undef other_time
}

static bool other_duration(const lathe_csv_fields *f, lathe_field field, int64_t *value) {
  (void)f;
  return lathe_parse_duration(field.text, (size_t)(field.end - field.text), value);
}

size_t lathe_csv_duration(const lathe_csv_fields *f, lathe_csv_target *target) {
  LATHE_COLUMN(int64_t, 0, other_duration(f, field, values + row), other_duration)
}

// --- Texts --------------------------------------------------------------------------------------------------------

size_t lathe_csv_text_room(const lathe_csv_fields *f) {
  size_t room = 0;
  for (size_t row = 0; row < f->rows; row++) {
    const lathe_field field = lathe_field_at(f, row, false);
    room += (size_t)(field.end - field.text);
  }
  return room;
}

size_t lathe_csv_text(const lathe_csv_fields *f, lathe_csv_target *target, uint8_t *bytes) {
  int64_t *const ends = (int64_t *)target->values + target->first;
  missing_rows missing = {target->validity, 0, 0, 0};
  uint8_t *next = bytes;
  for (size_t row = 0; row < f->rows; row++) {
    const lathe_field field = lathe_field_at(f, row, f->has_quotes);
    const size_t length = (size_t)(field.end - field.text);
    if (lathe_is_missing(f, field)) {
      note(&missing, target->first + row);
    } else if (__builtin_expect(!field.is_quoted || !memchr(field.text, f->quote, length), 1)) {
      // Most texts are short; sixteen bytes at once cost less than asking how many there are.
      if (length <= 16) memcpy(next, field.text, 16);
      else memcpy(next, field.text, length);
      next += length;
    } else {
      for (const uint8_t *at = field.text; at < field.end; at++) {
        *next++ = *at;
        if (*at == f->quote) at++;
      }
    }
    ends[row] = next - bytes;
  }
  flush(&missing);
  target->missing += missing.count;
  return (size_t)(next - bytes);
}

// --- What a column can be -----------------------------------------------------------------------------------------

/// Whether a text with a comma for the point has anything but three digits behind it, which could be a group.
static bool is_surely_decimal(const uint8_t *text, const uint8_t *end) {
  const uint8_t *comma = memchr(text, ',', (size_t)(end - text));
  return comma && (end - comma != 4 || comma == text);
}

uint32_t lathe_csv_classify(const lathe_csv_fields *f, uint32_t kinds) {
  uint32_t seen = 0;
  for (size_t row = 0; row < f->rows; row++) {
    const lathe_field whole = lathe_field_at(f, row, f->has_quotes);
    lathe_field field = lathe_without_spaces(whole);
    if (field.text == field.end || lathe_is_missing(f, whole) || lathe_is_missing(f, field)) {
      // Nothing but spaces, or an empty field that is no missing value, is text alone.
      if (!lathe_is_missing(f, whole) && !lathe_is_missing(f, field)) kinds = 0, seen |= LATHE_SEEN_VALUE;
      continue;
    }
    seen |= LATHE_SEEN_VALUE;
    uint8_t room[GROUP_ROOM];
    const size_t length = (size_t)(field.end - field.text);
    uint32_t possible = 0;
    if (lathe_scan_bool(field.text, length) >= 0) possible |= LATHE_KIND_BOOL;
    int64_t whole_number;
    bool is_zoned;
    if (lathe_scan_time(field.text, field.end, LATHE_YEAR_FIRST, &whole_number, &is_zoned)) {
      possible |= is_zoned ? LATHE_KIND_ZONED_TIME : LATHE_KIND_TIME;
      seen |= LATHE_SEEN_YEAR_FIRST;
    }
    const bool is_day_first = lathe_scan_time(field.text, field.end, LATHE_DAY_FIRST, &whole_number, &is_zoned) && !is_zoned;
    const bool is_month_first =
        lathe_scan_time(field.text, field.end, LATHE_MONTH_FIRST, &whole_number, &is_zoned) && !is_zoned;
    if (is_day_first) possible |= LATHE_KIND_DAY_FIRST;
    if (is_month_first) possible |= LATHE_KIND_MONTH_FIRST;
    if (is_day_first && !is_month_first) seen |= LATHE_SEEN_DAY_FIRST;
    if (is_month_first && !is_day_first) seen |= LATHE_SEEN_MONTH_FIRST;
    lathe_decimal number;
    const lathe_field plain = field;
    if (!f->thousands || lathe_without_groups(&field, f->thousands, room, sizeof room)) {
      const int is_whole = lathe_scan_int64(field.text, field.end, &whole_number);
      const size_t digits = (size_t)(field.end - field.text);
      if (is_whole == 1) possible |= LATHE_KIND_INT64 | LATHE_KIND_FLOAT64 | LATHE_KIND_DECIMAL_COMMA;
      if (is_whole == -1) seen |= LATHE_SEEN_LONG_INTEGER;
      if (is_whole == 0) {
        if (lathe_scan_decimal(field.text, field.end, f->decimal, &number)) possible |= LATHE_KIND_FLOAT64;
        if (lathe_scan_infinity(field.text, digits)) possible |= LATHE_KIND_FLOAT64 | LATHE_KIND_DECIMAL_COMMA;
      }
    }
    if (lathe_scan_decimal(plain.text, plain.end, ',', &number)) {
      possible |= LATHE_KIND_DECIMAL_COMMA;
      if (is_surely_decimal(plain.text, plain.end)) seen |= LATHE_SEEN_DECIMAL_COMMA;
    }
    kinds &= possible;
  }
  return kinds | seen;
}
