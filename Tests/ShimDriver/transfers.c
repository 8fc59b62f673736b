#define _GNU_SOURCE
#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if __has_include(<CL/cl.h>)

// Reads, writes, copies and maps.

/// Starts a transfer of a buffer's bytes: the device must be there and the memory be taken.
static cl_int begin(cl_mem memory, cl_bool blocks) {
  pthread_mutex_lock(&lock);
  cl_int status = blocks ? state_after_wait() : device_state();
  if (status == CL_SUCCESS) status = take_memory(memory);
  counts.blocking += blocks ? 1 : 0;
  answer(status, NULL);
  pthread_mutex_unlock(&lock);
  return status;
}

static cl_int end(cl_int status, long *count, size_t size) {
  pthread_mutex_lock(&lock);
  if (status == CL_SUCCESS) *count += (long)size;
  answer(status, NULL);
  pthread_mutex_unlock(&lock);
  return status;
}

cl_int give_done_event(cl_command_queue queue, cl_event *event) {
  if (!event) return CL_SUCCESS;
  cl_int status = CL_SUCCESS;
  *event = real()->clCreateUserEvent(queue->context->real, &status);
  return status == CL_SUCCESS ? real()->clSetUserEventStatus(*event, CL_COMPLETE) : status;
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocks, size_t offset, size_t size, void *to,
                           cl_uint waits, const cl_event *list, cl_event *event) {
  cl_int status = begin(memory, blocks);
  if (status != CL_SUCCESS) return status;
  if (memory->sparse) {
    status = real()->clFinish(queue->real);
    memcpy(to, memory->sparse + offset, size);
    give_done_event(queue, event);
  } else {
    status = real()->clEnqueueReadBuffer(queue->real, memory->real, blocks, offset, size, to, waits, list, event);
  }
  return end(status, &counts.bytes_read, size);
}

/// An event that comes by itself.
struct delay {
  cl_event event;
  long microseconds;
};

static void *wait_and_start(void *data) {
  struct delay *delay = data;
  usleep((useconds_t)delay->microseconds);
  real()->clSetUserEventStatus(delay->event, CL_COMPLETE);
  real()->clReleaseEvent(delay->event);
  return NULL;
}

static cl_event coming(cl_command_queue queue, long microseconds) {
  struct delay *delay = new_object(sizeof *delay);
  delay->event = real()->clCreateUserEvent(queue->context->real, NULL);
  delay->microseconds = microseconds;
  cl_event event = delay->event;
  real()->clRetainEvent(event);
  pthread_t thread;
  if (pthread_create(&thread, NULL, wait_and_start, delay) != 0) abort();
  pthread_detach(thread);
  return event;
}

/// An event that is complete when a write may take its bytes; NULL where there is none to wait for.
static cl_event delayed(cl_command_queue queue, cl_bool blocks) {
  pthread_mutex_lock(&lock);
  const long microseconds = settings.copy_delay;
  pthread_mutex_unlock(&lock);
  if (!microseconds) return NULL;
  if (blocks) {
    usleep((useconds_t)microseconds);
    return NULL;
  }
  return coming(queue, microseconds);
}

/// Whether this is the write that is to fail.
static bool copy_fault_is_due(cl_bool blocks) {
  pthread_mutex_lock(&lock);
  const bool due = !blocks && settings.copy_fault && --settings.copy_fault == 0;
  pthread_mutex_unlock(&lock);
  return due;
}

static void CL_CALLBACK count_arrival(cl_event event, cl_int status, void *size) {
  (void)event;
  pthread_mutex_lock(&lock);
  if (status == CL_COMPLETE) counts.bytes_arrived += (long)size;
  pthread_mutex_unlock(&lock);
}

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocks, size_t offset, size_t size,
                            const void *from, cl_uint waits, const cl_event *list, cl_event *event) {
  cl_int status = begin(memory, blocks);
  if (status != CL_SUCCESS) return status;
  if (memory->sparse) {
    status = waits ? real()->clWaitForEvents(waits, list) : CL_SUCCESS;
    if (status == CL_SUCCESS) status = real()->clFinish(queue->real);
    memcpy(memory->sparse + offset, from, size);
    give_done_event(queue, event);
  } else if (event && copy_fault_is_due(blocks)) {
    *event = real()->clCreateUserEvent(queue->context->real, NULL);
    real()->clSetUserEventStatus(*event, CL_OUT_OF_RESOURCES);
  } else {
    cl_event all[MOST_WAITS], own = NULL, start = delayed(queue, blocks);
    if (start && waits < MOST_WAITS) {
      memcpy(all, list, waits * sizeof *all);
      all[waits++] = start;
      list = all;
    }
    status = real()->clEnqueueWriteBuffer(queue->real, memory->real, blocks, offset, size, from, waits, list, &own);
    if (start) real()->clReleaseEvent(start);
    if (status == CL_SUCCESS) {
      real()->clSetEventCallback(own, CL_COMPLETE, count_arrival, (void *)size);
      if (event) *event = own; else real()->clReleaseEvent(own);
    }
  }
  return end(status, &counts.bytes_written, size);
}

cl_int clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset,
                           size_t size, cl_uint waits, const cl_event *list, cl_event *event) {
  cl_int status = begin(from, CL_FALSE);
  if (status == CL_SUCCESS) status = begin(to, CL_FALSE);
  if (status != CL_SUCCESS) return status;
  if (from->sparse && to->sparse) {
    status = real()->clFinish(queue->real);
    memmove(to->sparse + to_offset, from->sparse + from_offset, size);
    give_done_event(queue, event);
  } else {
    status = real()->clEnqueueCopyBuffer(queue->real, from->real, to->real, from_offset, to_offset, size, waits, list,
                                         event);
  }
  return end(status, &counts.bytes_copied, size);
}

void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocks, cl_map_flags flags, size_t offset,
                         size_t size, cl_uint waits, const cl_event *list, cl_event *event, cl_int *code) {
  cl_int status = begin(memory, blocks);
  void *mapped = NULL;
  if (status == CL_SUCCESS && memory->sparse) {
    status = real()->clFinish(queue->real);
    mapped = memory->sparse + offset;
    give_done_event(queue, event);
  } else if (status == CL_SUCCESS) {
    mapped = real()->clEnqueueMapBuffer(queue->real, memory->real, blocks, flags, offset, size, waits, list, event,
                                        &status);
  }
  if (code) *code = status;
  end(status, flags & CL_MAP_READ ? &counts.bytes_read : &counts.bytes_written, size);
  return mapped;
}

cl_int clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem memory, void *mapped, cl_uint waits, const cl_event *list,
                               cl_event *event) {
  cl_int status = begin(memory, CL_FALSE);
  if (status != CL_SUCCESS) return status;
  if (memory->sparse) return give_done_event(queue, event);
  return real()->clEnqueueUnmapMemObject(queue->real, memory->real, mapped, waits, list, event);
}

cl_int clEnqueueMarkerWithWaitList(cl_command_queue queue, cl_uint waits, const cl_event *list, cl_event *event) {
  pthread_mutex_lock(&lock);
  const cl_int status = answer(device_state(), NULL);
  pthread_mutex_unlock(&lock);
  return status != CL_SUCCESS ? status : real()->clEnqueueMarkerWithWaitList(queue->real, waits, list, event);
}

// --- Waiting ------------------------------------------------------------------------------------------------------

static cl_int waited(void) {
  pthread_mutex_lock(&lock);
  counts.blocking++;
  const cl_int status = answer(state_after_wait(), NULL);
  pthread_mutex_unlock(&lock);
  return status;
}

cl_int clFinish(cl_command_queue queue) {
  const cl_int status = real()->clFinish(queue->real);
  const cl_int state = waited();
  pthread_mutex_lock(&lock);
  counts.finishes++;
  free_released();
  pthread_mutex_unlock(&lock);
  return status != CL_SUCCESS ? status : state;
}

cl_int clFlush(cl_command_queue queue) {
  pthread_mutex_lock(&lock);
  const cl_int status = answer(device_state(), NULL);
  pthread_mutex_unlock(&lock);
  return status != CL_SUCCESS ? status : real()->clFlush(queue->real);
}

cl_int clWaitForEvents(cl_uint count, const cl_event *events) {
  const cl_int status = real()->clWaitForEvents(count, events), state = waited();
  return status != CL_SUCCESS ? status : state;
}

cl_int clGetEventInfo(cl_event event, cl_event_info name, size_t size, void *value, size_t *needed) {
  return real()->clGetEventInfo(event, name, size, value, needed);
}

cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info name, size_t size, void *value, size_t *needed) {
  return real()->clGetEventProfilingInfo(event, name, size, value, needed);
}

cl_int clRetainEvent(cl_event event) { return real()->clRetainEvent(event); }

cl_int clReleaseEvent(cl_event event) { return real()->clReleaseEvent(event); }

#endif
