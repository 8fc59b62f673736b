"""Compares Lathe's reader and writer of Parquet files with pyarrow and polars on tables made at random.

    swift build -c release --product TableCheck
    .venv-tables/bin/python scripts/check-parquet.py [PROGRAM] [--tables 200] [--seed 1]

Each table is written by pyarrow or polars with settings chosen at random, read and written again by Lathe, and read by pyarrow and
polars, which must both find the table that there was. Packages as in scripts/make-parquet-fixtures.py.
"""

import argparse
import datetime
import random
import subprocess
import tempfile

import polars
import pyarrow as pa
import pyarrow.parquet as pq

EPOCH = datetime.datetime(1970, 1, 1)


def column(generator, rows):
    """Values of a kind chosen at random, and what pyarrow calls the kind."""
    holes = generator.choice([0, 0, 0.01, 0.3, 1])
    repeats = generator.choice([1, 3, 50])
    few = generator.random() < 0.5
    kind = generator.choice(["int64", "int32", "uint16", "float64", "float32", "bool", "string", "category", "us", "ms", "utc", "date"])
    low, high = generator.choice([(0, 3), (-100, 100), (-2**31, 2**31 - 1), (0, 65535)])
    make = {
        "int64": lambda: generator.randint(low * 2**30, high * 2**30), "int32": lambda: generator.randint(low, min(high, 2**31 - 1)),
        "uint16": lambda: generator.randint(0, 65535), "float64": lambda: generator.gauss(0, 10**generator.randint(-5, 5)),
        "float32": lambda: generator.randint(-10**6, 10**6) / 64, "bool": lambda: generator.random() < 0.3,
        "string": lambda: "".join(generator.choice("ab é🙂\n\"") for _ in range(generator.choice([0, 1, 5, 300] if not few else [1]))),
        "category": lambda: generator.choice(["x", "y", "Zoë", ""]),
        "us": lambda: EPOCH + datetime.timedelta(microseconds=generator.randint(-10**15, 10**15)),
        "ms": lambda: EPOCH + datetime.timedelta(milliseconds=generator.randint(-10**12, 10**12)),
        "utc": lambda: EPOCH + datetime.timedelta(microseconds=generator.randint(-10**15, 10**15)),
        "date": lambda: (EPOCH + datetime.timedelta(days=generator.randint(-10**5, 10**5))).date()}[kind]
    values = []
    while len(values) < rows:
        item = None if generator.random() < holes else make()
        values += [item] * min(generator.randint(1, repeats), rows - len(values))
    types = {"string": pa.string(), "category": pa.dictionary(pa.int32(), pa.string()), "us": pa.timestamp("us"),
             "ms": pa.timestamp("ms"), "utc": pa.timestamp("us", "UTC"), "date": pa.date32(), "float64": pa.float64(),
             "float32": pa.float32(), "bool": pa.bool_(), "int64": pa.int64(), "int32": pa.int32(), "uint16": pa.uint16()}
    return pa.array(values, types[kind])


def wanted(array):
    """The column as Lathe holds it."""
    if pa.types.is_dictionary(array.type):
        return array.cast(pa.string())
    if pa.types.is_date(array.type):
        return array.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(array.type):
        return array.cast(pa.timestamp("us", array.type.tz))
    if pa.types.is_integer(array.type):
        return array.cast(pa.int64())
    return array


def settings(generator, table):
    arguments = {
        "compression": generator.choice(["none", "snappy", "gzip", "zstd"]), "use_dictionary": generator.random() < 0.5,
        "data_page_version": generator.choice(["1.0", "2.0"]), "row_group_size": generator.choice([7, 100, 5000]),
        "data_page_size": generator.choice([64, 1000, 10**6]), "write_batch_size": generator.choice([3, 64, 1024]),
        "write_page_checksum": generator.random() < 0.3, "store_schema": generator.random() < 0.5}
    if not arguments["use_dictionary"] and generator.random() < 0.8:
        encodings = {}
        for field in table.schema:
            if pa.types.is_integer(field.type):
                choices = ["PLAIN", "DELTA_BINARY_PACKED"] + ["BYTE_STREAM_SPLIT"] * (field.type.bit_width > 16)
            elif pa.types.is_floating(field.type):
                choices = ["PLAIN", "BYTE_STREAM_SPLIT"]
            elif pa.types.is_boolean(field.type):
                choices = ["PLAIN", "RLE"]
            elif pa.types.is_string(field.type) or pa.types.is_dictionary(field.type):
                choices = ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]
            else:
                choices = ["PLAIN", "DELTA_BINARY_PACKED"]
            encodings[field.name] = generator.choice(choices)
        arguments["column_encoding"] = encodings
    return arguments


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default=".build/release/TableCheck")
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    cells = 0
    with tempfile.TemporaryDirectory() as folder:
        runs = {method: subprocess.Popen([options.program, "copy", method], stdin=subprocess.PIPE, text=True)
                for method in ("none", "snappy", "zstd")}
        made = []
        for number in range(options.tables):
            rows = generator.choice([0, 1, 9, 64, 1000, 3000])
            table = pa.table({f"c{i}": column(generator, rows) for i in range(generator.randint(1, 6))})
            source, target = f"{folder}/{number}.parquet", f"{folder}/{number}-lathe.parquet"
            if generator.random() < 0.3:
                polars.from_arrow(table).write_parquet(
                    source, compression=generator.choice(["snappy", "zstd", "gzip", "uncompressed"]),
                    row_group_size=generator.choice([None, 100]), data_page_size=generator.choice([None, 1000]))
            else:
                pq.write_table(table, source, **settings(generator, table))
            made.append((table, target))
            run = runs[generator.choice(list(runs))]
            run.stdin.write(f"{source}\n{target}\n")
        for run in runs.values():
            run.stdin.close()
            assert run.wait() == 0, run.args
        for table, target in made:
            expected = pa.table({name: wanted(table[name].combine_chunks()) for name in table.column_names})
            found = pq.read_table(target)
            for name in table.column_names:
                own = found[name].combine_chunks()
                assert own.equals(expected[name].combine_chunks()), (target, name, own.type, expected[name].type)
            frame = polars.read_parquet(target)
            for name in table.column_names:
                assert frame[name].to_list() == expected[name].to_pylist(), (target, name)
            cells += table.num_rows * table.num_columns
            # Through pandas, which takes its own description of the columns.
            assert len(found.to_pandas()) == table.num_rows
    print(f"{len(made)} tables, {cells} cells: equal in pyarrow and polars")


if __name__ == "__main__":
    main()
