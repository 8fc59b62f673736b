#pragma once

#include <string.h>

#include "include/TableKernels.h"
#include "levels.h"

// Texts of numbers. A decimal number is w 10^q; where w and 10^|q| are exact in the result's type one division or product
// rounds it (Clinger), else 128 bits of 5^q are enough to round rightly (Eisel and Lemire). What has more than 19 digits
// is left to the C library.

/// A decimal number as its text has it.
typedef struct lathe_decimal {
  uint64_t digits;
  int64_t exponent;
  bool is_negative;
  /// Whether there are more digits than fit.
  bool is_long;
} lathe_decimal;

LATHE_INLINE bool lathe_is_digit(uint8_t byte) { return (uint8_t)(byte - '0') <= 9; }

LATHE_INLINE uint64_t lathe_eight_bytes(const uint8_t *text) {
  uint64_t bytes;
  memcpy(&bytes, text, sizeof bytes);
  return bytes;
}

LATHE_INLINE bool lathe_are_digits(uint64_t bytes) {
  return ((bytes & 0xF0F0F0F0F0F0F0F0) | (((bytes + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) ==
         0x3333333333333333;
}

/// The number of eight digits, the first in the lowest byte.
LATHE_INLINE uint32_t lathe_value_of_digits(uint64_t bytes) {
  bytes -= 0x3030303030303030;
  bytes = bytes * 10 + (bytes >> 8);
  const uint64_t low = (bytes & 0x000000FF000000FF) * (100 + (1000000ull << 32));
  const uint64_t high = ((bytes >> 16) & 0x000000FF000000FF) * (1 + (10000ull << 32));
  return (uint32_t)((low + high) >> 32);
}

/// Reads digits, a point, an exponent; false where anything else is there. May look at seven bytes behind the end.
LATHE_INLINE bool lathe_scan_decimal(const uint8_t *text, const uint8_t *end, uint8_t point, lathe_decimal *number) {
  const bool is_negative = text < end && *text == '-';
  if (is_negative || (text < end && *text == '+')) text++;
  const uint8_t *const first = text;
  uint64_t digits = 0;
  while (text < end && lathe_is_digit(*text)) digits = digits * 10 + (uint64_t)(*text++ - '0');
  size_t count = (size_t)(text - first);
  int64_t exponent = 0;
  if (text < end && *text == point) {
    const uint8_t *const fraction = ++text;
    while (end - text >= 8) {
      const uint64_t bytes = lathe_eight_bytes(text);
      if (!lathe_are_digits(bytes)) break;
      digits = digits * 100000000 + lathe_value_of_digits(bytes);
      text += 8;
    }
    while (text < end && lathe_is_digit(*text)) digits = digits * 10 + (uint64_t)(*text++ - '0');
    exponent = fraction - text;
    count += (size_t)(text - fraction);
  }
  if (count == 0) return false;
  number->is_long = false;
  if (__builtin_expect(count > 19, 0)) {
    for (const uint8_t *at = first; at < text && (*at == '0' || *at == point); at++) count -= *at == '0';
    number->is_long = count > 19;
  }
  if (text < end && (*text | 0x20) == 'e') {
    text++;
    const bool is_small = text < end && *text == '-';
    if (is_small || (text < end && *text == '+')) text++;
    if (text == end) return false;
    int64_t power = 0;
    for (; text < end && lathe_is_digit(*text); text++)
      if (power < 100000) power = power * 10 + (*text - '0');
    exponent += is_small ? -power : power;
  }
  number->digits = digits;
  number->exponent = exponent;
  number->is_negative = is_negative;
  return text == end;
}

/// Reads a whole number: 1 where it is one, 0 where not, -1 where it is one beyond 64 bits.
LATHE_INLINE int lathe_scan_int64(const uint8_t *text, const uint8_t *end, int64_t *value) {
  const bool is_negative = text < end && *text == '-';
  if (is_negative || (text < end && *text == '+')) text++;
  if (text == end) return 0;
  const uint8_t *first = text;
  uint64_t digits = 0;
  for (; end - text >= 8; text += 8) {
    const uint64_t bytes = lathe_eight_bytes(text);
    if (!lathe_are_digits(bytes)) return 0;
    digits = digits * 100000000 + lathe_value_of_digits(bytes);
  }
  for (; text < end; text++) {
    if (!lathe_is_digit(*text)) return 0;
    digits = digits * 10 + (uint64_t)(*text - '0');
  }
  if (__builtin_expect(text - first > 18, 0)) {
    while (first < end && *first == '0') first++;
    // Nineteen digits fit into 64 bits without a sign.
    if (text - first > 19 || digits > (uint64_t)INT64_MAX + is_negative) return -1;
  }
  *value = (int64_t)(is_negative ? 0 - digits : digits);
  return 1;
}

double lathe_round_float64(const lathe_decimal *number);
float lathe_round_float32(const lathe_decimal *number);
/// What the C library reads, in its own locale, of a text that `lathe_scan_decimal` took.
double lathe_long_float64(const uint8_t *text, size_t length, uint8_t decimal);
float lathe_long_float32(const uint8_t *text, size_t length, uint8_t decimal);

extern const double lathe_exact_powers[23];

LATHE_INLINE double lathe_float64_of(const lathe_decimal *number) {
  if (__builtin_expect(number->digits <= 1ull << 53 && number->exponent >= -22 && number->exponent <= 22, 1)) {
    double value = (double)number->digits;
    value = number->exponent < 0 ? value / lathe_exact_powers[-number->exponent]
                                 : value * lathe_exact_powers[number->exponent];
    return number->is_negative ? -value : value;
  }
  return lathe_round_float64(number);
}

/// `inf`, `infinity` with or without a sign, in any case of letters: 1 or -1, else 0.
int lathe_scan_infinity(const uint8_t *text, size_t length);

// Texts of times; as lathe_parse_time.
bool lathe_scan_time(const uint8_t *text, const uint8_t *end, int order, int64_t *value, bool *is_zoned);

LATHE_INLINE unsigned lathe_two_digits(const uint8_t *text, unsigned *wrong) {
  const unsigned tens = (unsigned)text[0] - '0', ones = (unsigned)text[1] - '0';
  *wrong |= (tens > 9) | (ones > 9);
  return tens * 10 + ones;
}

/// `2024-01-31` and `2024-01-31 12:30:00`, as most are; false for all others, and for wrong ones.
LATHE_INLINE bool lathe_scan_plain_time(const uint8_t *text, const uint8_t *end, int64_t *value) {
  const long length = end - text;
  if (length != 10 && length != 19) return false;
  unsigned wrong = (text[4] ^ '-') | (text[7] ^ '-');
  const unsigned year = lathe_two_digits(text, &wrong) * 100 + lathe_two_digits(text + 2, &wrong);
  const unsigned month = lathe_two_digits(text + 5, &wrong), day = lathe_two_digits(text + 8, &wrong);
  // What is left of months that are shorter is looked at elsewhere.
  wrong |= (year < 1) | (month - 1 > 11) | (day - 1 > 27);
  int64_t seconds = 0;
  if (length == 19) {
    const unsigned hour = lathe_two_digits(text + 11, &wrong), minute = lathe_two_digits(text + 14, &wrong);
    const unsigned second = lathe_two_digits(text + 17, &wrong);
    wrong |= (text[10] != ' ' && text[10] != 'T') | (text[13] ^ ':') | (text[16] ^ ':');
    wrong |= (hour > 23) | (minute > 59) | (second > 59);
    seconds = hour * 3600 + minute * 60 + second;
  }
  if (wrong) return false;
  const unsigned shifted = year - (month <= 2), from_march = month > 2 ? month - 3 : month + 9;
  const unsigned in_year = (153 * from_march + 2) / 5 + day - 1;
  const int64_t days = (int64_t)(365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + in_year) - 719468;
  *value = (days * 86400 + seconds) * 1000000;
  return true;
}
