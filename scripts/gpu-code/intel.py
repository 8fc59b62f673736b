"""Compiles OpenCL C for Intel's GPUs by Intel's offline compiler, and reads the binary by Intel's disassembler."""

import os
import re
import struct

import nvidia
import tools
from machine_code import Code, Instruction, Reader, figures
from recording import device_values
from targets import TARGETS

JUMPS = ("jmpi", "while", "goto", "join", "if", "else", "endif", "break", "cont", "brd", "brc")
# What a message does stands in the disassembler's comment: load.ugm.d32x4.a64.
MESSAGE = re.compile(r"// .*?(load|store)\w*\.(ugm|slm)\.d(8|16|32|64)(?:u32)?(?:x(\d+))?")


def message(instruction, memory):
    """"load" or "store" and the bytes of a lane, where a message is to that memory."""
    found = MESSAGE.search(instruction.operands) if instruction.opcode == "send" else None
    return (found[1], int(found[3]) // 8 * int(found[4] or 1)) if found and found[2] == memory else None


def local_load(instruction):
    """How many bytes a lane reads of local memory."""
    kind, width = message(instruction, "slm") or ("", 0)
    return width if kind == "load" else 0


READER = Reader(
    multiply_adds=lambda instruction: int(instruction.opcode == "mad"),
    matrix=lambda instruction: int(instruction.opcode.startswith("dpas")),
    access=lambda instruction: message(instruction, "ugm"),
    # Addresses are in registers that are made for each access.
    address=lambda instruction: None,
    local_load=local_load,
    # Found in PTX: here it is a function's body.
    divides=lambda instruction: False,
)


def compile_program(text, options, target, folder):
    """What the tools make of a program: its kernels' needs, their machine code as text, and PTX for its divisions."""
    home = os.environ["LATHE_GPU_CODE_INTEL"]
    # Sub-groups of 16 have matrix units on processors that this compiler does not know but for one.
    device = "pvc" if "-DMATRIX_FORM=4" in options else target
    libraries = f"{home}/usr/lib/x86_64-linux-gnu"
    # As the driver does: names that are added to the compiler's own list declare no functions.
    extensions = "".join(f",+{name}" for name in device_values(TARGETS[target].device)["extensions"].split())
    tools.run(
        [f"{home}/usr/bin/ocloc", "compile", "-file", text, "-device", device, "-options", options]
        + ["-internal_options", f"-cl-intel-allow-zebin -cl-ext=-all{extensions}"]
        + ["-output_no_suffix", "-output", "code", "-out_dir", folder],
        env=os.environ | {"LD_LIBRARY_PATH": libraries},
    )
    with open(f"{folder}/code", "rb") as file:
        parts = sections(file.read())
    result = {"info": parts[".ze_info"].decode(), "ptx": nvidia.compile_ptx(text, options + " -DMATRIX_EMULATED=1", f"{folder}/code.ptx")}
    for name, content in parts.items():
        if name.startswith(".text."):
            with open(f"{folder}/kernel", "wb") as file:
                file.write(content)
            result[name] = tools.run(["iga64", f"-p={'xehpc' if device == 'pvc' else 'xehpg'}", "-d", f"{folder}/kernel"])
    return result


def kernels(texts):
    """Figures of each kernel by name."""
    divisions = nvidia.divisions(texts["ptx"])
    found = {}
    for part in re.split(r"\n  - name: +", texts["info"].split("kernels_misc_info:")[0])[1:]:
        name = part.split("\n", 1)[0].strip()
        found[name] = figures(code(texts[f".text.{name}"]), READER) | resources(part) | divisions.get(name, {})
    return found


def resources(part):
    """What the binary says of a kernel. Registers are those of a thread, of 8 lanes each."""
    def number(name):
        found = re.search(rf" {name}: +(\d+)", part)
        return int(found[1]) if found else 0

    spaces = dict(re.findall(r"usage: +(\w+)\n +size: +(\d+)", part))
    return {
        "registers": number("grf_count"),
        "lanes": number("simd_size"),
        "scratch": int(spaces.get("private_space", 0)),
        "spills": int(spaces.get("spill_fill_space", 0)),
        "local": number("slm_size"),
    }


def sections(elf):
    """The sections of an ELF file of 64 bits by name."""
    start, = struct.unpack_from("<Q", elf, 40)
    count, names = struct.unpack_from("<HH", elf, 60)
    headers = [struct.unpack_from("<IIQQQQIIQQ", elf, start + 64 * index) for index in range(count)]

    def name(offset):
        begin = headers[names][4] + offset
        return elf[begin:elf.index(b"\0", begin)].decode()

    return {name(header[0]): elf[header[4]:header[4] + header[5]] for header in headers}


def code(text):
    """A kernel's code from the disassembler's text."""
    result = Code()
    for line in text.split("\n"):
        label = re.match(r"(L\d+):", line)
        if label:
            result.labels[label[1]] = len(result.instructions)
            continue
        found = re.match(r"(\([~\w&.]+\))?\s+([a-z]\w*)\S*\s*(.*)", line)
        if not found:
            continue
        guard, opcode, operands = found[1] or "", found[2], found[3]
        # Where lanes go on and wait; where they meet, those that are all still waiting jump on.
        jumps = tuple(re.findall(r"\bL\d+\b", operands)) if opcode in JUMPS else ()
        ends = opcode in ("jmpi", "brd") and guard in ("", "(W)")
        result.instructions.append(Instruction(opcode, operands, jumps, not ends))
    return result
