"""Compiles OpenCL C for AMD's GPUs by clang, whose text of the machine code names what a kernel takes."""

import re

import tools
from machine_code import Code, Instruction, Reader, figures


MEMORY = re.compile(r"(?:global|flat)_(load|store)_(?:d16_(?:hi_)?)?(\w+?)(?:_d16(?:_hi)?)?$")
WIDTHS = {
    "dwordx4": 16, "b128": 16, "dwordx3": 12, "b96": 12, "dwordx2": 8, "b64": 8, "dword": 4, "b32": 4,
    "ushort": 2, "sshort": 2, "short": 2, "b16": 2, "u16": 2, "i16": 2,
    "ubyte": 1, "sbyte": 1, "byte": 1, "b8": 1, "u8": 1, "i8": 1,
}


def access(instruction):
    """What is done in global memory."""
    found = MEMORY.match(instruction.opcode)
    return (found[1], WIDTHS[found[2]]) if found else None


def address(instruction):
    """Base and offset of an access: the value's register stands before the address where it is loaded, else behind."""
    offset = re.search(r" offset:(-?\d+)", instruction.operands)
    words = re.sub(r" (offset:|nt|sc\d|glc|slc|dlc|th:).*", "", instruction.operands).split(", ")
    base = words[1:] if "_load_" in instruction.opcode else words[:1] + words[2:]
    return ", ".join(base), int(offset[1]) if offset else 0


def multiply_adds(instruction):
    """v_pk_fma_f32 and a v_dual_fmac_f32 beside another make two at once."""
    words = f"{instruction.opcode} {instruction.operands}"
    count = len(re.findall(r"\bv_(?:pk_|dual_)?fma(?:c|mk|ak)?_(?:legacy_)?f\d+", words))
    return 2 * count if instruction.opcode.startswith("v_pk_") else count


def local_load(instruction):
    """ds_read2_b64 reads twice eight bytes."""
    found = re.match(r"ds_(?:read|load)(_?2?)(?:addr|st64)*_(?:2addr_)?(?:stride64_)?(\w+)", instruction.opcode)
    return WIDTHS.get(found[2], 4) * (2 if "2" in found[1] or "_2addr" in instruction.opcode else 1) if found else 0


READER = Reader(
    multiply_adds=multiply_adds,
    matrix=lambda instruction: int(bool(re.match(r"v_mfma|v_smfmac|v_wmma", instruction.opcode))),
    access=access,
    address=address,
    local_load=local_load,
    # A constant of the expanded division of 64-bit integers: 2 to the 64 as a float, less what rounding may add.
    divides=lambda instruction: "0x5f7ffffc" in instruction.operands,
)


def compile_program(text, options, target, folder):
    """What clang makes of a program."""
    assembly = f"{folder}/code.s"
    tools.clang(text, options, assembly, "--target=amdgcn-amd-amdhsa", f"-mcpu={target}", "amdgcn--amdhsa.bc")
    with open(assembly, encoding="utf-8") as file:
        return {"assembly": file.read()}


def kernels(texts):
    """Figures of each kernel by name."""
    content = texts["assembly"]
    metadata = content.split(".amdgpu_metadata", 1)[1]
    codes = dict(functions(content.split(".amdgpu_metadata", 1)[0]))
    found = {}
    for part in re.split(r"\n  - ", metadata):
        name = re.search(r"\.name:\s+(\w+)\n", part)
        # Arguments have names, too.
        symbol = re.search(r"\.symbol:\s+'?(\w+)\.kd", part)
        if not symbol or not name:
            continue
        kernel = symbol[1]
        result = figures(codes[kernel], READER)
        result |= {
            "registers": number(part, "vgpr_count"),
            "scratch": number(part, "private_segment_fixed_size"),
            "spills": number(part, "vgpr_spill_count") * 4,
            "local": number(part, "group_segment_fixed_size"),
        }
        found[kernel] = result
    return found


def number(part, name):
    """A number of a kernel's metadata."""
    found = re.search(rf"\.{name}:\s+(\d+)", part)
    return int(found[1]) if found else 0


def functions(content):
    """Name and code of each function."""
    name, code = None, Code()
    for line in content.split("\n"):
        start = re.match(r"(\w+):\s+; @", line)
        label = re.match(r"(\.LBB\w+):", line)
        if start:
            if name:
                yield name, code
            name, code = start[1], Code()
        elif label:
            code.labels[label[1]] = len(code.instructions)
        elif line.startswith("\t.section") and name:
            yield name, code
            name, code = None, Code()
        else:
            found = re.match(r"\t([a-z]\w+)(?:\s+([^;]*))?", line)
            if found and name:
                operands = (found[2] or "").strip()
                jumps = tuple(re.findall(r"^\.LBB\w+$", operands))
                ends = found[1] in ("s_branch", "s_endpgm", "s_setpc_b64")
                code.instructions.append(Instruction(found[1], operands, jumps, not ends))
    if name:
        yield name, code
