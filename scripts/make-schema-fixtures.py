#!/usr/bin/env python3
"""Writes Tests/Fixtures/text/schemas.json: which values the library `jsonschema` allows for small schemas.

    scripts/check-tokenizers.sh --fixtures

The values are written as a grammar writes them: members in the order of the schema, without white space. Where a grammar is
stricter than the schema, as with further properties that the schema does not mention, there is no such value.
"""

import json
import os

from jsonschema import Draft202012Validator, FormatChecker

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Tests/Fixtures/text/schemas.json")
NUMBERS = [-100, -21, -20, -10, -9, -1, 0, 1, 5, 9, 10, 11, 19, 20, 99, 100, 101, 109, 110, 999, 1000, 12345]
DECIMALS = NUMBERS + [0.5, -0.5, 9.99, 10.01, -9.5, 99.9, 100.5, 20.25, -20.25]
TEXTS = ["", "a", "ab", "abc", "abcd", "é", "éé好", "👍", "\n", "\"\\", "x1", "1", "12", "123-45", "A_b", "ab12 ", " "]
MIXED = [None, True, False, 0, 1.5, "", "a", [], [1], {}, {"a": 1}]
PERSON = {"type": "object", "required": ["name"], "additionalProperties": False, "properties": {
    "name": {"type": "string", "minLength": 1}, "age": {"type": "integer", "minimum": 0, "maximum": 150},
    "tags": {"type": "array", "items": {"enum": ["x", "y"]}, "maxItems": 2}}}
TREE = {"$defs": {"node": {"type": "object", "additionalProperties": False, "required": ["v"], "properties": {
    "v": {"type": "integer"}, "l": {"$ref": "#/$defs/node"}, "r": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}},
    "$ref": "#/$defs/node"}


def bounds(low, high):
    values = {"minimum": low, "maximum": high}
    return {key: value for key, value in values.items() if value is not None}


CASES = [
    ({}, MIXED), (True, MIXED), ({"type": "null"}, MIXED), ({"type": ["boolean", "number"]}, MIXED),
    ({"type": "object"}, MIXED), ({"type": "array"}, MIXED), ({"type": "string"}, MIXED), ({"type": "number"}, MIXED),
    ({"const": {"a": [1, "é\"", None]}}, [{"a": [1, "é\"", None]}, {"a": [1, "é\""]}]),
    ({"enum": ["red", "re", 1, -2.5, None, [1, 2], "r\"\n"]}, ["red", "re", "r", 1, -2.5, 2, None, [1, 2], [1], "r\"\n"]),
    ({"enum": [1, "a", 2.0], "type": "integer"}, [1, "a"]),
    ({"type": "string", "minLength": 2}, TEXTS), ({"type": "string", "maxLength": 2}, TEXTS),
    ({"type": "string", "minLength": 1, "maxLength": 3}, TEXTS), ({"type": "string", "maxLength": 0}, TEXTS),
    ({"type": "string", "pattern": "^[a-z]+$"}, TEXTS), ({"type": "string", "pattern": "b"}, TEXTS),
    ({"type": "string", "pattern": "^a|2$"}, TEXTS), ({"type": "string", "pattern": "^(a|b){2,3}c?$"}, TEXTS + ["bab", "abab"]),
    ({"type": "string", "pattern": r"^\d{3}-\d{2}$"}, TEXTS), ({"type": "string", "pattern": r"^\w+\s$"}, TEXTS),
    ({"type": "string", "pattern": r"^[^a-c]*$"}, TEXTS), ({"type": "string", "pattern": r"\\"}, TEXTS + ["\\", "\"\\x"]),
    ({"type": "string", "pattern": r"^.$"}, TEXTS), ({"type": "string", "pattern": "^(?:x|y)?1"}, TEXTS),
    ({"type": "string", "pattern": "(^a|b$)"}, TEXTS), ({"type": "string", "pattern": ""}, TEXTS),
    ({"type": "string", "format": "date"}, ["2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2024-13-01", "2024-04-31",
                                            "2024-04-30", "2024-12-31", "24-01-01", "2024-00-10", "2024-01-00"]),
    ({"type": "string", "format": "date-time"}, ["2024-02-29T12:00:00Z", "2024-02-29 12:00:00", "2024-02-30T12:00:00Z",
                                                 "2024-01-01T00:00:00.123-05:30"]),
    ({"type": "string", "format": "uuid"}, ["123e4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000",
                                            "123E4567-E89B-12D3-A456-42661417400G", "123E4567-E89B-12D3-A456-42661417400F"]),
    ({"type": "integer", "exclusiveMinimum": 9, "exclusiveMaximum": 110}, NUMBERS),
    ({"type": "number", "exclusiveMinimum": 0}, DECIMALS), ({"type": "number", "exclusiveMaximum": 0}, DECIMALS),
    ({"type": "number", "exclusiveMinimum": 10, "exclusiveMaximum": 11}, DECIMALS + [10.5, 10.999]),
    ({"type": "integer", "minimum": 9.5, "maximum": 19.5}, NUMBERS),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [[], [1], [1, 2], [1, 2, 3], [1, "a"], [1.5, 2]]),
    ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, [[], [1], [1, 2], [1, 2, 3]]),
    ({"type": "array", "items": {"type": "null"}, "minItems": 1, "maxItems": 1}, [[], [None], [None, None]]),
    ({"type": "array", "maxItems": 0}, [[], [1]]), ({"type": "array", "items": False}, [[], [1]]),
    ({"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False, "minItems": 1},
     [[], [1], [1, "a"], ["a"], [1, "a", 2]]),
    ({"prefixItems": [{"type": "integer"}], "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3},
     [[1], [1, True], [1, True, False], [1, True, False, True], [1, 1], [True, True]]),
    ({"prefixItems": [{"type": "integer"}, {"type": "null"}], "items": False, "maxItems": 1}, [[], [1], [1, None]]),
    (PERSON, [{}, {"name": "A"}, {"name": ""}, {"name": "A", "age": 150}, {"name": "A", "age": 151}, {"age": 3},
              {"name": "A", "age": 3, "tags": []}, {"name": "A", "tags": ["x", "y"]}, {"name": "A", "tags": ["x", "y", "x"]},
              {"name": "A", "tags": ["z"]}, {"name": "A", "other": 1}]),
    ({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}, "additionalProperties": False},
     [{}, {"a": None}, {"b": None}, {"a": None, "b": None}, {"c": None}, {"a": 1}]),
    ({"type": "object", "properties": {"a": {"const": 1}, "ab": {"const": 2}}, "additionalProperties": {"type": "boolean"}},
     [{}, {"a": 1}, {"a": 1, "ab": 2, "c": True}, {"b": True, "": False}, {"abc": True, "é\"": False}, {"a": True}, {"ab": True},
      {"b": 1}]),
    ({"type": "object", "required": ["k"], "additionalProperties": {"type": "integer"}}, [{}, {"k": 1}, {"k": 1, "z": 2}, {"k": "a"}]),
    (TREE, [{"v": 1}, {"v": 1, "l": {"v": 2, "r": None}}, {"v": 1, "l": None}, {"v": 1, "r": {"v": 2, "l": {"v": 3}}}, {"l": {"v": 1}}]),
    ({"anyOf": [{"type": "integer", "minimum": 5}, {"type": "string", "maxLength": 1}, {"type": "array", "items": {"$ref": "#"}}]},
     [5, 4, "a", "ab", [5, ["a"]], [4], None]),
    ({"type": "integer", "anyOf": [{"maximum": 3}, {"minimum": 10}]}, [2, 3, 5, 10, 11, "a"]),
    ({"oneOf": [{"type": "integer"}, {"type": "null"}]}, [1, None, "a"]),
    ({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"properties": {"b": {"type": "string"}, "a": {"minimum": 3}}, "required": ["b"]}]},
     [{"a": 3, "b": ""}, {"a": 2, "b": ""}, {"a": 3}, {"b": ""}]),
    ({"$defs": {"base": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}},
      "allOf": [{"$ref": "#/$defs/base"}], "properties": {"n": {"type": "null"}}}, [{"n": None, "id": 1}, {"id": 1}, {"n": None}]),
    ({"properties": {"a": {"$ref": "#/definitions/t~1x", "title": "t"}}, "definitions": {"t/x": {"type": "null"}}},
     [{"a": None}, {"a": 1}, {}]),
    ({"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}}, [[], [[]], [[True], [False, True]], [True]]),
] + [({"type": "integer", **bounds(low, high)}, NUMBERS) for low, high in [
    (0, None), (None, 0), (-20, 20), (10, 109), (5, 5), (None, -10), (-999, -10), (1, 12345), (100, None), (99, 1000)]] + [
    ({"type": "number", **bounds(low, high)}, DECIMALS) for low, high in [(0, None), (-20, 20), (10, 100), (None, -9), (5, 5)]]


def main():
    rows = []
    for schema, values in CASES:
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        row = {"schema": schema, "valid": [], "invalid": []}
        for value in values:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            row["valid" if validator.is_valid(value) else "invalid"].append(text)
        rows.append(row)
    with open(PATH, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
