"""Which column of a table holds the comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cxnlp.errors import FileError
from cxnlp.results import PREFIX

#: A column whose name is or holds one of these words is the comments', the first word first.
TEXT_NAMES = (
    "comment", "comments", "feedback", "opmerking", "opmerkingen", "toelichting", "verbatim",
    "review", "reactie", "remark", "remarks", "text", "tekst", "message", "bericht", "answer",
    "antwoord",
)  # fmt: skip


def find_text_column(
    columns: Sequence[str],
    values: Callable[[str], Iterable[Any]],
    table: str,
    wanted: str | None = None,
) -> str:
    """Find the column of the comments by its name, or else by its contents.

    Parameters
    ----------
    columns
        All names.
    values
        Gives the first values of a column.
    table
        The name of the table, for the messages.
    wanted
        The column as the user names it; then it only has to exist.

    Raises
    ------
    FileError
        Where there is no such column, or none or several may hold the comments.
    """
    listed = f"Columns: {', '.join(columns) or 'none'}."
    if wanted is not None:
        if wanted not in columns:
            raise FileError(f"{table} has no column {wanted!r}. {listed}")
        return wanted
    choices = [column for column in columns if not column.startswith(PREFIX)]
    words = {column: re.split(r"[\W_]+", column.lower()) for column in choices}
    for name in TEXT_NAMES:
        for test in (lambda c, n=name: c.strip().lower() == n, lambda c, n=name: n in words[c]):
            named = [column for column in choices if test(column)]
            if len(named) == 1:
                return named[0]
            if named:
                raise FileError(
                    f"Several columns of {table} may hold the comments ({', '.join(named)}); say "
                    "which with --text."
                )
    prose = [column for column in choices if _is_prose(values(column))]
    if len(prose) != 1:
        raise FileError(
            f"Which column of {table} holds the comments is not clear; say it with --text NAME. "
            f"{listed}"
        )
    return prose[0]


def _is_prose(values: Iterable[Any]) -> bool:
    """Whether values look like sentences: text, mostly different, of several words."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if not texts or len(set(texts)) < len(texts) / 2:
        return False
    return sum(len(text.split()) for text in texts) / len(texts) >= 3
