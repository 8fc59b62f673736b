#include "include/workspace.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct {
  float *memory[LATHE_WORKSPACE_SLOTS];
  size_t count[LATHE_WORKSPACE_SLOTS];
} workspaces;

static _Thread_local workspaces mine;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_size_t failures, missing;

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
    mine.memory[slot] = aligned_alloc(64, size * sizeof(float));
    if (!mine.memory[slot]) {
      atomic_store(&missing, size * sizeof(float));
      atomic_fetch_add(&failures, 1);
      return NULL;
    }
    mine.count[slot] = size;
  }
  return mine.memory[slot];
}

size_t lathe_workspace_failures(void) { return atomic_load(&failures); }
size_t lathe_workspace_missing(void) { return atomic_load(&missing); }
