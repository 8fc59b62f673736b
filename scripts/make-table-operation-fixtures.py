"""Writes Tests/Fixtures/tables/operations.*: two small tables and what pandas makes of them.

    .venv-tables/bin/python scripts/make-table-operation-fixtures.py

The environment is that of make-table-fixtures.py; running the tests needs no Python.
"""

import json
import math
import pathlib
import random
import statistics

import pandas

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "tables"
results = {}


def value(item):
    if item is None or item is pandas.NA or item is pandas.NaT or item != item:
        return None
    if isinstance(item, str):
        return item
    if isinstance(item, (pandas.Timestamp, pandas.Timedelta)):
        return str(item.value // 1000)
    return repr(float(item))


def variance(values):
    """By fractions: pandas' own loses digits where the mean is large."""
    present = [float(v) for v in values if v == v]
    return statistics.variance(present) if len(present) > 1 else float("nan")


def deviation(values):
    return math.sqrt(variance(values))


def add(name, frame):
    results[name] = [{"name": str(c), "values": [value(v) for v in frame[c]]} for c in frame.columns]


def main():
    generator = random.Random(11)
    cities = ["Berlin", "Paris", "Roma", "Oslo", ""]
    lines = ["id,city,kind,count,price,day"]
    for row in range(120):
        price = "" if generator.random() < 0.1 else f"{generator.gauss(1e6, 25):.4f}"
        count = "" if generator.random() < 0.1 else str(generator.randrange(-5, 6))
        lines.append(f"{row},{generator.choice(cities)},{generator.choice('abc')},{count},{price},"
                     f"2024-{generator.randrange(1, 13):02}-{generator.randrange(1, 29):02}")
    (FOLDER / "operations.csv").write_text("\n".join(lines) + "\n")
    right = ["city,country,id", "Berlin,DE,1", "Paris,FR,2", "Paris,US,3", "Wien,AT,4", ",??,5"]
    (FOLDER / "operations-right.csv").write_text("\n".join(right) + "\n")
    left = pandas.read_csv(FOLDER / "operations.csv", dtype={"count": "Int64"}, parse_dates=["day"])
    other = pandas.read_csv(FOLDER / "operations-right.csv")

    add("sort", left.sort_values(["city", "count", "price"], ascending=[True, False, True], kind="stable", na_position="last"))
    add("sort-day", left.sort_values("day", ascending=False, kind="stable"))
    groups = left.groupby(["city", "kind"], dropna=False, sort=True)
    add("group", groups.agg(
        size=("id", "size"), price_count=("price", "count"), price_mean=("price", "mean"), price_std=("price", deviation),
        price_var=("price", variance), price_min=("price", "min"), price_max=("price", "max"), price_median=("price", "median"),
        count_sum=("count", "sum"), day_min=("day", "min"), kind_first=("kind", "first"), count_last=("count", "last"),
        count_unique=("count", "nunique")).reset_index())
    add("quantile", left.groupby("kind").agg(q=("price", lambda values: values.quantile(0.9))).reset_index())
    whole = left.dropna(subset=["city"])
    matching = other.dropna(subset=["city"])
    add("inner", whole.merge(matching, on="city", how="inner", suffixes=("", "_right")))
    add("left", whole.merge(matching, on="city", how="left", suffixes=("", "_right")))
    outer = whole.merge(matching, on="city", how="outer", suffixes=("", "_right"))
    add("outer", outer.sort_values(["city", "id", "id_right"], kind="stable", na_position="last"))
    pivot = left.pivot_table(index="kind", columns="city", values="price", aggfunc="mean")
    add("pivot", pivot.reset_index())
    add("unique", left.drop_duplicates(["city", "count"]))
    add("unique-last", left.drop_duplicates(["city", "count"], keep="last"))
    add("unique-none", left.drop_duplicates(["city", "count"], keep=False))
    add("drop-missing", left.dropna())
    price, count = left["price"], left["count"].astype("float64")
    add("window", pandas.DataFrame({
        "sum": price.rolling(5, min_periods=2).sum(), "mean": price.rolling(5, min_periods=1).mean(),
        "std": price.rolling(7, min_periods=2).apply(deviation), "var": price.rolling(7, min_periods=3).apply(variance),
        "min": price.rolling(4, min_periods=1).min(), "max": price.rolling(4, min_periods=4).max(),
        "shift": price.shift(3), "back": price.shift(-2), "diff": count.diff(),
        "average": count.rank(), "lowest": count.rank(method="min"), "highest": count.rank(method="max", ascending=False),
        "dense": count.rank(method="dense"), "first": count.rank(method="first"), "cumsum": price.cumsum(),
        "cumcount": count.cumsum(), "cummax": price.cummax(), "cummin": price.cummin()}))
    add("describe", left[["id", "count", "price"]].describe().transpose().reset_index())
    add("filter", left[(left["price"] > 1e6) & (left["city"] == "Paris") | (left["count"] >= 4).fillna(False)])
    with open(FOLDER / "operations.json", "w") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in results.items()) + "\n}\n")


if __name__ == "__main__":
    main()
