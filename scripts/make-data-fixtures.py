"""Writes Tests/Fixtures/data: small files in the formats that data sets come in, by the formats' own writers.

    python3 -m venv .venv-data
    .venv-data/bin/pip install numpy==2.4.6 ml_dtypes pillow==13.0.0 tfrecord==1.14.6
    .venv-data/bin/python scripts/make-data-fixtures.py

What the readers must make of the images is in expected.npz, as Pillow decodes and changes them. Tests/LatheMLTests
reads everything; running the tests needs no Python.
"""

import colorsys
import csv
import gzip
import json
import pathlib
import zipfile

import ml_dtypes
import numpy as np
import PIL.Image as pil
from PIL import ImageEnhance
from tfrecord import TFRecordWriter

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "data"


def ramp(dtype, *shape):
    """1, 2, 3... with signs, where the type has them."""
    values = np.arange(1, 1 + int(np.prod(shape))).reshape(shape)
    if np.dtype(dtype).kind not in "ub":
        values = values * np.where(values % 3 == 0, -1, 1)
    return values % 2 == 0 if dtype == bool else values.astype(dtype)


def numpy_files():
    for name in ["f4", "f8", "f2", "i1", "i2", "u2", "i4", "u4", "i8", "u1", "c8"]:
        np.save(FOLDER / f"{name}.npy", ramp("<" + name, 2, 3, 2))
    np.save(FOLDER / "bool.npy", ramp(bool, 2, 3, 2))
    np.save(FOLDER / "bfloat16.npy", ramp(np.float32, 2, 3, 2).astype(ml_dtypes.bfloat16))
    np.save(FOLDER / "big-endian.npy", ramp(">i4", 2, 3, 2))
    np.save(FOLDER / "big-endian-f8.npy", ramp(">f8", 2, 3, 2))
    np.save(FOLDER / "fortran.npy", np.asfortranarray(ramp("<f4", 2, 3, 2)))
    np.save(FOLDER / "scalar.npy", np.float32(7.5))
    np.save(FOLDER / "vector.npy", np.array([4, 5], dtype=np.int64))
    np.save(FOLDER / "empty.npy", np.zeros((0, 3), dtype=np.float32))
    np.save(FOLDER / "text.npy", np.array(["a", "b"]))
    np.save(FOLDER / "record.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
    arrays = {"weights": ramp("<f4", 3, 4), "labels": ramp("<i8", 5), "zeros": np.zeros((50, 40), np.float32)}
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "deflated.npz", **arrays)
    # Sizes and offsets of 64 bits, as for files of more than 4 GB.
    limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 16
    np.savez(FOLDER / "zip64.npz", **arrays)
    zipfile.ZIP64_LIMIT = limit


def record_files():
    path = FOLDER / "examples.tfrecord"
    writer = TFRecordWriter(str(path))
    for i in range(3):
        writer.write(
            {
                "image": (bytes(range(i, i + 5)), "byte"),
                "name": (("caf\u00e9 %d" % i).encode(), "byte"),
                "size": ([1.5 * i, -2.25], "float"),
                "label": (i - 1, "int"),
                "large": ([-(2**63), 2**63 - 1, 0], "int"),
            }
        )
    writer.close()
    with gzip.GzipFile(FOLDER / "examples.tfrecord.gz", "wb", mtime=0) as file:
        file.write(path.read_bytes())


def text_files():
    rows = [
        ["id", "name", "height", "member", "note"],
        ["1", "Ada, Countess", "1.65", "true", 'said "hello"'],
        ["2", "Zo\u00eb", "", "False", "two\nlines"],
        ["-3", "", "1e-3", "TRUE", "r\r\nn"],
        ["4", "NA", "inf", "", ""],
    ]
    for name, end in [("unix", "\n"), ("dos", "\r\n")]:
        with open(FOLDER / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator=end).writerows(rows)
    with open(FOLDER / "bom-tabs.csv", "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter="\t").writerows(rows)
    with open(FOLDER / "records.jsonl", "w", encoding="utf-8") as file:
        for i in range(3):
            file.write(json.dumps({"text": "line %d \u00e9\n" % i, "label": i, "scores": [i / 2, -1]}) + "\n")


def image_files():
    y, x = np.mgrid[0:20, 0:27]
    color = np.stack(
        [(x * 9) % 256, (y * 12) % 256, 128 + 100 * np.sin(x / 5) * np.cos(y / 4)], axis=-1
    ).astype(np.uint8)
    image = pil.fromarray(color)
    grey = image.convert("L")
    alpha = image.copy()
    alpha.putalpha(pil.fromarray(((x + y) * 5).astype(np.uint8)))
    deep = pil.fromarray((x * 2427 % 65536).astype(np.uint16))
    files = {
        "color.png": image, "grey.png": grey, "alpha.png": alpha, "palette.png": image.quantize(16),
        "bilevel.png": grey.convert("1"), "color.jpg": image, "grey.jpg": grey, "progressive.jpg": image,
    }
    expected = {}
    for name, file in files.items():
        options = {"quality": 90, "progressive": name == "progressive.jpg"} if name.endswith("jpg") else {}
        file.save(FOLDER / name, **options)
        read = pil.open(FOLDER / name)
        has_color = name not in ("grey.png", "grey.jpg", "bilevel.png")
        expected[name] = np.asarray(read.convert("RGB" if has_color else "L"))
    # A colour profile that is none: pixels do not depend on it.
    image.save(FOLDER / "profile.png", icc_profile=b"no profile")
    expected["profile.png"] = color
    deep.save(FOLDER / "deep.png")
    expected["deep.png"] = np.round(np.asarray(deep) / 257).astype(np.uint8)
    # Colours for print: as they are, as luma and colour differences (which only a byte of Adobe's marker says), and without
    # the marker.
    image.convert("CMYK").save(FOLDER / "print.jpg")
    print_file = (FOLDER / "print.jpg").read_bytes()
    marker = print_file.index(b"\xff\xee")
    (FOLDER / "print-ycck.jpg").write_bytes(print_file[: marker + 15] + b"\x02" + print_file[marker + 16 :])
    (FOLDER / "print-plain.jpg").write_bytes(print_file[:marker] + print_file[marker + 16 :])
    for name in ["print.jpg", "print-ycck.jpg", "print-plain.jpg"]:
        expected[name] = np.asarray(pil.open(FOLDER / name).convert("RGB"))
    expected["color.png to grey"] = np.asarray(image.convert("L"))
    for height, width in [(10, 10), (31, 60), (20, 9)]:
        expected[f"resized {height} {width}"] = np.asarray(image.resize((width, height), pil.BILINEAR))
    for degrees in [30, -75, 180]:
        expected[f"rotated {degrees}"] = np.asarray(image.rotate(degrees, pil.BILINEAR, fillcolor=(9, 9, 9)))
    for factor in [0.4, 1.7]:
        expected[f"brightness {factor}"] = np.asarray(ImageEnhance.Brightness(image).enhance(factor))
        expected[f"contrast {factor}"] = np.asarray(ImageEnhance.Contrast(image).enhance(factor))
        expected[f"saturation {factor}"] = np.asarray(ImageEnhance.Color(image).enhance(factor))
    for turn in [0.25, -0.4]:
        turned = np.zeros_like(color)
        for row, column in np.ndindex(20, 27):
            h, s, v = colorsys.rgb_to_hsv(*(color[row, column] / 255))
            turned[row, column] = np.round(np.array(colorsys.hsv_to_rgb((h + turn) % 1, s, v)) * 255)
        expected[f"hue {turn}"] = turned
    np.savez_compressed(FOLDER / "expected.npz", **expected)


FOLDER.mkdir(parents=True, exist_ok=True)
numpy_files()
record_files()
text_files()
image_files()
