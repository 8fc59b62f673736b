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

#endif
