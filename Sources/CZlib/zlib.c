#include "CZlib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// zlib's stream as zlib.h lays it out, declared here: the header is not needed to build.
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

enum { Z_OK = 0, Z_STREAM_END = 1, Z_BUF_ERROR = -5, Z_NO_FLUSH = 0 };

static int (*inflate_init)(z_stream *stream, int window_bits, const char *version, int stream_size);
static int (*inflate_reset)(z_stream *stream);
static int (*inflate)(z_stream *stream, int flush);
static int (*inflate_end)(z_stream *stream);
static int available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  *(void **)&inflate_init = dlsym(library, "inflateInit2_");
  *(void **)&inflate_reset = dlsym(library, "inflateReset");
  *(void **)&inflate = dlsym(library, "inflate");
  *(void **)&inflate_end = dlsym(library, "inflateEnd");
  available = inflate_init && inflate_reset && inflate && inflate_end;
}

int lathe_zlib_available(void) {
  pthread_once(&once, load);
  return available;
}

struct lathe_inflater {
  z_stream stream;
};

lathe_inflater *lathe_inflater_make(int is_gzip) {
  lathe_inflater *inflater = calloc(1, sizeof *inflater);
  if (!inflater) return NULL;
  // 15 bits of window; 16 more: gzip's header; negative: deflate's blocks alone. Any zlib 1 takes this layout.
  if (inflate_init(&inflater->stream, is_gzip ? 15 + 16 : -15, "1.2.3", (int)sizeof inflater->stream) != Z_OK) {
    free(inflater);
    return NULL;
  }
  return inflater;
}

int lathe_inflater_run(
    lathe_inflater *inflater, const void *source, size_t *count, void *destination, size_t *size) {
  const size_t most = 1u << 30;  // what the stream counts by is narrower than a size
  z_stream *stream = &inflater->stream;
  const unsigned input = (unsigned)(*count < most ? *count : most);
  const unsigned output = (unsigned)(*size < most ? *size : most);
  stream->next_in = source;
  stream->available_in = input;
  stream->next_out = destination;
  stream->available_out = output;
  const int code = inflate(stream, Z_NO_FLUSH);
  *count = input - stream->available_in;
  *size = output - stream->available_out;
  if (code == Z_STREAM_END) return LATHE_INFLATE_END;
  // No progress is no fault: the caller sees that nothing was taken or made.
  return code == Z_OK || code == Z_BUF_ERROR ? LATHE_INFLATE_OK : LATHE_INFLATE_DAMAGED;
}

void lathe_inflater_restart(lathe_inflater *inflater) { inflate_reset(&inflater->stream); }

const char *lathe_inflater_message(const lathe_inflater *inflater) {
  return inflater->stream.message ? inflater->stream.message : "damaged";
}

void lathe_inflater_free(lathe_inflater *inflater) {
  inflate_end(&inflater->stream);
  free(inflater);
}
