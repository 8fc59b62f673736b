// What is known of each Unicode scalar, made by scripts/make-unicode-tables.swift.
//
// unicode.bin, little-endian, sections at multiples of 8:
//   u32 starts[16]        where the sections begin
//   0 u16 pages[4352], 1 u16 classes[]    of a scalar: its page, its entry there: bits 0-4 the general category,
//                                         0x20 white space, 0x40 alphabetic or a join control, 0x80 not inert in normalization,
//                                         as BERT's steps see it 0x100 punctuation, 0x200 control, 0x400 nonspacing mark,
//                                         0x800 an accent, 0x1000 a number
//   2 u16 pages[4352], 3 u8 orders[]      the canonical combining class likewise
//   4, 5 canonical decompositions; 6, 7 compatible ones; 8, 9 lower case:
//        u32 count, keys[count], starts[count + 1]; then the scalars that the keys become
//   10 u64 count, pairs[count] (first << 32 | second); 11 u32 what the pairs compose to
#pragma once

#include <stdint.h>
#include <string.h>

extern const unsigned char lathe_unicode[];

// The start of a section.
static inline const unsigned char *lathe_unicode_section(int section) {
  uint32_t start;
  memcpy(&start, lathe_unicode + 4 * section, 4);
  return lathe_unicode + start;
}

// The category and flags of a scalar below 0x110000.
static inline uint16_t lathe_scalar_class(uint32_t scalar) {
  enum { PAGES = 64, CLASSES = 64 + 2 * 0x1100 };
  uint16_t page, entry;
  memcpy(&page, lathe_unicode + PAGES + 2 * (scalar >> 8), 2);
  memcpy(&entry, lathe_unicode + CLASSES + 2 * (256 * page + (scalar & 255)), 2);
  return entry;
}

// The canonical combining class of a scalar below 0x110000.
static inline uint8_t lathe_combining_class(uint32_t scalar) {
  uint16_t page;
  memcpy(&page, lathe_unicode_section(2) + 2 * (scalar >> 8), 2);
  return lathe_unicode_section(3)[256 * page + (scalar & 255)];
}
