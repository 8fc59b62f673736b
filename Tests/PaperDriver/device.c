#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LINES 128

static char *names[MOST_LINES], *values[MOST_LINES];
static int count;

static void fail(const char *path, const char *what) {
  fprintf(stderr, "paper driver: LATHE_PAPER_DEVICE=%s: %s\n", path, what);
  exit(2);
}

void paper_read_device(void) {
  const char *path = getenv("LATHE_PAPER_DEVICE");
  if (!path || !*path) fail("", "name a file of Tests/PaperDriver/devices");
  FILE *file = fopen(path, "r");
  if (!file) fail(path, "cannot be read");
  char line[4096];
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\r\n")] = 0;
    if (line[0] == '#' || line[0] == 0) continue;
    char *value = strstr(line, " = ");
    if (!value || count == MOST_LINES) fail(path, "a line that is not 'name = value', or more than 128 of them");
    *value = 0;
    names[count] = strdup(line);
    values[count++] = strdup(value + 3);
  }
  fclose(file);
}

const char *paper_text(const char *name) {
  for (int i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) return values[i];
  }
  return NULL;
}

uint64_t paper_number(const char *name) {
  const char *text = paper_text(name);
  if (!text) fail(getenv("LATHE_PAPER_DEVICE"), name);
  return strtoull(text, NULL, 0);
}

cl_int paper_answer(const void *value, size_t size, size_t room, void *to, size_t *needed) {
  if (needed) *needed = size;
  if (!to) return CL_SUCCESS;
  if (room < size) return CL_INVALID_VALUE;
  memcpy(to, value, size);
  return CL_SUCCESS;
}

enum Form { TEXT, UINT, ULONG, SIZE, SIZES };

static const struct Property {
  cl_device_info code;
  enum Form form;
  /// The line of the device's file, or a number that is the same everywhere.
  const char *name;
  uint64_t fixed;
} properties[] = {
    {CL_DEVICE_NAME, TEXT, "name", 0},
    {CL_DEVICE_VENDOR, TEXT, "vendor", 0},
    {CL_DEVICE_VENDOR_ID, UINT, "vendor_id", 0},
    {CL_DEVICE_VERSION, TEXT, "version", 0},
    {CL_DRIVER_VERSION, TEXT, "driver", 0},
    {CL_DEVICE_OPENCL_C_VERSION, TEXT, "c_version", 0},
    {CL_DEVICE_EXTENSIONS, TEXT, "extensions", 0},
    {CL_DEVICE_MAX_COMPUTE_UNITS, UINT, "compute_units", 0},
    {CL_DEVICE_MAX_CLOCK_FREQUENCY, UINT, "clock_mhz", 0},
    {CL_DEVICE_GLOBAL_MEM_SIZE, ULONG, "global_bytes", 0},
    {CL_DEVICE_MAX_MEM_ALLOC_SIZE, ULONG, "largest_buffer", 0},
    {CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, ULONG, "cache_bytes", 0},
    {CL_DEVICE_LOCAL_MEM_SIZE, ULONG, "local_bytes", 0},
    {CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE, ULONG, "constant_bytes", 0},
    {CL_DEVICE_MAX_WORK_GROUP_SIZE, SIZE, "work_group", 0},
    {CL_DEVICE_MAX_WORK_ITEM_SIZES, SIZES, "work_items", 0},
    // What only one vendor's driver answers; others' files have no such line.
    {0x4000 /* CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV */, UINT, "nv_major", 0},
    {0x4001 /* CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV */, UINT, "nv_minor", 0},
    {0x4002 /* CL_DEVICE_REGISTERS_PER_BLOCK_NV */, UINT, "nv_registers", 0},
    {0x4003 /* CL_DEVICE_WARP_SIZE_NV */, UINT, "nv_warp", 0},
    {0x4040 /* CL_DEVICE_SIMD_PER_COMPUTE_UNIT_AMD */, UINT, "amd_simds", 0},
    {0x4043 /* CL_DEVICE_WAVEFRONT_WIDTH_AMD */, UINT, "amd_wavefront", 0},
    {0x4108 /* CL_DEVICE_SUB_GROUP_SIZES_INTEL */, SIZES, "intel_sub_groups", 0},
    {CL_DEVICE_PROFILE, TEXT, NULL, 0},
    {CL_DEVICE_TYPE, ULONG, NULL, CL_DEVICE_TYPE_GPU},
    {CL_DEVICE_ADDRESS_BITS, UINT, NULL, 64},
    {CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, UINT, NULL, 3},
    {CL_DEVICE_MAX_PARAMETER_SIZE, SIZE, NULL, 4352},
    {CL_DEVICE_MAX_CONSTANT_ARGS, UINT, NULL, 9},
    {CL_DEVICE_LOCAL_MEM_TYPE, UINT, NULL, CL_LOCAL},
    {CL_DEVICE_GLOBAL_MEM_CACHE_TYPE, UINT, NULL, CL_READ_WRITE_CACHE},
    {CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE, UINT, NULL, 128},
    {CL_DEVICE_MEM_BASE_ADDR_ALIGN, UINT, NULL, 4096},
    {CL_DEVICE_HOST_UNIFIED_MEMORY, UINT, NULL, CL_FALSE},
    {CL_DEVICE_AVAILABLE, UINT, NULL, CL_TRUE},
    {CL_DEVICE_COMPILER_AVAILABLE, UINT, NULL, CL_TRUE},
    {CL_DEVICE_LINKER_AVAILABLE, UINT, NULL, CL_TRUE},
    {CL_DEVICE_ENDIAN_LITTLE, UINT, NULL, CL_TRUE},
    {CL_DEVICE_ERROR_CORRECTION_SUPPORT, UINT, NULL, CL_FALSE},
    {CL_DEVICE_IMAGE_SUPPORT, UINT, NULL, CL_FALSE},
    {CL_DEVICE_EXECUTION_CAPABILITIES, ULONG, NULL, CL_EXEC_KERNEL},
    {CL_DEVICE_QUEUE_PROPERTIES, ULONG, NULL, CL_QUEUE_PROFILING_ENABLE},
    {CL_DEVICE_PROFILING_TIMER_RESOLUTION, SIZE, NULL, 1000},
    {CL_DEVICE_SINGLE_FP_CONFIG, ULONG, NULL,
     CL_FP_DENORM | CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST | CL_FP_FMA},
    {CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, UINT, NULL, 1},
    {CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, UINT, NULL, 1},
};

CL_API_ENTRY cl_int CL_API_CALL clGetDeviceInfo(cl_device_id device, cl_device_info property, size_t room, void *to,
                                                size_t *needed) {
  (void)device;
  for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
    const struct Property *p = &properties[i];
    if (p->code != property) continue;
    const char *text = p->name ? paper_text(p->name) : "FULL_PROFILE";
    // A property that the driver does not know.
    if (!text) return CL_INVALID_VALUE;
    if (p->form == TEXT) return paper_answer(text, strlen(text) + 1, room, to, needed);
    if (p->form == SIZES) {
      size_t sizes[3] = {0};
      int length = 0;
      for (char *end; length < 3; text = end) {
        sizes[length] = strtoull(text, &end, 0);
        if (end == text) break;
        length++;
      }
      return paper_answer(sizes, length * sizeof *sizes, room, to, needed);
    }
    const uint64_t number = p->name ? paper_number(p->name) : p->fixed;
    const cl_uint narrow = (cl_uint)number;
    return p->form == UINT ? paper_answer(&narrow, sizeof narrow, room, to, needed)
                           : paper_answer(&number, sizeof number, room, to, needed);
  }
  return CL_INVALID_VALUE;
}
