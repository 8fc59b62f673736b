#define _GNU_SOURCE
#include "shim.h"

#include <sys/mman.h>

#if __has_include(<CL/cl.h>)

// Buffers and what they take.

static cl_mem first_memory;
static size_t released_bytes;

cl_mem known_memory(const void *value) {
  cl_mem wanted, found;
  __builtin_memcpy(&wanted, value, sizeof wanted);
  pthread_mutex_lock(&lock);
  for (found = first_memory; found && found != wanted; found = found->next) {}
  pthread_mutex_unlock(&lock);
  return found;
}

cl_int take_memory(cl_mem memory) {
  if (memory->takes_memory || memory->pinned) return CL_SUCCESS;
  if (settings.memory && (size_t)counts.bytes_held + memory->size > settings.memory) return settings.shortage;
  memory->takes_memory = true;
  counts.bytes_held += (long)memory->size;
  if (counts.bytes_held > counts.most_bytes_held) counts.most_bytes_held = counts.bytes_held;
  return CL_SUCCESS;
}

void free_released(void) {
  counts.bytes_held -= (long)released_bytes;
  released_bytes = 0;
}

/// Bytes of a sparse buffer that the driver knows of: kernels get the address, and what lies behind it is there.
enum { SPARSE_PART = 4096 };

static void unmap(cl_mem unused, void *data) {
  cl_mem memory = data;
  (void)unused;
  munmap(memory->sparse, memory->size);
}

static cl_int back(cl_context context, cl_mem memory, cl_mem_flags flags, size_t size, void *host, bool sparse) {
  cl_int status = CL_SUCCESS;
  size_t part = size;
  if (sparse && !host) {
    void *range = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return CL_OUT_OF_HOST_MEMORY;
    memory->sparse = host = range;
    flags |= CL_MEM_USE_HOST_PTR;
    if (part > SPARSE_PART) part = SPARSE_PART;
  }
  memory->real = real()->clCreateBuffer(context->real, flags, part, host, &status);
  if (memory->sparse && status == CL_SUCCESS) real()->clSetMemObjectDestructorCallback(memory->real, unmap, memory);
  return status;
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code) {
  real();
  cl_mem memory = new_object(sizeof *memory);
  memory->size = size;
  memory->pinned = (flags & CL_MEM_ALLOC_HOST_PTR) != 0;
  pthread_mutex_lock(&lock);
  cl_int status = device_state();
  if (status == CL_SUCCESS && settings.allocation && size > settings.allocation) status = CL_INVALID_BUFFER_SIZE;
  if (status == CL_SUCCESS && !settings.late_allocation) status = take_memory(memory);
  const bool sparse = settings.sparse && !memory->pinned;
  pthread_mutex_unlock(&lock);
  if (status == CL_SUCCESS) status = back(context, memory, flags, size, host, sparse);
  pthread_mutex_lock(&lock);
  answer(status, code);
  if (status == CL_SUCCESS) {
    counts.buffers++;
    memory->next = first_memory;
    first_memory = memory;
  }
  pthread_mutex_unlock(&lock);
  return status == CL_SUCCESS ? memory : NULL;
}

cl_int clReleaseMemObject(cl_mem memory) {
  pthread_mutex_lock(&lock);
  if (memory->takes_memory) {
    released_bytes += memory->size;
    memory->takes_memory = false;
    if (!settings.late_release) free_released();
  }
  pthread_mutex_unlock(&lock);
  return real()->clReleaseMemObject(memory->real);
}

static void call_destroyed(cl_mem unused, void *data) {
  cl_mem memory = data;
  (void)unused;
  memory->destroyed(memory, memory->destroyed_data);
}

cl_int clSetMemObjectDestructorCallback(cl_mem memory, void(CL_CALLBACK *notify)(cl_mem, void *), void *data) {
  memory->destroyed = notify;
  memory->destroyed_data = data;
  return real()->clSetMemObjectDestructorCallback(memory->real, call_destroyed, memory);
}

#endif
