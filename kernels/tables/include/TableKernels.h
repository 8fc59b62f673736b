// Loops over the bytes of tables in text files: where fields end, and what they say.
//
// All functions that take `data` and a range may read, and ignore, up to 64 bytes behind the range's end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// --- Structure ----------------------------------------------------------------------------------------------------

/// The characters that a file's structure is made of; `quote` is the delimiter's double where nothing is quoted.
typedef struct lathe_csv_format {
  uint8_t delimiter;
  uint8_t quote;
  uint8_t line_end;
  /// Whether `quote` means anything.
  bool has_quotes;
} lathe_csv_format;

/// What is in a piece of a file, for both cases: it begins outside ([0]) or inside ([1]) quotes.
typedef struct lathe_csv_survey {
  /// Line ends outside quotes, those of empty lines left out.
  uint64_t rows[2];
  /// The place behind the last line end outside quotes; 0 where there is none.
  uint64_t last[2];
  /// Whether an odd number of quotes is in it.
  bool changes_state;
  bool has_quotes;
  bool has_nul;
  bool is_ascii;
} lathe_csv_survey;

/// Looks at bytes begin..<end of `data`; what stands before `begin` is looked at, too.
void lathe_csv_look(const uint8_t *data, size_t begin, size_t end, lathe_csv_format format, lathe_csv_survey *survey);

/// What `lathe_csv_index` found.
typedef struct lathe_csv_index_result {
  /// Ends of fields: delimiters and line ends outside quotes.
  size_t count;
  /// How many of them are line ends.
  size_t line_ends;
  /// Whether there was no room for all.
  bool is_full;
  /// Whether a quote stands where none may: inside a field without quotes, or with text behind a closing one.
  bool has_misplaced_quote;
} lathe_csv_index_result;

/// Finds the ends of the fields in `length` bytes that begin outside quotes, less than 4 GB.
///
/// `ends` has room for `capacity` places, at least 64 more than there are fields.
lathe_csv_index_result lathe_csv_index(
    const uint8_t *data, size_t length, lathe_csv_format format, uint32_t *ends, size_t capacity);

/// Whether each of `rows` rows has `width` fields; `starts` becomes where the rows begin.
bool lathe_csv_is_regular(
    const uint8_t *data, const uint32_t *ends, size_t rows, size_t width, uint8_t line_end, uint32_t *starts);

/// A row of another number of fields than the first.
typedef struct lathe_csv_ragged {
  uint32_t start, end;
  size_t fields;
} lathe_csv_ragged;

/// Takes empty lines and rows of another width out of `ends`; `starts` becomes where the rows that stay begin.
///
/// The first `capacity` of the others are written to `ragged`, all are counted in `*ragged_count`. Returns the rows.
size_t lathe_csv_sort_out(
    const uint8_t *data, uint32_t *ends, size_t count, size_t width, uint8_t line_end, uint32_t *starts,
    lathe_csv_ragged *ragged, size_t capacity, size_t *ragged_count);

/// Ends of lines in `length` bytes, for messages.
size_t lathe_count_byte(const uint8_t *data, size_t length, uint8_t byte);

// --- Fields -------------------------------------------------------------------------------------------------------

/// Words that stand for missing values.
typedef struct lathe_words {
  const uint8_t *bytes;
  const uint32_t *ends;
  uint32_t count;
  uint32_t longest;
  /// Whether a word of at least one byte begins so.
  bool begins[256];
  /// Whether nothing at all is a missing value.
  bool has_empty;
} lathe_words;

/// The fields of one column in rows that `lathe_csv_index` has cut.
typedef struct lathe_csv_fields {
  const uint8_t *data;
  const uint32_t *ends;
  const uint32_t *starts;
  size_t rows, width, column;
  uint8_t quote;
  /// Whether a field may be in quotes.
  bool has_quotes;
  /// Whether a CR in front of a line end is none of the field's.
  bool trims_return;
  /// Whether what is in quotes may be missing.
  bool quoted_is_missing;
  /// Whether whole numbers beyond 64 bits are no float64 either, which would round them.
  bool refuses_long_integers;
  uint8_t decimal;
  /// What stands between groups of three digits; 0 where nothing does.
  uint8_t thousands;
  const lathe_words *missing;
} lathe_csv_fields;

/// Where the values of a column go: bit first + r of `validity` is cleared where row r has none.
typedef struct lathe_csv_target {
  void *values;
  uint64_t *validity;
  size_t first;
  size_t missing;
} lathe_csv_target;

/// The order of the parts of a date.
enum lathe_date_order { LATHE_YEAR_FIRST = 0, LATHE_DAY_FIRST = 1, LATHE_MONTH_FIRST = 2 };

// Each writes a value for every row and returns the first row whose field is none, or `rows`.
size_t lathe_csv_int64(const lathe_csv_fields *fields, lathe_csv_target *target);
size_t lathe_csv_float64(const lathe_csv_fields *fields, lathe_csv_target *target);
size_t lathe_csv_float32(const lathe_csv_fields *fields, lathe_csv_target *target);
/// A byte for each row.
size_t lathe_csv_bool(const lathe_csv_fields *fields, lathe_csv_target *target);
/// Microseconds since 1970, of texts with a zone or without one.
size_t lathe_csv_time(
    const lathe_csv_fields *fields, lathe_csv_target *target, int order, bool is_zoned);
/// Microseconds.
size_t lathe_csv_duration(const lathe_csv_fields *fields, lathe_csv_target *target);

/// Room that the texts of a column take at most.
size_t lathe_csv_text_room(const lathe_csv_fields *fields);
/// Texts without quotes, laid end to end at `bytes`; `values` is where each ends, counted from `bytes`.
///
/// The room must have 16 bytes more. Returns the bytes used.
size_t lathe_csv_text(const lathe_csv_fields *fields, lathe_csv_target *target, uint8_t *bytes);

/// What a text can be read as; several bits may be set.
enum lathe_field_kind {
  LATHE_KIND_BOOL = 1 << 0,
  LATHE_KIND_INT64 = 1 << 1,
  LATHE_KIND_FLOAT64 = 1 << 2,
  /// The same with a comma for the point.
  LATHE_KIND_DECIMAL_COMMA = 1 << 3,
  LATHE_KIND_TIME = 1 << 4,
  LATHE_KIND_ZONED_TIME = 1 << 5,
  LATHE_KIND_DAY_FIRST = 1 << 6,
  LATHE_KIND_MONTH_FIRST = 1 << 7,
  LATHE_KIND_ALL = (1 << 8) - 1,
  // Seen in some field, set by `lathe_csv_classify` beside the others.
  /// A value that is not missing.
  LATHE_SEEN_VALUE = 1 << 8,
  /// A number with a comma and not three digits behind it.
  LATHE_SEEN_DECIMAL_COMMA = 1 << 9,
  /// A whole number beyond 64 bits.
  LATHE_SEEN_LONG_INTEGER = 1 << 10,
  LATHE_SEEN_DAY_FIRST = 1 << 11,
  LATHE_SEEN_MONTH_FIRST = 1 << 12,
  LATHE_SEEN_YEAR_FIRST = 1 << 13,
};

/// What all fields of a column can be read as, of the bits `kinds`, and what was seen in one.
uint32_t lathe_csv_classify(const lathe_csv_fields *fields, uint32_t kinds);

// --- Values -------------------------------------------------------------------------------------------------------

/// The number that a text says, rounded to the nearest; false where it says none. Reads within the length alone.
bool lathe_parse_float64(const uint8_t *text, size_t length, uint8_t decimal, double *value);
bool lathe_parse_float32(const uint8_t *text, size_t length, uint8_t decimal, float *value);
bool lathe_parse_int64(const uint8_t *text, size_t length, int64_t *value);
/// Microseconds since 1970; `*is_zoned` becomes whether the text names a distance from UTC, which is taken off then.
bool lathe_parse_time(const uint8_t *text, size_t length, int order, int64_t *value, bool *is_zoned);
/// Microseconds of `2 days 03:04:05.6`, `03:04:05` or `P2DT3H4M5.6S`.
bool lathe_parse_duration(const uint8_t *text, size_t length, int64_t *value);
/// Days since 1970 of a date of the Gregorian calendar, and back.
int64_t lathe_days_of_date(int64_t year, unsigned month, unsigned day);
void lathe_date_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

/// Whether a text is somewhere in another.
bool lathe_contains(const uint8_t *data, size_t length, const uint8_t *text, size_t count);

// --- Encodings ----------------------------------------------------------------------------------------------------

/// The first byte that is not part of UTF-8 text, or `length`.
size_t lathe_utf8_fault(const uint8_t *data, size_t length);
/// UTF-16 of `count` units as UTF-8, at most three bytes each; lone halves become U+FFFD, the first at `*fault`.
size_t lathe_utf8_of_utf16(const uint8_t *data, size_t count, bool is_big_endian, uint8_t *result, size_t *fault);
/// Windows-1252 or, with `is_latin1`, Latin-1 as UTF-8, at most three bytes each.
size_t lathe_utf8_of_bytes(const uint8_t *data, size_t length, bool is_latin1, uint8_t *result);

#ifdef __cplusplus
}
#endif
