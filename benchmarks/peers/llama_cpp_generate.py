"""Continues a text by llama.cpp's Python package, as `lathe generate` does; language_processes.py runs it.

    llama_cpp_generate.py MODEL.gguf PROMPT-FILE TOKENS CONTEXT

Writes to standard error, as JSON, what the interpreter and the import of the package took of the time and of the memory.
"""

import json
import resource
import sys
import time

START = time.perf_counter()
import llama_cpp  # noqa: E402: the import is what is measured

IMPORTED = {
    "import_seconds": time.perf_counter() - START,
    "import_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}

from protocol import cores  # noqa: E402


def main():
    path, prompt, count, context = sys.argv[1:]
    with open(prompt, "rb") as file:
        text = file.read()
    llm = llama_cpp.Llama(
        path, n_ctx=int(context), n_batch=512, n_threads=cores(), n_threads_batch=cores(), verbose=False)
    tokens = llm.tokenize(text, add_bos=False, special=True)
    for made, token in enumerate(llm.generate(tokens, temp=0.0), 1):
        sys.stdout.buffer.write(llm.detokenize([token]))
        sys.stdout.buffer.flush()
        if made == int(count):
            break
    print(json.dumps({**IMPORTED, "prompt_tokens": len(tokens)}), file=sys.stderr)


if __name__ == "__main__":
    main()
