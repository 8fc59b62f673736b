#pragma once

#include <stdbool.h>
#include <stddef.h>

// One pool of worker threads for the process. Each thread, the calling one included, has chunks of a job that it
// takes first, and helps the others when they are done; what a chunk computes must not depend on which thread runs it.

/// Runs one chunk of a job.
typedef void (*lathe_chunk_body)(void *context, size_t chunk);

/// Starts `workers` threads; only the first call has an effect. Returns how many there are.
size_t lathe_pool_start(size_t workers);

/// Runs chunks 0..<chunks and returns when all are done.
///
/// False, with nothing run, for more than 65,535 chunks, and when the pool is busy with another job: the caller then does
/// the chunks itself. A nested call finds the pool busy, too.
bool lathe_pool_run(size_t chunks, lathe_chunk_body body, void *context);
