#include "check.h"

#include <stdatomic.h>

// The pool of threads, scratch memory, and the loops that measure the machine.

enum { CHUNKS = 5000, SOME = 50 };

typedef struct job {
  _Atomic int runs[CHUNKS];
  _Atomic int nested;
} job;

static void run_chunk(void *context, size_t chunk) {
  job *j = context;
  atomic_fetch_add(&j->runs[chunk], 1);
  // The pool is busy: a chunk's own jobs are left to it.
  if (chunk % 1000 == 0 && !lathe_pool_run(4, run_chunk, context)) atomic_fetch_add(&j->nested, 1);
}

static void check_pool(void) {
  static job j;
  describe("pool");
  expect_true("three workers start", lathe_pool_start(3) == 3);
  expect_true("only once", lathe_pool_start(7) == 3);
  for (int turn = 0; turn < SOME; turn++) expect_true("a job is taken", lathe_pool_run(CHUNKS, run_chunk, &j));
  for (long i = 0; i < CHUNKS; i++) expect_true("each chunk runs once", atomic_load(&j.runs[i]) == SOME);
  expect_true("nested jobs are refused", atomic_load(&j.nested) == SOME * CHUNKS / 1000);
  expect_true("too many chunks are refused", !lathe_pool_run(65536, run_chunk, &j));
}

static void check_memory(void) {
  describe("scratch memory");
  for (int slot = 0; slot < LATHE_WORKSPACE_SLOTS; slot++) {
    float *small = lathe_workspace(slot, 10), *same = lathe_workspace(slot, 5);
    expect_true("is aligned", small && (uintptr_t)small % 64 == 0);
    expect_true("is kept", small == same);
    float *large = lathe_workspace(slot, 100000);
    large[99999] = 1;
    expect_true("grows", (uintptr_t)large % 64 == 0);
  }
  size_t missing = 0;
  expect_true("reports to nobody at first", lathe_workspace_report_to(&missing) == NULL);
  expect_true("is not endless", lathe_workspace(LATHE_WORKSPACE_SHARED, SIZE_MAX / 16) == NULL);
  expect_true("says what was missing", missing >= SIZE_MAX / 4);
  expect_true("reports there", lathe_workspace_report_to(NULL) == &missing);
}

static void check_roofs(void) {
  enum { BLOCKS = 100 };
  char *from = scratch_room(64 * BLOCKS, 1), *to = scratch_room(64 * BLOCKS, 1);
  for (long i = 0; i < 64 * BLOCKS; i++) from[i] = (char)next_bits();
  describe("roofs");
  lathe_roof_copy(to, from, BLOCKS);
  expect_same("copy", to, from, 64 * BLOCKS, 1);
  float result = NAN;
  const double work = lathe_roof_multiply_adds(1000, &result);
  expect_true("multiply-adds have a finite result", isfinite(result));
  expect_true("each turn has some", work >= 8);
  release();
}

void check_threads(void) {
  check_pool();
  check_memory();
  check_roofs();
}
