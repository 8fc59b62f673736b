#define _GNU_SOURCE
#include "COpenCL.h"

#if __has_include(<CL/cl.h>)

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// Between fork and _exit only C and the OpenCL library run: what else the process holds may be half done.

#define ALL_DONE (-1)

static void report(int to, int value) {
  while (write(to, &value, sizeof value) < 0 && errno == EINTR) {}
}

// Whatever a call returns is no matter here: the parent opens the device anew and reports what fails.
static void try_device(const struct LatheOpenCLFunctions *cl, const struct LatheOpenCLTrial *trial, cl_device_id device,
                       int is_pocl) {
  cl_device_type type = 0;
  cl->clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof type, &type, NULL);
  const int is_cpu = trial->profile < 0 ? (type & CL_DEVICE_TYPE_CPU) && !(type & CL_DEVICE_TYPE_GPU) : !trial->profile;
  const struct LatheOpenCLTrialProgram *program = &trial->programs[is_cpu ? 0 : 1][is_pocl ? 1 : 0];
  cl_int status = 0;
  cl_context context = cl->clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  if (!context) return;
  cl_command_queue queue = cl->clCreateCommandQueue(context, device, 0, &status);
  const char *source = program->source;
  cl_program built = queue ? cl->clCreateProgramWithSource(context, 1, &source, NULL, &status) : NULL;
  if (!built || cl->clBuildProgram(built, 1, &device, program->options, NULL, NULL) != CL_SUCCESS) return;
  cl_kernel kernel = cl->clCreateKernel(built, "trial", &status);
  static float content[1024];
  cl_mem memory = kernel ? cl->clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof content, NULL, &status) : NULL;
  if (!memory || cl->clSetKernelArg(kernel, 0, sizeof memory, &memory) != CL_SUCCESS) return;
  cl->clEnqueueWriteBuffer(queue, memory, CL_TRUE, 0, sizeof content, content, 0, NULL, NULL);
  const size_t global = 64, local = 64;
  cl->clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL);
  cl->clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, sizeof content, content, 0, NULL, NULL);
  cl->clFinish(queue);
}

static void child(const struct LatheOpenCLFunctions *cl, const struct LatheOpenCLTrial *trial, int first, int to) {
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = open("/dev/null", O_RDWR);
  for (int standard = 0; standard <= 2; standard++) dup2(nowhere, standard);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  alarm(trial->seconds);
  cl_platform_id platforms[64];
  cl_uint count = 0;
  if (cl->clGetPlatformIDs(64, platforms, &count) != CL_SUCCESS) count = 0;
  int index = 0;
  for (cl_uint p = 0; p < count && p < 64; p++) {
    char name[256] = "";
    cl->clGetPlatformInfo(platforms[p], CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
    cl_device_id devices[64];
    cl_uint device_count = 0;
    const cl_int status = cl->clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, 64, devices, &device_count);
    if (status != CL_SUCCESS) {
      // A platform that cannot list its devices has one place in the list.
      index += status != CL_DEVICE_NOT_FOUND;
      continue;
    }
    for (cl_uint d = 0; d < device_count && d < 64; d++, index++) {
      if (index < first) continue;
      report(to, index);
      try_device(cl, trial, devices[d], strcmp(name, "Portable Computing Language") == 0);
    }
  }
  report(to, ALL_DONE);
  _exit(0);
}

struct LatheOpenCLVerdict lathe_opencl_trial(const struct LatheOpenCLTrial *trial, int first) {
  const struct LatheOpenCLFunctions cl = lathe_opencl_functions();
  struct LatheOpenCLVerdict verdict = {.kind = LATHE_TRIAL_UNKNOWN, .device = -1, .signal = 0};
  int ends[2];
  if (!cl.clGetPlatformIDs || pipe2(ends, O_CLOEXEC) != 0) return verdict;
  const pid_t process = fork();
  if (process == 0) {
    close(ends[0]);
    child(&cl, trial, first, ends[1]);
  }
  close(ends[1]);
  int value = 0, last = -2;
  if (process > 0) {
    for (;;) {
      const ssize_t bytes = read(ends[0], &value, sizeof value);
      if (bytes == (ssize_t)sizeof value) {
        last = value;
      } else if (!(bytes < 0 && errno == EINTR)) {
        break;
      }
    }
    int status = 0;
    pid_t waited;
    while ((waited = waitpid(process, &status, 0)) < 0 && errno == EINTR) {}
    if (last == ALL_DONE) {
      verdict.kind = LATHE_TRIAL_PASSED;
    } else if (waited == process && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)) {
      verdict.kind = LATHE_TRIAL_ENDED;
      verdict.device = last < 0 ? -1 : last;
      verdict.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
  }
  close(ends[0]);
  return verdict;
}

#else

typedef int lathe_opencl_headers_are_not_installed;

#endif
