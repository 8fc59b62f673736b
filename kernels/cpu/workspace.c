#include "include/workspace.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

typedef struct {
  float *memory[LATHE_WORKSPACE_SLOTS];
  size_t count[LATHE_WORKSPACE_SLOTS];
} workspaces;

static _Thread_local workspaces mine;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local size_t *missing;

/// Large blocks lie on huge pages, whose addresses take fewer look-ups.
static float *allocate(size_t bytes) {
  const size_t page = 2 << 20;
  const int is_large = bytes >= 2 * page;
  float *memory = aligned_alloc(is_large ? page : 64, bytes);
  if (memory && is_large) madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

static void free_all(void *pointer) {
  workspaces *old = pointer;
  for (int i = 0; i < LATHE_WORKSPACE_SLOTS; i++) {
    free(old->memory[i]);
    old->memory[i] = NULL;
    old->count[i] = 0;
  }
}

static void make_key(void) { pthread_key_create(&key, free_all); }

float *lathe_workspace(enum lathe_workspace_slot slot, size_t count) {
  if (mine.count[slot] < count) {
    pthread_once(&once, make_key);
    pthread_setspecific(key, &mine);
    size_t size = (count + count / 4 + 1023) / 1024 * 1024;
    free(mine.memory[slot]);
    mine.count[slot] = 0;
    mine.memory[slot] = allocate(size * sizeof(float));
    if (!mine.memory[slot]) {
      if (missing) __atomic_store_n(missing, size * sizeof(float), __ATOMIC_RELAXED);
      return NULL;
    }
    mine.count[slot] = size;
  }
  return mine.memory[slot];
}

size_t *lathe_workspace_report_to(size_t *place) {
  size_t *before = missing;
  missing = place;
  return before;
}

size_t *lathe_workspace_reports(void) { return missing; }
