#define _GNU_SOURCE
#include "COpenCL.h"

#if __has_include(<CL/cl.h>)

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

// What C++ registers destructors of thread-local objects by; a C library may be without it.
extern int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

static void (*wanted)(void);
static _Thread_local int is_registered;

static void call(void *unused) {
  (void)unused;
  wanted();
}

void lathe_at_exit_of_main_thread(void (*body)(void)) {
  if (is_registered || gettid() != getpid() || !__cxa_thread_atexit_impl) return;
  is_registered = 1;
  wanted = body;
  __cxa_thread_atexit_impl(call, NULL, &__dso_handle);
}

#else

typedef int lathe_opencl_headers_are_not_installed;

#endif
