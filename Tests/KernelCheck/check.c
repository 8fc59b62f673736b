#define _GNU_SOURCE
#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t state = 1;

void seed_numbers(uint64_t seed) { state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1; }

uint64_t next_bits(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * UINT64_C(0x2545f4914f6cdd1d);
}

float next_float(void) { return (float)((int64_t)(next_bits() >> 40) - (1 << 23)) * 0x1p-23f; }
long next_below(long n) { return (long)(next_bits() >> 16) % n; }

// --- Memory -------------------------------------------------------------------------------------------------------

typedef struct mapping {
  char *start;
  size_t size;
} mapping;

static mapping *mappings;
static size_t mapped, capacity;

/// Pages between two that are out of bounds; the memory ends `slack` bytes or fewer before the second.
static void *map_bytes(size_t bytes, size_t slack) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), inside = (bytes + slack + page) / page * page;
  char *start = mmap(NULL, inside + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED || mprotect(start, page, PROT_NONE) || mprotect(start + page + inside, page, PROT_NONE)) {
    fprintf(stderr, "kernel-check: no memory for %zu bytes\n", bytes);
    exit(2);
  }
  if (mapped == capacity) {
    capacity = capacity ? 2 * capacity : 64;
    mappings = realloc(mappings, capacity * sizeof *mappings);
    if (!mappings) exit(2);
  }
  mappings[mapped++] = (mapping){start, inside + 2 * page};
  memset(start + page, 0xff, inside);
  const size_t unit = slack + 1;
  return start + page + inside - (bytes + unit - 1) / unit * unit;
}

void *room(long count, size_t size) { return map_bytes((size_t)count * size, 0); }
void *scratch_room(long count, size_t size) { return map_bytes((size_t)count * size, 63); }
float *blank_floats(long count) { return room(count, sizeof(float)); }

float *random_floats(long count) {
  float *x = room(count, sizeof *x);
  for (long i = 0; i < count; i++) x[i] = next_float();
  return x;
}

double *zero_doubles(long count) {
  double *x = room(count, sizeof *x);
  memset(x, 0, (size_t)count * sizeof *x);
  return x;
}

void release(void) {
  for (size_t i = 0; i < mapped; i++) munmap(mappings[i].start, mappings[i].size);
  mapped = 0;
}

// --- Comparisons --------------------------------------------------------------------------------------------------

enum { MOST_PRINTED = 5 };
static findings found;
static char case_name[160];
static bool prints = true;

void print_failures(bool on) { prints = on; }

void begin_findings(void) {
  memset(&found, 0, sizeof found);
  case_name[0] = 0;
}

const findings *end_findings(void) { return &found; }

void describe(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(case_name, sizeof case_name, format, arguments);
  va_end(arguments);
}

static void fail(const char *what, const char *format, ...) {
  if (found.failures++ >= MOST_PRINTED || !prints) return;
  va_list arguments;
  va_start(arguments, format);
  printf("  %s%s%s: ", case_name, *case_name ? ": " : "", what);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
}

/// Takes an error as a share of what is allowed.
static void note(const char *what, double share) {
  found.compared++;
  if (share > found.worst) {
    found.worst = share;
    snprintf(found.place, sizeof found.place, "%s%s%s", case_name, *case_name ? ": " : "", what);
  }
}

static double share_of(double error, double allowed) {
  if (error == 0) return 0;
  return allowed > 0 ? error / allowed : INFINITY;
}

static double share_between(double actual, double expected, double tolerance, double scale) {
  if (isnan(expected) || isnan(actual)) return isnan(expected) && isnan(actual) ? 0 : INFINITY;
  if (isinf(expected)) return actual == expected ? 0 : INFINITY;
  return share_of(fabs(actual - expected), tolerance * fmax(scale, fabs(expected)));
}

void expect_close(
    const char *what, const float *actual, const double *expected, long count, double tolerance, double scale) {
  for (long i = 0; i < count; i++) {
    const double share = share_between(actual[i], expected[i], tolerance, scale);
    note(what, share);
    if (!(share <= 1)) fail(what, "element %ld is %.9g, not %.9g", i, actual[i], expected[i]);
  }
}

void expect_close_f64(
    const char *what, const double *actual, const double *expected, long count, double tolerance, double scale) {
  for (long i = 0; i < count; i++) {
    const double share = share_between(actual[i], expected[i], tolerance, scale);
    note(what, share);
    if (!(share <= 1)) fail(what, "element %ld is %.17g, not %.17g", i, actual[i], expected[i]);
  }
}

/// Distance of a float32 from a float64 reference, in units of the reference's last place.
static double ulps(float value, double expected) {
  const float nearest = (float)expected;
  if (isnan(nearest) || isnan(value)) return isnan(nearest) && isnan(value) ? 0 : INFINITY;
  if (isinf(nearest) || isinf(value)) {
    if (nearest == value) return 0;
    // The neighbour of infinity is the largest number.
    const float largest = 0x1.fffffep127f;
    return fminf(fabsf(nearest), fabsf(value)) == largest && (nearest < 0) == (value < 0) ? 1 : INFINITY;
  }
  const double unit = fmax((double)nextafterf(fabsf(nearest), INFINITY) - fabs((double)nearest), 0x1p-149);
  return fabs((double)value - expected) / (isinf(unit) ? 0x1p104 : unit);
}

void expect_ulps(
    const char *what, float actual, double expected, double allowed, double absolute, double argument) {
  double share = share_of(ulps(actual, expected), allowed);
  if (absolute > 0 && isfinite(expected)) share = fmin(share, fabs((double)actual - expected) / absolute);
  note(what, share);
  if (!(share <= 1)) fail(what, "of %.9g is %.9g, not %.9g: %.3g ulp", argument, actual, expected, ulps(actual,
      expected));
}

void expect_same(const char *what, const void *actual, const void *expected, long count, size_t size) {
  const uint8_t *a = actual, *b = expected;
  for (long i = 0; i < count; i++) {
    const bool same = memcmp(a + (size_t)i * size, b + (size_t)i * size, size) == 0;
    note(what, same ? 0 : INFINITY);
    if (same) continue;
    uint64_t x = 0, y = 0;
    memcpy(&x, a + (size_t)i * size, size < 8 ? size : 8);
    memcpy(&y, b + (size_t)i * size, size < 8 ? size : 8);
    fail(what, "element %ld has the bits %llx, not %llx", i, (unsigned long long)x, (unsigned long long)y);
  }
}

void expect_true(const char *what, bool holds) {
  note(what, holds ? 0 : INFINITY);
  if (!holds) fail(what, "does not hold");
}
