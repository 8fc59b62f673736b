#include "shim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if __has_include(<CL/cl.h>)

// The driver underneath, and what the device in front of it has come to.

static struct shim_functions functions;

static void load(void) {
  void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "ShimDriver: %s\n", dlerror());
    exit(2);
  }
#define SHIM_RESOLVE(name) functions.name = (__typeof__(functions.name))dlsym(library, #name);
  SHIM_FUNCTIONS(SHIM_RESOLVE)
#undef SHIM_RESOLVE
}

const struct shim_functions *real(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  read_settings();
  return &functions;
}

void *new_object(size_t size) {
  void *object = calloc(1, size);
  if (!object) abort();
  return object;
}

// --- Faults -------------------------------------------------------------------------------------------------------

static enum { WORKING, FAULTY, LOST } state = WORKING;
static cl_int loss = CL_SUCCESS;

static void lose(cl_int code) {
  state = LOST;
  loss = code;
}

// What C++ registers destructors of thread-local objects by.
extern int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library);
extern void *__dso_handle __attribute__((visibility("hidden")));

static _Thread_local enum { NEW, ALIVE, ENDED } caller;

static void end_caller(void *unused) {
  (void)unused;
  caller = ENDED;
}

/// Some drivers keep objects for each thread, which are gone once a thread, or the process by it, ends.
static void check_caller(void) {
  if (caller == ENDED) {
    fputs("ShimDriver: a call by a thread whose objects are destroyed\n", stderr);
    abort();
  }
  if (caller == NEW) __cxa_thread_atexit_impl(end_caller, NULL, &__dso_handle);
  caller = ALIVE;
}

cl_int device_state(void) {
  check_caller();
  return state == LOST ? loss : CL_SUCCESS;
}

cl_int state_after_wait(void) {
  if (state != FAULTY) return device_state();
  lose(CL_INVALID_COMMAND_QUEUE);
  return CL_OUT_OF_RESOURCES;
}

bool fault_is_due(cl_int *status) {
  if (settings.abort_after && --settings.abort_after == 0) abort();
  if (settings.hang_after && --settings.hang_after == 0)
    for (;;) pause();
  if (settings.lost_after && --settings.lost_after == 0) lose(CL_OUT_OF_RESOURCES);
  if (settings.fault_after && --settings.fault_after == 0) state = FAULTY;
  *status = device_state();
  return state != WORKING;
}

static cl_event closed_gate;

cl_event gate(cl_context context) {
  if (!settings.hold) return NULL;
  if (!closed_gate) closed_gate = real()->clCreateUserEvent(context->real, NULL);
  return closed_gate;
}

void open_gate(void) {
  if (closed_gate) real()->clSetUserEventStatus(closed_gate, CL_COMPLETE);
  closed_gate = NULL;
}

cl_int answer(cl_int status, cl_int *code) {
  if (status != CL_SUCCESS) counts.errors++;
  if (code) *code = status;
  return status;
}

#endif
