"""Compiles programs side by side and keeps what comes out, since most of them are the same at the next call."""

import gzip
import hashlib
import json
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor

import amd
import intel
import nvidia
import tools
from rows import Row
from targets import TARGETS

MAKERS = {"nvidia": nvidia, "amd": amd, "intel": intel}


def compile_all(forms, recordings, cache):
    """A row for each form on each target; `forms` has them by target."""
    os.makedirs(cache, exist_ok=True)
    versions = json.dumps(tools.versions())
    jobs = {}
    for target, found in forms.items():
        recording = recordings[TARGETS[target].device]
        for form in found:
            source = recording.programs[form.program], recording.options[form.program]
            jobs[target, form.program] = (*source, target, cache, versions)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip(jobs, pool.map(program, jobs.values(), chunksize=4)))
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


def program(job):
    """Figures of a program's kernels by name, or {"failure": why}."""
    text, options, target, cache, versions = job
    maker = MAKERS[TARGETS[target].maker]
    with open(text, "rb") as file:
        parts = [versions.encode(), file.read(), options.encode(), target.encode()]
    path = os.path.join(cache, f"{hashlib.sha256(bytes(10).join(parts)).hexdigest()}.json.gz")
    if os.path.exists(path):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return maker.kernels(json.load(file))
    with tempfile.TemporaryDirectory() as folder:
        try:
            texts = maker.compile_program(text, options, target, folder)
        except tools.Failed as failed:
            return {"failure": str(failed)}
    with gzip.open(f"{path}.{os.getpid()}", "wt", encoding="utf-8", compresslevel=3) as file:
        json.dump(texts, file)
    os.replace(f"{path}.{os.getpid()}", path)
    return maker.kernels(texts)
