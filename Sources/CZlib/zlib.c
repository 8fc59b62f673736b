#include "CZlib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

// Declared here as zlib.h declares them: the header is not needed to build.
static void *(*gz_open)(const char *path, const char *mode);
static int (*gz_read)(void *file, void *destination, unsigned count);
static const char *(*gz_error)(void *file, int *code);
static long (*gz_offset)(void *file);
static int (*gz_close)(void *file);
static int (*gz_buffer)(void *file, unsigned size);

// zlib's stream as zlib.h lays it out.
typedef struct {
  const unsigned char *next_in;
  unsigned available_in;
  unsigned long total_in;
  unsigned char *next_out;
  unsigned available_out;
  unsigned long total_out;
  const char *message;
  void *state;
  void *(*allocate)(void *opaque, unsigned items, unsigned size);
  void (*release)(void *opaque, void *address);
  void *opaque;
  int data_type;
  unsigned long checksum, reserved;
} z_stream;

enum { Z_OK = 0, Z_STREAM_END = 1, Z_NO_FLUSH = 0 };

static int (*inflate_init)(z_stream *stream, int window_bits, const char *version, int stream_size);
static int (*inflate)(z_stream *stream, int flush);
static int (*inflate_end)(z_stream *stream);
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
  *(void **)&inflate_init = dlsym(library, "inflateInit2_");
  *(void **)&inflate = dlsym(library, "inflate");
  *(void **)&inflate_end = dlsym(library, "inflateEnd");
  available = gz_open && gz_read && gz_error && gz_offset && gz_close && gz_buffer && inflate_init && inflate &&
              inflate_end;
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

size_t lathe_inflate(const void *source, size_t count, void *destination, size_t size, int *status) {
  const size_t step = 1u << 30;  // what the stream counts by is narrower than a size
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  *status = 1;
  // Negative window bits: raw deflate, without zlib's header. Any version of zlib 1 takes this layout.
  if (inflate_init(&stream, -15, "1.2.3", (int)sizeof stream) != Z_OK) return 0;
  stream.next_in = source;
  stream.next_out = destination;
  size_t taken = 0, made = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    if (!stream.available_in) stream.available_in = (unsigned)(count - taken < step ? count - taken : step);
    if (!stream.available_out) stream.available_out = (unsigned)(size - made < step ? size - made : step);
    const unsigned input = stream.available_in, output = stream.available_out;
    code = inflate(&stream, Z_NO_FLUSH);
    taken += input - stream.available_in;
    made += output - stream.available_out;
    // Without progress zlib says so by an error code, which ends the loop.
  }
  if (code == Z_STREAM_END && taken == count) *status = 0;
  inflate_end(&stream);
  return made;
}
