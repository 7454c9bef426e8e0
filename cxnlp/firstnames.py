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
#: A word, or a double one; no part of an address or of a number, and before "'s" if need be.
_WORD = re.compile(
    r"(?<![\w@])(?<!\w['’´-])[^\W\d_]+(?:-[^\W\d_]+)*(?![\w@]|-\w|['’´](?!s\b)\w)", re.IGNORECASE
)
#: Letters that are no others with a mark; folded in names, not in texts: "miła" is no Mila.
_PLAIN = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss"}
)
#: Words that are names with a mark on them: Gül, Günden, Måns, Sayın.
_WORDS = frozenset({"gul", "gunden", "mans", "sayin"})


@functools.cache
def first_names() -> frozenset[str]:
    """Names in lower case, and as they are typed in plain letters."""
    lines = resources.files(__package__).joinpath("first_names.txt").read_text("utf-8").split("\n")
    names = {line for line in lines if line and not line.startswith("#")}
    return frozenset(names | {bare(name.translate(_PLAIN)) for name in names} - _WORDS)


def unnamed(text: str) -> str:
    """A text, or one word, with the stand-in for every first name."""
    return _WORD.sub(lambda word: STAND_IN if is_first_name(word[0]) else word[0], text)


def is_first_name(word: str) -> bool:
    """Whether a word, or each part of a double one, is a first name."""
    names, word = first_names(), word.lower()
    return word in names or all(bare(part) in names for part in word.split("-"))


def bare(word: str) -> str:
    """A word without its diacritics."""
    if word.isascii():
        return word
    letters = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
