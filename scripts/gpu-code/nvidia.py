"""Compiles OpenCL C for NVIDIA's GPUs: clang makes PTX of it, ptxas machine code, nvdisasm text again."""

import re

import tools
from machine_code import Code, Instruction, Reader, figures



def address(operands, _):
    """Base and offset of an access."""
    found = re.search(r"\[(R\w+(?:\.\w+)*(?:\+UR\w+)?)(?:\+(-?0x[0-9a-f]+))?\]", operands)
    return (found[1], int(found[2] or "0", 0)) if found else None


READER = Reader(
    multiply_add=re.compile(r"(FFMA|DFMA|HFMA2|[HI]MMA|HGMMA)\b"),
    memory=re.compile(
        r"(?:(?P<load>LDG?)|(?P<store>STG?))(?:\.(?!(?:[US]?8|[US]?16|64|128)\b)\w+)*(?:\.(?P<width>[US]?8|[US]?16|64|128))?[. ]"
    ),
    width_bytes={"": 4, "8": 1, "U8": 1, "S8": 1, "16": 2, "U16": 2, "S16": 2, "64": 8, "128": 16},
    local_load=re.compile(r"LDS"),
    wide_local_load=re.compile(r"LDS(\.\w+)*\.128|LDSM"),
    # Found in PTX: a call in machine code has lost its name.
    division=re.compile(r"(?!)"),
    address=address,
)
DIVISION = re.compile(r"(div|rem)\.[su]64")


def compile_kernels(text, options, target, folder):
    """Figures of each kernel of a program, by name."""
    assembly, binary = f"{folder}/code.ptx", f"{folder}/code.cubin"
    tools.clang(
        text, options, assembly, "--target=nvptx64-nvidia-nvcl", f"-march={target}", "nvptx64--nvidiacl.bc"
    )
    log = tools.run([tools.nvidia("ptxas"), f"-arch={target}", "-v", "-o", binary, assembly])
    sass = tools.run([tools.nvidia("nvdisasm"), "-c", binary])
    with open(assembly, encoding="utf-8") as file:
        divisions = {name: figures(code, PTX) for name, code in functions(file.read(), r"\.entry (\w+)\(", ptx_line)}
    found = {}
    for name, code in functions(sass, r"\.text\.(\w+):", sass_line):
        if name not in divisions:
            continue
        result = figures(code, READER)
        for key in ["divisions", "loop_divisions"]:
            result[key] = divisions[name][key]
        result |= resources(log, name)
        found[name] = result
    return found


def resources(log, name):
    """What ptxas says of a kernel."""
    part = log.split(f"Compiling entry function '{name}'", 1)[1].split("Compiling entry", 1)[0]
    stack = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", part)
    local = re.search(r"(\d+) bytes smem", part)
    return {
        "registers": int(re.search(r"Used (\d+) registers", part)[1]),
        "scratch": int(stack[1]),
        "spills": int(stack[2]) + int(stack[3]),
        "local": int(local[1]) if local else 0,
    }


PTX = Reader(
    multiply_add=re.compile(r"fma\."),
    memory=re.compile(r"(?P<load>(?!))(?P<store>)(?P<width>)"),
    width_bytes={"": 4},
    local_load=re.compile(r"ld\.shared"),
    wide_local_load=re.compile(r"ld\.shared\.v4"),
    division=DIVISION,
    address=lambda operands, is_load: None,
)


def functions(text, start, parse_line):
    """Name and code of each function; `start` matches the line that names one."""
    name, code = None, Code()
    for line in text.split("\n"):
        found = re.search(start, line)
        if found:
            if name:
                yield name, code
            name, code = found[1], Code()
        elif name:
            parse_line(line, code)
    if name:
        yield name, code


def sass_line(line, code):
    """Adds a line of nvdisasm's to a kernel's code."""
    label = re.match(r"(\.L_x_\d+):", line)
    if label:
        code.labels[label[1]] = len(code.instructions)
        return
    found = re.match(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+ )?\s*([A-Z][\w.]*)\s*(.*?);", line)
    if found:
        target = re.search(r"`\((\.L_x_\d+)\)", found[2])
        jumps = found[1].startswith("BRA") and target
        code.instructions.append(Instruction(found[1], found[2], target[1] if jumps else None))


def ptx_line(line, code):
    """Adds a line of PTX to a kernel's code."""
    label = re.match(r"(\$L__BB\w+):", line)
    if label:
        code.labels[label[1]] = len(code.instructions)
        return
    found = re.match(r"\t(?:@!?%p\d+ )?(?:\s*)([a-z][\w.]*)\s+(.*);", line)
    if found:
        target = re.match(r"(\$L__BB\w+)", found[2]) if found[1].startswith("bra") else None
        code.instructions.append(Instruction(found[1], found[2], target[1] if target else None))
