#include "CSQLite.h"

#include <dlfcn.h>
#include <pthread.h>

// SQLite's interface as sqlite3.h has it, whose numbers never change within version 3; the header is not needed to build.
enum { OK = 0, ROW = 100, DONE = 101 };
enum { OPEN_READONLY = 1, OPEN_READWRITE = 2, OPEN_CREATE = 4 };

static int (*open_v2)(const char *path, void **database, int flags, const char *vfs);
static int (*close_v2)(void *database);
static const char *(*errmsg)(void *database);
static int (*exec)(void *database, const char *statements, void *callback, void *context, char **message);
static int (*prepare_v2)(void *database, const char *statement, int length, void **result, const char **rest);
static int (*step)(void *statement);
static int (*reset)(void *statement);
static int (*finalize)(void *statement);
static int (*stmt_readonly)(void *statement);
static int (*column_count)(void *statement);
static const char *(*column_name)(void *statement, int column);
static const char *(*column_decltype)(void *statement, int column);
static int (*column_type)(void *statement, int column);
static int64_t (*column_int64)(void *statement, int column);
static double (*column_double)(void *statement, int column);
static const unsigned char *(*column_text)(void *statement, int column);
static int (*column_bytes)(void *statement, int column);
static int (*bind_null)(void *statement, int place);
static int (*bind_int64)(void *statement, int place, int64_t value);
static int (*bind_double)(void *statement, int place, double value);
static int (*bind_text64)(
    void *statement, int place, const void *text, uint64_t length, void (*release)(void *), unsigned char encoding);
static bool available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  const struct {
    void *target;
    const char *name;
  } functions[] = {
      {&open_v2, "sqlite3_open_v2"}, {&close_v2, "sqlite3_close_v2"}, {&errmsg, "sqlite3_errmsg"},
      {&exec, "sqlite3_exec"}, {&prepare_v2, "sqlite3_prepare_v2"}, {&step, "sqlite3_step"},
      {&reset, "sqlite3_reset"}, {&finalize, "sqlite3_finalize"}, {&stmt_readonly, "sqlite3_stmt_readonly"},
      {&column_count, "sqlite3_column_count"}, {&column_name, "sqlite3_column_name"},
      {&column_decltype, "sqlite3_column_decltype"}, {&column_type, "sqlite3_column_type"},
      {&column_int64, "sqlite3_column_int64"}, {&column_double, "sqlite3_column_double"},
      {&column_text, "sqlite3_column_text"}, {&column_bytes, "sqlite3_column_bytes"},
      {&bind_null, "sqlite3_bind_null"}, {&bind_int64, "sqlite3_bind_int64"},
      {&bind_double, "sqlite3_bind_double"}, {&bind_text64, "sqlite3_bind_text64"},
  };
  bool are_all = true;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *found = dlsym(library, functions[i].name);
    *(void **)functions[i].target = found;
    are_all = are_all && found;
  }
  available = are_all;
}

bool lathe_sqlite_available(void) {
  pthread_once(&once, load);
  return available;
}

lathe_sqlite *lathe_sqlite_open(const char *path, bool is_writable, bool *failed) {
  void *database = NULL;
  *failed = open_v2(path, &database, is_writable ? OPEN_READWRITE | OPEN_CREATE : OPEN_READONLY, NULL) != OK;
  return database;
}

void lathe_sqlite_close(lathe_sqlite *database) { close_v2(database); }
const char *lathe_sqlite_message(lathe_sqlite *database) { return errmsg(database); }

bool lathe_sqlite_run(lathe_sqlite *database, const char *statements) {
  return exec(database, statements, NULL, NULL, NULL) == OK;
}

lathe_sqlite_statement *lathe_sqlite_prepare(lathe_sqlite *database, const char *statement) {
  void *result = NULL;
  return prepare_v2(database, statement, -1, &result, NULL) == OK ? result : NULL;
}

bool lathe_sqlite_only_reads(lathe_sqlite_statement *statement) { return stmt_readonly(statement) != 0; }

int lathe_sqlite_step(lathe_sqlite_statement *statement) {
  const int code = step(statement);
  return code == ROW ? LATHE_SQLITE_ROW : code == DONE ? LATHE_SQLITE_DONE : LATHE_SQLITE_FAILED;
}

void lathe_sqlite_reset(lathe_sqlite_statement *statement) { reset(statement); }
void lathe_sqlite_free(lathe_sqlite_statement *statement) { finalize(statement); }
int lathe_sqlite_column_count(lathe_sqlite_statement *statement) { return column_count(statement); }

const char *lathe_sqlite_column_name(lathe_sqlite_statement *statement, int column) {
  return column_name(statement, column);
}

const char *lathe_sqlite_column_type(lathe_sqlite_statement *statement, int column) {
  return column_decltype(statement, column);
}

int lathe_sqlite_kind_of(lathe_sqlite_statement *statement, int column) { return column_type(statement, column); }
int64_t lathe_sqlite_integer(lathe_sqlite_statement *statement, int column) { return column_int64(statement, column); }
double lathe_sqlite_real(lathe_sqlite_statement *statement, int column) { return column_double(statement, column); }

const uint8_t *lathe_sqlite_text(lathe_sqlite_statement *statement, int column, size_t *length) {
  const uint8_t *text = column_text(statement, column);
  *length = (size_t)column_bytes(statement, column);
  return text;
}

bool lathe_sqlite_bind_null(lathe_sqlite_statement *statement, int place) { return bind_null(statement, place) == OK; }

bool lathe_sqlite_bind_integer(lathe_sqlite_statement *statement, int place, int64_t value) {
  return bind_int64(statement, place, value) == OK;
}

bool lathe_sqlite_bind_real(lathe_sqlite_statement *statement, int place, double value) {
  return bind_double(statement, place, value) == OK;
}

bool lathe_sqlite_bind_text(lathe_sqlite_statement *statement, int place, const uint8_t *text, size_t length) {
  // SQLITE_TRANSIENT has it copied; 1 is UTF-8.
  return bind_text64(statement, place, text, length, (void (*)(void *))(intptr_t)-1, 1) == OK;
}
