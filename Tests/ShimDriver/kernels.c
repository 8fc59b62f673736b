#define _GNU_SOURCE
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if __has_include(<CL/cl.h>)

// Programs, kernels and launches.

static cl_program wrap(cl_program made) {
  if (!made) return NULL;
  cl_program program = new_object(sizeof *program);
  program->real = made;
  return program;
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                     cl_int *code) {
  return wrap(real()->clCreateProgramWithSource(context->real, count, texts, lengths, code));
}

cl_program clCreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *ids, const size_t *lengths,
                                     const unsigned char **binaries, cl_int *each, cl_int *code) {
  (void)count;
  return wrap(real()->clCreateProgramWithBinary(context->real, 1, &ids[0]->real, lengths, binaries, each, code));
}

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *ids, const char *options,
                      void(CL_CALLBACK *notify)(cl_program, void *), void *data) {
  (void)count;
  pthread_mutex_lock(&lock);
  cl_int status = answer(device_state(), NULL);
  static long building;
  counts.programs++;
  if (++building > counts.most_builds_at_once) counts.most_builds_at_once = building;
  const long microseconds = settings.build_delay;
  const bool flushes = settings.flush_to_zero;
  pthread_mutex_unlock(&lock);
  if (microseconds) usleep((useconds_t)microseconds);
  const char *more = flushes ? " -cl-kernel-arg-info -cl-denorms-are-zero" : " -cl-kernel-arg-info";
  const size_t size = strlen(options ? options : "") + strlen(more) + 1;
  char *all = new_object(size);
  snprintf(all, size, "%s%s", options ? options : "", more);
  if (status == CL_SUCCESS) status = real()->clBuildProgram(program->real, 1, &ids[0]->real, all, notify, data);
  free(all);
  pthread_mutex_lock(&lock);
  building--;
  pthread_mutex_unlock(&lock);
  return status;
}

cl_int clGetProgramInfo(cl_program program, cl_program_info name, size_t size, void *value, size_t *needed) {
  return real()->clGetProgramInfo(program->real, name, size, value, needed);
}

cl_int clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info name, size_t size,
                             void *value, size_t *needed) {
  return real()->clGetProgramBuildInfo(program->real, device->real, name, size, value, needed);
}

cl_int clReleaseProgram(cl_program program) { return real()->clReleaseProgram(program->real); }

cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *code) {
  cl_kernel made = real()->clCreateKernel(program->real, name, code);
  if (!made) return NULL;
  cl_kernel kernel = new_object(sizeof *kernel);
  kernel->real = made;
  return kernel;
}

cl_int clReleaseKernel(cl_kernel kernel) { return real()->clReleaseKernel(kernel->real); }

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  if (index >= MOST_ARGUMENTS) return CL_INVALID_ARG_INDEX;
  cl_mem memory = value && size == sizeof(cl_mem) ? known_memory(value) : NULL;
  kernel->memory[index] = memory;
  kernel->sizes[index] = value ? size : 0;
  return real()->clSetKernelArg(kernel->real, index, size, memory ? &memory->real : value);
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info name, size_t size,
                                void *value, size_t *needed) {
  cl_device_id of = device ? device->real : NULL;
  const cl_int status = real()->clGetKernelWorkGroupInfo(kernel->real, of, name, size, value, needed);
  if (status == CL_SUCCESS && value && name == CL_KERNEL_WORK_GROUP_SIZE) {
    pthread_mutex_lock(&lock);
    const size_t most = settings.workgroup;
    pthread_mutex_unlock(&lock);
    if (most && most < *(size_t *)value) *(size_t *)value = most;
  }
  return status;
}

// --- Launches -----------------------------------------------------------------------------------------------------

static bool reads_as_constant(cl_kernel kernel, cl_uint index) {
  cl_kernel_arg_address_qualifier place = 0;
  real()->clGetKernelArgInfo(kernel->real, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof place, &place, NULL);
  return place == CL_KERNEL_ARG_ADDRESS_CONSTANT;
}

/// What the device says of a launch's size. With the lock held.
static cl_int check_size(cl_kernel kernel, cl_uint dimensions, const size_t *global, const size_t *local) {
  size_t items = 1;
  for (cl_uint axis = 0; axis < dimensions; axis++) {
    const size_t in_group = local ? local[axis] : 1;
    const long groups = (long)((global[axis] + in_group - 1) / in_group);
    items *= in_group;
    if (axis > 0 && groups > counts.most_groups) counts.most_groups = groups;
    if (axis > 0 && local && settings.groups && (size_t)groups > settings.groups) return CL_INVALID_GLOBAL_WORK_SIZE;
  }
  if ((long)global[0] > counts.most_items) counts.most_items = (long)global[0];
  if (settings.items && global[0] > settings.items) return CL_INVALID_GLOBAL_WORK_SIZE;
  if (settings.workgroup && items > settings.workgroup) return CL_INVALID_WORK_GROUP_SIZE;
  cl_ulong bytes = 0;
  real()->clGetKernelWorkGroupInfo(kernel->real, NULL, CL_KERNEL_LOCAL_MEM_SIZE, sizeof bytes, &bytes, NULL);
  return settings.local && bytes > settings.local ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

/// What the device says of a launch's arguments; its buffers take their memory. With the lock held.
static cl_int check_arguments(cl_kernel kernel) {
  size_t bytes = 0;
  for (cl_uint index = 0; index < MOST_ARGUMENTS; index++) {
    bytes += kernel->sizes[index];
    cl_mem memory = kernel->memory[index];
    if (!memory) continue;
    if (settings.constant && memory->size > settings.constant && reads_as_constant(kernel, index))
      return CL_OUT_OF_RESOURCES;
    const cl_int status = take_memory(memory);
    if (status != CL_SUCCESS) return status;
  }
  return settings.parameters && bytes > settings.parameters ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
                              const size_t *global, const size_t *local, cl_uint waits, const cl_event *list,
                              cl_event *event) {
  cl_event all[MOST_WAITS];
  pthread_mutex_lock(&lock);
  cl_int status = device_state();
  if (status == CL_SUCCESS) status = check_size(kernel, dimensions, global, local);
  if (status == CL_SUCCESS) status = check_arguments(kernel);
  bool is_skipped = settings.dry;
  if (status == CL_SUCCESS) {
    counts.launches++;
    is_skipped |= fault_is_due(&status);
  }
  answer(status, NULL);
  cl_event held = gate(queue->context);
  if (held && status == CL_SUCCESS && waits < MOST_WAITS) {
    memcpy(all, list, waits * sizeof *all);
    all[waits++] = held;
    list = all;
    counts.held_launches++;
  }
  pthread_mutex_unlock(&lock);
  if (status != CL_SUCCESS) return status;
  if (is_skipped) return give_done_event(queue, event);
  return real()->clEnqueueNDRangeKernel(queue->real, kernel->real, dimensions, offset, global, local, waits, list,
                                        event);
}

#endif
