"""Compiles OpenCL C for AMD's GPUs by clang, whose text of the machine code names what a kernel takes."""

import re

import tools
from machine_code import Code, Instruction, Reader, figures



def address(operands, is_load):
    """Base and offset of an access: the value's register stands before the address where it is loaded, else behind."""
    offset = re.search(r" offset:(-?\d+)", operands)
    words = re.sub(r" (offset:|nt|sc\d|glc|slc|dlc|th:).*", "", operands).split(", ")
    base = words[1:] if is_load else words[:1] + words[2:]
    return ", ".join(base), int(offset[1]) if offset else 0


READER = Reader(
    multiply_add=re.compile(r"v_(pk_|dual_)?fma(c|mk|ak)?_|v_fmac|v_mfma|v_wmma"),
    memory=re.compile(
        r"(?:global|flat)_(?:(?P<load>load)|(?P<store>store))_(?:d16_(?:hi_)?)?"
        r"(?P<width>dwordx4|dwordx3|dwordx2|dword|b128|b96|b64|b32|b16|b8|ubyte|sbyte|byte|ushort|sshort|short|u8|i8|u16|i16)"
    ),
    width_bytes={
        "dwordx4": 16, "b128": 16, "dwordx3": 12, "b96": 12, "dwordx2": 8, "b64": 8, "dword": 4, "b32": 4,
        "ushort": 2, "sshort": 2, "short": 2, "b16": 2, "u16": 2, "i16": 2,
        "ubyte": 1, "sbyte": 1, "byte": 1, "b8": 1, "u8": 1, "i8": 1,
    },
    local_load=re.compile(r"ds_(read|load)"),
    wide_local_load=re.compile(r"ds_(read|load)(2st64|2)?_b(128|64)"),
    # A constant of the expanded division of 64-bit integers: 2 to the 64 as a float, less what rounding may add.
    division=re.compile(r"0x5f7ffffc"),
    address=address,
)


def compile_kernels(text, options, target, folder):
    """Figures of each kernel of a program, by name."""
    assembly = f"{folder}/code.s"
    tools.clang(text, options, assembly, "--target=amdgcn-amd-amdhsa", f"-mcpu={target}", "amdgcn--amdhsa.bc")
    with open(assembly, encoding="utf-8") as file:
        content = file.read()
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
                target = re.match(r"(\.LBB\w+)$", operands)
                code.instructions.append(Instruction(found[1], operands, target[1] if target else None))
    if name:
        yield name, code
