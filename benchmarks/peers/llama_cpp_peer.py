"""llama.cpp by its Python package, on the model that scripts/fetch-models.sh smollm2 puts into the model store."""

import llama_cpp

from protocol import cores, serve
from smollm2 import model, token


class LlamaCpp:
    name = "llama.cpp"
    version = llama_cpp.__version__

    def prepare(self, operation, p):
        if operation not in ("smollm2-prefill", "smollm2-decode"):
            return None
        count = p["count"]
        llm = llama_cpp.Llama(
            model(), n_ctx=count + 64, n_batch=512, n_threads=cores(), n_threads_batch=cores(), verbose=False)
        text = [token(i) for i in range(count)]

        def read():
            llm.reset()
            llm.eval(text)

        def write():
            # Forgets what comes behind the text, and reads one more token.
            llm.n_tokens = count
            llm.eval([token(count)])

        read()
        return read if operation == "smollm2-prefill" else write


if __name__ == "__main__":
    serve(LlamaCpp())
