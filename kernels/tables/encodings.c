// Text in other encodings, as UTF-8.

#include <string.h>

#include "include/TableKernels.h"
#include "levels.h"

LATHE_INLINE bool continues(uint8_t byte) { return (byte & 0xC0) == 0x80; }

size_t lathe_utf8_fault(const uint8_t *data, size_t length) {
  size_t place = 0;
  while (place < length) {
    // Sixteen bytes of ASCII at a time.
    while (place + 16 <= length) {
      uint64_t words[2];
      memcpy(words, data + place, 16);
      if ((words[0] | words[1]) & 0x8080808080808080) break;
      place += 16;
    }
    if (place == length) break;
    const uint8_t *const at = data + place;
    const size_t left = length - place;
    if (at[0] < 0x80) {
      place++;
    } else if (at[0] >= 0xC2 && at[0] <= 0xDF) {
      if (left < 2 || !continues(at[1])) return place;
      place += 2;
    } else if (at[0] >= 0xE0 && at[0] <= 0xEF) {
      if (left < 3 || !continues(at[1]) || !continues(at[2])) return place;
      // No longer form than needed, and no half of a pair.
      if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F)) return place;
      place += 3;
    } else if (at[0] >= 0xF0 && at[0] <= 0xF4) {
      if (left < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3])) return place;
      if ((at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F)) return place;
      place += 4;
    } else {
      return place;
    }
  }
  return length;
}

LATHE_INLINE uint8_t *put(uint8_t *next, uint32_t scalar) {
  if (scalar < 0x80) {
    *next++ = (uint8_t)scalar;
  } else if (scalar < 0x800) {
    *next++ = (uint8_t)(0xC0 | scalar >> 6);
    *next++ = (uint8_t)(0x80 | (scalar & 0x3F));
  } else if (scalar < 0x10000) {
    *next++ = (uint8_t)(0xE0 | scalar >> 12);
    *next++ = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
    *next++ = (uint8_t)(0x80 | (scalar & 0x3F));
  } else {
    *next++ = (uint8_t)(0xF0 | scalar >> 18);
    *next++ = (uint8_t)(0x80 | (scalar >> 12 & 0x3F));
    *next++ = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
    *next++ = (uint8_t)(0x80 | (scalar & 0x3F));
  }
  return next;
}

LATHE_INLINE uint32_t unit_at(const uint8_t *data, size_t index, bool is_big_endian) {
  const uint8_t *const at = data + 2 * index;
  return is_big_endian ? (uint32_t)(at[0] << 8 | at[1]) : (uint32_t)(at[1] << 8 | at[0]);
}

size_t lathe_utf8_of_utf16(const uint8_t *data, size_t count, bool is_big_endian, uint8_t *result, size_t *fault) {
  uint8_t *next = result;
  *fault = count;
  for (size_t i = 0; i < count; i++) {
    uint32_t unit = unit_at(data, i, is_big_endian);
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      const uint32_t second = unit <= 0xDBFF && i + 1 < count ? unit_at(data, i + 1, is_big_endian) : 0;
      if (second >= 0xDC00 && second <= 0xDFFF) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
        i++;
      } else {
        if (*fault == count) *fault = i;
        unit = 0xFFFD;
      }
    }
    next = put(next, unit);
  }
  return (size_t)(next - result);
}

/// 0x80 to 0x9F in Windows-1252; the five that have no character are the control characters of Latin-1.
static const uint16_t windows[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

size_t lathe_utf8_of_bytes(const uint8_t *data, size_t length, bool is_latin1, uint8_t *result) {
  uint8_t *next = result;
  for (size_t i = 0; i < length; i++) {
    const uint8_t byte = data[i];
    next = put(next, !is_latin1 && byte >= 0x80 && byte < 0xA0 ? windows[byte - 0x80] : byte);
  }
  return (size_t)(next - result);
}
