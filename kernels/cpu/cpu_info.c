#define _GNU_SOURCE
#include "include/cpu_info.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/// Reads the first line of a small file of the kernel; false where there is none.
static bool read_line(const char *path, char *line, int capacity) {
  FILE *file = fopen(path, "re");
  if (!file) return false;
  bool read = fgets(line, capacity, file) != NULL;
  fclose(file);
  return read;
}

size_t lathe_allowed_cores(void) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  // Room for more processors than a cpu_set_t holds, as sched_getaffinity fails where the mask is too small.
  cpu_set_t sets[16];
  CPU_ZERO_S(sizeof sets, sets);
  if (sched_getaffinity(0, sizeof sets, sets) == 0) cores = CPU_COUNT_S(sizeof sets, sets);
  char line[128];
  long long quota = 0, period = 0;
  if (read_line("/sys/fs/cgroup/cpu.max", line, sizeof line)) {
    if (sscanf(line, "%lld %lld", &quota, &period) != 2) quota = 0;
  } else if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", line, sizeof line)) {
    sscanf(line, "%lld", &quota);
    if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", line, sizeof line)) sscanf(line, "%lld", &period);
  }
  if (quota > 0 && period > 0) {
    long limit = (long)((quota + period - 1) / period);
    if (limit < cores) cores = limit;
  }
  return cores > 1 ? (size_t)cores : 1;
}

int64_t lathe_memory_limit(void) {
  int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  static const char *const files[] = {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
  for (int i = 0; i < 2; i++) {
    char line[128];
    long long limit = 0;
    if (read_line(files[i], line, sizeof line) && sscanf(line, "%lld", &limit) == 1 && limit > 0 && limit < bytes)
      bytes = limit;
  }
  return bytes;
}
