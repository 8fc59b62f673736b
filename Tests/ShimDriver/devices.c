#include "shim.h"

#include <string.h>

#if __has_include(<CL/cl.h>)

// Platforms as they are, and their first device as the settings show it.

static struct _cl_device_id devices[MOST_DEVICES];

cl_int clGetPlatformIDs(cl_uint entries, cl_platform_id *ids, cl_uint *count) {
  // One platform: what is tested is how devices behave.
  cl_uint found = 0;
  const cl_int status = real()->clGetPlatformIDs(ids ? 1 : 0, ids, &found);
  (void)entries;
  if (count) *count = found > 1 ? 1 : found;
  return status;
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info name, size_t size, void *value, size_t *needed) {
  return real()->clGetPlatformInfo(platform, name, size, value, needed);
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint entries, cl_device_id *ids,
                      cl_uint *count) {
  cl_device_id first;
  const cl_int status = real()->clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &first, NULL);
  (void)type;
  if (status != CL_SUCCESS) return status;
  pthread_mutex_lock(&lock);
  const cl_uint there = settings.kind_count;
  for (cl_uint i = 0; i < there; i++) devices[i] = (struct _cl_device_id){first, settings.kinds[i]};
  pthread_mutex_unlock(&lock);
  if (count) *count = there;
  for (cl_uint i = 0; ids && i < entries && i < there; i++) ids[i] = &devices[i];
  return CL_SUCCESS;
}

static cl_int give(const void *bytes, size_t length, size_t size, void *value, size_t *needed) {
  if (needed) *needed = length;
  if (!value) return CL_SUCCESS;
  if (size < length) return CL_INVALID_VALUE;
  memcpy(value, bytes, length);
  return CL_SUCCESS;
}

static cl_ulong smaller(cl_ulong there, size_t limit) { return limit && limit < there ? limit : there; }

/// What a number becomes on a kind of device.
static cl_ulong shown(enum device_kind kind, cl_device_info name, cl_ulong there) {
  const bool is_gpu = kind != HOST_CPU;
  switch (name) {
    case CL_DEVICE_TYPE: return is_gpu ? CL_DEVICE_TYPE_GPU : there;
    case CL_DEVICE_MAX_COMPUTE_UNITS: return kind == DISCRETE ? 48 : kind == INTEGRATED ? 8 : there;
    case CL_DEVICE_HOST_UNIFIED_MEMORY: return is_gpu ? kind == INTEGRATED : there;
    case CL_DEVICE_MAX_WORK_GROUP_SIZE: return smaller(there, settings.workgroup);
    case CL_DEVICE_LOCAL_MEM_SIZE: return smaller(there, settings.local);
    case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE: return smaller(there, settings.constant);
    case CL_DEVICE_MAX_PARAMETER_SIZE: return smaller(there, settings.parameters);
    case CL_DEVICE_AVAILABLE: return device_state() == CL_SUCCESS ? there : 0;
    case CL_DEVICE_GLOBAL_MEM_SIZE:
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE: {
      // With ranges of addresses any size is there.
      const cl_ulong own = kind == DISCRETE ? 8ul << 30 : kind == INTEGRATED ? 12ul << 30 : there;
      const cl_ulong memory = smaller(settings.sparse ? 1ul << 40 : own, settings.memory);
      if (name == CL_DEVICE_GLOBAL_MEM_SIZE) return memory;
      return smaller(settings.sparse ? memory : smaller(there, memory), settings.allocation);
    }
    default: return there;
  }
}

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info name, size_t size, void *value, size_t *needed) {
  if (name == CL_DEVICE_NAME && device->kind != HOST_CPU) {
    const char *text = device->kind == DISCRETE ? "Shim discrete GPU" : "Shim integrated GPU";
    return give(text, strlen(text) + 1, size, value, needed);
  }
  size_t length = 0;
  unsigned char bytes[sizeof(cl_ulong)] = {0};
  cl_int status = real()->clGetDeviceInfo(device->real, name, 0, NULL, &length);
  if (status != CL_SUCCESS) return status;
  if (length > sizeof bytes) return real()->clGetDeviceInfo(device->real, name, size, value, needed);
  status = real()->clGetDeviceInfo(device->real, name, length, bytes, NULL);
  if (status != CL_SUCCESS) return status;
  // Numbers lie with their least byte first.
  cl_ulong number;
  memcpy(&number, bytes, sizeof number);
  pthread_mutex_lock(&lock);
  number = shown(device->kind, name, number);
  pthread_mutex_unlock(&lock);
  return give(&number, length, size, value, needed);
}

// --- Contexts and queues ------------------------------------------------------------------------------------------

cl_context clCreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *ids,
                           void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data,
                           cl_int *code) {
  cl_int status = CL_INVALID_VALUE;
  (void)count;
  cl_context made = real()->clCreateContext(properties, 1, &ids[0]->real, notify, data, &status);
  pthread_mutex_lock(&lock);
  counts.contexts += made != NULL;
  answer(status, code);
  pthread_mutex_unlock(&lock);
  if (!made) return NULL;
  cl_context context = new_object(sizeof *context);
  context->real = made;
  return context;
}

cl_int clReleaseContext(cl_context context) { return real()->clReleaseContext(context->real); }

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device, cl_command_queue_properties properties,
                                      cl_int *code) {
  cl_int status = CL_SUCCESS;
  cl_command_queue made = real()->clCreateCommandQueue(context->real, device->real, properties, &status);
  pthread_mutex_lock(&lock);
  counts.queues += made != NULL;
  answer(status, code);
  pthread_mutex_unlock(&lock);
  if (!made) return NULL;
  cl_command_queue queue = new_object(sizeof *queue);
  queue->real = made;
  queue->context = context;
  return queue;
}

cl_int clReleaseCommandQueue(cl_command_queue queue) { return real()->clReleaseCommandQueue(queue->real); }

#endif
