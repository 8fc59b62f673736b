// Texts of dates, times and durations.

#include "numbers.h"

static const int64_t MICROSECONDS = 1000000;

int64_t lathe_days_of_date(int64_t year, unsigned month, unsigned day) {
  // Years that begin in March, in eras of 400: the day that is sometimes there is a year's last.
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t in_era = year - era * 400;
  const int64_t in_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

void lathe_date_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t in_era = days - era * 146097;
  const int64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  const int64_t in_year = in_era - (365 * years + years / 4 - years / 100);
  const int64_t shifted = (5 * in_year + 2) / 153;
  *day = (unsigned)(in_year - (153 * shifted + 2) / 5 + 1);
  *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
  *year = years + era * 400 + (*month <= 2);
}

/// Reads `least` to `most` digits.
static bool take(const uint8_t **text, const uint8_t *end, int least, int most, unsigned *value) {
  unsigned number = 0;
  int count = 0;
  while (count < most && *text < end && lathe_is_digit(**text)) {
    number = number * 10 + (unsigned)(*(*text)++ - '0');
    count++;
  }
  *value = number;
  return count >= least;
}

static bool take_byte(const uint8_t **text, const uint8_t *end, uint8_t byte) {
  if (*text == end || **text != byte) return false;
  ++*text;
  return true;
}

static bool is_date(unsigned year, unsigned month, unsigned day) {
  static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= lengths[month - 1] + (unsigned)(month == 2 && is_leap);
}

/// The digits behind a second's point, as microseconds; what is finer must be zero.
static bool take_fraction(const uint8_t **text, const uint8_t *end, int64_t *value) {
  *value = 0;
  if (!take_byte(text, end, '.') && !take_byte(text, end, ',')) return true;
  int count = 0;
  for (; *text < end && lathe_is_digit(**text); ++*text, count++) {
    const int digit = **text - '0';
    if (count < 6) *value = *value * 10 + digit;
    else if (digit != 0) return false;
  }
  for (int i = count; i < 6; i++) *value *= 10;
  return count > 0;
}

/// `03:04`, `03:04:05` or `03:04:05.678`.
static bool take_clock(const uint8_t **text, const uint8_t *end, unsigned most_hours, int64_t *value) {
  unsigned hour, minute, second = 0;
  int64_t fraction = 0;
  if (!take(text, end, 1, most_hours > 99 ? 6 : 2, &hour) || hour > most_hours) return false;
  if (!take_byte(text, end, ':') || !take(text, end, 2, 2, &minute) || minute > 59) return false;
  if (take_byte(text, end, ':')) {
    if (!take(text, end, 2, 2, &second) || second > 59) return false;
    if (!take_fraction(text, end, &fraction)) return false;
  }
  *value = ((int64_t)hour * 3600 + minute * 60 + second) * MICROSECONDS + fraction;
  return true;
}

/// `Z`, `UTC`, `+02:00`, `+0200` or `+02`: microseconds that the clock is ahead of UTC.
static bool take_zone(const uint8_t **text, const uint8_t *end, int64_t *ahead) {
  *ahead = 0;
  if (take_byte(text, end, 'Z') || take_byte(text, end, 'z')) return true;
  if (end - *text == 3 && memcmp(*text, "UTC", 3) == 0) {
    *text = end;
    return true;
  }
  const bool is_behind = *text < end && **text == '-';
  if (!is_behind && (*text == end || **text != '+')) return false;
  ++*text;
  unsigned hours, minutes = 0;
  if (!take(text, end, 2, 2, &hours) || hours > 23) return false;
  if (take_byte(text, end, ':') ? !take(text, end, 2, 2, &minutes) : *text < end && !take(text, end, 2, 2, &minutes))
    return false;
  if (minutes > 59) return false;
  *ahead = (int64_t)(hours * 60 + minutes) * 60 * MICROSECONDS * (is_behind ? -1 : 1);
  return true;
}

bool lathe_scan_time(const uint8_t *text, const uint8_t *end, int order, int64_t *value, bool *is_zoned) {
  unsigned year, month, day;
  uint8_t between;
  if (order == LATHE_YEAR_FIRST) {
    if (!take(&text, end, 4, 4, &year) || text == end) return false;
    between = *text++;
    if ((between != '-' && between != '/') || !take(&text, end, 2, 2, &month)) return false;
    // A month stands for its first day; with a slash it may be a season such as 2015/16.
    day = 1;
    if ((text < end || between == '/') && (!take_byte(&text, end, between) || !take(&text, end, 2, 2, &day))) return false;
  } else {
    unsigned first, second;
    if (!take(&text, end, 1, 2, &first) || text == end) return false;
    between = *text++;
    // Dates with points begin with the day wherever they are written.
    const bool is_known = between == '/' || between == '-' || (between == '.' && order == LATHE_DAY_FIRST);
    if (!is_known || !take(&text, end, 1, 2, &second)) return false;
    if (!take_byte(&text, end, between) || !take(&text, end, 4, 4, &year)) return false;
    day = order == LATHE_DAY_FIRST ? first : second;
    month = order == LATHE_DAY_FIRST ? second : first;
  }
  if (!is_date(year, month, day)) return false;
  int64_t clock = 0, ahead = 0;
  *is_zoned = false;
  if (text < end) {
    if (*text != ' ' && *text != 'T' && *text != 't') return false;
    text++;
    if (!take_clock(&text, end, 23, &clock)) return false;
    if (text < end && *text == ' ') text++;
    if (text < end) {
      if (!take_zone(&text, end, &ahead)) return false;
      *is_zoned = true;
    }
  }
  *value = lathe_days_of_date(year, month, day) * 86400 * MICROSECONDS + clock - ahead;
  return text == end;
}

bool lathe_parse_time(const uint8_t *text, size_t length, int order, int64_t *value, bool *is_zoned) {
  return lathe_scan_time(text, text + length, order, value, is_zoned);
}

/// `P2DT3H4M5.6S`, behind the P.
static bool take_iso_duration(const uint8_t **text, const uint8_t *end, int64_t *value) {
  static const struct {
    uint8_t letter;
    bool is_clock;
    int64_t seconds;
  } parts[] = {{'W', false, 604800}, {'D', false, 86400}, {'H', true, 3600}, {'M', true, 60}, {'S', true, 1}};
  bool is_clock = false;
  size_t next = 0, taken = 0;
  int64_t sum = 0;
  while (*text < end) {
    if (take_byte(text, end, 'T')) {
      if (is_clock) return false;
      is_clock = true;
      continue;
    }
    unsigned number;
    int64_t fraction = 0;
    if (!take(text, end, 1, 9, &number)) return false;
    const bool has_fraction = *text < end && (**text == '.' || **text == ',');
    if (has_fraction && !take_fraction(text, end, &fraction)) return false;
    if (*text == end) return false;
    const uint8_t letter = *(*text)++;
    while (next < 5 && (parts[next].letter != letter || parts[next].is_clock != is_clock)) next++;
    if (next == 5 || (has_fraction && letter != 'S')) return false;
    sum += (int64_t)number * parts[next++].seconds * MICROSECONDS + fraction;
    taken++;
  }
  *value = sum;
  return taken > 0;
}

bool lathe_parse_duration(const uint8_t *text, size_t length, int64_t *value) {
  const uint8_t *const end = text + length;
  const bool is_negative = take_byte(&text, end, '-');
  if (!is_negative) take_byte(&text, end, '+');
  int64_t sum = 0, clock = 0;
  if (take_byte(&text, end, 'P')) {
    if (!take_iso_duration(&text, end, &sum)) return false;
  } else {
    const uint8_t *const first = text;
    unsigned days;
    if (take(&text, end, 1, 7, &days) && take_byte(&text, end, ' ')) {
      // As pandas writes them, where a minus sign is that of the days alone.
      const size_t left = (size_t)(end - text);
      const size_t word = left >= 4 && memcmp(text, "days", 4) == 0 ? 4 : left >= 3 && memcmp(text, "day", 3) == 0 ? 3 : 0;
      if (!word) return false;
      text += word;
      sum = (int64_t)days * 86400 * MICROSECONDS;
      if (is_negative) sum = -sum;
      if (text < end) {
        if (!take_byte(&text, end, ' ')) return false;
        take_byte(&text, end, '+');
        if (!take_clock(&text, end, 23, &clock)) return false;
      }
      *value = sum + clock;
      return text == end;
    }
    text = first;
    if (!take_clock(&text, end, 999999, &sum)) return false;
  }
  *value = is_negative ? -sum : sum;
  return text == end;
}
