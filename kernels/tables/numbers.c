#define _GNU_SOURCE
#include "numbers.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "powers_of_five.h"

const double lathe_exact_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// A type of IEEE 754 by its sizes.
typedef struct kind {
  int mantissa_bits, bias, infinite_power;
  int smallest_power, largest_power;
  // Where a number may lie just between two others.
  int first_tie, last_tie;
} kind;

static const kind float64 = {52, 1023, 0x7FF, -342, 308, -4, 23};
static const kind float32 = {23, 127, 0xFF, -64, 38, -17, 10};

/// The bits, without a sign, of the number nearest to w 10^q.
LATHE_INLINE uint64_t nearest(uint64_t w, int64_t q, const kind k) {
  const uint64_t infinite = (uint64_t)k.infinite_power << k.mantissa_bits;
  if (w == 0 || q < k.smallest_power) return 0;
  if (q > k.largest_power) return infinite;
  const int zeros = __builtin_clzll(w);
  w <<= zeros;
  const uint64_t *const power = lathe_powers_of_five[q - LATHE_FIRST_POWER];
  const unsigned __int128 first = (unsigned __int128)w * power[0];
  uint64_t high = (uint64_t)(first >> 64), low = (uint64_t)first;
  const uint64_t rest = ~0ull >> (k.mantissa_bits + 3);
  if ((high & rest) == rest) {
    // What the second half of the power adds may carry into the bits that count.
    const uint64_t carried = (uint64_t)(((unsigned __int128)w * power[1]) >> 64);
    low += carried;
    high += low < carried;
  }
  const int upper = (int)(high >> 63);
  const int shift = upper + 64 - k.mantissa_bits - 3;
  uint64_t mantissa = high >> shift;
  int exponent = (int)(((152170 + 65536) * q) >> 16) + 63 + upper - zeros + k.bias;
  if (exponent <= 0) {
    if (1 - exponent >= 64) return 0;
    mantissa >>= 1 - exponent;
    mantissa += mantissa & 1;
    mantissa >>= 1;
    // Rounded up, it may be the least number that is not subnormal; its bits follow those of the largest that is.
    return mantissa;
  }
  const bool may_tie = low <= 1 && q >= k.first_tie && q <= k.last_tie && (mantissa & 3) == 1;
  if (may_tie && mantissa << shift == high) mantissa &= ~1ull;
  mantissa += mantissa & 1;
  mantissa >>= 1;
  if (mantissa >= 2ull << k.mantissa_bits) {
    mantissa = 1ull << k.mantissa_bits;
    exponent++;
  }
  if (exponent >= k.infinite_power) return infinite;
  return (uint64_t)exponent << k.mantissa_bits | (mantissa & ~(1ull << k.mantissa_bits));
}

double lathe_round_float64(const lathe_decimal *number) {
  const uint64_t bits = nearest(number->digits, number->exponent, float64) | (uint64_t)number->is_negative << 63;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

float lathe_round_float32(const lathe_decimal *number) {
  const uint32_t bits =
      (uint32_t)nearest(number->digits, number->exponent, float32) | (uint32_t)number->is_negative << 31;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// --- Long numbers, by the C library -------------------------------------------------------------------------------

static locale_t c_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void make_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/// A copy that ends with a zero and has a point; `room` takes what is short.
static char *terminated(const uint8_t *text, size_t length, uint8_t decimal, char *room, size_t size) {
  char *copy = length < size ? room : malloc(length + 1);
  if (!copy) return NULL;
  for (size_t i = 0; i < length; i++) copy[i] = text[i] == decimal ? '.' : (char)text[i];
  copy[length] = 0;
  pthread_once(&once, make_locale);
  return copy;
}

double lathe_long_float64(const uint8_t *text, size_t length, uint8_t decimal) {
  char room[256];
  char *copy = terminated(text, length, decimal, room, sizeof room);
  if (!copy) return NAN;
  const double value = strtod_l(copy, NULL, c_locale);
  if (copy != room) free(copy);
  return value;
}

float lathe_long_float32(const uint8_t *text, size_t length, uint8_t decimal) {
  char room[256];
  char *copy = terminated(text, length, decimal, room, sizeof room);
  if (!copy) return NAN;
  const float value = strtof_l(copy, NULL, c_locale);
  if (copy != room) free(copy);
  return value;
}

int lathe_scan_infinity(const uint8_t *text, size_t length) {
  const bool has_sign = length > 0 && (*text == '-' || *text == '+');
  const int sign = has_sign && *text == '-' ? -1 : 1;
  if (has_sign) text++, length--;
  static const char word[] = "infinity";
  if (length != 3 && length != 8) return 0;
  for (size_t i = 0; i < length; i++)
    if ((text[i] | 0x20) != word[i]) return 0;
  return sign;
}

// --- Single texts -------------------------------------------------------------------------------------------------

/// Bytes that may be read beyond a text, which is copied for it where it is short.
enum { BEHIND = 16, SHORT = 112 };

/// Reads a text that is a number as a whole; `infinity` is the sign of an infinite one, else 0.
static bool scan_text(const uint8_t *text, size_t length, uint8_t decimal, int *infinity, lathe_decimal *number) {
  *infinity = lathe_scan_infinity(text, length);
  if (*infinity) return true;
  uint8_t room[SHORT + BEHIND] = {0};
  uint8_t *copy = length <= SHORT ? room : calloc(1, length + BEHIND);
  if (!copy) return false;
  memcpy(copy, text, length);
  const bool is_number = lathe_scan_decimal(copy, copy + length, decimal, number);
  if (copy != room) free(copy);
  return is_number;
}

bool lathe_parse_float64(const uint8_t *text, size_t length, uint8_t decimal, double *value) {
  int infinity;
  lathe_decimal number;
  if (!scan_text(text, length, decimal, &infinity, &number)) return false;
  *value = infinity         ? infinity * INFINITY
           : number.is_long ? lathe_long_float64(text, length, decimal)
                            : lathe_float64_of(&number);
  return true;
}

bool lathe_parse_float32(const uint8_t *text, size_t length, uint8_t decimal, float *value) {
  int infinity;
  lathe_decimal number;
  if (!scan_text(text, length, decimal, &infinity, &number)) return false;
  *value = infinity         ? (float)infinity * INFINITY
           : number.is_long ? lathe_long_float32(text, length, decimal)
                            : lathe_round_float32(&number);
  return true;
}

bool lathe_parse_int64(const uint8_t *text, size_t length, int64_t *value) {
  return lathe_scan_int64(text, text + length, value) == 1;
}
