// The kernel files as they are on disk, inside the program. A new file is an array and a row of the table.

#include "opencl_kernels.h"

#include <stddef.h>
#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char common[] = {
#embed "common.clh" suffix(, 0)
};

static const char math[] = {
#embed "math.clh" suffix(, 0)
};

static const char copy_cl[] = {
#embed "copy.cl" suffix(, 0)
};

static const char indexing_cl[] = {
#embed "indexing.cl" suffix(, 0)
};

static const char random_cl[] = {
#embed "random.cl" suffix(, 0)
};

static const char scan_cl[] = {
#embed "scan.cl" suffix(, 0)
};

static const char sort_cl[] = {
#embed "sort.cl" suffix(, 0)
};

static const struct {
  const char *name;
  const char *text;
} files[] = {
    {"common.clh", common},
    {"math.clh", math},
    {"copy.cl", copy_cl},
    {"indexing.cl", indexing_cl},
    {"random.cl", random_cl},
    {"scan.cl", scan_cl},
    {"sort.cl", sort_cl},
};

const char *lathe_opencl_kernel_source(const char *name) {
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    if (strcmp(files[i].name, name) == 0) return files[i].text;
  }
  return NULL;
}
