"""Reads compiled kernels: which memory accesses they make, and what stands in their loops."""

from collections.abc import Callable
from dataclasses import dataclass, field

from loops import loops_of

# How often an inner loop runs for each turn of the loop around it: a guess.
INNER_TURNS = 4


@dataclass
class Instruction:
    """One line of a kernel's code."""

    opcode: str
    operands: str
    # The labels that it may jump to, and whether the next instruction may follow it.
    jumps_to: tuple = ()
    falls_through: bool = True
    # The condition that it is under.
    guard: str = ""


@dataclass
class Code:
    """The instructions of a kernel, and where its labels stand among them."""

    instructions: list = field(default_factory=list)
    labels: dict = field(default_factory=dict)


@dataclass
class Reader:
    """How a maker's instructions are told apart: functions of an instruction."""

    # How many multiply-adds a lane makes; 0 for other instructions.
    multiply_adds: Callable
    # Whether a matrix unit works: 0 or 1, or the share of what it multiplies of 16 bits.
    matrix: Callable
    # "load" or "store" in global memory and how many bytes a lane moves; None for other instructions.
    access: Callable
    # An access's address without its constant part, and that part; None where that is not to be told.
    address: Callable
    # How many bytes a lane reads of local memory.
    local_load: Callable
    # Whether it stands for a division of 64-bit integers.
    divides: Callable
    # How large what a matrix unit multiplies at once is, in the usual size's times.
    matrix_size: Callable = lambda instruction: 1


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
    loops = loops_of(code)
    inside = set().union(*loops)
    divisions = [index for index, instruction in enumerate(code.instructions) if reader.divides(instruction)]
    return {
        "instructions": len(code.instructions),
        "loads": counts["load"],
        "stores": counts["store"],
        "narrow": sum(narrow(offsets) for offsets in runs.values()),
        "divisions": len(divisions),
        "loop_divisions": sum(index in inside for index in divisions),
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
    """The loop with the most arithmetic of its own, outside loops in it; None where none has any.

    A loop inside another runs more often than that one: each level counts as INNER_TURNS turns.
    """
    best, place, most = None, None, (0, 0)
    for loop in loops:
        body = own_body(code, loops, loop)
        counts = [reader.multiply_adds(instruction) for instruction in body]
        found = {
            "instructions": len(body),
            "multiply_adds": sum(count > 0 for count in counts),
            "products": sum(counts),
            "matrix": sum(reader.matrix(instruction) > 0 for instruction in body),
            "matrix_work": sum(reader.matrix(instruction) * reader.matrix_size(instruction) for instruction in body),
            "matrix_rate": max((reader.matrix(instruction) for instruction in body), default=0),
            "local_loads": sum(reader.local_load(instruction) > 0 for instruction in body),
            "local_bytes": sum(reader.local_load(instruction) for instruction in body),
        }
        turns = INNER_TURNS ** sum(loop < other for other in loops)
        weight = (found["matrix"] * turns, found["multiply_adds"] * turns)
        if weight > most:
            best, place, most = found, loop, weight
    if best:
        # Instructions of the loop around it.
        nearest = min((loop for loop in loops if loop > place), key=len, default=None)
        best["around"] = len(own_body(code, loops, nearest)) if nearest else 0
    return best


def own_body(code, loops, loop):
    """The instructions of a loop that are in no loop inside it."""
    inner = set().union(*(other for other in loops if other < loop))
    return [code.instructions[index] for index in sorted(loop - inner)]
