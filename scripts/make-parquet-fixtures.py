"""Writes Tests/Fixtures/tables/parquet: small Parquet files with the values that pyarrow and polars put into them, and the seeds of
Tests/Fuzz/corpus/parquet.

    python3 -m venv .venv-tables
    .venv-tables/bin/pip install pandas==3.1.1 pyarrow==26.0.1 polars==2.1.0
    .venv-tables/bin/python scripts/make-parquet-fixtures.py

expected.json says for each file the columns' types as Lathe finds them, and the values; running the tests needs no Python.
"""

import datetime
import decimal
import json
import pathlib
import random
import uuid

import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "tables" / "parquet"
expected = []
D = decimal.Decimal
UTC = datetime.timezone.utc


def value(item, kind):
    if item is None:
        return None
    if kind in ("float64", "float32"):
        return repr(float(item))
    if kind.startswith("dateTime"):
        if isinstance(item, datetime.date) and not isinstance(item, datetime.datetime):
            item = datetime.datetime(item.year, item.month, item.day)
        zone = item.tzinfo
        difference = item - datetime.datetime(1970, 1, 1, tzinfo=UTC if zone else None)
        return str(difference // datetime.timedelta(microseconds=1))
    if kind == "duration":
        if isinstance(item, datetime.time):
            item = datetime.timedelta(hours=item.hour, minutes=item.minute, seconds=item.second, microseconds=item.microsecond)
        return str(item // datetime.timedelta(microseconds=1))
    return str(int(item)) if kind == "int64" else bool(item) if kind == "bool" else str(item)


def expect(name, columns, types):
    expected.append({"file": name, "options": {}, "columns": [
        {"name": c, "type": types[c], "values": [value(v, types[c]) for v in columns[c]]} for c in types]})


def add(name, columns, types, schema, **arguments):
    """A file of lists by column; `types` are those that are to be found."""
    table = pa.table({c: pa.array(columns[c], schema.get(c)) for c in columns})
    pq.write_table(table, FOLDER / name, **arguments)
    expect(name, columns, types)


def seeds():
    """Small files that the fuzzer begins with."""
    folder = FOLDER.parent.parent.parent / "Fuzz" / "corpus" / "parquet"
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table({"i": pa.array([1, None, 3] * 20), "t": ["Zoë", "", None] * 20, "f": [0.5, None, 2.0] * 20,
                      "b": [True, None, False] * 20, "d": pa.array([D("1.5"), None, D("-2.25")] * 20, pa.decimal128(9, 2))})
    plain = {"store_schema": False, "write_statistics": False, "compression": "none"}
    pq.write_table(table, folder / "dictionary", **plain)
    pq.write_table(table, folder / "plain", use_dictionary=False, row_group_size=30, **plain)
    pq.write_table(table.select(["i", "t", "f", "b"]), folder / "encodings", use_dictionary=False, data_page_version="2.0",
                   column_encoding={"i": "DELTA_BINARY_PACKED", "t": "DELTA_BYTE_ARRAY", "f": "BYTE_STREAM_SPLIT", "b": "RLE"}, **plain)
    pq.write_table(table.select(["i", "t"]), folder / "lengths", use_dictionary=False,
                   column_encoding={"i": "DELTA_BINARY_PACKED", "t": "DELTA_LENGTH_BYTE_ARRAY"}, **plain)
    for codec in ("zstd", "snappy", "gzip"):
        pq.write_table(table.select(["i", "t"]), folder / codec, **(plain | {"compression": codec}))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.parquet"):
        old.unlink()
    all_types = {
        "b": ([True, None, False], "bool", pa.bool_()), "i8": ([1, None, -128], "int64", pa.int8()),
        "u8": ([255, None, 0], "int64", pa.uint8()), "i16": ([-32768, None, 5], "int64", pa.int16()),
        "u32": ([4294967295, None, 1], "int64", pa.uint32()), "i64": ([-2**63, None, 2**63 - 1], "int64", pa.int64()),
        "u64": ([2**63 - 1, None, 1], "int64", pa.uint64()), "f16": ([1.5, None, -6.103515625e-05], "float32", pa.float16()),
        "f32": ([0.5, None, float("inf")], "float32", pa.float32()), "f64": ([0.1, None, -0.0], "float64", pa.float64()),
        "t": (["Zoë", None, ""], "text", pa.string()), "lt": (["a" * 40, None, "🙂"], "text", pa.large_string()),
        "day": ([datetime.date(2024, 2, 29), None, datetime.date(1900, 1, 1)], "dateTime", pa.date32()),
        "ms": ([datetime.datetime(2024, 1, 31, 12, 30, 0, 5000), None, datetime.datetime(1969, 12, 31)], "dateTime",
               pa.timestamp("ms")),
        "us": ([datetime.datetime(2024, 1, 31, 12, 30, 0, 5), None, datetime.datetime(1, 1, 1)], "dateTime", pa.timestamp("us")),
        "ns": ([datetime.datetime(2024, 1, 31, 12, 30, 0, 5), None, datetime.datetime(1950, 1, 1, 0, 0, 0, 999999)], "dateTime",
               pa.timestamp("ns")),
        "utc": ([datetime.datetime(2024, 1, 31, 12, 30, tzinfo=UTC), None, datetime.datetime(1970, 1, 1, tzinfo=UTC)],
                "dateTime(UTC)", pa.timestamp("us", "UTC")),
        "clock": ([datetime.time(23, 59, 59, 999999), None, datetime.time(0)], "duration", pa.time64("us")),
        "clock32": ([datetime.time(23, 59, 59, 999000), None, datetime.time(0)], "duration", pa.time32("ms")),
        "d4": ([D("12.34"), None, D("-0.01")], "float64", pa.decimal128(5, 2)),
        "d18": ([D("1234567890123456.78"), None, D("-0.01")], "float64", pa.decimal128(18, 2)),
        "d38": ([D("12345678901234567890123456789.123456789"), None, D("-0.000000001")], "float64", pa.decimal128(38, 9)),
        "none": ([None, None, None], "float64", pa.null()),
        "cat": (["x", None, "y"], "text", pa.dictionary(pa.int32(), pa.string())),
    }
    columns = {c: v[0] for c, v in all_types.items()}
    types = {c: v[1] for c, v in all_types.items()}
    schema = {c: v[2] for c, v in all_types.items()}
    for name, arguments in {
            "none": {"compression": "none"}, "snappy": {"compression": "snappy"}, "gzip": {"compression": "gzip"},
            "zstd": {"compression": "zstd"}, "no-dictionary": {"use_dictionary": False, "compression": "none"},
            "pages2": {"data_page_version": "2.0", "compression": "zstd"}, "old": {"version": "1.0", "compression": "none"},
            "decimal-integers": {"store_decimal_as_integer": True, "compression": "none"},
            "checksums": {"write_page_checksum": True, "compression": "snappy"},
            "int96": {"use_deprecated_int96_timestamps": True, "compression": "none"}}.items():
        own = dict(columns)
        kinds = dict(types)
        if name == "int96":
            for column in ("ms", "us", "ns", "utc"):
                kinds[column] = "dateTime"
            own["us"] = [own["us"][0], None, datetime.datetime(1700, 1, 1)]
        add(f"types-{name}.parquet", own, kinds, schema, **arguments)
        if name == "int96":
            expected[-1]["columns"][list(kinds).index("utc")]["values"] = [value(v, "dateTime(UTC)") for v in own["utc"]]
    generator = random.Random(5)
    rows = 200
    holes = lambda make: [None if generator.random() < 0.1 else make(i) for i in range(rows)]
    many = {
        "i": holes(lambda i: generator.randrange(-10**6, 10**6)), "small": holes(lambda i: i // 50),
        "f": holes(lambda i: generator.random()), "flag": holes(lambda i: i % 97 < 50),
        "word": holes(lambda i: generator.choice(["Berlin", "Paris", "", "東京"])),
        "text": holes(lambda i: f"row {i:05d} " + "x" * generator.randrange(5)),
        "whole": [i * i for i in range(rows)]}
    kinds = {"i": "int64", "small": "int64", "f": "float64", "flag": "bool", "word": "text", "text": "text", "whole": "int64"}
    schema = {"i": pa.int64(), "small": pa.int32(), "f": pa.float64()}
    encodings = {"i": "DELTA_BINARY_PACKED", "small": "DELTA_BINARY_PACKED", "f": "BYTE_STREAM_SPLIT", "flag": "RLE",
                 "word": "DELTA_LENGTH_BYTE_ARRAY", "text": "DELTA_BYTE_ARRAY", "whole": "DELTA_BINARY_PACKED"}
    add("many-groups.parquet", many, kinds, schema, row_group_size=45, compression="none")
    add("many-pages.parquet", many, kinds, schema, data_page_size=256, write_batch_size=32, compression="none")
    for version in ("1.0", "2.0"):
        add(f"delta-{version[0]}.parquet", many, kinds, schema, use_dictionary=False, column_encoding=encodings,
            data_page_version=version, compression="zstd")
    add("split-integers.parquet", {c: many[c] for c in ("i", "small")}, {"i": "int64", "small": "int64"}, schema,
        use_dictionary=False, column_encoding={"i": "BYTE_STREAM_SPLIT", "small": "BYTE_STREAM_SPLIT"}, compression="none")
    add("no-rows.parquet", {"a": [], "t": []}, {"a": "int64", "t": "text"}, {"a": pa.int64(), "t": pa.string()})
    identifier = uuid.UUID("12345678-90ab-cdef-fedc-ba0987654321")
    storage = pa.array([identifier.bytes, None], pa.binary(16))
    pq.write_table(pa.table({"u": pa.ExtensionArray.from_storage(pa.uuid(), storage)}), FOLDER / "uuid.parquet",
                   compression="none", store_schema=False)
    expect("uuid.parquet", {"u": [str(identifier), None]}, {"u": "text"})
    frame = pandas.DataFrame({
        "city": pandas.Categorical(["x", None, "y", "x"]), "long": pandas.to_timedelta([1, None, -5, 10**9], unit="ms"),
        "berlin": pandas.to_datetime(["2024-01-31 12:00", None, "2024-07-01", "1999-12-31"], format="ISO8601").tz_localize("Europe/Berlin"),
        "id": pandas.array([1, None, 3, 4], dtype="Int64")})
    frame.to_parquet(FOLDER / "pandas.parquet")
    none = lambda items: [None if pandas.isna(v) else v for v in items]
    expect("pandas.parquet", {
        "city": none(frame["city"]), "long": [None if pandas.isna(v) else v.to_pytimedelta() for v in frame["long"]],
        "berlin": [None if pandas.isna(v) else v.to_pydatetime() for v in frame["berlin"]], "id": none(frame["id"])},
        {"city": "categorical", "long": "duration", "berlin": "dateTime(Europe/Berlin)", "id": "int64"})
    kinds.pop("small")
    polars.DataFrame({c: many[c] for c in kinds}).write_parquet(FOLDER / "polars.parquet", row_group_size=90)
    expect("polars.parquet", many, kinds)
    pq.write_table(pa.table({"a": [1], "l": [[1, 2]], "s": [{"x": 1}], "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64()))}),
                   FOLDER / "nested.parquet", compression="none")
    pq.write_table(pa.table({"a": [1, 2], "big": pa.array([2**64 - 1, 1], pa.uint64()), "raw": pa.array([b"\xff\xfe", b"x"]),
                             "i": [1, 2]}), FOLDER / "refused.parquet", compression="none", use_dictionary=False)
    for codec in ("brotli", "lz4"):
        pq.write_table(pa.table({"a": [1, 2, 3]}), FOLDER / f"{codec}.parquet", compression=codec)
    seeds()
    with open(FOLDER / "expected.json", "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in expected) + "\n]\n")


if __name__ == "__main__":
    main()
