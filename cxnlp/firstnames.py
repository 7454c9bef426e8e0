"""First names are read as one: who is named must not sway what is read of a comment.

The list holds names of all origins that are hardly ever another word in Dutch or English; a name
that it lacks is read as it stands.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib import resources

#: What every first name is read as.
STAND_IN = "kim"
_UNSPACED = re.compile(r"\S+")
_WORD = re.compile(r"(\W*)([^\W\d_]+(?:-[^\W\d_]+)*)((?:['’´]s)?\W*)")


@functools.cache
def first_names() -> frozenset[str]:
    """Names in lower case."""
    lines = resources.files(__package__).joinpath("first_names.txt").read_text("utf-8").split("\n")
    return frozenset(line for line in lines if line and not line.startswith("#"))


def unnamed(word: str) -> str:
    """A word with the stand-in where it is a first name; "Bart-Jan's" too."""
    match = _WORD.fullmatch(word)
    if match is None or not is_first_name(match[2]):
        return word
    return f"{match[1]}{STAND_IN}{match[3]}"


def unnamed_text(text: str) -> str:
    """A text with the stand-in for every first name."""
    return _UNSPACED.sub(lambda found: unnamed(found[0]), text)


def is_first_name(word: str) -> bool:
    """Whether a word, or each part of a double one, is a first name."""
    names, word = first_names(), word.lower()
    return word in names or all(_bare(part) in names for part in word.split("-"))


def _bare(word: str) -> str:
    """A word without its diacritics."""
    if word.isascii():
        return word
    letters = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
