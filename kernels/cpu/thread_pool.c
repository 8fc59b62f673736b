#define _GNU_SOURCE
#include "include/thread_pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The chunks of a job lie in segments, one for each thread; of more than 16 threads some share. A thread takes the chunks
// of its own segment from the front and then those of the others from the back: when a job of the same sizes comes again,
// each thread mostly reads and writes what is still in its own cache.
//
// A segment is published as one 64-bit word, (generation << 32) | (end << 16) | next chunk. A thread first reads that
// word, then the job's fields, then claims a chunk by compare-and-swap: when that succeeds the word did not change, so a
// chunk of the same job was still open and the fields belong to it. While the fields change the words say "closed":
// their end is 0. Late workers therefore need no check-in, and a job ends as soon as its chunks are done, however many
// workers are still asleep.

enum { most_segments = 16, most_chunks = UINT16_MAX };

typedef struct {
  _Alignas(64) _Atomic uint64_t open;
} segment;

// Long enough to stay awake between the operations of a training step, short enough to leave the core soon.
static const int64_t spin_nanoseconds = 150000;

static segment segments[most_segments];
static size_t segment_count = 1;  // Set before the first worker starts.
static _Atomic(lathe_chunk_body) job_body;
static _Atomic(void *) job_context;
static _Atomic uint32_t job_chunks;
static _Alignas(64) _Atomic uint32_t done_chunks;
static _Atomic uint32_t caller_sleeps;
static _Alignas(64) _Atomic uint32_t wake_word;
static _Atomic uint32_t sleepers;
static _Alignas(64) atomic_flag busy = ATOMIC_FLAG_INIT;
static uint32_t generation;  // guarded by `busy`

static size_t worker_count;
static pthread_t *workers_started;
static cpu_set_t allowed_cores;
static int caller_core = -1;  // guarded by `busy`
static pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;

static void futex_wait(_Atomic uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/// Spins until the word has the value (or, inverted, another one); false when that took too long.
static bool spin_until(_Atomic uint32_t *word, uint32_t value, bool equal) {
  int64_t end = 0;
  for (unsigned i = 0;; i++) {
    if ((atomic_load_explicit(word, memory_order_acquire) == value) == equal) return true;
    pause_briefly();
    if (i % 32 == 31) {
      int64_t t = now();
      if (end == 0) end = t + spin_nanoseconds;
      if (t > end) return false;
    }
  }
}

/// Keeps the workers off the caller's core. Left alone, the scheduler often wakes a worker on that core when both had
/// slept, and moves it away only after the job is over: two threads then share one core while another is idle.
static void make_room(void) {
  const int core = sched_getcpu();
  if (core < 0 || core == caller_core || core >= CPU_SETSIZE) return;
  caller_core = core;
  cpu_set_t others = allowed_cores;
  CPU_CLR(core, &others);
  if (CPU_COUNT(&others) == 0) return;
  for (size_t i = 0; i < worker_count; i++) pthread_setaffinity_np(workers_started[i], sizeof others, &others);
}

/// Claims and runs chunks of a segment until none is open.
static void work_on(segment *s, bool own) {
  uint64_t word = atomic_load_explicit(&s->open, memory_order_acquire);
  for (;;) {
    lathe_chunk_body body = atomic_load_explicit(&job_body, memory_order_acquire);
    void *context = atomic_load_explicit(&job_context, memory_order_acquire);
    uint32_t chunks = atomic_load_explicit(&job_chunks, memory_order_acquire);
    const uint32_t next = word & UINT16_MAX, end = word >> 16 & UINT16_MAX;
    if (next >= end) return;
    const uint64_t claimed = own ? word + 1 : word - (1 << 16);
    if (!atomic_compare_exchange_weak_explicit(&s->open, &word, claimed, memory_order_acq_rel, memory_order_acquire))
      continue;
    body(context, own ? next : end - 1);
    // Sequentially consistent, as is the caller's announcement that it sleeps: one of the two sees the other.
    uint32_t done = atomic_fetch_add(&done_chunks, 1) + 1;
    if (done == chunks && atomic_load(&caller_sleeps)) futex_wake(&done_chunks, 1);
    word = atomic_load_explicit(&s->open, memory_order_acquire);
  }
}

/// Works on the current job until none of its chunks is open; a thread has the same home each time.
static void work(size_t home) {
  for (size_t i = 0; i < segment_count; i++) work_on(&segments[(home + i) % segment_count], i == 0);
}

static void *worker(void *argument) {
  const size_t home = (size_t)argument;
  uint32_t seen = 0;
  for (;;) {
    if (!spin_until(&wake_word, seen, false)) {
      atomic_fetch_add(&sleepers, 1);
      while (atomic_load(&wake_word) == seen) futex_wait(&wake_word, seen);
      atomic_fetch_sub(&sleepers, 1);
    }
    seen = atomic_load(&wake_word);
    work(home);
  }
  return NULL;
}

size_t lathe_pool_start(size_t workers) {
  pthread_mutex_lock(&start_mutex);
  static bool started = false;
  if (!started) {
    started = true;
    // More cores than the set holds leave it empty, and the workers where they are.
    if (sched_getaffinity(0, sizeof allowed_cores, &allowed_cores) != 0) CPU_ZERO(&allowed_cores);
    workers_started = calloc(workers, sizeof *workers_started);
    if (!workers_started) workers = 0;
    segment_count = workers + 1 < most_segments ? workers + 1 : most_segments;
    // Signals are for the program's own threads.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (size_t i = 0; i < workers; i++) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, worker, (void *)((i + 1) % segment_count)) != 0) break;
      pthread_setname_np(thread, "lathe-worker");
      pthread_detach(thread);
      workers_started[worker_count++] = thread;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
  }
  size_t count = worker_count;
  pthread_mutex_unlock(&start_mutex);
  return count;
}

bool lathe_pool_run(size_t chunks, lathe_chunk_body body, void *context) {
  if (chunks == 0) return true;
  if (chunks > most_chunks || atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) return false;
  for (size_t i = 0; i < segment_count; i++)
    atomic_store_explicit(&segments[i].open, (uint64_t)generation << 32, memory_order_relaxed);
  // Release: who sees a new field sees the closed words, too.
  atomic_store_explicit(&job_body, body, memory_order_release);
  atomic_store_explicit(&job_context, context, memory_order_release);
  atomic_store_explicit(&job_chunks, (uint32_t)chunks, memory_order_release);
  atomic_store_explicit(&done_chunks, 0, memory_order_relaxed);
  make_room();
  generation++;
  for (size_t i = 0; i < segment_count; i++) {
    // Rounded up, so that the caller has one of few chunks.
    const uint64_t first = (chunks * i + segment_count - 1) / segment_count;
    const uint64_t end = (chunks * (i + 1) + segment_count - 1) / segment_count;
    atomic_store_explicit(&segments[i].open, (uint64_t)generation << 32 | end << 16 | first, memory_order_release);
  }
  atomic_fetch_add(&wake_word, 1);
  if (atomic_load(&sleepers)) futex_wake(&wake_word, chunks - 1 > 1024 ? 1024 : (int)chunks - 1);
  work(0);
  if (!spin_until(&done_chunks, (uint32_t)chunks, true)) {
    atomic_store(&caller_sleeps, 1);
    for (;;) {
      uint32_t done = atomic_load(&done_chunks);
      if (done == (uint32_t)chunks) break;
      futex_wait(&done_chunks, done);
    }
    atomic_store(&caller_sleeps, 0);
  }
  atomic_flag_clear_explicit(&busy, memory_order_release);
  return true;
}
