"""Values of the input as text, as JSON, as Excel cells and as Arrow columns."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import Any, TypeAlias

import pyarrow as pa

from cxnlp.text import is_missing, to_column

#: A row has the keys that the input gives it; rows of Parquet stay Arrow, which keeps their types.
Row: TypeAlias = dict[str, Any]
Chunk: TypeAlias = "list[Row] | pa.Table"

#: What XML cannot hold, and what would be read as its escaped form (ECMA-376, ST_Xstring).
_NOT_IN_XML = re.compile("[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
#: The largest integer up to which a float holds them all.
EXACT = 2**53
#: Excel keeps 15 digits.
_EXCEL_NUMBER = 10**15
_ARROW_TYPES = {
    frozenset({bool}): pa.bool_(),
    frozenset({int}): pa.int64(),
    frozenset({float}): pa.float64(),
    frozenset({int, float}): pa.float64(),
    frozenset({dt.datetime}): pa.timestamp("us"),
    frozenset({dt.date}): pa.date32(),
    frozenset({dt.time}): pa.time64("us"),
    frozenset({dt.timedelta}): pa.duration("us"),
}


def rows(chunk: Chunk) -> list[Row]:
    """Each row as a dictionary."""
    if isinstance(chunk, list):
        return chunk
    names = chunk.column_names
    columns = (values(column) for column in chunk.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def column(chunk: Chunk, name: str) -> list[Any]:
    """One column; None where a row lacks it."""
    return [row.get(name) for row in chunk] if isinstance(chunk, list) else values(chunk[name])


def values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Python values of an Arrow column; text where it holds moments that Python has no type for."""
    try:
        return column.to_pylist()
    except (OverflowError, ValueError):  # a time after the year 9999, or before the year 1
        return column.cast(pa.string()).to_pylist()


def kind(value: Any) -> type:
    """Find the type of a value; a whole number that a float would round counts as text."""
    return str if type(value) is int and abs(value) > EXACT else type(value)


def arrow_type(kinds: set[type]) -> pa.DataType:
    """Find the Arrow type that holds values of these kinds; text where they have none in common."""
    return _ARROW_TYPES.get(frozenset(kinds), pa.string())


def arrow_column(chunk: Chunk, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    """One column as Arrow declares it."""
    if not isinstance(chunk, list):
        return chunk[field.name]
    values = column(chunk, field.name)
    if pa.types.is_string(field.type):
        return to_column(map(flat, values)).cast(field.type)
    return pa.array(values, field.type)


def flat(value: Any) -> str | None:
    """Any value as text: a string stays, a missing value is None, nested values are JSON."""
    if isinstance(value, str):
        return value
    if is_missing(value):
        return None
    if isinstance(value, bool | int | float | list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=flat)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


def json_line(record: Row) -> bytes:
    """A record as one line of UTF-8; numbers that JSON does not know become null."""
    try:
        line = json.dumps(record, ensure_ascii=False, allow_nan=False, default=flat)
        return line.encode("utf-8") + b"\n"
    except ValueError:  # such a number, or half of a surrogate pair, which must be escaped
        return json.dumps(_finite(record), default=flat).encode("ascii") + b"\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def excel(value: Any) -> Any:
    """Any value as Excel can hold it: text where a cell of its type would lose something.

    Moments and durations are kept to the millisecond, as Excel knows them.
    """
    if isinstance(value, bool | dt.timedelta):
        return value
    if isinstance(value, int) and abs(value) < _EXCEL_NUMBER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, dt.time | dt.date) and not getattr(value, "tzinfo", None):
        in_calendar = isinstance(value, dt.time) or value.year >= 1900
        rounded_up = getattr(value, "microsecond", 0) >= 999_500  # into the next day, or year 10000
        if in_calendar and not rounded_up:
            return value
    text = flat(value)
    return text and _NOT_IN_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
