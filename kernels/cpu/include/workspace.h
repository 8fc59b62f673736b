#pragma once

#include <stddef.h>

/// What a piece of scratch memory holds; each thread has one of each kind.
enum lathe_workspace_slot {
  /// Filled by the thread that starts an operation, read by those that take part.
  LATHE_WORKSPACE_SHARED,
  /// A second of that kind.
  LATHE_WORKSPACE_PARTIAL,
  /// A third: the second operand of a product, packed.
  LATHE_WORKSPACE_PANELS,
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
/// the number that it
/// handed to lathe_workspace_report_to.
float *lathe_workspace(enum lathe_workspace_slot slot, size_t count);

/// Has the calling thread note in `missing` how many bytes it asked for where there was no memory; NULL for nowhere.
///
/// Threads that work on one operation share one place. Returns where it noted that before.
size_t *lathe_workspace_report_to(size_t *missing);
/// Where the calling thread notes that there was no memory.
size_t *lathe_workspace_reports(void);
