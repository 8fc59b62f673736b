#include "CZlib.h"

#include <dlfcn.h>
#include <pthread.h>

// Declared here as zlib.h declares them: the header is not needed to build.
static void *(*gz_open)(const char *path, const char *mode);
static int (*gz_read)(void *file, void *destination, unsigned count);
static const char *(*gz_error)(void *file, int *code);
static long (*gz_offset)(void *file);
static int (*gz_close)(void *file);
static int (*gz_buffer)(void *file, unsigned size);
static int available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  *(void **)&gz_open = dlsym(library, "gzopen64");
  if (!gz_open) *(void **)&gz_open = dlsym(library, "gzopen");
  *(void **)&gz_read = dlsym(library, "gzread");
  *(void **)&gz_error = dlsym(library, "gzerror");
  *(void **)&gz_offset = dlsym(library, "gzoffset");
  *(void **)&gz_close = dlsym(library, "gzclose");
  *(void **)&gz_buffer = dlsym(library, "gzbuffer");
  available = gz_open && gz_read && gz_error && gz_offset && gz_close && gz_buffer;
}

int lathe_zlib_available(void) {
  pthread_once(&once, load);
  return available;
}

lathe_gzip lathe_gzip_open(const char *path) {
  void *file = gz_open(path, "rb");
  if (file) gz_buffer(file, 1 << 17);
  return file;
}

int lathe_gzip_read(lathe_gzip file, void *destination, unsigned count) {
  return gz_read(file, destination, count);
}

const char *lathe_gzip_error(lathe_gzip file, int *code) { return gz_error(file, code); }

long lathe_gzip_offset(lathe_gzip file) { return gz_offset(file); }

int lathe_gzip_close(lathe_gzip file) { return gz_close(file); }
