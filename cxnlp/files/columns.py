"""Which column of a table holds the comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cxnlp.errors import FileError
from cxnlp.files.cells import flat
from cxnlp.results import READINGS
from cxnlp.text import is_missing

#: A column whose name is or holds one of these words is the comments', the first word first.
TEXT_NAMES = (
    "comment", "comments", "feedback", "opmerking", "opmerkingen", "toelichting", "verbatim",
    "review", "commentaar", "reactie", "remark", "remarks", "text", "tekst", "message", "bericht",
    "answer", "antwoord",
)  # fmt: skip
#: Of these, the last parts of words that are written as one: "klantfeedback".
_ENDINGS = (
    "comment", "comments", "commentaar", "feedback", "opmerking", "opmerkingen", "toelichting",
    "reactie", "antwoord", "bericht",
)  # fmt: skip
#: May be what the company wrote in return.
_REPLIES = ("reactie", "message", "bericht", "answer", "antwoord")
#: First words of questions and requests; whom and what they speak of; what only comments say.
_ASKING = frozenset(
    "wat waarom waardoor waar wie welk welke wanneer hoe hoeveel is zijn was heeft heb kunt kun "
    "kan wilt wil zou vertel geef beschrijf omschrijf licht leg noem schrijf vul deel typ what why "
    "where who which when how is are was were do did does have has can could would will please "
    "tell give describe explain list name write enter share let add type leave provide".split()
)
_ASKED = frozenset("u uw je jij jouw you your cijfer score reden reason".split())
_TELLING = frozenset(
    "ik wij we mijn jullie ben was werd werden waren had hebben niet geen maar i my am were not "
    "but wasn didn don couldn".split()
)
#: What a name that is there twice is told apart with, by `Input` and by pandas.
_NUMBER = re.compile(r"[_.]\d+$")
_LABELS = frozenset(
    "yes no ja nee true false positive negative neutral mixed positief negatief neutraal".split()
)
#: No name of a column but a value: a grade, an amount, a date.
_NUMERAL = re.compile(r"[+-]?\d[\d.,:/-]*")


def find_text_column(
    columns: Sequence[str],
    values: Callable[[str], Iterable[Any]],
    table: str,
    wanted: str | None = None,
    headed: bool = True,
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
    headed
        Whether the names stood in a line above the cells, where somebody may have left them out.

    Raises
    ------
    FileError
        Where there is no such column, none or several may hold the comments, or the first line
        looks like a row and not like names.
    """
    own = [column for column in columns if column not in READINGS]
    listed = f"Columns: {', '.join(own) or 'none'}"
    if wanted is not None:
        if wanted not in columns:
            raise FileError(f"{table} has no column {wanted!r}. {listed}.")
        return wanted
    columns = own
    words = {column: words_of(column, _ENDINGS) for column in columns}
    cells = {column: list(values(column)) for column in columns}
    prose = [column for column in columns if _is_prose(cells[column])]
    named = [column for column in columns if not {*TEXT_NAMES}.isdisjoint(words[column])]
    # A count of comments, the stars of a review; labels, where sentences stand beside them.
    unlike = [
        c
        for c in named
        if c not in prose and (_are_numbers(cells[c]) or (prose and _are_labels(cells[c])))
    ]
    likely = [c for c in columns if c not in unlike]
    exact = [[c for c in likely if c.strip().lower() == name] for name in TEXT_NAMES]
    exact.sort(key=lambda same: not any(_filled(cells[column]) for column in same))
    choices = (
        *(
            [c for c in columns if c in same or (c in prose and _NUMBER.sub("", c) in same)]
            for same in exact
        ),
        *([c for c in prose if name in words[c]] for name in TEXT_NAMES),
        [c for c in columns if c in prose or (c in named and not _is_code(cells[c]))],
    )
    found = next(filter(None, choices), [])
    if len(found) == 1 and found[0].strip().lower() in _REPLIES and found[0] in prose:
        found = [c for c in prose if c in found or c in named]
    if len(found) == 1:
        alone = len(columns) == 1 and _is_comment(found[0])
        if headed and not named and (alone or any(map(_NUMERAL.fullmatch, columns))):
            raise FileError(
                f"The first line of {table} looks like a comment: {found[0][:60]!r}. Put a line "
                "with names on top, such as comment; if it is a name, say so with --text."
            )
        return found[0]
    if found:
        raise FileError(
            f"Several columns of {table} may hold the comments ({', '.join(found)}); say which "
            "with --text."
        )
    hint = (
        "; if that is a comment, put a line with names on top"
        if headed and len(columns) == 1
        else ""
    )
    raise FileError(
        f"Which column of {table} holds the comments is not clear; say it with --text NAME. "
        f"{listed}{hint}."
    )


def is_named(column: str) -> bool:
    """Whether the name of a column says that it holds the comments, or asks for them."""
    return "?" in column or not set(TEXT_NAMES).isdisjoint(words_of(column, _ENDINGS))


def words_of(name: str, endings: Iterable[str] = ()) -> list[str]:
    """The words of the name of a column in lower case; "NpsScore" has two.

    So has one that is written as one and ends in one of the `endings`: "klantscore".
    """
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=[^\W\dA-Z_])(?=[A-Z])", " ", name).lower())
    compound = re.compile(rf"(.+?)({'|'.join(endings) or '(?!)'})")
    split = zip(words, map(compound.fullmatch, words), strict=True)
    return [part for word, found in split for part in (found.groups() if found else [word])]


def _filled(values: Sequence[Any]) -> list[str]:
    return [value.strip() for value in map(flat, values) if value and value.strip()]


def _is_comment(name: str) -> bool:
    """Whether the name of a column is surely none, but the first comment of a file without names.

    Names of columns are long too, where they are the question that was asked.
    """
    words = re.findall(r"[^\W\d_]+", name.lower())
    if len(words) < 4 or re.search(r"[?:…]|\.\.", name):
        return False
    if words[0] in _ASKING or not _ASKED.isdisjoint(words):
        return False
    return name.rstrip().endswith((".", "!")) or not _TELLING.isdisjoint(words)


def _is_prose(values: Sequence[Any]) -> bool:
    """Whether values look like sentences: text, mostly different, of several words."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if not texts or len(set(texts)) < len(texts) / 2:
        return False
    return sum(len(text.split()) for text in texts) / len(texts) >= 3


def _are_numbers(values: Sequence[Any]) -> bool:
    """Whether values are a count of comments, or the stars of a review, and nothing else."""
    filled = _filled(values)
    return bool(filled) and all(map(_NUMERAL.fullmatch, filled))


def _are_labels(values: Sequence[Any]) -> bool:
    """Whether values are a few words again and again: yes and no, positive and negative."""
    filled = [value.strip().lower() for value in values if isinstance(value, str) and value.strip()]
    few = 2 * len(set(filled)) <= len(filled) or _LABELS.issuperset(filled)
    return bool(filled) and few and not any(" " in value for value in filled)


def _is_code(values: Sequence[Any]) -> bool:
    """Whether values look like those of a "review_id" or "comment_date": numbers, dates, codes."""
    filled = [
        value
        for value in values
        if not (value == "" if isinstance(value, str) else is_missing(value))
    ]
    return bool(filled) and not any(
        isinstance(value, str) and (" " in value or value.isalpha()) for value in filled
    )
