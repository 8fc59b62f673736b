"""Writes a CSV file of numbers and text, the same for the same size and seed.

    make_table.py FILE [--megabytes N] [--seed N]

Twelve columns: whole numbers, numbers of several magnitudes, truth values, categories, words, sentences of which some are
in quotes for their commas, dates and times; one value in fifty is missing where a column may have none.
"""

import argparse

import numpy

CITIES = ["Berlin", "Paris", "Madrid", "Roma", "Wien", "Lisboa", "Praha", "København", "Zürich", "Oslo"]
WORDS = ("table column row value number text data file reader writer parser memory thread vector model tree forest "
         "network layer batch epoch loss score answer question result error line field quote").split()


def rows(random, count, first):
    def some(values):
        missing = random.random(count) < 0.02
        return ["" if gone else value for gone, value in zip(missing, values)]

    numbers = random.integers(0, 10_000, count)
    prices = [f"{value:.2f}" for value in random.lognormal(4, 1, count)]
    scores = [repr(value) for value in random.standard_normal(count).tolist()]
    ratios = [f"{value:.6g}" for value in random.random(count)]
    large = random.integers(-10**12, 10**12, count)
    flags = ["true" if value else "false" for value in random.random(count) < 0.3]
    cities = [CITIES[i] for i in random.integers(0, len(CITIES), count)]
    picks = random.integers(0, len(WORDS), (count, 7))
    lengths = random.integers(2, 7, count)
    names = [f"{WORDS[a]}_{b}" for a, b in zip(picks[:, 0], random.integers(0, 100_000, count))]
    texts = [" ".join(WORDS[i] for i in pick[:length]) for pick, length in zip(picks, lengths)]
    quoted = random.random(count) < 0.2
    texts = [f'"{text}, and ""more"""' if q else text for text, q in zip(texts, quoted)]
    days = numpy.datetime64("2015-01-01") + random.integers(0, 3650, count)
    times = numpy.datetime64("2020-01-01T00:00:00") + random.integers(0, 10**8, count)
    dates = numpy.datetime_as_string(days).tolist()
    moments = [text.replace("T", " ") for text in numpy.datetime_as_string(times).tolist()]
    columns = [range(first, first + count), numbers.tolist(), some(prices), scores, some(ratios), large.tolist(), flags,
               some(cities), names, texts, dates, moments]
    return "".join(",".join(map(str, row)) + "\n" for row in zip(*columns))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--megabytes", type=float, default=150)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = numpy.random.default_rng(options.seed)
    written = row = 0
    with open(options.file, "w", encoding="utf-8", newline="") as file:
        written += file.write("id,count,price,score,ratio,large,flag,city,name,text,day,time\n")
        while written < options.megabytes * 1e6:
            written += file.write(rows(random, 20_000, row))
            row += 20_000
    print(f"{options.file}: {row} rows")


if __name__ == "__main__":
    main()
