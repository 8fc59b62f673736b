"""Reads compiled kernels: which memory accesses they make, and what stands in their loops."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Instruction:
    """One line of a kernel's code."""

    opcode: str
    operands: str
    # The label that it may jump to.
    jumps_to: str | None = None


@dataclass
class Code:
    """The instructions of a kernel, and where its labels stand among them."""

    instructions: list = field(default_factory=list)
    labels: dict = field(default_factory=dict)

    def loops(self):
        """First and last instruction of each loop: what a jump back encloses; a jump to itself ends a program."""
        found = {}
        for last, instruction in enumerate(self.instructions):
            first = self.labels.get(instruction.jumps_to)
            if first is not None and first < last:
                found[first] = max(found.get(first, 0), last)
        return sorted(found.items())


@dataclass
class Reader:
    """How a maker's instructions are told apart: patterns of opcodes."""

    multiply_add: re.Pattern
    # Patterns of whole instructions; the groups `load` or `store` say which, `width` how wide.
    memory: re.Pattern
    width_bytes: dict
    # Reads of local memory as wide as 128 bits, and all.
    local_load: re.Pattern
    wide_local_load: re.Pattern
    # What stands for a division of 64-bit integers.
    division: re.Pattern
    # Given operands and whether they are of a load: what an address is without its constant part, and that part, if any.
    address: Callable[[str, bool], tuple | None]


def figures(code, reader):
    """What a kernel's code shows."""
    loads, stores = {}, {}
    runs = {}
    block = 0
    starts = set(code.labels.values())
    for index, instruction in enumerate(code.instructions):
        if index in starts or instruction.jumps_to:
            block += 1
        found = reader.memory.match(f"{instruction.opcode} {instruction.operands}")
        if not found:
            continue
        width = reader.width_bytes[found["width"] or ""]
        kind = "load" if found["load"] else "store"
        counts = loads if found["load"] else stores
        counts[width] = counts.get(width, 0) + 1
        place = reader.address(instruction.operands, kind == "load")
        if place and width == 4:
            runs.setdefault((block, kind, place[0]), set()).add(place[1])
    loops = code.loops()
    divisions = [bool(reader.division.search(f"{i.opcode} {i.operands}")) for i in code.instructions]
    inside = [False] * len(code.instructions)
    for first, last in loops:
        for index in range(first, last + 1):
            inside[index] = True
    return {
        "instructions": len(code.instructions),
        "loads": loads,
        "stores": stores,
        "narrow": sum(narrow(offsets) for offsets in runs.values()),
        "divisions": sum(divisions),
        "loop_divisions": sum(d and i for d, i in zip(divisions, inside)),
        "loop": hot_loop(code, reader, loops),
    }


def narrow(offsets):
    """How many accesses of four bytes stand beside each other so that four of them could be one."""
    count, length, previous = 0, 0, None
    for offset in sorted(offsets):
        length = length + 1 if previous is not None and offset == previous + 4 else 1
        previous = offset
        if length % 4 == 0:
            count += 4
    return count


def hot_loop(code, reader, loops):
    """The loop with the most multiply-adds of its own, outside loops in it; None where none has any."""
    best = None
    for first, last in loops:
        inner = [loop for loop in loops if loop != (first, last) and first <= loop[0] and loop[1] <= last]
        body = [
            code.instructions[index]
            for index in range(first, last + 1)
            if not any(start <= index <= end for start, end in inner)
        ]
        multiply_adds = sum(bool(reader.multiply_add.match(i.opcode)) for i in body)
        if multiply_adds and (best is None or multiply_adds > best["multiply_adds"]):
            local = [i for i in body if reader.local_load.match(i.opcode)]
            best = {
                "instructions": len(body),
                "multiply_adds": multiply_adds,
                "local_loads": len(local),
                "wide_local_loads": sum(bool(reader.wide_local_load.match(i.opcode)) for i in local),
            }
    return best
