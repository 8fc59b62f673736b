"""The compilers: where they are, and how they are called."""

import os
import subprocess

CLC = "/usr/lib/clc"
ENVIRONMENT = os.environ.get("LATHE_GPU_CODE_VENV", "")


class Failed(Exception):
    """A tool that ended with an error: what it said."""


def run(command, **options):
    """Runs a command and returns what it printed on both outputs; raises Failed with the first lines of an error."""
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if result.returncode:
        lines = [line for line in result.stdout.split("\n") if "error" in line.lower()] or result.stdout.split("\n")
        raise Failed(f"{os.path.basename(command[0])}: {' | '.join(lines[:3])}")
    return result.stdout


def clang(text, options, output, target, processor, library, features=()):
    """Compiles OpenCL C to a GPU's assembly; `features` are those of the target."""
    run(
        ["clang-19", "-x", "cl", *(option for option in options.split() if not option.startswith("-cl-nv-")), target, processor, "-nogpulib", "-O3"]
        + ["-Xclang", "-fdeclare-opencl-builtins", "-Xclang", "-finclude-default-header"]
        + [part for name in features for part in ("-Xclang", "-target-feature", "-Xclang", name)]
        + ["-Xclang", "-mlink-builtin-bitcode", "-Xclang", f"{CLC}/{library}", "-S", "-o", output, text]
    )


def nvidia(name):
    """A program of NVIDIA's wheels."""
    for folder, _, files in os.walk(ENVIRONMENT):
        if name in files and os.path.basename(folder) == "bin" and os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    raise Failed(f"{name} is missing: scripts/check-gpu-code.sh installs it")


def versions():
    """What the results depend on beside the sources."""
    clang_version = run(["clang-19", "--version"]).split("\n")[0]
    found = {"clang": clang_version, "ptxas": "ptxas " + run([nvidia("ptxas"), "--version"]).strip().split("\n")[-1]}
    if not intel_is_missing():
        release = run(["dpkg-query", "-W", "-f", "${Version}", "libigc1"])
        found["ocloc"] = f"Intel graphics compiler {release}"
    return found


def intel_is_missing():
    """Whether Intel's offline compiler could not be had."""
    return not os.path.exists(f"{os.environ.get('LATHE_GPU_CODE_INTEL', '')}/usr/bin/ocloc")
