// Compiles the file named by LATHE_BODY once for each SIMD level, every function under LATHE_NAME(name).
//
// Each level's functions are collected in a table of pointers (`LATHE_NAME(table)`), and the caller picks a table
// once, with LATHE_PICK. LATHE_LOOP in front of a loop has it work on two registers of floats at a time, LATHE_UNROLLED
// on one, with all of a short loop's rounds behind each other. Helpers compiled without a level are inlined into all of
// them.
//
// No include guard: each .c file that has a body includes this once.

#include "levels.h"

#if defined(__x86_64__)

#define LATHE_NAME(name) name##_v4
#define LATHE_LANES 16
#define LATHE_LOOP _Pragma("clang loop vectorize_width(16) interleave_count(2)")
#define LATHE_UNROLLED _Pragma("clang loop vectorize_width(16) unroll(full)")
#define LATHE_REGISTERS 32
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), \
                             apply_to = function)
#include LATHE_BODY
#pragma clang attribute pop
#undef LATHE_NAME
#undef LATHE_LANES
#undef LATHE_LOOP
#undef LATHE_UNROLLED
#undef LATHE_REGISTERS

#define LATHE_NAME(name) name##_v3
#define LATHE_LANES 8
#define LATHE_LOOP _Pragma("clang loop vectorize_width(8) interleave_count(2)")
#define LATHE_UNROLLED _Pragma("clang loop vectorize_width(8) unroll(full)")
#define LATHE_REGISTERS 16
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include LATHE_BODY
#pragma clang attribute pop
#undef LATHE_NAME
#undef LATHE_LANES
#undef LATHE_LOOP
#undef LATHE_UNROLLED
#undef LATHE_REGISTERS

#endif

#define LATHE_NAME(name) name##_base
#define LATHE_LANES 4
#define LATHE_LOOP _Pragma("clang loop vectorize_width(4) interleave_count(2)")
#define LATHE_UNROLLED _Pragma("clang loop vectorize_width(4) unroll(full)")
#if defined(__x86_64__)
#define LATHE_REGISTERS 16
#else
#define LATHE_REGISTERS 32
#endif
#include LATHE_BODY
#undef LATHE_NAME
#undef LATHE_LANES
#undef LATHE_LOOP
#undef LATHE_UNROLLED
#undef LATHE_REGISTERS
