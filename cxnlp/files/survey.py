"""What a file holds, read once before it is scored: its columns, its rows, its comments."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pyarrow as pa

from cxnlp.errors import FileError
from cxnlp.files import cells, outputs
from cxnlp.files.cells import Chunk
from cxnlp.files.columns import find_text_column
from cxnlp.files.inputs import BadRow, Input

#: Rows that are looked at together; the first of them tell the text column.
SAMPLE_ROWS = 1000


@dataclasses.dataclass(frozen=True)
class Survey:
    """What a file holds.

    Attributes
    ----------
    kinds
        Names of its columns, with the types of their values; no types where Arrow knows them.
    rows
        That can be read.
    text
        The column of the comments.
    """

    kinds: dict[str, set[type]]
    rows: int
    text: str


def survey(table: Input, text: str | None, target: Path) -> Survey:
    """Read all of a file, and refuse what cannot be scored or written before time is spent.

    Parameters
    ----------
    text
        The column of the comments; found out by its name or its contents if not given.
    target
        The output: an Excel sheet may be too small for the input.
    """
    kinds: dict[str, set[type]] = {column: set() for column in table.columns}
    bad: list[BadRow] = []
    sample: Chunk = []
    rows = 0
    for chunk in table.chunks(SAMPLE_ROWS, lambda row: bad.append(row) if not bad else None):
        sample = sample or chunk
        if table.typed or not rows:
            _note_kinds(kinds, chunk)
        if target.suffix.lower() == ".xlsx":
            for at, row in enumerate(cells.rows(chunk), rows + 1):
                outputs.check_excel_row(row, at, table.path)
        rows += len(chunk)
    if not kinds:
        why = f"; line {bad[0].line}: {bad[0].reason}" if bad else ""
        raise FileError(f"{table.path} has no rows that can be read{why}.")

    def values(column: str) -> list[Any]:
        return cells.column(sample, column) if sample else []

    found = find_text_column(list(kinds), values, table.path.name, text, table.headed)
    return Survey(kinds, rows, found)


def _note_kinds(kinds: dict[str, set[type]], chunk: Chunk) -> None:
    if isinstance(chunk, pa.Table):
        return
    for row in chunk:
        for column, value in row.items():
            found = kinds.setdefault(column, set())
            if value is not None:
                found.add(cells.kind(value))
