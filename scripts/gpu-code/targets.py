"""The GPUs that kernels are compiled for, and how many work-items of a kernel each can hold at a time."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Target:
    """A kind of processor, and the device of Tests/PaperDriver that says what is built for it."""

    name: str
    maker: str
    device: str
    # Of a multiprocessor, compute unit, work-group processor or Xe core: 32-bit registers of a lane on each scheduler,
    # the unit they are given out in, schedulers, sub-groups, lanes of one, local memory and what each work-group takes
    # of it beside its own, and work-groups.
    registers: int
    granule: int
    schedulers: int
    sub_groups: int
    lanes: int
    local_bytes: int
    local_extra: int
    groups: int
    has_doubles: bool = True

    def occupancy(self, figures, items):
        """The share of the sub-groups there is room for that work-groups of so many items fill.

        0 means that not even one work-group fits.
        """
        # Intel's compiler chooses how many lanes a sub-group has.
        waves = ceil(items / figures.get("lanes", self.lanes))
        room = self.registers // (max(1, ceil(figures["registers"] / self.granule)) * self.granule)
        by_registers = min(room * self.schedulers, self.sub_groups)
        local = figures["local"] + self.local_extra
        groups = min(by_registers // waves, self.groups, self.local_bytes // local if local else self.groups)
        return min(1, groups * waves / self.sub_groups)


# NVIDIA: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability". AMD: the instruction set
# documents of CDNA 2, CDNA 3 and RDNA 3, as LLVM's AMDGPU back-end counts. Intel: the Xe-HPG architecture of the oneAPI
# GPU optimization guide; registers there are those of a thread, 128 of which leave room for eight threads.
TARGETS = {
    target.name: target
    for target in [
        Target("sm_75", "nvidia", "h200", 512, 8, 4, 32, 32, 65536, 0, 16),
        Target("sm_80", "nvidia", "h200", 512, 8, 4, 64, 32, 167936, 1024, 32),
        Target("sm_90", "nvidia", "h200", 512, 8, 4, 64, 32, 233472, 1024, 32),
        Target("gfx90a", "amd", "mi300x", 512, 8, 4, 32, 64, 65536, 0, 32),
        Target("gfx942", "amd", "mi300x", 512, 8, 4, 32, 64, 65536, 0, 32),
        Target("gfx1100", "amd", "rx7900xtx", 1536, 24, 4, 64, 32, 131072, 0, 64),
        # An Arc A770: the compiler that Debian 12 has knows none that is newer.
        Target("acm-g10", "intel", "arc-b580", 1024, 128, 16, 128, 16, 131072, 0, 64, has_doubles=False),
    ]
}
