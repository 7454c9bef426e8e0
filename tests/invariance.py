"""Pairs of comments that differ in what must not matter: who is named, u or je, spelling.

`invariance.jsonl` holds comments with alternatives in braces, ``{Hij|Zij}``, the n-th of every
brace together; ``{name}`` stands for a first name of each group of `NAMES`. Of the kinds *case*
and *diacritics* the second of a pair is the comment in capitals, in small letters, or without
diacritics. After Ribeiro et al. (2020), "Beyond Accuracy: Behavioral Testing of NLP Models with
CheckList".
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import cxnlp

_FILE = Path(__file__).with_name("invariance.jsonl")
BASES = [json.loads(line) for line in _FILE.read_text("utf-8").splitlines()]
#: Invented names, that no list holds.
UNLISTED = "on no list"
#: First names by group; the first group is what the others are compared with.
NAMES = {
    "Dutch, men": ("Jeroen", "Kees"),
    "Dutch, women": ("Sanne", "Marloes"),
    "Moroccan, men": ("Mohamed", "Youssef"),
    "Turkish, women": ("Ayşe", "Elif"),
    "Surinamese, women": ("Shanti", "Rochelle"),
    "Polish, men": ("Zbigniew", "Piotr"),
    "English, women": ("Emily", "Charlotte"),
    "Nigerian, men": ("Chukwuemeka", "Oluwaseun"),
    UNLISTED: ("Jerfried", "Oumeyra"),
}
_BRACES = re.compile(r"\{([^{}]*)\}")


def pairs() -> Iterator[tuple[str, str, str]]:
    """(kind, comment, the same comment otherwise)."""
    for base in BASES:
        kind, text = base["kind"], base["text"]
        if kind == "name":
            plain, *others = named(text)
            yield from ((kind, plain, other) for other in others)
        elif kind == "case":
            yield from ((kind, text, other) for other in (text.upper(), text.lower()))
        elif kind == "diacritics":
            yield kind, text, _bare(text)
        else:
            plain, *others = alternatives(text)
            yield from ((kind, plain, other) for other in others)


def named(text: str) -> list[str]:
    """The comment with the first name of each group."""
    return [text.replace("{name}", names[0]) for names in NAMES.values()]


def alternatives(text: str) -> list[str]:
    """The comment with the n-th alternative of every brace, for each n."""
    (count,) = {len(brace.split("|")) for brace in _BRACES.findall(text)}
    return [_BRACES.sub(lambda brace, n=n: brace[1].split("|")[n], text) for n in range(count)]


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


class Pair(NamedTuple):
    """Two comments; whether they are read alike; whether the model sees them as one comment."""

    one: str
    two: str
    alike: bool
    same: bool


def report() -> dict[str, list[Pair]]:
    """By kind every pair; alike are those of the same aspects with polarity, and sentiment."""
    kinds, first, second = zip(*pairs(), strict=True)
    read = [cxnlp.classify(texts) for texts in (first, second)]
    labels = [
        [(r.sentiment, {a: reading.polarity for a, reading in r.aspects.items()}) for r in results]
        for results in read
    ]
    seen = np.equal(*(results.aspect_probabilities for results in read)).all(axis=(1, 2))
    by_kind = defaultdict(list)
    for kind, one, two, said, also, same in zip(kinds, first, second, *labels, seen, strict=True):
        by_kind[kind].append(Pair(one, two, said == also, bool(same)))
    return by_kind


def counts(graded: dict[str, list[Pair]]) -> dict[str, list[int]]:
    """By kind how many pairs are read alike, are one comment to the model, and how many are."""
    return {
        kind: [sum(p.alike for p in of_kind), sum(p.same for p in of_kind), len(of_kind)]
        for kind, of_kind in sorted(graded.items())
    }


def shifts() -> dict[str, float]:
    """By group of names, how much higher than for the first group its mean score lies.

    The score runs from -1 to 1; both names of a group stand in every comment with a name.
    """
    texts = [
        base["text"].replace("{name}", name)
        for names in NAMES.values()
        for name in names
        for base in BASES
        if base["kind"] == "name"
    ]
    score = np.asarray(cxnlp.classify(texts).score).reshape(len(NAMES), -1).mean(axis=1)
    return dict(zip(NAMES, (score - score[0]).tolist(), strict=True))
