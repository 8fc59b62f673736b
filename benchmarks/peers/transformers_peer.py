"""Hugging Face's transformers in bfloat16, on the model that scripts/fetch-models.sh smollm2 puts into the model store."""

import os

import torch
import transformers

from protocol import cores, serve
from smollm2 import model, token


class Transformers:
    name = "transformers"
    version = transformers.__version__

    def prepare(self, operation, p):
        if operation != "smollm2-decode-bf16":
            return None
        torch.set_num_threads(cores())
        path = model()
        network = transformers.AutoModelForCausalLM.from_pretrained(
            os.path.dirname(path), gguf_file=os.path.basename(path), dtype=torch.bfloat16).eval()
        count = p["count"]
        text = torch.tensor([[token(i) for i in range(count)]])
        one = torch.tensor([[token(count)]])
        with torch.inference_mode():
            cache = network(text, use_cache=True).past_key_values

        @torch.inference_mode()
        def write():
            # A negative number is how many go.
            if cache.get_seq_length() > count:
                cache.crop(count - cache.get_seq_length())
            network(one, past_key_values=cache, use_cache=True)

        return write


if __name__ == "__main__":
    serve(Transformers())
