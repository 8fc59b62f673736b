"""A model of the machine: what launches would take, from datasheets and compiled code. An estimate, no measurement."""

from dataclasses import dataclass
from math import ceil, prod

from machine_code import INNER_TURNS
from recording import device_values
from targets import TARGETS

# How long a read of memory takes, which reads under way have to hide: a guess for all devices.
LATENCY_SECONDS = 600e-9
# Bytes that a work-item asks for before it waits, at most.
MOST_BYTES_ASKED = 64
# The occupancy that keeps arithmetic going: a guess.
ENOUGH_OCCUPANCY = 0.25
# Multiply-adds of a lane in a matrix instruction of 16 bits: m16n8k16 of 32 lanes, 16x16x16 of 64 and 32, 8x16x16 of 16.
MATRIX_PRODUCTS = {"sm_75": 32, "sm_80": 64, "sm_90": 64, "gfx90a": 64, "gfx942": 64, "gfx1100": 128, "acm-g10": 128}
# Multiply-adds that one instruction can make for a lane: two where packed or paired instructions make up the peak.
PRODUCTS = {"nvidia": 1, "amd": 2, "intel": 1}


class Machine:
    """A device of Tests/PaperDriver with its peaks."""

    def __init__(self, name):
        self.values = device_values(name)
        self.target = TARGETS[self.values["target"]]
        self.flops = float(self.values["peak_gflops"]) * 1e9
        self.matrix_flops = float(self.values["peak_matrix_gflops"]) * 1e9
        self.bandwidth = float(self.values["peak_gbytes"]) * 1e9
        self.cores = int(self.values["cores"])
        self.launch = float(self.values["launch_microseconds"]) * 1e-6
        self.title = self.values["title"]

    @property
    def lane_instructions(self):
        """Instructions of single lanes in a second."""
        return self.flops / 2 / PRODUCTS[self.target.maker]


@dataclass
class Estimate:
    """What a launch takes, and what holds it up."""

    kernel: str
    seconds: float
    bound: str


def launches(machine, recording, figures, products, workload):
    """An estimate for each launch of a workload; `figures` by program and kernel, `products`: those with sums."""
    lines = recording.launches[workload]
    by_operation = {}
    for line in lines:
        by_operation.setdefault(line["done"].get("operation"), []).append(line)
    found = []
    for line in lines:
        group = by_operation[line["done"].get("operation")]
        found.append(launch(machine, line, figures[line["program"], line["launch"]], *work_of(line, group, products)))
    return found


def work_of(line, group, products):
    """Arithmetic and bytes of a launch: an operation's arithmetic is done where products are summed."""
    buffers = [a for a in line["arguments"] if isinstance(a, dict) and "buffer" in a]
    bytes_touched = sum({buffer["at"]: buffer["buffer"] for buffer in buffers}.values())
    if len(group) == 1 and line["done"].get("bytes"):
        bytes_touched = line["done"]["bytes"]
    workers = [other for other in group if (other["program"], other["launch"]) in products]
    if line not in workers:
        return 0, bytes_touched
    share = prod(line["global"]) / sum(prod(other["global"]) for other in workers)
    return (line["done"].get("operations") or 0) * share, bytes_touched


def launch(machine, line, figures, operations, bytes_touched):
    """The longest of what binds a launch."""
    target = machine.target
    items = prod(line["global"])
    group = prod(line["local"]) or 256
    groups = items / group
    room = target.sub_groups * figures.get("lanes", target.lanes)
    full = target.occupancy(figures, group) * room
    times = {"launch": machine.launch}
    # Reads under way on each core, of what it takes to have memory always busy.
    asked = sum(width * count for width, count in figures["loads"].items()) or MOST_BYTES_ASKED
    needed = machine.bandwidth * LATENCY_SECONDS / machine.cores
    flow = min(1, max(min(full, items / machine.cores), 1) * min(asked, MOST_BYTES_ASKED) / needed)
    times["memory"] = bytes_touched / (machine.bandwidth * flow)
    loop = figures["loop"]
    products = loop and (loop["matrix_work"] * MATRIX_PRODUCTS[target.name] or loop["products"])
    if operations and products:
        instructions = operations / 2 / products * (loop["instructions"] + loop["around"] / INNER_TURNS)
        # Cores without a group wait for those that have the last ones.
        turns = ceil(groups / machine.cores)
        busy = groups / (turns * machine.cores)
        speed = busy * min(1, max(min(full, turns * group), 1) / room / ENOUGH_OCCUPANCY)
        times["arithmetic"] = instructions / (machine.lane_instructions * speed)
        if loop["matrix"]:
            # The units work while other instructions are issued.
            rate = machine.matrix_flops * loop["matrix_rate"]
            times["arithmetic"] = max(times["arithmetic"], operations / (rate * speed))
    elif not loop:
        times["instructions"] = items * figures["instructions"] / machine.lane_instructions
    bound = max(times, key=times.get)
    return Estimate(line["launch"], times[bound], bound)
