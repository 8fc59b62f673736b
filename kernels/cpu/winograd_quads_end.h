// Takes back what winograd_quads.h defines for one SIMD level.

#undef VECTOR
#undef QUAD
#undef EACH_QUAD
#undef FIRST_HALVES
#undef SECOND_HALVES
#undef FIRST_PAIRS
#undef SECOND_PAIRS
#undef MERGE
