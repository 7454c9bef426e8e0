"""Outputs: each takes the chunks of the input, paired with their readings, and writes them all."""

from __future__ import annotations

import codecs
import contextlib
import csv
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from cxnlp.errors import FileError
from cxnlp.files import cells
from cxnlp.files.cells import Chunk, Row
from cxnlp.files.inputs import Input, Parquet
from cxnlp.files.sniff import ONE_COLUMN

EXCEL_ROWS, EXCEL_COLUMNS, EXCEL_CHARACTERS = 1_048_576, 16_384, 32_767

Pairs: TypeAlias = Iterable[tuple[Chunk, pa.Table]]


@dataclasses.dataclass(frozen=True)
class Layout:
    """The columns of an output.

    Attributes
    ----------
    table
        The input.
    kept
        Names of the columns that it gives, with the types of their values.
    fresh
        The columns of readings.
    """

    table: Input
    kept: dict[str, set[type]]
    fresh: pa.Schema

    @property
    def names(self) -> list[str]:
        return [*self.kept, *self.fresh.names]


def _mended(error: UnicodeError) -> tuple[bytes, int]:
    """Half of a surrogate pair as `cxnlp.text.to_column` reads it."""
    assert isinstance(error, UnicodeEncodeError)
    return "\N{REPLACEMENT CHARACTER}".encode() * (error.end - error.start), error.end


#: The name of that for `open`.
_MENDED = "cxnlp.mended"
codecs.register_error(_MENDED, _mended)


def write_csv(path: Path, layout: Layout, pairs: Pairs) -> None:
    """UTF-8 with the delimiter of such an input; marked as UTF-8 unless the input is plain UTF-8.

    A file in Windows-1252 comes from Excel, which takes UTF-8 without a mark for Windows-1252.
    A NUL, which few readers of CSV take, and half of a surrogate pair become a replacement
    character, as in what was read, of the same length.
    """
    table = layout.table
    suffix = path.suffix.lower()
    delimiter = "\t" if suffix == ".tsv" else table.delimiter or ","
    if table.path.suffix.lower() == ".tsv" != suffix:
        delimiter = ","
    marked = table.encoding not in (None, "utf-8")
    with open(
        path, "w", encoding="utf-8-sig" if marked else "utf-8", errors=_MENDED, newline=""
    ) as file:

        def put(line: str) -> None:
            file.write(line[:-2].replace("\0", "\N{REPLACEMENT CHARACTER}") + "\n")

        # With "\r\n" as its line end the writer also quotes a lone "\r", which readers split at.
        unix = SimpleNamespace(write=put)
        writer = csv.writer(unix, delimiter="," if delimiter == ONE_COLUMN else delimiter)
        writer.writerow(layout.names)
        for chunk, readings in pairs:
            read = _readings(readings, "{:.4f}".format, {True: "true", False: "false"}.get)
            writer.writerows(
                [*map(cells.flat, map(row.get, layout.kept)), *new]
                for row, new in zip(cells.rows(chunk), read, strict=True)
            )


def write_jsonl(path: Path, layout: Layout, pairs: Pairs) -> None:
    """Each row with the keys that it has in the input."""
    with open(path, "wb") as file:
        for chunk, readings in pairs:
            for row, new in zip(cells.rows(chunk), _readings(readings, _rounded), strict=True):
                kept = {name: value for name, value in row.items() if name in layout.kept}
                fresh = dict(zip(layout.fresh.names, new, strict=True))
                file.write(cells.json_line(kept | fresh))


def write_parquet(path: Path, layout: Layout, pairs: Pairs) -> None:
    """Columns of a Parquet input as they are; those of others typed if their values agree."""
    table = layout.table
    fields = [table.field(name, kinds) for name, kinds in layout.kept.items()]
    metadata = table.schema.metadata if isinstance(table, Parquet) else None
    schema = pa.schema([*fields, *layout.fresh], metadata)
    with pq.ParquetWriter(path, schema) as writer:
        for chunk, readings in pairs:
            kept = [cells.arrow_column(chunk, field) for field in fields]
            writer.write_table(pa.table([*kept, *readings.columns], schema=schema))


def write_excel(path: Path, layout: Layout, pairs: Pairs) -> None:
    """One sheet; a text that looks like a formula or an error stays a text."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)

    def append(values: Iterable[Any]) -> None:
        row = [cells.excel(value) for value in values]
        for at, value in enumerate(row):
            if isinstance(value, str) and value.startswith(("=", "#")):
                row[at] = WriteOnlyCell(sheet, value)
                row[at].data_type = "s"
        sheet.append(row)

    with contextlib.closing(book.create_sheet()) as sheet:
        append(layout.names)
        for chunk, readings in pairs:
            for row, new in zip(cells.rows(chunk), _readings(readings, _rounded), strict=True):
                append([*map(row.get, layout.kept), *new])
    book.save(path)


def check_excel_sheet(rows: int, columns: int, target: Path) -> None:
    """Refuse what an Excel sheet is too small for."""
    if rows + 1 > EXCEL_ROWS or columns > EXCEL_COLUMNS:
        raise FileError(
            f"{rows:,} rows of {columns:,} columns do not fit into {target}: an Excel sheet holds "
            f"{EXCEL_ROWS - 1:,} of {EXCEL_COLUMNS:,}. Write .csv or .parquet."
        )


def check_excel_row(row: Row, number: int, path: Path) -> None:
    """Refuse what an Excel cell is too small for."""
    for name, value in row.items():
        cell = cells.excel(value)
        if isinstance(cell, str) and len(cell) > EXCEL_CHARACTERS:
            raise FileError(
                f"Row {number:,} of {path} has {len(cell):,} characters in {name!r}; an Excel "
                f"cell holds {EXCEL_CHARACTERS:,}. Write .csv or .parquet."
            )


def _readings(
    table: pa.Table,
    number: Callable[[float], Any],
    truth: Callable[[bool], Any] = bool,
) -> Iterator[tuple[Any, ...]]:
    """Give rows of readings, with `number` applied to their numbers, `truth` to what is or not."""
    columns = []
    for column in table.columns:
        values = column.to_pylist()
        if pa.types.is_floating(column.type):
            values = [value if value is None else number(value) for value in values]
        elif pa.types.is_boolean(column.type):
            values = list(map(truth, values))
        columns.append(values)
    return zip(*columns, strict=True)


def _rounded(value: float) -> float:
    return round(value, 4)
