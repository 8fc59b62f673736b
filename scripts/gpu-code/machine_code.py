"""Reads compiled kernels: which memory accesses they make, and what stands in their loops."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Instruction:
    """One line of a kernel's code."""

    opcode: str
    operands: str
    # The label that it may jump to.
    jumps_to: str | None = None
    # The condition that it is under.
    guard: str = ""


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
    """How a maker's instructions are told apart: functions of an instruction."""

    # How many multiply-adds a lane makes; 0 for other instructions.
    multiply_adds: Callable
    # Whether a matrix unit works.
    is_matrix: Callable
    # "load" or "store" in global memory and how many bytes a lane moves; None for other instructions.
    access: Callable
    # An access's address without its constant part, and that part; None where that is not to be told.
    address: Callable
    # How many bytes a lane reads of local memory.
    local_load: Callable
    # Whether it stands for a division of 64-bit integers.
    divides: Callable


def figures(code, reader):
    """What a kernel's code shows."""
    counts = {"load": {}, "store": {}}
    runs = {}
    block = 0
    starts = set(code.labels.values())
    for index, instruction in enumerate(code.instructions):
        if index in starts or instruction.jumps_to:
            block += 1
        found = reader.access(instruction)
        if not found:
            continue
        kind, width = found
        counts[kind][width] = counts[kind].get(width, 0) + 1
        place = reader.address(instruction)
        if place and width == 4:
            runs.setdefault((block, kind, instruction.guard, place[0]), set()).add(place[1])
    loops = code.loops()
    inside = [False] * len(code.instructions)
    for first, last in loops:
        inside[first : last + 1] = [True] * (last + 1 - first)
    divisions = [index for index, instruction in enumerate(code.instructions) if reader.divides(instruction)]
    return {
        "instructions": len(code.instructions),
        "loads": counts["load"],
        "stores": counts["store"],
        "narrow": sum(narrow(offsets) for offsets in runs.values()),
        "divisions": len(divisions),
        "loop_divisions": sum(inside[index] for index in divisions),
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
    """The loop with the most arithmetic of its own, outside loops in it; None where none has any."""
    best = None
    for first, last in loops:
        body = own_body(code, loops, first, last)
        counts = [reader.multiply_adds(instruction) for instruction in body]
        found = {
            "instructions": len(body),
            "multiply_adds": sum(count > 0 for count in counts),
            "products": sum(counts),
            "matrix": sum(reader.is_matrix(instruction) for instruction in body),
            "local_loads": sum(reader.local_load(instruction) > 0 for instruction in body),
            "local_bytes": sum(reader.local_load(instruction) for instruction in body),
        }
        if weight_of(found) > weight_of(best):
            best = found
            around = [loop for loop in loops if loop[0] <= first and last <= loop[1] and loop != (first, last)]
            nearest = min(around, key=lambda loop: loop[1] - loop[0], default=None)
            # Instructions of the loop around it.
            best["around"] = len(own_body(code, loops, *nearest)) if nearest else 0
    return best


def own_body(code, loops, first, last):
    """The instructions of a loop that are in no loop inside it."""
    inner = [loop for loop in loops if loop != (first, last) and first <= loop[0] and loop[1] <= last]
    return [
        code.instructions[index]
        for index in range(first, last + 1)
        if not any(start <= index <= end for start, end in inner)
    ]


def weight_of(loop):
    """What loops are compared by."""
    return (loop["matrix"], loop["multiply_adds"]) if loop else (0, 0)
