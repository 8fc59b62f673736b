// The part of zlib's file interface that data sets need, found at run time: libz.so.1 is opened at first use, so
// that nothing is needed to build and a machine without it still reads files that are not compressed.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An open gzip file.
typedef void *lathe_gzip;

/// Whether libz.so.1 was found; where not, no other function may be called.
int lathe_zlib_available(void);

/// Opens a gzip file for reading; NULL with errno set where that fails.
lathe_gzip lathe_gzip_open(const char *path);

/// Reads up to `count` decompressed bytes; the number read, 0 at the end, negative where the data is damaged.
int lathe_gzip_read(lathe_gzip file, void *destination, unsigned count);

/// What went wrong last, as zlib says it; `*code` becomes zlib's number, 0 for nothing.
const char *lathe_gzip_error(lathe_gzip file, int *code);

/// The position in the compressed file, in bytes.
long lathe_gzip_offset(lathe_gzip file);

/// Closes the file; zlib's number for what went wrong, 0 for nothing.
int lathe_gzip_close(lathe_gzip file);

/// Decompresses raw deflate data into a buffer of the size that it should have.
///
/// Returns the bytes made; `*status` becomes 0 where the data ended there, else 1: damaged, cut off or longer.
size_t lathe_inflate(const void *source, size_t count, void *destination, size_t size, int *status);

#ifdef __cplusplus
}
#endif
