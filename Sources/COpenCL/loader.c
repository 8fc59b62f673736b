#include "COpenCL.h"

#if __has_include(<CL/cl.h>)

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct LatheOpenCLFunctions functions;
static char failure[512];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  // The variable is for another loader than the system's, and for tests of a host that has none.
  const char *chosen = getenv("LATHE_OPENCL_LIBRARY");
  const char *path = chosen && *chosen ? chosen : "libOpenCL.so.1";
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *why = dlerror();
    snprintf(failure, sizeof failure, "no OpenCL loader%s: %s",
             path == chosen ? " by LATHE_OPENCL_LIBRARY, which may be left unset" : "", why ? why : path);
    return;
  }
#define LATHE_RESOLVE(name)                                                                                    \
  functions.name = (__typeof__(functions.name))dlsym(library, #name);                                          \
  if (!functions.name) {                                                                                       \
    snprintf(failure, sizeof failure, "%s has no %s: OpenCL 1.2 is needed", path, #name);                      \
    memset(&functions, 0, sizeof functions);                                                                   \
    return;                                                                                                    \
  }
  LATHE_OPENCL_FUNCTIONS(LATHE_RESOLVE)
#undef LATHE_RESOLVE
}

struct LatheOpenCLFunctions lathe_opencl_functions(void) {
  pthread_once(&once, load);
  return functions;
}

const char *lathe_opencl_failure(void) {
  pthread_once(&once, load);
  return failure[0] ? failure : NULL;
}

#else

typedef int lathe_opencl_headers_are_not_installed;

#endif
