#pragma once

#include "COpenCL.h"
#include "ShimDriver.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#if __has_include(<CL/cl.h>)

// What the library's parts share. Its objects stand in front of the driver's: OpenCL leaves the structs behind the
// handles open, so that each is defined here with the driver's handle in it. They are not freed: a kernel may name a
// buffer that was released.

#define SHIM_FUNCTIONS(F)                                                                                      \
  LATHE_OPENCL_FUNCTIONS(F)                                                                                    \
  F(clSetEventCallback)                                                                                        \
  F(clCreateUserEvent)                                                                                         \
  F(clSetUserEventStatus)                                                                                      \
  F(clGetKernelArgInfo)

/// The functions of the driver underneath.
struct shim_functions {
#define SHIM_DECLARE(name) __typeof__(&name) name;
  SHIM_FUNCTIONS(SHIM_DECLARE)
#undef SHIM_DECLARE
};
const struct shim_functions *real(void);

enum { MOST_DEVICES = 8, MOST_ARGUMENTS = 256, MOST_WAITS = 64 };
enum device_kind { DISCRETE, INTEGRATED, HOST_CPU };

struct settings {
  enum device_kind kinds[MOST_DEVICES];
  unsigned kind_count;
  size_t groups, items, workgroup, local, parameters, constant, allocation, memory;
  bool late_allocation, late_release, sparse, flush_to_zero, dry, hold;
  cl_int shortage;
  /// Launches from now; 0 for never.
  long lost_after, fault_after, abort_after, hang_after;
  long copy_delay, copy_fault, build_delay;
  char report[512];
};

#define SHIM_COUNTS(F)                                                                                         \
  F(contexts)                                                                                                  \
  F(queues)                                                                                                    \
  F(buffers)                                                                                                   \
  F(programs)                                                                                                  \
  F(most_builds_at_once)                                                                                       \
  F(launches)                                                                                                  \
  F(finishes)                                                                                                  \
  F(blocking)                                                                                                  \
  F(bytes_written)                                                                                             \
  F(bytes_arrived)                                                                                             \
  F(held_launches)                                                                                             \
  F(bytes_read)                                                                                                \
  F(bytes_copied)                                                                                              \
  F(bytes_held)                                                                                                \
  F(most_bytes_held)                                                                                           \
  F(most_groups)                                                                                               \
  F(most_items)                                                                                                \
  F(errors)
struct counts {
#define SHIM_COUNT(name) long name;
  SHIM_COUNTS(SHIM_COUNT)
#undef SHIM_COUNT
};

/// Both are used under the lock.
extern struct settings settings;
extern struct counts counts;
extern pthread_mutex_t lock;
/// Reads SHIM_DRIVER once.
void read_settings(void);

struct _cl_device_id {
  cl_device_id real;
  enum device_kind kind;
};

struct _cl_context {
  cl_context real;
};

struct _cl_command_queue {
  cl_command_queue real;
  cl_context context;
};

struct _cl_mem {
  cl_mem real;
  size_t size;
  /// Memory of the library's own that the buffer lies in; NULL where it is the driver's.
  char *sparse;
  bool takes_memory;
  /// Memory of the host's that it can be copied from quickly: not the device's.
  bool pinned;
  void (*destroyed)(cl_mem, void *);
  void *destroyed_data;
  cl_mem next;
};

struct _cl_program {
  cl_program real;
};

struct _cl_kernel {
  cl_kernel real;
  cl_mem memory[MOST_ARGUMENTS];
  size_t sizes[MOST_ARGUMENTS];
};

/// A new object of zeros.
void *new_object(size_t size);

/// The device's state: CL_SUCCESS, or what every call fails with. With the lock held.
cl_int device_state(void);
/// Counts a launch and lets the faults that are due happen; true where the launch is not to run. With the lock held.
bool fault_is_due(cl_int *status);
/// What a call that waits is answered after a fault. With the lock held.
cl_int state_after_wait(void);
/// What launches wait for while they are held back; NULL where they are not. With the lock held.
cl_event gate(cl_context context);
/// Lets the launches that were held back go. With the lock held.
void open_gate(void);
/// Counts an error and gives it back, to `code` too where that is not NULL.
cl_int answer(cl_int status, cl_int *code);

/// Has a buffer take its memory, if it does not yet. With the lock held.
cl_int take_memory(cl_mem memory);
/// Memory that was released becomes free. With the lock held.
void free_released(void);
/// The buffer of a handle; NULL where the value is none.
cl_mem known_memory(const void *value);
/// An event of a command that is complete, where one is wanted.
cl_int give_done_event(cl_command_queue queue, cl_event *event);

#endif
