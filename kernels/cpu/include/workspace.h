#pragma once

#include <stddef.h>

/// What a piece of scratch memory holds; each thread has one of each kind.
enum lathe_workspace_slot {
  /// Filled by the thread that starts an operation, read by those that take part.
  LATHE_WORKSPACE_SHARED,
  /// A second of that kind.
  LATHE_WORKSPACE_PARTIAL,
  /// Private to the code that runs one chunk.
  LATHE_WORKSPACE_PRIVATE,
  /// A second of that kind: images with their padding.
  LATHE_WORKSPACE_PADDED,
  /// Registers of an element-wise program.
  LATHE_WORKSPACE_REGISTERS,
  LATHE_WORKSPACE_SLOTS
};

/// The calling thread's scratch memory of a kind, of at least `count` floats, aligned to 64 bytes.
///
/// The content is undefined and lasts until the next call for the same kind; it is freed when the thread ends. NULL where
/// there is no memory: the caller then leaves its work undone, and whoever started the operation learns of it by
/// lathe_workspace_failures.
float *lathe_workspace(enum lathe_workspace_slot slot, size_t count);

/// How often there was no memory for a workspace, on any thread.
size_t lathe_workspace_failures(void);
/// The bytes that were asked for the last time there was none.
size_t lathe_workspace_missing(void);
