"""The GPUs that kernels are compiled for, and how many work-items of a kernel each can hold at a time."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Target:
    """A kind of processor, and the device of Tests/PaperDriver that says what is built for it."""

    name: str
    maker: str
    device: str
    # Of a multiprocessor, compute unit or work-group processor: 32-bit registers of a lane, the unit they are given out in,
    # sub-groups, lanes of one, local memory and what a work-group takes of it beside its own.
    registers: int = 0
    granule: int = 0
    sub_groups: int = 0
    lanes: int = 0
    local_bytes: int = 0
    local_extra: int = 0
    schedulers: int = 4
    groups: int = 32

    def occupancy(self, registers, local_bytes, items):
        """The share of the sub-groups there is room for that work-groups of so many items fill; None where that is unknown.

        0 means that not even one work-group fits.
        """
        if not self.registers:
            return None
        waves = ceil(items / self.lanes)
        room = self.registers // (max(1, ceil(registers / self.granule)) * self.granule)
        by_registers = min(room * self.schedulers, self.sub_groups)
        local = local_bytes + self.local_extra if local_bytes or self.local_extra else 0
        groups = min(by_registers // waves, self.groups, self.local_bytes // local if local else self.groups)
        return groups * waves / self.sub_groups


# NVIDIA: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability". AMD: the instruction set documents of
# CDNA 2, CDNA 3 and RDNA 3, as LLVM's AMDGPU back-end counts. A scheduler has its share of the registers.
TARGETS = {
    target.name: target
    for target in [
        Target("sm_75", "nvidia", "h200", 512, 8, 32, 32, 65536, 0, 4, 16),
        Target("sm_80", "nvidia", "h200", 512, 8, 64, 32, 167936, 1024, 4, 32),
        Target("sm_90", "nvidia", "h200", 512, 8, 64, 32, 233472, 1024, 4, 32),
        Target("gfx90a", "amd", "mi300x", 512, 8, 32, 64, 65536, 0, 4, 32),
        Target("gfx942", "amd", "mi300x", 512, 8, 32, 64, 65536, 0, 4, 32),
        Target("gfx1100", "amd", "rx7900xtx", 1536, 24, 64, 32, 131072, 0, 4, 32),
        # An Arc A770: the compiler of Debian 12 knows none that is newer. Registers are as many as a thread has.
        Target("acm-g10", "intel", "arc-b580"),
    ]
}
