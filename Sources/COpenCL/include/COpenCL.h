#pragma once

// The OpenCL functions that Lathe uses, found in libOpenCL at first use instead of linked, so that the same
// program starts on a host without OpenCL. Empty where the headers of OpenCL are not installed.

#if __has_include(<CL/cl.h>)

// Nothing beyond OpenCL 1.2 is used: every platform in the field has that much.
#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

#define LATHE_OPENCL_FUNCTIONS(F)                                                                              \
  F(clGetPlatformIDs)                                                                                          \
  F(clGetPlatformInfo)                                                                                         \
  F(clGetDeviceIDs)                                                                                            \
  F(clGetDeviceInfo)                                                                                           \
  F(clCreateContext)                                                                                           \
  F(clReleaseContext)                                                                                          \
  F(clCreateCommandQueue)                                                                                      \
  F(clReleaseCommandQueue)                                                                                     \
  F(clCreateBuffer)                                                                                            \
  F(clReleaseMemObject)                                                                                        \
  F(clSetMemObjectDestructorCallback)                                                                          \
  F(clCreateProgramWithSource)                                                                                 \
  F(clCreateProgramWithBinary)                                                                                 \
  F(clBuildProgram)                                                                                            \
  F(clGetProgramInfo)                                                                                          \
  F(clGetProgramBuildInfo)                                                                                     \
  F(clReleaseProgram)                                                                                          \
  F(clCreateKernel)                                                                                            \
  F(clReleaseKernel)                                                                                           \
  F(clSetKernelArg)                                                                                            \
  F(clGetKernelWorkGroupInfo)                                                                                  \
  F(clEnqueueNDRangeKernel)                                                                                    \
  F(clEnqueueReadBuffer)                                                                                       \
  F(clEnqueueWriteBuffer)                                                                                      \
  F(clEnqueueCopyBuffer)                                                                                       \
  F(clEnqueueMapBuffer)                                                                                        \
  F(clEnqueueUnmapMemObject)                                                                                   \
  F(clEnqueueMarkerWithWaitList)                                                                               \
  F(clRetainEvent)                                                                                             \
  F(clGetEventInfo)                                                                                            \
  F(clGetEventProfilingInfo)                                                                                   \
  F(clReleaseEvent)                                                                                            \
  F(clWaitForEvents)                                                                                           \
  F(clFlush)                                                                                                   \
  F(clFinish)

/// One pointer for each OpenCL function, under the function's own name.
struct LatheOpenCLFunctions {
#define LATHE_DECLARE(name) __typeof__(&name) name;
  LATHE_OPENCL_FUNCTIONS(LATHE_DECLARE)
#undef LATHE_DECLARE
};

/// The functions, all NULL if there is no usable library.
struct LatheOpenCLFunctions lathe_opencl_functions(void);

/// Why there is no usable library; NULL if there is one.
const char *lathe_opencl_failure(void);

/// Has a function called when the main thread ends the process, before everything that `atexit` and C++ registered, even
/// what is registered later. Called on another thread it does nothing.
void lathe_at_exit_of_main_thread(void (*body)(void));

/// A program with the kernel `trial(global float[1024])`, for 64 work-items, and what to build it with.
struct LatheOpenCLTrialProgram {
  const char *source;
  const char *options;
};

/// What to try on each device: programs by profile (0 `cpu`, 1 `gpu`) and by whether the platform is PoCL.
struct LatheOpenCLTrial {
  struct LatheOpenCLTrialProgram programs[2][2];
  /// 0 or 1 for every device; -1 for what suits the type of each.
  int profile;
  /// The most seconds that all may take.
  unsigned seconds;
};

enum LatheOpenCLVerdictKind { LATHE_TRIAL_PASSED, LATHE_TRIAL_ENDED, LATHE_TRIAL_UNKNOWN };

struct LatheOpenCLVerdict {
  enum LatheOpenCLVerdictKind kind;
  /// The device, in the order of all platforms, whose driver ended the process; -1 where it ended before the first.
  int device;
  /// The signal it ended by; 0 where the driver called exit.
  int signal;
};

/// Builds and runs a kernel on each device from `first` on, in a process of its own, since a driver may end it. Nothing may
/// have been asked of OpenCL in this process before.
struct LatheOpenCLVerdict lathe_opencl_trial(const struct LatheOpenCLTrial *trial, int first);

#endif
