#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// libcurl's interface as curl.h has it, which has kept these numbers since 7.19; the header is not needed to build.
enum {
  OPTION_WRITE_DATA = 10001, OPTION_URL = 10002, OPTION_ERROR_BUFFER = 10010, OPTION_USER_AGENT = 10018,
  OPTION_HTTP_HEADER = 10023, OPTION_HEADER_DATA = 10029, OPTION_WRITE_FUNCTION = 20011, OPTION_HEADER_FUNCTION = 20079,
  OPTION_LOW_SPEED_LIMIT = 19, OPTION_LOW_SPEED_TIME = 20, OPTION_FOLLOW_LOCATION = 52, OPTION_MAX_REDIRECTS = 68,
  OPTION_CONNECT_TIMEOUT = 78, OPTION_NO_SIGNAL = 99, OPTION_PROTOCOLS = 181, OPTION_REDIRECT_PROTOCOLS = 182,
};
enum { INFO_RESPONSE_CODE = 0x200000 + 2 };
enum { PROTOCOL_HTTP = 1, PROTOCOL_HTTPS = 2 };
enum { GLOBAL_ALL = 3, FAILED_INIT = 2 };

static int (*global_init)(long flags);
static void *(*easy_init)(void);
static int (*easy_setopt)(void *handle, int option, ...);
static int (*easy_perform)(void *handle);
static int (*easy_getinfo)(void *handle, int info, ...);
static void (*easy_cleanup)(void *handle);
static const char *(*easy_strerror)(int code);
static void *(*slist_append)(void *list, const char *line);
static void (*slist_free_all)(void *list);
static int available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  *(void **)&global_init = dlsym(library, "curl_global_init");
  *(void **)&easy_init = dlsym(library, "curl_easy_init");
  *(void **)&easy_setopt = dlsym(library, "curl_easy_setopt");
  *(void **)&easy_perform = dlsym(library, "curl_easy_perform");
  *(void **)&easy_getinfo = dlsym(library, "curl_easy_getinfo");
  *(void **)&easy_cleanup = dlsym(library, "curl_easy_cleanup");
  *(void **)&easy_strerror = dlsym(library, "curl_easy_strerror");
  *(void **)&slist_append = dlsym(library, "curl_slist_append");
  *(void **)&slist_free_all = dlsym(library, "curl_slist_free_all");
  available = global_init && easy_init && easy_setopt && easy_perform && easy_getinfo && easy_cleanup && easy_strerror &&
              slist_append && slist_free_all && global_init(GLOBAL_ALL) == 0;
}

int lathe_http_available(void) {
  pthread_once(&once, load);
  return available;
}

/// A transfer under way.
typedef struct {
  const lathe_http_request *request;
  void *handle;
} transfer;

static size_t take_body(char *bytes, size_t size, size_t count, void *data) {
  const transfer *t = data;
  long status = 0;
  easy_getinfo(t->handle, INFO_RESPONSE_CODE, &status);
  return t->request->body(t->request->context, status, bytes, size * count);
}

static size_t take_line(char *bytes, size_t size, size_t count, void *data) {
  const transfer *t = data;
  t->request->line(t->request->context, bytes, size * count);
  return size * count;
}

void lathe_http_get(const lathe_http_request *request, lathe_http_result *result) {
  memset(result, 0, sizeof *result);
  transfer t = {request, easy_init()};
  if (!t.handle) {
    result->code = FAILED_INIT;
    snprintf(result->message, sizeof result->message, "%s", easy_strerror(FAILED_INIT));
    return;
  }
  void *headers = NULL;
  for (const char *const *line = request->headers; *line; line++) {
    void *longer = slist_append(headers, *line);
    if (longer) headers = longer;
  }
  easy_setopt(t.handle, OPTION_URL, request->url);
  easy_setopt(t.handle, OPTION_USER_AGENT, "lathe");
  easy_setopt(t.handle, OPTION_HTTP_HEADER, headers);
  easy_setopt(t.handle, OPTION_ERROR_BUFFER, result->message);
  easy_setopt(t.handle, OPTION_NO_SIGNAL, 1L);
  easy_setopt(t.handle, OPTION_FOLLOW_LOCATION, 1L);
  easy_setopt(t.handle, OPTION_MAX_REDIRECTS, 10L);
  easy_setopt(t.handle, OPTION_PROTOCOLS, (long)(PROTOCOL_HTTP | PROTOCOL_HTTPS));
  easy_setopt(
      t.handle, OPTION_REDIRECT_PROTOCOLS, (long)(request->only_https ? PROTOCOL_HTTPS : PROTOCOL_HTTP | PROTOCOL_HTTPS));
  easy_setopt(t.handle, OPTION_CONNECT_TIMEOUT, request->patience);
  easy_setopt(t.handle, OPTION_LOW_SPEED_LIMIT, 1L);
  easy_setopt(t.handle, OPTION_LOW_SPEED_TIME, request->patience);
  easy_setopt(t.handle, OPTION_WRITE_FUNCTION, take_body);
  easy_setopt(t.handle, OPTION_WRITE_DATA, &t);
  easy_setopt(t.handle, OPTION_HEADER_FUNCTION, take_line);
  easy_setopt(t.handle, OPTION_HEADER_DATA, &t);
  result->code = easy_perform(t.handle);
  easy_getinfo(t.handle, INFO_RESPONSE_CODE, &result->status);
  if (result->code != 0 && !result->message[0])
    snprintf(result->message, sizeof result->message, "%s", easy_strerror(result->code));
  easy_cleanup(t.handle);
  slist_free_all(headers);
}
