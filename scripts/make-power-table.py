#!/usr/bin/env python3
"""Writes kernels/tables/powers_of_five.h: the first 128 bits of 5^q for every q that a float64 can need.

    scripts/make-power-table.py > kernels/tables/powers_of_five.h

Positive powers are cut off, negative ones rounded up, as the algorithm of Eisel and Lemire wants them ("Number Parsing
at a Gigabyte per Second", Software: Practice and Experience 51, 2021).
"""

FIRST, LAST = -342, 308


def leading_bits(q):
    if q >= 0:
        power = 5**q
        shift = power.bit_length() - 128
        return power >> shift if shift >= 0 else power << -shift
    power = 5**-q
    bits = (power - 1).bit_length()
    # One more than the quotient, with as many bits as make it exact enough before it is cut to 128.
    quotient = (1 << (bits + 127 if q >= -27 else 2 * bits + 128)) // power + 1
    return quotient >> max(0, quotient.bit_length() - 128)


def main():
    print("// Made by scripts/make-power-table.py. The first 128 bits of 5^q, upper half first, two powers a line.")
    print("#pragma once\n")
    print("#include <stdint.h>\n")
    print(f"enum {{ LATHE_FIRST_POWER = {FIRST}, LATHE_LAST_POWER = {LAST} }};\n")
    print("static const uint64_t lathe_powers_of_five[][2] = {")
    entries = []
    for q in range(FIRST, LAST + 1):
        value = leading_bits(q)
        assert value.bit_length() == 128, q
        entries.append(f"{{0x{value >> 64:016x}, 0x{value & (2**64 - 1):016x}}},")
    for first in range(0, len(entries), 2):
        print("    " + " ".join(entries[first:first + 2]))
    print("};")


if __name__ == "__main__":
    main()
