// HTTP by libcurl, found at run time: libcurl.so.4 is opened at first use, so that nothing is needed to build, and a
// machine without it can do all but fetch.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether libcurl was found; where not, `lathe_http_get` must not be called.
int lathe_http_available(void);

/// What is asked of a server.
typedef struct {
  const char *url;
  /// Lines "Name: value", the last one NULL.
  const char *const *headers;
  /// Whether redirects may lead to https alone.
  int only_https;
  /// Seconds without a byte after which the connection counts as lost.
  long patience;
  /// Takes bytes of the answer, whose status is known by then; another number than `count` ends the transfer.
  size_t (*body)(void *context, long status, const void *bytes, size_t count);
  /// Takes a line of the answer's head, also of those that redirect.
  void (*line)(void *context, const char *bytes, size_t count);
  void *context;
} lathe_http_request;

/// What became of it.
typedef struct {
  /// libcurl's code: 0 where the answer is complete.
  int code;
  /// The status of the last answer, 0 where there was none.
  long status;
  /// What went wrong, in libcurl's words.
  char message[256];
} lathe_http_result;

/// Asks for a page and follows redirects; headers of authorisation go to the first host alone.
void lathe_http_get(const lathe_http_request *request, lathe_http_result *result);

#ifdef __cplusplus
}
#endif
