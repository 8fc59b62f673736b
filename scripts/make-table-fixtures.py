"""Writes Tests/Fixtures/tables: small CSV files with what pandas makes of them.

    python3 -m venv .venv-tables
    .venv-tables/bin/pip install pandas==3.1.1 pyarrow==26.0.1
    .venv-tables/bin/python scripts/make-table-fixtures.py

expected.json says for each file the options, the columns' types as Lathe finds them, and the values as pandas reads them
with these types; running the tests needs no Python.
"""

import codecs
import csv
import io
import json
import pathlib
import random
import sqlite3

import pandas

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "tables"
TYPES = {"int64": "Int64", "float64": "float64", "bool": "boolean", "text": "str"}
expected = []


def value(item, kind):
    if item is None or item is pandas.NA or item is pandas.NaT or item != item:
        return None
    if kind == "float64":
        return repr(float(item))
    if kind.startswith("dateTime"):
        return str(pandas.Timestamp(item).value // 1000)
    return str(int(item)) if kind == "int64" else bool(item) if kind == "bool" else str(item)


def add(name, content, types, options=None, dates=None, **arguments):
    """A file; `types` are those that are to be found, `arguments` what pandas needs to be told."""
    content = content.encode() if isinstance(content, str) else content
    (FOLDER / name).write_bytes(content)
    times = [column for column, kind in types.items() if kind.startswith("dateTime")]
    frame = pandas.read_csv(
        io.BytesIO(content), dtype={c: TYPES[k] for c, k in types.items() if c not in times and TYPES.get(k)},
        **arguments)
    for column in times:
        frame[column] = pandas.to_datetime(frame[column], utc=types[column] != "dateTime", **(dates or {}))
    assert list(frame.columns) == list(types), (name, list(frame.columns))
    columns = [{"name": c, "type": types[c], "values": [value(v, types[c]) for v in frame[c]]} for c in frame.columns]
    expected.append({"file": name, "options": options or {}, "columns": columns})


def written(rows, **arguments):
    text = io.StringIO()
    csv.writer(text, **arguments).writerows(rows)
    return text.getvalue()


def other_formats():
    """The same people as JSON Lines and as an SQLite table."""
    frame = pandas.DataFrame({
        "id": pandas.array([1, 2, None], dtype="Int64"), "name": ["Zoë \"Z\"", None, "line\nend 🙂"],
        "height": [1.65, float("nan"), 1e-7], "member": pandas.array([True, None, False], dtype="boolean"),
        "born": ["1999-12-31 00:00:00", None, "2001-02-03 04:05:06"]})
    frame.to_json(FOLDER / "people.jsonl", orient="records", lines=True, double_precision=15)
    path = FOLDER / "people.db"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute('CREATE TABLE "the people" (id INTEGER, name TEXT, height REAL, member BOOLEAN, born DATETIME)')
    rows = frame.astype(object).where(frame.notna(), None).values.tolist()
    database.executemany('INSERT INTO "the people" VALUES (?, ?, ?, ?, ?)', rows)
    database.execute("CREATE TABLE odd (mixed, data BLOB)")
    database.execute("INSERT INTO odd VALUES (1, NULL), ('x', x'00')")
    database.commit()
    database.close()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    people = [["id", "name", "height", "member", "note"], [1, "Ada, Countess", 1.65, "true", 'said "hello"'],
              [2, "Zoë", "", "False", "two\nlines"], [-3, "NA", "1e-3", "TRUE", "r\r\nn"], [4, "", "inf", "", ""]]
    kinds = {"id": "int64", "name": "text", "height": "float64", "member": "bool", "note": "text"}
    add("unix.csv", written(people, lineterminator="\n"), kinds)
    add("dos.csv", written(people), kinds)
    add("all-quoted.csv", written(people, quoting=csv.QUOTE_ALL), kinds)
    add("no-last-end.csv", written(people, lineterminator="\n").rstrip("\n"), kinds)
    add("mac.csv", written([row[:4] for row in people], lineterminator="\r"), {k: kinds[k] for k in list(kinds)[:4]})
    add("bom.csv", codecs.BOM_UTF8 + written(people).encode(), kinds)
    for name, encoding in [("utf-16le", "utf-16-le"), ("utf-16be", "utf-16-be")]:
        text = written(people)
        mark = codecs.BOM_UTF16_LE if encoding.endswith("le") else codecs.BOM_UTF16_BE
        add(f"{name}.csv", mark + text.encode(encoding), kinds, encoding="utf-16")
    plain = written([[c if c != "Zoë" else "Zoe" for c in row] for row in people])
    add("utf-16-unmarked.csv", plain.encode("utf-16-le"), kinds, encoding="utf-16-le")
    add("latin-1.csv", written(people).encode("latin-1"), kinds, {"encoding": "latin-1"}, encoding="latin-1")
    add("windows-1252.csv", written([["a"], ["10 €"], ["“x”"], ["Š"]]).encode("cp1252"), {"a": "text"},
        {"encoding": "windows-1252"}, encoding="cp1252")
    for name, delimiter in [("semicolon", ";"), ("tab", "\t"), ("bar", "|")]:
        add(f"{name}.csv", written(people, delimiter=delimiter), kinds, delimiter=delimiter)
    add("decimal-comma.csv", "a;b;c\n1,5;2;x\n-0,25;3,75;1,5\n1e3;;NA\n",
        {"a": "float64", "b": "float64", "c": "text"}, sep=";", decimal=",")
    add("thousands.csv", 'a,b\n"1,234",5\n"12,345,678.5",-7\n999,"1,000"\n', {"a": "float64", "b": "int64"},
        {"thousands": ","}, thousands=",")
    add("thousands-point.csv", "a;b\n1.234,5;1.000\n-12.345.678;2\n", {"a": "float64", "b": "int64"},
        {"thousands": ".", "decimal": ","}, sep=";", thousands=".", decimal=",")
    words = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
             "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
    add("missing.csv", written([["n", "f", "t"], [1, 0.5, "x"]] + [[w, w, w] for w in words] + [[2, 1.5, "nil"]]),
        {"n": "int64", "f": "float64", "t": "text"})
    add("missing-bool.csv", "a,b\ntrue,1\nNA,\nfalse,3\n", {"a": "bool", "b": "int64"})
    add("all-missing.csv", "a,b\n,1\nNA,2\n", {"a": "float64", "b": "int64"})
    add("spaces.csv", "a,b,c\n 1, 2.5, x \n2 ,-1 ,y\n", {"a": "int64", "b": "float64", "c": "text"})
    add("empty-lines.csv", "\n\na,b\n\n1,2\n\n\r\n3,4\n\n", {"a": "int64", "b": "int64"})
    add("one-column.csv", "a\n1\n\n3\n", {"a": "int64"})
    add("one-row.csv", "a,b\n1,x\n", {"a": "int64", "b": "text"})
    add("no-rows.csv", "a,b\n", {"a": "float64", "b": "float64"})
    add("no-header.csv", "1,x\n2,y\n", {"column1": "int64", "column2": "text"}, {"hasHeader": False},
        header=None, names=["column1", "column2"])
    add("dates.csv", "day,moment,zoned\n2024-02-29,2024-01-31 12:30:00,2024-01-31T12:30:00Z\n"
        "1969-12-31,1969-12-31T23:59:59.999999,2024-06-30 23:30:00+02:00\n,2000-01-01 00:00,1900-01-01T00:00:00-05:30\n",
        {"day": "dateTime", "moment": "dateTime", "zoned": "dateTime(UTC)"}, dates={"format": "ISO8601"})
    add("days-first.csv", "a,b\n31/01/2024,1.2.2024\n01/02/2024,29.02.2024\n", {"a": "dateTime", "b": "dateTime"},
        dates={"dayfirst": True})
    add("months-first.csv", "a\n01/31/2024\n02/01/2024\n", {"a": "dateTime"})
    add("mixed-orders.csv", "a\n31/01/2024\n01/31/2024\n", {"a": "text"})
    add("unclear-orders.csv", "a\n01/02/2024\n03/04/2024\n", {"a": "text"})
    add("long-integers.csv", "a,b\n9223372036854775807,1\n-9223372036854775808,9223372036854775808\n",
        {"a": "int64", "b": "text"})
    add("mixed.csv", "a,b,c\n1,true,2024-01-01\nx,2,NA\n3,false,soon\n", {"a": "text", "b": "text", "c": "text"})
    numbers = ["0", "-0.0", "1e308", "1.7976931348623157e308", "5e-324", "2.2250738585072011e-308", "1e-400", "0.1",
               "123456789012345678901234567890", "0.30000000000000004", "9007199254740993.0", "1e23", ".5", "5.",
               "+7.25", "8.98846567431158e307", "4.4501477170144023e-308", "-1.00000000000000000000000000000001"]
    add("numbers.csv", "a,t\n" + "".join(f"{n},x\n" for n in numbers if n != "123456789012345678901234567890"),
        {"a": "float64", "t": "text"})
    add("exotic.csv", 'a,b\n"x\n,""y""\n",π≈3.14\n"",日本語\n"""",🙂\n', {"a": "text", "b": "text"})
    generator = random.Random(7)
    wide = [[f"c{i}" for i in range(300)]] + [
        [generator.choice([generator.randrange(100), "", f"{generator.random():.3f}"]) if i % 2 else generator.randrange(9)
         for i in range(300)] for _ in range(40)]
    add("wide.csv", written(wide, lineterminator="\n"), {f"c{i}": "float64" if i % 2 else "int64" for i in range(300)})
    other_formats()
    with open(FOLDER / "expected.json", "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in expected) + "\n]\n")


if __name__ == "__main__":
    main()
