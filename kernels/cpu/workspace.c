#include "include/workspace.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  float *memory[LATHE_WORKSPACE_SLOTS];
  size_t count[LATHE_WORKSPACE_SLOTS];
} workspaces;

static _Thread_local workspaces mine;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

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
      fprintf(stderr, "lathe: no memory for %zu bytes of scratch space\n", size * sizeof(float));
      abort();
    }
    mine.count[slot] = size;
  }
  return mine.memory[slot];
}
