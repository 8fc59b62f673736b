"""Checks that the texts which JSON schemas let tokens spell are valid to the library `jsonschema`; see check-tokenizers.sh.

    check-grammars.py PROGRAM FOLDER [--count N]

PROGRAM is TokenizerCheck, FOLDER holds tokenisers that check-tokenizers.py has written. Exits with 1 where a text is not valid.
"""

import argparse
import glob
import json
import os
import subprocess
import sys

from jsonschema import Draft202012Validator, FormatChecker

SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Tests/Fixtures/text/schemas.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    with open(SCHEMAS, encoding="utf-8") as file:
        schemas = [row["schema"] for row in json.load(file)]
    path = f"{options.folder}/schemas.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(schema) + "\n" for schema in schemas)
    wrong = 0
    for tokenizer in sorted(glob.glob(f"{options.folder}/*.json")):
        name = os.path.basename(tokenizer)[:-5]
        # Those whose normalisers lose letters cannot spell JSON.
        if name not in ["SmolLM2", "GPT-2", "byte-fallback"]:
            continue
        output = subprocess.run(
            [options.program, "walk", tokenizer, path, str(options.count)], stdout=subprocess.PIPE, text=True, check=True)
        total, few = 0, []
        for schema, line in zip(schemas, output.stdout.split("\n")):
            texts = json.loads(line)
            total += len(texts)
            if len(texts) < options.count:
                few.append(f"{len(texts)} of {json.dumps(schema)[:60]}")
            if isinstance(schema, dict) and "pattern" in schema:
                # White space in JavaScript, whose expressions schemas have, is one character more than in Python.
                schema = {**schema, "pattern": schema["pattern"].replace(r"\s", r"[\s\ufeff]")}
            validator = Draft202012Validator(schema, format_checker=FormatChecker())
            for text in texts:
                try:
                    valid = validator.is_valid(json.loads(text))
                except ValueError as error:
                    valid = False
                    print(f"{name}: {error}")
                if not valid:
                    wrong += 1
                    print(f"{name}: {json.dumps(schema)[:200]} allows {ascii(text)[:300]}")
        print(f"{name}: {len(schemas)} schemas, {total} texts, {wrong} wrong; unfinished: {few}", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
