#define _GNU_SOURCE
#include <string.h>

#include "include/TableKernels.h"

bool lathe_contains(const uint8_t *data, size_t length, const uint8_t *text, size_t count) {
  return memmem(data, length, text, count) != NULL;
}
