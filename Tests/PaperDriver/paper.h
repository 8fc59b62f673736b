#pragma once

#define _GNU_SOURCE

// An OpenCL driver without a device: it answers as the device of a description would, keeps every program it is given,
// and writes down every launch. Nothing runs, and all memory reads as zeros, so that nobody meets sizes that no kernel
// counted.
//
//   LATHE_OPENCL_LIBRARY=libpaper.so LATHE_PAPER_DEVICE=devices/h200.txt LATHE_PAPER_OUTPUT=FOLDER LATHE_CACHE_DIR=off
//   lathe bench ...
//
// FOLDER gets programs/HASH.cl, programs/HASH.options and launches.jsonl.

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#include <CL/cl.h>
#include <stdint.h>

/// What a device's file says of a name; NULL where it says nothing.
const char *paper_text(const char *name);
/// The same as a number.
uint64_t paper_number(const char *name);
/// Reads the file that LATHE_PAPER_DEVICE names; ends the process with one line where that is not to be had.
void paper_read_device(void);

/// Keeps a program's text and options by their hash, which is written to `name`.
void paper_keep(const char *text, const char *options, char name[17]);
/// Appends a line to the log.
void paper_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Hands out a property as OpenCL does: its size, its value, or that the place is too small.
cl_int paper_answer(const void *value, size_t size, size_t room, void *to, size_t *needed);
