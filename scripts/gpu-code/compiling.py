"""Compiles programs side by side and remembers what came out."""

import hashlib
import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor

import amd
import nvidia
import tools
from rows import Row
from targets import TARGETS

MAKERS = {"nvidia": nvidia, "amd": amd}


def compile_all(forms, recordings, cache):
    """A row for each form on each target; `forms` has them by target."""
    os.makedirs(cache, exist_ok=True)
    stamp = hashlib.sha256(json.dumps(tools.versions()).encode())
    folder = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(os.listdir(folder)):
        if name in ("amd.py", "nvidia.py", "intel.py", "machine_code.py", "tools.py"):
            with open(os.path.join(folder, name), "rb") as file:
                stamp.update(file.read())
    jobs = {}
    for target, found in forms.items():
        recording = recordings[TARGETS[target].device]
        for form in found:
            jobs[target, form.program] = (recording.programs[form.program], recording.options[form.program])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip(jobs, pool.map(
            lambda job: program(*jobs[job], job[0], cache, stamp.digest()), jobs)))
    rows = []
    for target, found in forms.items():
        for form in found:
            result = results[target, form.program]
            if "failure" in result:
                rows.append(Row(form, target, failure=f"{form.title}, {target}: {result['failure']}"))
            elif form.kernel not in result:
                rows.append(Row(form, target, failure=f"{form.title}, {target}: the compiler left the kernel out"))
            else:
                rows.append(Row(form, target, result[form.kernel]))
    return rows


def program(text, options, target, cache, stamp):
    """Figures of a program's kernels by name, or {"failure": why}."""
    with open(text, "rb") as file:
        key = hashlib.sha256(stamp + file.read() + b"\n" + options.encode() + b"\n" + target.encode()).hexdigest()
    path = os.path.join(cache, f"{key}.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = MAKERS[TARGETS[target].maker].compile_kernels(text, options, target, folder)
        except tools.Failed as failed:
            return {"failure": str(failed)}
    with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(f"{path}.{os.getpid()}", path)
    # As it will be read: JSON's keys are text.
    with open(path, encoding="utf-8") as file:
        return json.load(file)
