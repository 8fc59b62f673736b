// The part of zlib that readers need, found at run time: libz.so.1 is opened at first use, so that nothing is needed
// to build and a machine without it still reads files that are not compressed.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether libz.so.1 was found; where not, no other function may be called.
int lathe_zlib_available(void);

/// How a stretch of decompression ended.
enum lathe_inflate_status {
  /// The data goes on.
  LATHE_INFLATE_OK = 0,
  /// The compressed data is complete, its checksum (of gzip) right.
  LATHE_INFLATE_END = 1,
  /// The data is damaged; the message says how.
  LATHE_INFLATE_DAMAGED = 2
};

/// Decompression under way.
typedef struct lathe_inflater lathe_inflater;

/// Begins decompressing gzip data or, else, raw deflate data; NULL where there is no memory.
lathe_inflater *lathe_inflater_make(int is_gzip);

/// Decompresses from `*count` bytes into room for `*size`; both become what was taken and made.
int lathe_inflater_run(
    lathe_inflater *inflater, const void *source, size_t *count, void *destination, size_t *size);

/// Begins anew with data that follows.
void lathe_inflater_restart(lathe_inflater *inflater);

/// What is wrong with the data.
const char *lathe_inflater_message(const lathe_inflater *inflater);

/// Ends decompression.
void lathe_inflater_free(lathe_inflater *inflater);

#ifdef __cplusplus
}
#endif
