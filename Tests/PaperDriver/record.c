#include "paper.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder(void) {
  const char *path = getenv("LATHE_PAPER_OUTPUT");
  if (path && *path) return path;
  fprintf(stderr, "paper driver: LATHE_PAPER_OUTPUT: name a folder\n");
  exit(2);
}

static void fail(const char *path) {
  fprintf(stderr, "paper driver: %s: cannot be written\n", path);
  exit(2);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0) fail(path);
}

// FNV-1a.
static uint64_t hash(uint64_t state, const char *text) {
  for (; *text; text++) state = (state ^ (unsigned char)*text) * 0x100000001b3u;
  return state;
}

void paper_keep(const char *text, const char *options, char name[17]) {
  snprintf(name, 17, "%016llx", (unsigned long long)hash(hash(hash(0xcbf29ce484222325u, options), "\n"), text));
  char path[4096];
  snprintf(path, sizeof path, "%s/programs", folder());
  mkdir(folder(), 0777);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/programs/%s.options", folder(), name);
  write_file(path, options);
  snprintf(path, sizeof path, "%s/programs/%s.cl", folder(), name);
  write_file(path, text);
}

void paper_log(const char *format, ...) {
  static int file = -1;
  if (file < 0) {
    char path[4096];
    snprintf(path, sizeof path, "%s/launches.jsonl", folder());
    mkdir(folder(), 0777);
    file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) fail(path);
  }
  char line[69632];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length < 0 || length >= (int)sizeof line - 1) fail("a line of more than 69632 characters");
  line[length] = '\n';
  // Whole lines at once, so that a reader never meets half of one.
  if (write(file, line, (size_t)length + 1) != length + 1) fail("launches.jsonl");
}
