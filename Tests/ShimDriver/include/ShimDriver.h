#pragma once

// A library in front of the system's OpenCL loader that behaves as drivers of GPUs do, for tests on hosts without one:
//
//   LATHE_OPENCL_LIBRARY=.build/release/libShimDriver.so SHIM_DRIVER="groups=65535 memory=64M late-release" PROGRAM
//
// Devices have the type GPU whatever is underneath; the platform keeps its name, since programs heed what PoCL needs.
// SHIM_DRIVER holds settings with blanks between them. Numbers take K, M or G; without a setting all is as underneath.
//
//   devices=KIND,KIND     the first device underneath, shown once as each kind: `discrete` (48 units, 8 GB of its own;
//                         the default), `integrated` (8 units, 12 GB of the host's), `cpu` (as it is)
//
//   What a device takes; a launch or a buffer beyond it is refused:
//   groups=N              work-groups in y and in z                      CL_INVALID_GLOBAL_WORK_SIZE
//   items=N               work-items in x                                CL_INVALID_GLOBAL_WORK_SIZE
//   workgroup=N           work-items of a group                          CL_INVALID_WORK_GROUP_SIZE
//   local=BYTES           local memory of a group                        CL_OUT_OF_RESOURCES
//   parameters=BYTES      arguments of a kernel                          CL_OUT_OF_RESOURCES
//   constant=BYTES        a buffer that a kernel reads as constant       CL_OUT_OF_RESOURCES
//   allocation=BYTES      the largest buffer                             CL_INVALID_BUFFER_SIZE
//   memory=BYTES          all buffers together                           CL_MEM_OBJECT_ALLOCATION_FAILURE
//
//   Memory:
//   late-allocation       a buffer takes memory when it is first used, which is where a lack of it shows
//   late-release          a released buffer's memory is free once clFinish has returned
//   shortage=resources    a lack of memory is CL_OUT_OF_RESOURCES
//   sparse                buffers are ranges of addresses whose pages exist once they are touched, of any size
//
//   Faults, with launches counted from when the setting was made:
//   lost-after=N          every call fails from the N-th launch on       CL_OUT_OF_RESOURCES
//   fault-after=N         the N-th launch writes nothing and reports success; the next call that waits fails with
//                         CL_OUT_OF_RESOURCES, every call after that with CL_INVALID_COMMAND_QUEUE
//   abort-after=N         the N-th launch ends the process
//   hang-after=N          the N-th launch never returns
//
//   Arithmetic and time:
//   flush-to-zero         subnormal float32 numbers are 0
//   copy-delay=MICROSECONDS   a write that does not block takes the caller's bytes that much later
//   build-delay=MICROSECONDS  building a program takes so much longer
//   copy-fault=N          the N-th write that does not block from now on writes nothing, and its event fails
//   hold                  launches wait until `none` is set
//   dry                   launches are checked and not run; reads give what memory holds
//   report=PATH           at the end of the process the counts are written there, a line `NAME VALUE` each

/// What was asked of the library since the process started, by name:
///
///   contexts, queues, buffers, programs, launches, finishes
///   most_builds_at_once   programs that were being built at the same time
///   blocking          calls that wait: clFinish, clWaitForEvents, reads, writes and maps that block
///   bytes_written     from the host to the device; bytes_read and bytes_copied likewise
///   bytes_arrived     of writes that are done
///   held_launches     launches that had to wait for `none`
///   bytes_held        what buffers take now; most_bytes_held ever
///   most_groups       work-groups of one launch in y or z; most_items in x
///   errors            calls that were answered by one, of the library's own or the driver's
///
/// -1 for any other name.
long shim_driver_count(const char *name);

/// Makes settings as SHIM_DRIVER holds them, beside those made before; `none` undoes all. Returns whether each is known.
int shim_driver_set(const char *settings);
