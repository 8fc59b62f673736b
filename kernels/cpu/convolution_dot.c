#include "convolution_dot.h"

#include "levels.h"

// The inner kernel of the filter's gradient, once for each instruction set, and the choice between them.

typedef float f4v __attribute__((vector_size(16), aligned(4)));

#if defined(__x86_64__)

#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define DOT_NAME(x) v4_##x
#define DOT_VECTOR f16v
#define DOT_LANES 16
#define DOT_ROWS 5
#define DOT_TAPS 5
#include "convolution_dot_template.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define DOT_NAME(x) v3_##x
#define DOT_VECTOR f8v
#define DOT_LANES 8
#define DOT_ROWS 4
#define DOT_TAPS 3
#include "convolution_dot_template.h"
#pragma clang attribute pop

#define DOT_NAME(x) base_##x
#define DOT_VECTOR f4v
#define DOT_LANES 4
#define DOT_ROWS 4
#define DOT_TAPS 3
#include "convolution_dot_template.h"

static const dot_isa isa_v4 = {5, 5, 16, v4_dot}, isa_v3 = {4, 3, 8, v3_dot}, isa_base = {4, 3, 4, base_dot};

#else

#define DOT_NAME(x) base_##x
#define DOT_VECTOR f4v
#define DOT_LANES 4
#define DOT_ROWS 5
#define DOT_TAPS 5
#include "convolution_dot_template.h"

static const dot_isa isa_base = {5, 5, 4, base_dot};

#endif

const dot_isa *lathe_dot_isa(void) { return LATHE_PICK(isa); }
