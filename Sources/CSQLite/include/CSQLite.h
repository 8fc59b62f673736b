// The part of SQLite that tables need, found at run time: libsqlite3.so.0 is opened at first use, so that nothing is needed to
// build and a machine without it does everything else.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether libsqlite3.so.0 was found; where not, no other function may be called.
bool lathe_sqlite_available(void);

/// An open database.
typedef struct lathe_sqlite lathe_sqlite;
/// A statement under way.
typedef struct lathe_sqlite_statement lathe_sqlite_statement;

/// What a statement did.
enum lathe_sqlite_status { LATHE_SQLITE_ROW = 0, LATHE_SQLITE_DONE = 1, LATHE_SQLITE_FAILED = 2 };

/// What a value is.
enum lathe_sqlite_kind {
  LATHE_SQLITE_INTEGER = 1,
  LATHE_SQLITE_REAL = 2,
  LATHE_SQLITE_TEXT = 3,
  LATHE_SQLITE_BLOB = 4,
  LATHE_SQLITE_NULL = 5
};

/// Opens a database, for reading alone or, made where there is none, for writing; NULL only where there is no memory.
lathe_sqlite *lathe_sqlite_open(const char *path, bool is_writable, bool *failed);
void lathe_sqlite_close(lathe_sqlite *database);
/// What went wrong last.
const char *lathe_sqlite_message(lathe_sqlite *database);
/// Runs statements without results.
bool lathe_sqlite_run(lathe_sqlite *database, const char *statements);

/// A statement; NULL where it cannot be understood.
lathe_sqlite_statement *lathe_sqlite_prepare(lathe_sqlite *database, const char *statement);
/// Whether it changes nothing.
bool lathe_sqlite_only_reads(lathe_sqlite_statement *statement);
int lathe_sqlite_step(lathe_sqlite_statement *statement);
void lathe_sqlite_reset(lathe_sqlite_statement *statement);
void lathe_sqlite_free(lathe_sqlite_statement *statement);

int lathe_sqlite_column_count(lathe_sqlite_statement *statement);
const char *lathe_sqlite_column_name(lathe_sqlite_statement *statement, int column);
/// The type that a table's column was declared with; NULL where there is none.
const char *lathe_sqlite_column_type(lathe_sqlite_statement *statement, int column);
int lathe_sqlite_kind_of(lathe_sqlite_statement *statement, int column);
int64_t lathe_sqlite_integer(lathe_sqlite_statement *statement, int column);
double lathe_sqlite_real(lathe_sqlite_statement *statement, int column);
/// The bytes of a text, until the next step.
const uint8_t *lathe_sqlite_text(lathe_sqlite_statement *statement, int column, size_t *length);

// Parameters of a statement, counted from 1.
bool lathe_sqlite_bind_null(lathe_sqlite_statement *statement, int place);
bool lathe_sqlite_bind_integer(lathe_sqlite_statement *statement, int place, int64_t value);
bool lathe_sqlite_bind_real(lathe_sqlite_statement *statement, int place, double value);
/// Takes a copy.
bool lathe_sqlite_bind_text(lathe_sqlite_statement *statement, int place, const uint8_t *text, size_t length);

#ifdef __cplusplus
}
#endif
