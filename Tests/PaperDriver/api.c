#include "paper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Contexts, queues and events have no content: any address will do.
static char platform_place, device_place, context_place, queue_place, event_place;
#define PLATFORM ((cl_platform_id)&platform_place)
#define DEVICE ((cl_device_id)&device_place)

#define MOST_ARGUMENTS 1024

struct Argument {
  /// The value's bytes; 0 for local memory, whose bytes `number` then counts.
  size_t size;
  uint64_t number;
  /// A struct, or whatever else is longer than a number.
  char hex[513];
};

struct _cl_program {
  char *text;
  char name[17];
  /// PTX of a program whose instructions for warp groups are comments (matrix_wgmma.clh); else NULL.
  char *ptx;
  struct _cl_program *next;
};
struct _cl_kernel {
  char program[17], name[128];
  cl_uint count;
  struct Argument arguments[MOST_ARGUMENTS];
};
struct _cl_mem {
  size_t size;
  void *bytes;
  void(CL_CALLBACK *destroyed)(cl_mem, void *);
  void *argument;
  struct _cl_mem *next;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
// Buffers that are there: an argument of eight bytes is one of them, or a number.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct _cl_mem *buffers;
// Programs that have PTX; they stay.
static struct _cl_program *of_ptx;

static void give(cl_int *to, cl_int status) {
  if (to) *to = status;
}

static void give_event(cl_event *event) {
  if (event) *event = (cl_event)&event_place;
}

cl_int clGetPlatformIDs(cl_uint room, cl_platform_id *to, cl_uint *count) {
  pthread_once(&once, paper_read_device);
  if (count) *count = 1;
  if (to && room > 0) *to = PLATFORM;
  return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info property, size_t room, void *to, size_t *needed) {
  (void)platform;
  const char *name = property == CL_PLATFORM_NAME      ? "platform"
                     : property == CL_PLATFORM_VENDOR  ? "platform_vendor"
                     : property == CL_PLATFORM_VERSION ? "platform_version"
                                                       : NULL;
  const char *text = name ? paper_text(name) : "";
  if (!text) return CL_INVALID_VALUE;
  return paper_answer(text, strlen(text) + 1, room, to, needed);
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint room, cl_device_id *to, cl_uint *count) {
  (void)platform;
  if (!(type & (CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_DEFAULT))) return CL_DEVICE_NOT_FOUND;
  if (count) *count = 1;
  if (to && room > 0) *to = DEVICE;
  return CL_SUCCESS;
}

cl_context clCreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
                           void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *argument,
                           cl_int *status) {
  (void)properties, (void)count, (void)devices, (void)notify, (void)argument;
  give(status, CL_SUCCESS);
  return (cl_context)&context_place;
}

cl_int clReleaseContext(cl_context context) {
  (void)context;
  return CL_SUCCESS;
}

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device, cl_command_queue_properties properties,
                                      cl_int *status) {
  (void)context, (void)device, (void)properties;
  give(status, CL_SUCCESS);
  return (cl_command_queue)&queue_place;
}

cl_int clReleaseCommandQueue(cl_command_queue queue) {
  (void)queue;
  return CL_SUCCESS;
}

// --- Memory ---------------------------------------------------------------------------------------------------------

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *status) {
  (void)context, (void)flags, (void)host;
  if (size == 0 || size > paper_number("largest_buffer")) {
    give(status, CL_INVALID_BUFFER_SIZE);
    return NULL;
  }
  struct _cl_mem *memory = calloc(1, sizeof *memory);
  // No page of it is ever touched but where the host maps it, so that a device may have more memory than the machine.
  memory->bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory->bytes == MAP_FAILED) {
    free(memory);
    give(status, CL_MEM_OBJECT_ALLOCATION_FAILURE);
    return NULL;
  }
  memory->size = size;
  pthread_mutex_lock(&lock);
  memory->next = buffers;
  buffers = memory;
  pthread_mutex_unlock(&lock);
  give(status, CL_SUCCESS);
  return memory;
}

cl_int clReleaseMemObject(cl_mem memory) {
  pthread_mutex_lock(&lock);
  struct _cl_mem **place = &buffers;
  while (*place && *place != memory) place = &(*place)->next;
  const int is_known = *place == memory;
  if (is_known) *place = memory->next;
  pthread_mutex_unlock(&lock);
  if (!is_known) return CL_INVALID_MEM_OBJECT;
  if (memory->destroyed) memory->destroyed(memory, memory->argument);
  munmap(memory->bytes, memory->size);
  free(memory);
  return CL_SUCCESS;
}

cl_int clSetMemObjectDestructorCallback(cl_mem memory, void(CL_CALLBACK *body)(cl_mem, void *), void *argument) {
  memory->destroyed = body;
  memory->argument = argument;
  return CL_SUCCESS;
}

static int holds(cl_mem memory, size_t offset, size_t size) {
  return offset <= memory->size && size <= memory->size - offset;
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size,
                           void *to, cl_uint waits, const cl_event *list, cl_event *event) {
  (void)queue, (void)waits, (void)list;
  if (!holds(memory, offset, size)) return CL_INVALID_VALUE;
  memcpy(to, (char *)memory->bytes + offset, size);
  paper_log("{\"read\":%zu,\"blocking\":%d}", size, blocking != 0);
  give_event(event);
  return CL_SUCCESS;
}

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size,
                            const void *from, cl_uint waits, const cl_event *list, cl_event *event) {
  (void)queue, (void)from, (void)waits, (void)list;
  if (!holds(memory, offset, size)) return CL_INVALID_VALUE;
  paper_log("{\"write\":%zu,\"blocking\":%d}", size, blocking != 0);
  give_event(event);
  return CL_SUCCESS;
}

cl_int clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset,
                           size_t size, cl_uint waits, const cl_event *list, cl_event *event) {
  (void)queue, (void)waits, (void)list;
  if (!holds(from, from_offset, size) || !holds(to, to_offset, size)) return CL_INVALID_VALUE;
  paper_log("{\"copy\":%zu}", size);
  give_event(event);
  return CL_SUCCESS;
}

cl_int clEnqueueMarkerWithWaitList(cl_command_queue queue, cl_uint waits, const cl_event *list, cl_event *event) {
  (void)queue, (void)waits, (void)list;
  give_event(event);
  return CL_SUCCESS;
}

void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, cl_map_flags flags, size_t offset,
                         size_t size, cl_uint waits, const cl_event *list, cl_event *event, cl_int *status) {
  (void)queue, (void)waits, (void)list;
  if (!holds(memory, offset, size)) {
    give(status, CL_INVALID_VALUE);
    return NULL;
  }
  paper_log("{\"%s\":%zu,\"blocking\":%d}", flags & CL_MAP_READ ? "read" : "write", size, blocking != 0);
  give_event(event);
  give(status, CL_SUCCESS);
  return (char *)memory->bytes + offset;
}

cl_int clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem memory, void *mapped, cl_uint waits, const cl_event *list,
                               cl_event *event) {
  (void)queue, (void)mapped, (void)waits, (void)list;
  // Zeros again.
  madvise(memory->bytes, memory->size, MADV_DONTNEED);
  give_event(event);
  return CL_SUCCESS;
}

// --- Programs and kernels -------------------------------------------------------------------------------------------

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                     cl_int *status) {
  (void)context;
  size_t total = 1;
  for (cl_uint i = 0; i < count; i++) total += lengths && lengths[i] ? lengths[i] : strlen(texts[i]);
  struct _cl_program *program = calloc(1, sizeof *program);
  program->text = calloc(1, total);
  for (cl_uint i = 0; i < count; i++) {
    strncat(program->text, texts[i], lengths && lengths[i] ? lengths[i] : strlen(texts[i]));
  }
  give(status, CL_SUCCESS);
  return program;
}

/// Text that a host takes for the PTX of a program and finds its comments in, with the program's name.
static char *write_ptx(const char *name) {
  char *text = malloc(2048);
  int used = sprintf(text, ".version 8.3\n.target sm_90, texmode_independent\n.address_size 64\n// paper %s\n"
                           "\t//sm_90a fence.proxy.async.shared::cta;\n\t//sm_90a wgmma.fence.sync.aligned; "
                           "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {", name);
  for (int i = 0; i < 64; i++) used += sprintf(text + used, "%s%%f%d", i ? ", " : "", i);
  sprintf(text + used, "}, %%rd0, %%rd1, 1, 1, 1, 0, 0; wgmma.commit_group.sync.aligned; "
                       "wgmma.wait_group.sync.aligned 0;\n");
  return text;
}

/// Programs of changed PTX are those that the PTX was of.
cl_program clCreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *devices,
                                     const size_t *lengths, const unsigned char **binaries, cl_int *each,
                                     cl_int *status) {
  (void)context, (void)count, (void)devices, (void)each;
  char *text = strndup((const char *)binaries[0], lengths[0]);
  const char *at = strstr(text, "// paper ");
  struct _cl_program *program = NULL;
  if (at && strstr(text, ".target sm_90a,")) {
    pthread_mutex_lock(&lock);
    for (struct _cl_program *of = of_ptx; of && !program; of = of->next) {
      if (strncmp(at + strlen("// paper "), of->name, 16) != 0) continue;
      program = calloc(1, sizeof *program);
      program->text = strdup(of->text);
      strcpy(program->name, of->name);
    }
    pthread_mutex_unlock(&lock);
  }
  free(text);
  give(status, program ? CL_SUCCESS : CL_INVALID_BINARY);
  return program;
}

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
                      void(CL_CALLBACK *notify)(cl_program, void *), void *argument) {
  (void)count, (void)devices, (void)notify, (void)argument;
  // One of PTX is kept already.
  if (program->name[0]) return CL_SUCCESS;
  paper_keep(program->text, options ? options : "", program->name);
  if (options && strstr(options, "-DMATRIX_WGMMA=1")) {
    struct _cl_program *kept = calloc(1, sizeof *kept);
    kept->text = strdup(program->text);
    strcpy(kept->name, program->name);
    program->ptx = write_ptx(program->name);
    pthread_mutex_lock(&lock);
    kept->next = of_ptx;
    of_ptx = kept;
    pthread_mutex_unlock(&lock);
  }
  return CL_SUCCESS;
}

cl_int clGetProgramInfo(cl_program program, cl_program_info property, size_t room, void *to, size_t *needed) {
  // Other programs have no binary.
  const size_t size = program->ptx ? strlen(program->ptx) + 1 : 0;
  if (property == CL_PROGRAM_BINARY_SIZES) return paper_answer(&size, sizeof size, room, to, needed);
  if (property != CL_PROGRAM_BINARIES || !program->ptx) return CL_INVALID_VALUE;
  memcpy(*(char **)to, program->ptx, size);
  return CL_SUCCESS;
}

cl_int clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info property, size_t room,
                             void *to, size_t *needed) {
  (void)program, (void)device;
  return property == CL_PROGRAM_BUILD_LOG ? paper_answer("", 1, room, to, needed) : CL_INVALID_VALUE;
}

cl_int clReleaseProgram(cl_program program) {
  free(program->text);
  free(program->ptx);
  free(program);
  return CL_SUCCESS;
}

cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *status) {
  if (!strstr(program->text, name) || strlen(name) >= sizeof((cl_kernel)0)->name) {
    give(status, CL_INVALID_KERNEL_NAME);
    return NULL;
  }
  struct _cl_kernel *kernel = calloc(1, sizeof *kernel);
  strcpy(kernel->program, program->name);
  strcpy(kernel->name, name);
  paper_log("{\"program\":\"%s\",\"create\":\"%s\"}", kernel->program, kernel->name);
  give(status, CL_SUCCESS);
  return kernel;
}

cl_int clReleaseKernel(cl_kernel kernel) {
  free(kernel);
  return CL_SUCCESS;
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info property, size_t room,
                                void *to, size_t *needed) {
  (void)kernel, (void)device;
  const size_t group = paper_number("work_group"), step = paper_number("sub_group");
  const cl_ulong none = 0;
  if (property == CL_KERNEL_WORK_GROUP_SIZE) return paper_answer(&group, sizeof group, room, to, needed);
  if (property == CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE) {
    return paper_answer(&step, sizeof step, room, to, needed);
  }
  if (property == CL_KERNEL_LOCAL_MEM_SIZE || property == CL_KERNEL_PRIVATE_MEM_SIZE) {
    return paper_answer(&none, sizeof none, room, to, needed);
  }
  return CL_INVALID_VALUE;
}

static size_t buffer_size(uint64_t value) {
  pthread_mutex_lock(&lock);
  struct _cl_mem *memory = buffers;
  while (memory && (uint64_t)(uintptr_t)memory != value) memory = memory->next;
  const size_t size = memory ? memory->size : 0;
  pthread_mutex_unlock(&lock);
  return size;
}

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  if (index >= MOST_ARGUMENTS) return CL_INVALID_ARG_INDEX;
  struct Argument *argument = &kernel->arguments[index];
  memset(argument, 0, sizeof *argument);
  if (kernel->count <= index) kernel->count = index + 1;
  argument->size = value ? size : 0;
  if (!value) {
    argument->number = size;
  } else if (size <= sizeof argument->number) {
    memcpy(&argument->number, value, size);
  } else {
    for (size_t i = 0; i < size && i < 256; i++) {
      snprintf(argument->hex + 2 * i, 3, "%02x", ((const unsigned char *)value)[i]);
    }
  }
  return CL_SUCCESS;
}

/// Arguments as JSON: {"buffer": bytes, "at": place}, {"local": bytes}, numbers as the integers of their bits, others
/// as hex.
static void describe(const struct _cl_kernel *kernel, char *to, size_t room) {
  size_t used = 0;
  for (cl_uint i = 0; i < kernel->count && used < room; i++) {
    const struct Argument *a = &kernel->arguments[i];
    const size_t bytes = a->size == sizeof(cl_mem) ? buffer_size(a->number) : 0;
    const char *comma = i ? "," : "";
    if (bytes) {
      used += (size_t)snprintf(to + used, room - used, "%s{\"buffer\":%zu,\"at\":%llu}", comma, bytes,
                               (unsigned long long)a->number);
    } else if (a->hex[0]) {
      used += (size_t)snprintf(to + used, room - used, "%s\"%s\"", comma, a->hex);
    } else if (a->size == 0) {
      used += (size_t)snprintf(to + used, room - used, "%s{\"local\":%llu}", comma, (unsigned long long)a->number);
    } else if (a->size == 4) {
      used += (size_t)snprintf(to + used, room - used, "%s%d", comma, (int)(uint32_t)a->number);
    } else {
      used += (size_t)snprintf(to + used, room - used, "%s%lld", comma, (long long)a->number);
    }
  }
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
                              const size_t *global, const size_t *local, cl_uint waits, const cl_event *list,
                              cl_event *event) {
  (void)queue, (void)offset, (void)waits, (void)list;
  size_t g[3] = {1, 1, 1}, l[3] = {0, 0, 0}, items = 1;
  if (dimensions < 1 || dimensions > 3) return CL_INVALID_WORK_DIMENSION;
  for (cl_uint d = 0; d < dimensions; d++) {
    g[d] = global[d];
    if (!local) continue;
    l[d] = local[d];
    items *= local[d];
    if (!local[d] || global[d] % local[d]) return CL_INVALID_WORK_GROUP_SIZE;
  }
  if (items > paper_number("work_group")) return CL_INVALID_WORK_GROUP_SIZE;
  if (local) {
    for (cl_uint d = dimensions; d < 3; d++) l[d] = 1;
  }
  char arguments[65536] = "";
  describe(kernel, arguments, sizeof arguments);
  paper_log("{\"program\":\"%s\",\"launch\":\"%s\",\"global\":[%zu,%zu,%zu],\"local\":[%zu,%zu,%zu],"
            "\"arguments\":[%s]}",
            kernel->program, kernel->name, g[0], g[1], g[2], l[0], l[1], l[2], arguments);
  give_event(event);
  return CL_SUCCESS;
}

// --- Events ---------------------------------------------------------------------------------------------------------

cl_int clGetEventInfo(cl_event event, cl_event_info property, size_t room, void *to, size_t *needed) {
  (void)event;
  const cl_int complete = CL_COMPLETE;
  return property == CL_EVENT_COMMAND_EXECUTION_STATUS ? paper_answer(&complete, sizeof complete, room, to, needed)
                                                       : CL_INVALID_VALUE;
}

cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info property, size_t room, void *to, size_t *needed) {
  (void)event, (void)property;
  const cl_ulong never = 0;
  return paper_answer(&never, sizeof never, room, to, needed);
}

cl_int clRetainEvent(cl_event event) {
  (void)event;
  return CL_SUCCESS;
}

cl_int clReleaseEvent(cl_event event) {
  (void)event;
  return CL_SUCCESS;
}

cl_int clWaitForEvents(cl_uint count, const cl_event *events) {
  (void)count, (void)events;
  return CL_SUCCESS;
}

cl_int clFlush(cl_command_queue queue) {
  (void)queue;
  return CL_SUCCESS;
}

cl_int clFinish(cl_command_queue queue) {
  (void)queue;
  paper_log("{\"finish\":1}");
  return CL_SUCCESS;
}
