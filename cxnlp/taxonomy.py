"""The aspects, signs, sentiments and languages: the only place that knows their names and order.

Arrays everywhere follow these tuples: axis 1 of an aspect array is ``ASPECTS``, axis 2 is
``SIGNS``; the columns of a sentiment array are ``SENTIMENTS``, of a language array ``LANGUAGES``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

VERSION = 1


class Aspect(NamedTuple):
    """One thing that a comment can praise or criticise."""

    key: str
    """English key, used in code, columns and files."""
    nl: str
    """Dutch name, for display."""
    group: str
    """``pillar`` (how people were treated), ``touchpoint`` (what was delivered), ``outcome``."""


TAXONOMY = (
    Aspect("friendliness", "vriendelijkheid", "pillar"),
    Aspect("helpfulness", "behulpzaamheid", "pillar"),
    Aspect("listening", "luisteren", "pillar"),
    Aspect("respect", "respect", "pillar"),
    Aspect("time", "tijd", "pillar"),
    Aspect("empathy", "empathie", "pillar"),
    Aspect("knowledge", "kennis", "pillar"),
    Aspect("communication", "communicatie", "pillar"),
    Aspect("resolution", "oplossing", "pillar"),
    Aspect("ease", "gemak", "pillar"),
    Aspect("personalisation", "personalisatie", "pillar"),
    Aspect("integrity", "integriteit", "pillar"),
    Aspect("product", "product", "touchpoint"),
    Aspect("price", "prijs", "touchpoint"),
    Aspect("environment", "omgeving", "touchpoint"),
    Aspect("service", "service", "touchpoint"),
    Aspect("loyalty", "loyaliteit", "outcome"),
)

ASPECTS = tuple(aspect.key for aspect in TAXONOMY)
GROUPS = tuple(dict.fromkeys(aspect.group for aspect in TAXONOMY))
SIGNS = ("positive", "negative")
SENTIMENTS = ("negative", "neutral", "positive", "mixed")
LANGUAGES = ("nl", "en", "mixed", "other")

#: Names of a pair of decisions (positive, negative) about one aspect, read as binary digits.
POLARITIES = ("none", "positive", "negative", "mixed")
#: From worst to best, as exports sort them: what is under neutral holds a complaint.
SENTIMENT_ORDER = ("negative", "mixed", "neutral", "positive")
POLARITY_ORDER = ("negative", "mixed", "positive")
#: The marks of labelled files, as the signs that they stand for.
MARKS = {"+": (True, False), "-": (False, True), "±": (True, True)}


def indices(values: Iterable[str], names: Sequence[str]) -> list[int]:
    """Where each value stands in one of these tuples."""
    return [names.index(value) for value in values]
