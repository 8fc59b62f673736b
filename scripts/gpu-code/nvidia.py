"""Compiles OpenCL C for NVIDIA's GPUs: clang makes PTX of it, ptxas machine code, nvdisasm text again."""

import re

import tools
from machine_code import Code, Instruction, Reader, figures


MEMORY = re.compile(r"(LD|ST)G?(?:\.\w+)*$")
WIDTHS = {"8": 1, "U8": 1, "S8": 1, "16": 2, "U16": 2, "S16": 2, "64": 8, "128": 16}


def width(opcode):
    """How many bytes an access moves: LDG.E.128 16."""
    return next((WIDTHS[part] for part in opcode.split(".")[1:] if part in WIDTHS), 4)


def access(instruction):
    """What is done in global memory."""
    found = MEMORY.match(instruction.opcode)
    return ("load" if found[1] == "LD" else "store", width(instruction.opcode)) if found else None


def local_load(instruction):
    """How many bytes a lane reads of local memory; LDSM reads up to four tiles of 8 x 8 numbers of 16 bits at once."""
    kind = instruction.opcode.split(".")[0]
    return 16 if kind == "LDSM" else width(instruction.opcode) if kind == "LDS" else 0


def address(instruction):
    """Base and offset of an access."""
    found = re.search(r"\[(R\w+(?:\.\w+)*(?:\+UR\w+)?)(?:\+(-?0x[0-9a-f]+))?\]", instruction.operands)
    return (found[1], int(found[2] or "0", 0)) if found else None


def multiply_adds(instruction):
    """HFMA2 makes two at once."""
    kind = instruction.opcode.split(".")[0]
    return {"FFMA": 1, "DFMA": 1, "HFMA2": 2}.get(kind, 0)


def matrix(instruction):
    """1 where a matrix unit works, 0.5 at tf32, of which it multiplies half as many numbers."""
    found = re.match(r"(HMMA|IMMA|HGMMA|QGMMA)\b", instruction.opcode)
    return 0 if not found else 0.5 if "TF32" in instruction.opcode else 1


def matrix_size(instruction):
    """How many times m16n8k16 of each sub-group it is: HGMMA.64x128x16 of four is 16 times that."""
    found = re.match(r"HGMMA\.64x(\d+)x16", instruction.opcode)
    return int(found[1]) // 8 if found else 1


READER = Reader(
    multiply_adds=multiply_adds,
    matrix=matrix,
    matrix_size=matrix_size,
    access=access,
    address=address,
    local_load=local_load,
    # Found in PTX: a call in machine code has lost its name.
    divides=lambda instruction: False,
)
PTX = Reader(
    multiply_adds=lambda instruction: 0,
    matrix=lambda instruction: 0,
    access=lambda instruction: None,
    address=lambda instruction: None,
    local_load=lambda instruction: 0,
    divides=lambda instruction: bool(re.match(r"(div|rem)\.[su]64", instruction.opcode)),
)


def compile_program(text, options, target, folder):
    """What the tools make of a program: PTX, what the assembler says, machine code as text."""
    assembly, binary = f"{folder}/code.ptx", f"{folder}/code.cubin"
    if target == "sm_75":
        options = before_ampere(options)
    result = {"ptx": compile_ptx(text, options, assembly, target)}
    if "-DMATRIX_WGMMA=1" in options:
        target = splice(assembly, result["ptx"])
    most = [f"--maxrregcount={number}" for number in re.findall(r"-cl-nv-maxrregcount=(\d+)", options)]
    result["log"] = tools.run([tools.nvidia("ptxas"), f"-arch={target}", "-v", *most, "-o", binary, assembly])
    if "wgmma" in result["log"]:
        # It says so where it makes products wait for each other.
        raise tools.Failed(next(line for line in result["log"].split("\n") if "wgmma" in line))
    result["sass"] = tools.run([tools.nvidia("nvdisasm"), "-c", "-ndf", binary])
    return result


def splice(assembly, ptx):
    """Makes the comments of matrix_wgmma.clh instructions, as PTXSplice.swift does; returns the processor that has them."""
    spliced = re.sub(r"^\.target sm_90\b", ".target sm_90a", ptx.replace("//sm_90a ", ""), flags=re.MULTILINE)
    with open(assembly, "w", encoding="utf-8") as file:
        file.write(spliced)
    return "sm_90a"


def before_ampere(options):
    """What is built there where a newer processor would multiply on matrix units; of bfloat16 the same in float16."""
    if "-DMATRIX_FORM=1" not in options:
        return options
    options = options.replace("-DSTAGES=3", "-DSTAGES=2").replace("-DOPERANDS=2", "-DOPERANDS=1")
    return options + " -DMATRIX_SHORT=1 -DMATRIX_ASYNC=0"


def compile_ptx(text, options, assembly, target="sm_90"):
    """The PTX that clang makes of a program, which goes to a file, too."""
    tools.clang(
        text, options, assembly, "--target=nvptx64-nvidia-nvcl", f"-march={target}", "nvptx64--nvidiacl.bc",
        # ldmatrix, mma.sync and cp.async are in text that clang passes on; wgmma is of a later version.
        ["+ptx80" if "-DMATRIX_WGMMA=1" in options else "+ptx78"],
    )
    with open(assembly, encoding="utf-8") as file:
        return file.read()


def kernels(texts):
    """Figures of each kernel by name."""
    counts = divisions(texts["ptx"])
    return {
        name: figures(code, READER) | counts[name] | resources(texts["log"], name)
        for name, code in functions(texts["sass"], r"\.text\.(\w+):", sass_line)
        if name in counts
    }


def divisions(ptx):
    """How many divisions of 64-bit integers each kernel has, and how many in loops."""
    found = {name: figures(code, PTX) for name, code in functions(ptx, r"\.entry (\w+)\(", ptx_line)}
    return {name: {key: counts[key] for key in ("divisions", "loop_divisions")} for name, counts in found.items()}


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
    found = re.match(r"\s+/\*[0-9a-f]{4,}\*/\s+(@!?U?P\w+ )?\s*([A-Z][\w.]*)\s*(.*?);", line)
    if found:
        guard, opcode, operands = found[1] or "", found[2], found[3]
        # BRX jumps to one of many; BSSY names where lanes meet again.
        jumps = tuple(re.findall(r"\.L_x_\d+", operands)) if opcode.startswith("BR") else ()
        ends = opcode.startswith(("BRA", "BRX", "EXIT", "RET")) and not guard
        code.instructions.append(Instruction(opcode, operands, jumps, not ends, guard))


def ptx_line(line, code):
    """Adds a line of PTX to a kernel's code."""
    label = re.match(r"(\$L__BB\w+):", line)
    if label:
        code.labels[label[1]] = len(code.instructions)
        return
    found = re.match(r"\t(@!?%p\d+ )?\s*([a-z][\w.]*)(?:\s+(.*))?;", line)
    if found:
        guard, opcode, operands = found[1] or "", found[2], found[3] or ""
        jumps = tuple(re.findall(r"\$L__BB\w+", operands)) if opcode.startswith("br") else ()
        ends = opcode.startswith(("bra", "brx", "ret", "exit")) and not guard
        code.instructions.append(Instruction(opcode, operands, jumps, not ends, guard))
