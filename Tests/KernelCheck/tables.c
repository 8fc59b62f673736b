#include "TableKernels.h"
#include "check.h"

#include <stdlib.h>

// Kernels of CSV files (kernels/tables), against loops that go byte by byte, and against the C library's numbers.

/// Bytes that may be read behind a range.
enum { BEHIND = 64, LONGEST = 700 };

/// A text of few characters, so that quotes and line ends come close together.
static uint8_t *random_text(long length, const char *letters, long slack) {
  const long kinds = (long)strlen(letters);
  uint8_t *text = room(length + slack, 1);
  // What stands behind a text must not matter: delimiters, quotes and line ends.
  for (long i = 0; i < length + slack; i++) text[i] = (uint8_t)letters[next_below(kinds)];
  return text;
}

static const lathe_csv_format formats[] = {{',', '"', '\n', true}, {';', ';', '\n', false}, {'\t', '\'', '\r', true}};

static void check_survey(const uint8_t *data, size_t begin, size_t end, lathe_csv_format f) {
  lathe_csv_survey found, naive = {.is_ascii = true};
  memset(&found, 0, sizeof found);
  for (int state = 0; state < 2; state++) {
    bool in = state, starts = state == 0 && (begin == 0 || data[begin - 1] == f.line_end);
    bool behind = state == 0 && begin > 0 && data[begin - 1] == '\r' && (begin == 1 || data[begin - 2] == f.line_end);
    for (size_t i = begin; i < end; i++) {
      const bool is_quote = f.has_quotes && data[i] == f.quote;
      in ^= is_quote;
      naive.has_quotes |= is_quote;
      naive.has_nul |= data[i] == 0;
      naive.is_ascii &= data[i] < 0x80;
      const bool is_end = data[i] == f.line_end && !in;
      if (is_end) {
        naive.rows[state] += !starts && !behind;
        naive.last[state] = i + 1;
      }
      behind = starts && data[i] == '\r';
      starts = is_end;
    }
    if (state == 0) naive.changes_state = in;
  }
  lathe_csv_look(data, begin, end, f, &found);
  expect_same("rows", found.rows, naive.rows, 2, sizeof *found.rows);
  expect_same("last line ends", found.last, naive.last, 2, sizeof *found.last);
  expect_true("state", found.changes_state == naive.changes_state);
  expect_true("quotes", found.has_quotes == naive.has_quotes);
  expect_true("zeros", found.has_nul == naive.has_nul);
  expect_true("ASCII", found.is_ascii == naive.is_ascii);
}

/// The ends of fields, and whether a quote stands where none may.
static size_t naive_index(const uint8_t *data, size_t length, lathe_csv_format f, uint32_t *ends, bool *misplaced) {
  size_t count = 0;
  bool in = false, after_end = true, after_close = false;
  *misplaced = false;
  for (size_t i = 0; i < length; i++) {
    const bool is_quote = f.has_quotes && data[i] == f.quote;
    in ^= is_quote;
    const bool is_end = !in && !is_quote && (data[i] == f.delimiter || data[i] == f.line_end);
    if (is_quote && in) *misplaced |= !after_end && !after_close;
    else if (after_close) *misplaced |= !is_end && data[i] != '\r';
    if (is_end) ends[count++] = (uint32_t)i;
    after_end = is_end;
    after_close = is_quote && !in;
  }
  return count;
}

static void check_structure(void) {
  const long slack = 64;
  uint32_t *ends = room(LONGEST + 2 * slack, 4), *naive = room(LONGEST, 4), *starts = room(LONGEST, 4);
  lathe_csv_ragged *ragged = room(LONGEST, sizeof *ragged);
  for (int turn = 0; turn < 300; turn++) {
    const lathe_csv_format f = formats[turn % 3];
    const char *letters[] = {"ab,\"\n\r", "a;\n\rbcdefgh", "a\t'\r'", "abcdefghijklm,\n\x80\xff\""};
    const long length = turn < 8 ? turn : next_below(LONGEST);
    describe("structure of %ld bytes, turn %d", length, turn);
    uint8_t *data = random_text(length, letters[turn % 4], BEHIND);
    if (turn % 7 == 0 && length > 0) data[next_below(length)] = 0;
    const size_t begin = length > 0 ? (size_t)next_below(length) : 0;
    check_survey(data, 0, (size_t)length, f);
    check_survey(data, begin, (size_t)length, f);
    bool misplaced;
    const size_t count = naive_index(data, (size_t)length, f, naive, &misplaced);
    const lathe_csv_index_result found = lathe_csv_index(data, (size_t)length, f, ends, count + (size_t)slack);
    expect_true("room", !found.is_full);
    expect_true("ends of fields", found.count == count);
    expect_same("places of ends", ends, naive, (long)count, 4);
    expect_true("misplaced quotes", found.has_misplaced_quote == misplaced);
    size_t lines = 0, line_bytes = 0, width = 0, regular = 0, others = 0;
    for (long i = 0; i < length; i++) line_bytes += data[i] == f.line_end;
    expect_true("line ends", lathe_count_byte(data, (size_t)length, f.line_end) == line_bytes);
    // Rows of the first one's width, and the others.
    size_t first = 0, start = 0;
    uint32_t *kept = room((long)count + 1, 4), *kept_starts = room((long)count + 1, 4);
    size_t kept_ends = 0, last = 0;
    for (size_t i = 0; i < count; i++) {
      if (data[naive[i]] != f.line_end) continue;
      last = i + 1;
      lines++;
      const size_t fields = last - first, bytes = naive[i] - start;
      const bool is_empty = fields == 1 && (bytes == 0 || (bytes == 1 && data[start] == '\r'));
      if (width == 0 && !is_empty) width = fields;
      if (!is_empty && fields == width) {
        kept_starts[regular++] = (uint32_t)start;
        for (size_t j = first; j < last; j++) kept[kept_ends++] = naive[j];
      } else {
        others += !is_empty;
      }
      first = last;
      start = naive[i] + 1;
    }
    expect_true("rows that end", found.line_ends == lines);
    if (width == 0) {
      release();
      ends = room(LONGEST + 2 * slack, 4), naive = room(LONGEST, 4), starts = room(LONGEST, 4);
      ragged = room(LONGEST, sizeof *ragged);
      continue;
    }
    if (regular == lines) {
      expect_true("regular", lathe_csv_is_regular(data, ends, lines, width, f.line_end, starts));
      expect_same("where rows begin", starts, kept_starts, (long)lines, 4);
    }
    size_t ragged_count;
    const size_t rows = lathe_csv_sort_out(data, ends, last, width, f.line_end, starts, ragged, 3, &ragged_count);
    expect_true("rows that stay", rows == regular && ragged_count == others);
    expect_same("ends that stay", ends, kept, (long)kept_ends, 4);
    expect_same("beginnings that stay", starts, kept_starts, (long)regular, 4);
    release();
    ends = room(LONGEST + 2 * slack, 4), naive = room(LONGEST, 4), starts = room(LONGEST, 4);
    ragged = room(LONGEST, sizeof *ragged);
  }
  release();
}

// --- Numbers ------------------------------------------------------------------------------------------------------

/// A text in memory that ends where it does.
static uint8_t *exact_text(const char *text) {
  const size_t length = strlen(text);
  uint8_t *copy = room((long)length, 1);
  memcpy(copy, text, length);
  return copy;
}

static void check_number(const char *text) {
  describe("'%s'", text);
  const size_t length = strlen(text);
  uint8_t *copy = exact_text(text);
  double d = 0, expected = strtod(text, NULL);
  float f = 0, expected_float = strtof(text, NULL);
  expect_true("a number", lathe_parse_float64(copy, length, '.', &d) && lathe_parse_float32(copy, length, '.', &f));
  expect_same("float64", &d, &expected, 1, sizeof d);
  expect_same("float32", &f, &expected_float, 1, sizeof f);
  release();
}

static void check_whole(const char *text, bool fits) {
  describe("'%s'", text);
  int64_t value = 0, expected = strtoll(text, NULL, 10);
  const bool found = lathe_parse_int64(exact_text(text), strlen(text), &value);
  expect_true("a whole number of 64 bits", found == fits);
  if (fits) expect_same("whole number", &value, &expected, 1, sizeof value);
  release();
}

static void check_numbers_of_texts(void) {
  static const char *const edges[] = {
      "0", "-0", "+1", "1e22", "1e23", "9007199254740993", "9007199254740992.5", "1.7976931348623157e308", "1.8e308",
      "-1e999", "4.9e-324", "2.4e-324", "2.5e-324", "2.2250738585072014e-308", "2.2250738585072011e-308", "1e-400",
      "3.4028235e38", "3.4028236e38", "1e-45", "7e-46", "7.1e-46", "16777217", "16777217.0000001", "0.1", "1.",
      ".5", "00000000000000000000012", "0.00000000000000000000000000012345678901234567890123",
      "123456789012345678901234567890", "18446744073709551615", "18446744073709551616", "9223372036854775807.5",
      "8.5899345920000000001e9", "12345678.12345678", "1.12345678901234567e-5"};
  for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) check_number(edges[i]);
  char text[64];
  for (int i = 0; i < 3000; i++) {
    double value;
    const uint64_t bits = next_bits();
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    snprintf(text, sizeof text, i % 3 == 0 ? "%.17g" : i % 3 == 1 ? "%.15e" : "%.9g", value);
    check_number(text);
    snprintf(text, sizeof text, "%.*f", i % 18, (double)next_float() * (i % 2 ? 1e3 : 1e9));
    check_number(text);
    snprintf(text, sizeof text, "%lld", (long long)((int64_t)next_bits() >> i % 64));
    check_whole(text, true);
  }
  check_whole("9223372036854775807", true);
  check_whole("-9223372036854775808", true);
  check_whole("9223372036854775808", false);
  check_whole("-9223372036854775809", false);
  check_whole("99999999999999999999", false);
  check_whole("0000000000000000000000000000012", true);
  static const char *const none[] = {"", "-", "+", ".", "1e", "1e+", "1.2.3", "1 ", "0x10", "nan", "infinit", "e5", "--1"};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    describe("'%s'", none[i]);
    double d;
    float f;
    int64_t n;
    const uint8_t *copy = exact_text(none[i]);
    const size_t length = strlen(none[i]);
    expect_true("no number", !lathe_parse_float64(copy, length, '.', &d) && !lathe_parse_float32(copy, length, '.', &f));
    expect_true("no whole number", !lathe_parse_int64(copy, length, &n));
    release();
  }
}

// --- Columns ------------------------------------------------------------------------------------------------------

enum { ROWS = 500, WIDTH = 6 };

/// A file of a whole number, a number, a truth value, a time, a duration and a text in each row, some of them missing.
static void check_columns(bool has_quotes) {
  describe("columns%s", has_quotes ? " in quotes" : "");
  char *file = room(ROWS * 200 + BEHIND, 1), *next = file;
  int64_t *whole = room(ROWS, 8), *time = room(ROWS, 8), *duration = room(ROWS, 8), *text_ends = room(ROWS, 8);
  double *number = room(ROWS, 8);
  float *single = room(ROWS, 4);
  uint8_t *truth = room(ROWS, 1), *texts = room(ROWS * 40, 1);
  uint64_t validity[WIDTH][ROWS / 64 + 1];
  memset(validity, 0xff, sizeof validity);
  size_t text_bytes = 0;
  const char *quote = has_quotes ? "\"" : "";
  for (long row = 0; row < ROWS; row++) {
    whole[row] = (int64_t)next_bits() >> next_below(60);
    const int64_t day = next_below(40000) - 10000, second = next_below(86400);
    int64_t year;
    unsigned month, date;
    lathe_date_of_days(day, &year, &month, &date);
    expect_true("days of dates", lathe_days_of_date(year, month, date) == day);
    time[row] = (day * 86400 + second) * 1000000;
    duration[row] = second * 1000000 + next_below(1000) * 1000;
    truth[row] = (uint8_t)next_below(2);
    char numeral[40], word[40];
    snprintf(numeral, sizeof numeral, row % 2 ? "%.17g" : "%.6f", (double)next_float() * 1e5);
    number[row] = strtod(numeral, NULL);
    single[row] = strtof(numeral, NULL);
    const long letters = 1 + next_below(30);
    for (long i = 0; i < letters; i++) word[i] = (char)('a' + next_below(26));
    word[letters] = 0;
    const bool is_missing = row % 13 == 5;
    if (is_missing) {
      next += sprintf(next, "NA,,NA,,NA,NA%s\n", row % 2 ? "\r" : "");
      whole[row] = time[row] = duration[row] = 0;
      truth[row] = 0;
      number[row] = single[row] = NAN;
      for (int c = 0; c < WIDTH; c++) validity[c][row / 64] &= ~(1ull << row % 64);
    } else {
      const int64_t rest = duration[row] / 1000 % 1000;
      next += sprintf(next, "%s%lld%s,%s%s%s,%s,%s%04lld-%02u-%02u %02d:%02d:%02d%s,%02d:%02d:%02d.%03d,",
          quote, (long long)whole[row], quote, quote, numeral, quote, truth[row] ? "True" : "false", quote,
          (long long)year, month, date, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60), quote,
          (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60), (int)rest);
      // A quote inside quotes is written twice.
      next += sprintf(next, has_quotes ? "\"%s\"\"\"%s\n" : "%s%s\n", word, row % 2 ? "\r" : "");
      memcpy(texts + text_bytes, word, (size_t)letters);
      text_bytes += (size_t)letters;
      if (has_quotes) texts[text_bytes++] = '"';
    }
    text_ends[row] = (int64_t)text_bytes;
  }
  const size_t length = (size_t)(next - file);
  uint8_t *data = room((long)length + BEHIND, 1);
  memcpy(data, file, length);
  uint32_t *ends = room(ROWS * WIDTH + 64, 4), *starts = room(ROWS, 4);
  const lathe_csv_format format = {',', '"', '\n', true};
  const lathe_csv_index_result index = lathe_csv_index(data, length, format, ends, ROWS * WIDTH + 64);
  expect_true("fields", index.count == ROWS * WIDTH && index.line_ends == ROWS);
  if (index.count != ROWS * WIDTH) return;
  expect_true("regular", lathe_csv_is_regular(data, ends, ROWS, WIDTH, '\n', starts));
  const uint32_t word_ends[] = {2};
  lathe_words missing = {(const uint8_t *)"NA", word_ends, 1, 2, {0}, true};
  missing.begins['N'] = true;
  lathe_csv_fields fields = {.data = data, .ends = ends, .starts = starts, .rows = ROWS, .width = WIDTH, .quote = '"',
      .has_quotes = has_quotes, .trims_return = true, .quoted_is_missing = true, .decimal = '.', .missing = &missing};
  const uint32_t kinds[] = {LATHE_KIND_INT64, LATHE_KIND_FLOAT64, LATHE_KIND_BOOL, LATHE_KIND_TIME};
  for (size_t c = 0; c < WIDTH; c++) {
    fields.column = c;
    uint64_t bits[ROWS / 64 + 1];
    memset(bits, 0xff, sizeof bits);
    lathe_csv_target target = {room(ROWS, 8), bits, 0, 0};
    size_t done = 0;
    if (c < 4) expect_true("kind", lathe_csv_classify(&fields, LATHE_KIND_ALL) & kinds[c]);
    if (c == 0) done = lathe_csv_int64(&fields, &target), expect_same("whole numbers", target.values, whole, ROWS, 8);
    if (c == 1) done = lathe_csv_float64(&fields, &target), expect_close_f64("numbers", target.values, number, ROWS, 0, 1);
    if (c == 2) done = lathe_csv_bool(&fields, &target), expect_same("truth values", target.values, truth, ROWS, 1);
    if (c == 3) {
      done = lathe_csv_time(&fields, &target, LATHE_YEAR_FIRST, false);
      expect_same("times", target.values, time, ROWS, 8);
    }
    if (c == 4) done = lathe_csv_duration(&fields, &target), expect_same("durations", target.values, duration, ROWS, 8);
    if (c == 5) {
      uint8_t *bytes = room((long)lathe_csv_text_room(&fields) + 16, 1);
      expect_true("bytes of texts", lathe_csv_text(&fields, &target, bytes) == text_bytes);
      expect_same("texts", bytes, texts, (long)text_bytes, 1);
      expect_same("ends of texts", target.values, text_ends, ROWS, 8);
      done = ROWS;
    }
    expect_true("all rows are read", done == ROWS);
    expect_same("which are missing", bits, validity[c], sizeof bits / 8, 8);
  }
  fields.column = 1;
  uint64_t bits[ROWS / 64 + 1];
  memset(bits, 0xff, sizeof bits);
  lathe_csv_target target = {room(ROWS, 4), bits, 0, 0};
  expect_true("all rows are read", lathe_csv_float32(&fields, &target) == ROWS);
  for (long row = 0; row < ROWS; row++)
    if (!isnan(single[row])) expect_same("float32", (float *)target.values + row, single + row, 1, 4);
  release();
}

// --- Encodings ----------------------------------------------------------------------------------------------------

/// The scalar that a text begins with and its bytes; 0 bytes where there is none.
static size_t naive_scalar(const uint8_t *at, size_t left, uint32_t *scalar) {
  const size_t count = at[0] < 0x80 ? 1 : at[0] < 0xC0 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : at[0] < 0xF8 ? 4 : 0;
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (count == 0 || count > left) return 0;
  *scalar = count == 1 ? at[0] : at[0] & (0x7Fu >> count);
  for (size_t i = 1; i < count; i++) {
    if (at[i] >> 6 != 2) return 0;
    *scalar = *scalar << 6 | (at[i] & 0x3F);
  }
  if (*scalar < least[count] || *scalar > 0x10FFFF || (*scalar >= 0xD800 && *scalar <= 0xDFFF)) return 0;
  return count;
}

static void check_encodings(void) {
  for (int turn = 0; turn < 400; turn++) {
    describe("encodings, turn %d", turn);
    const long length = turn % 70;
    uint8_t *data = room(length, 1);
    for (long i = 0; i < length; i++) {
      static const uint8_t bytes[] = {0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xED, 0xA0, 0xC0, 0xF4, 0x90};
      data[i] = turn % 2 ? bytes[next_below(sizeof bytes)] : (uint8_t)('a' + next_below(26));
    }
    // Mostly right texts: characters of two, three and four bytes.
    if (turn % 4 != 1)
      for (long i = 0; i + 4 <= length; i += 4)
        memcpy(data + i, turn % 3 == 0 ? "\xC3\xA9\xC3\xA9" : turn % 3 == 1 ? "\xE2\x82\xACx" : "\xF0\x9F\x98\x80", 4);
    size_t place = 0, step = 1;
    uint32_t scalar;
    while (place < (size_t)length && (step = naive_scalar(data + place, (size_t)length - place, &scalar)) > 0) place += step;
    expect_true("the first byte that is wrong", lathe_utf8_fault(data, (size_t)length) == place);
    // Any units as UTF-16: what comes out is UTF-8 of the same scalars.
    const size_t units = (size_t)length / 2;
    uint8_t *result = room((long)units * 3, 1);
    for (size_t i = 0; i < units; i++)
      if (turn % 3 == 0) data[2 * i + 1] = (uint8_t)(0xD8 + next_below(8));
    size_t fault, at = 0, lone = units;
    const size_t written = lathe_utf8_of_utf16(data, units, false, result, &fault);
    bool same = true;
    for (size_t i = 0; i < units; i++) {
      uint32_t expected = (uint32_t)(data[2 * i] | data[2 * i + 1] << 8);
      const uint32_t second = i + 1 < units ? (uint32_t)(data[2 * i + 2] | data[2 * i + 3] << 8) : 0;
      if (expected >= 0xD800 && expected < 0xDC00 && second >= 0xDC00 && second < 0xE000) {
        expected = 0x10000 + ((expected & 0x3FF) << 10 | (second & 0x3FF));
        i++;
      } else if (expected >= 0xD800 && expected < 0xE000) {
        if (lone == units) lone = i;
        expected = 0xFFFD;
      }
      const size_t count = at < written ? naive_scalar(result + at, written - at, &scalar) : 0;
      same = same && count > 0 && scalar == expected;
      at += count;
    }
    expect_true("UTF-16", same && at == written && fault == lone);
    uint8_t *latin = room(length * 3, 1);
    const size_t latin_count = lathe_utf8_of_bytes(data, (size_t)length, true, latin);
    at = 0;
    same = true;
    for (long i = 0; i < length; i++) {
      const size_t count = at < latin_count ? naive_scalar(latin + at, latin_count - at, &scalar) : 0;
      same = same && count > 0 && scalar == data[i];
      at += count;
    }
    expect_true("Latin-1", same && at == latin_count);
    release();
  }
  uint8_t euro[3], byte = 0x80;
  expect_true("Windows-1252", lathe_utf8_of_bytes(&byte, 1, false, euro) == 3 && !memcmp(euro, "\xE2\x82\xAC", 3));
}

void check_tables(void) {
  check_structure();
  check_numbers_of_texts();
  check_columns(false);
  check_columns(true);
  check_encodings();
}
