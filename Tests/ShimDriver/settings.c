#define _GNU_SOURCE
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<CL/cl.h>)

struct settings settings;
struct counts counts;
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool size_of_text(const char *text, size_t *size) {
  char *end;
  const double number = strtod(text, &end);
  const char *units = "KMG", *unit = *end ? strchr(units, *end) : NULL;
  if (end == text || number < 0 || (*end && (!unit || end[1]))) return false;
  *size = (size_t)(number * (double)(1ul << (unit ? 10 * (unit - units + 1) : 0)));
  return true;
}

static bool set_kinds(const char *text) {
  static const char *const names[] = {[DISCRETE] = "discrete", [INTEGRATED] = "integrated", [HOST_CPU] = "cpu"};
  settings.kind_count = 0;
  for (;;) {
    const size_t length = strcspn(text, ",");
    int kind = 0;
    while (kind < 3 && (strlen(names[kind]) != length || strncmp(names[kind], text, length) != 0)) kind++;
    if (kind == 3 || settings.kind_count == MOST_DEVICES) return false;
    settings.kinds[settings.kind_count++] = (enum device_kind)kind;
    if (!text[length]) return true;
    text += length + 1;
  }
}

static void set_defaults(void) {
  settings = (struct settings){.kinds = {DISCRETE}, .kind_count = 1, .shortage = CL_MEM_OBJECT_ALLOCATION_FAILURE};
}

static bool set_one(char *word) {
  const struct { const char *name; bool *flag; } flags[] = {
      {"late-allocation", &settings.late_allocation}, {"late-release", &settings.late_release},
      {"sparse", &settings.sparse}, {"flush-to-zero", &settings.flush_to_zero}, {"dry", &settings.dry},
      {"hold", &settings.hold}};
  const struct { const char *name; size_t *size; } sizes[] = {
      {"groups", &settings.groups}, {"items", &settings.items}, {"workgroup", &settings.workgroup},
      {"local", &settings.local}, {"parameters", &settings.parameters}, {"constant", &settings.constant},
      {"allocation", &settings.allocation}, {"memory", &settings.memory}};
  const struct { const char *name; long *count; } times[] = {{"lost-after", &settings.lost_after},
                                                             {"fault-after", &settings.fault_after},
                                                             {"abort-after", &settings.abort_after},
                                                             {"hang-after", &settings.hang_after},
                                                             {"copy-fault", &settings.copy_fault},
                                                             {"build-delay", &settings.build_delay},
                                                             {"copy-delay", &settings.copy_delay}};
  if (strcmp(word, "none") == 0) {
    open_gate();
    set_defaults();
    return true;
  }
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strcmp(word, flags[i].name) == 0) return *flags[i].flag = true;
  char *value = strchr(word, '=');
  if (!value) return false;
  *value++ = 0;
  size_t number = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    if (strcmp(word, sizes[i].name) == 0) return size_of_text(value, sizes[i].size);
  for (size_t i = 0; i < sizeof times / sizeof *times; i++)
    if (strcmp(word, times[i].name) == 0) {
      if (!size_of_text(value, &number)) return false;
      *times[i].count = (long)number;
      return true;
    }
  if (strcmp(word, "devices") == 0) return set_kinds(value);
  if (strcmp(word, "shortage") == 0) {
    settings.shortage = CL_OUT_OF_RESOURCES;
    return strcmp(value, "resources") == 0;
  }
  if (strcmp(word, "report") == 0)
    return (size_t)snprintf(settings.report, sizeof settings.report, "%s", value) < sizeof settings.report;
  return false;
}

static bool set_words(const char *text) {
  char copy[2048];
  if ((size_t)snprintf(copy, sizeof copy, "%s", text) >= sizeof copy) return false;
  char *rest = NULL;
  for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
    if (!set_one(word)) return false;
  return true;
}

static void report_counts(void) {
  FILE *file = settings.report[0] ? fopen(settings.report, "w") : NULL;
  if (!file) return;
#define SHIM_LINE(name) fprintf(file, #name " %ld\n", counts.name);
  SHIM_COUNTS(SHIM_LINE)
#undef SHIM_LINE
  fclose(file);
}

static void start(void) {
  set_defaults();
  const char *text = getenv("SHIM_DRIVER");
  if (text && !set_words(text)) {
    fprintf(stderr, "SHIM_DRIVER is \"%s\": see Tests/ShimDriver/include/ShimDriver.h for what it can hold\n", text);
    exit(2);
  }
  atexit(report_counts);
}

void read_settings(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
}

int shim_driver_set(const char *text) {
  read_settings();
  pthread_mutex_lock(&lock);
  const bool known = set_words(text);
  pthread_mutex_unlock(&lock);
  return known;
}

long shim_driver_count(const char *name) {
  long value = -1;
  pthread_mutex_lock(&lock);
#define SHIM_FIND(field) \
  if (strcmp(name, #field) == 0) value = counts.field;
  SHIM_COUNTS(SHIM_FIND)
#undef SHIM_FIND
  pthread_mutex_unlock(&lock);
  return value;
}

#endif
