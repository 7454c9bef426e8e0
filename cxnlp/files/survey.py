"""What a file holds, read once before it is scored: its columns, its rows, its comments."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from cxnlp.errors import FileError
from cxnlp.files import cells, outputs
from cxnlp.files.cells import Chunk
from cxnlp.files.inputs import BadRow, Input
from cxnlp.results import PREFIX

#: A column whose name is or holds one of these words is the comments', the first word first.
TEXT_NAMES = (
    "comment", "comments", "feedback", "opmerking", "opmerkingen", "toelichting", "verbatim",
    "review", "reactie", "remark", "remarks", "text", "tekst", "message", "bericht", "answer",
    "antwoord",
)  # fmt: skip
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
        _note_kinds(kinds, chunk)
        if target.suffix.lower() == ".xlsx":
            for at, row in enumerate(cells.rows(chunk), rows + 1):
                outputs.check_excel_row(row, at, table.path)
        rows += len(chunk)
    if not kinds:
        why = f"; line {bad[0].line}: {bad[0].reason}" if bad else ""
        raise FileError(f"{table.path} has no rows that can be read{why}.")
    listed = f"Columns: {', '.join(kinds)}."
    if text is None:
        text = _text_column(table.path, list(kinds), sample, listed)
    elif text not in kinds:
        raise FileError(f"{table.path.name} has no column {text!r}. {listed}")
    return Survey(kinds, rows, text)


def _text_column(path: Path, columns: Sequence[str], sample: Chunk, listed: str) -> str:
    """Find the comments by the names of the columns and by what their cells hold."""
    columns = [column for column in columns if not column.startswith(PREFIX)]
    words = {column: re.split(r"[\W_]+", column.lower()) for column in columns}
    values = {column: cells.column(sample, column) if sample else [] for column in columns}
    prose = [column for column in columns if _is_prose(values[column])]
    named = [column for column in columns if not {*TEXT_NAMES}.isdisjoint(words[column])]
    choices = (
        *([c for c in columns if c.strip().lower() == name] for name in TEXT_NAMES),
        *([c for c in prose if name in words[c]] for name in TEXT_NAMES),
        [c for c in columns if c in prose or (c in named and not _is_code(values[c]))],
    )
    found = next(filter(None, choices), [])
    if len(found) == 1:
        return found[0]
    if found:
        raise FileError(
            f"Several columns of {path.name} may hold the comments ({', '.join(found)}); say "
            "which with --text."
        )
    raise FileError(
        f"Which column of {path.name} holds the comments is not clear; say it with --text NAME. "
        f"{listed}"
    )


def _is_prose(values: Sequence[Any]) -> bool:
    """Whether values look like sentences: text, mostly different, of several words."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if not texts or len(set(texts)) < len(texts) / 2:
        return False
    return sum(len(text.split()) for text in texts) / len(texts) >= 3


def _is_code(values: Sequence[Any]) -> bool:
    """Whether values look like those of a "review_id" or "comment_date": numbers, dates, codes."""
    filled = [value for value in values if value not in (None, "")]
    return bool(filled) and not any(
        isinstance(value, str) and (" " in value or value.isalpha()) for value in filled
    )


def _note_kinds(kinds: dict[str, set[type]], chunk: Chunk) -> None:
    if isinstance(chunk, pa.Table):
        return
    for row in chunk:
        for column, value in row.items():
            found = kinds.setdefault(column, set())
            if value is not None:
                found.add(cells.kind(value))
