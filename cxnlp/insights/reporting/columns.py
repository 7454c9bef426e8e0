"""Which columns of a table hold the dates, the score and the groups."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from cxnlp.errors import CxnlpError
from cxnlp.files import words_of
from cxnlp.insights.dates import UnclearDatesError, read_dates
from cxnlp.insights.drivers import KINDS
from cxnlp.insights.scored import numbers
from cxnlp.text import NOTHING

#: Last parts of words that Dutch writes as one: "klantscore", "invuldatum".
_ENDINGS = (
    "datum", "tijd", "tijdstip", "tijdstempel", "score", "cijfer", "beoordeling", "waardering",
    "tevredenheid", "oordeel", "winkel", "filiaal", "vestiging", "locatie", "regio", "kanaal",
    "segment", "afdeling", "groep",
)  # fmt: skip
#: Words in the names of columns, the likeliest first.
DATE_NAMES = (
    "date", "datum", "created", "timestamp", "submitted", "received", "ontvangen", "ingevuld",
    "tijdstip", "tijdstempel", "day", "dag", "month", "maand", "time", "tijd",
)  # fmt: skip
SCORE_NAMES = (
    "nps", "csat", "score", "rating", "stars", "star", "sterren", "cijfer", "rapportcijfer",
    "grade", "beoordeling", "waardering", "recommend", "aanbeveling", "aanbevelen", "ltr",
    "tevredenheid", "oordeel",
)  # fmt: skip
#: No agent or employee: people are compared by name only where that was asked for.
GROUP_NAMES = (
    "store", "shop", "winkel", "filiaal", "vestiging", "branch", "location", "locatie", "site",
    "region", "regio", "channel", "kanaal", "segment", "department", "afdeling", "team",
    "organisation", "organization", "organisatie", "brand", "merk", "country", "land", "product",
    "group", "groep", "provincie", "province",
)  # fmt: skip
#: With these begins a word in the name of a date that is the answer's, and no other.
_OF_AN_ANSWER = (
    "respon", "answer", "antwoord", "reactie", "feedback", "survey", "enqu", "invul", "ingevuld",
    "submi", "complet", "voltooi", "ontvang", "receiv", "review",
)  # fmt: skip
#: Words in the names of columns that hold no date of a comment, no score, no groups to compare.
NOT_DATES = (
    "birth", "birthday", "birthdate", "dateofbirth", "dob", "geboorte", "geboortedag",
    "verjaardag", "ingang", "ingangs", "verval", "schade",
)  # fmt: skip
NOT_SCORES = (
    "id", "respondent", "group", "groep", "segment", "category", "categorie", "type", "label",
    "reason", "reden", "comment", "toelichting",
)  # fmt: skip
NOT_GROUPS = (
    "respondent", "nps", "csat", "score", "rating", "date", "datum", "at",
)  # fmt: skip
#: The same, where the last word is not that of a group: "store_manager", not "contact_channel".
OF_A_GROUP = (
    "customer", "klant", "price", "prijs", "phone", "telefoon", "email", "mail",
    "manager", "supervisor", "director", "coordinator", "leader", "lead", "leider", "head", "hoofd",
    "owner", "eigenaar", "member", "lid", "employee", "medewerker", "verkoper", "staff", "clerk",
    "agent", "advisor", "adviser", "adviseur", "assistant", "assistent", "coach", "doctor", "arts",
    "therapist", "therapeut", "contact", "contactpersoon", "person", "persoon",
)  # fmt: skip
#: A column of such a name that cannot be read is explained, not passed over.
_EXPLAINED = ("date", "datum", "timestamp", "nps", "csat", "score")
#: Of a score's values, the share that fits a scale: a slip of the pen must not hide it.
_FITTING = 0.95
#: Values that are looked at to tell what a column holds.
_SAMPLE = 1000
_MOST_GROUPS = 500


def find_dates(extra: pd.DataFrame) -> str | None:
    """The column with dates, by its name or its type; None where there is none."""
    typed = [str(c) for c in extra if pd.api.types.is_datetime64_any_dtype(extra[c])]
    typed = [column for column in typed if not _says(column, NOT_DATES)]
    found = [*_named(extra, DATE_NAMES, NOT_DATES, _are_dates), *typed]
    found.sort(key=_how_far_from_an_answer)
    return next(itertools.chain(found, _explained(extra, DATE_NAMES)), None)


def find_score(extra: pd.DataFrame) -> str | None:
    """The column with a score: by its name, first those that fit a scale; None if there is none."""
    named = (
        _named(extra, SCORE_NAMES, NOT_SCORES, holds) for holds in (_fit_a_scale, _are_numbers)
    )
    return next(itertools.chain(*named, _explained(extra, SCORE_NAMES)), None)


def find_groups(extra: pd.DataFrame, least: int) -> str | None:
    """The column with groups: by its name, first those with two groups that can be shown."""
    named = [*_named(extra, GROUP_NAMES, NOT_GROUPS, _are_groups)]
    named = [c for c in named if not _says(c, OF_A_GROUP) or _parts(c)[-1] in GROUP_NAMES]
    shown = (c for c in named if (extra[c].value_counts() >= least).sum() > 1)
    return next(shown, named[0] if named else None)


def _parts(column: str) -> list[str]:
    return words_of(column, _ENDINGS)


def _how_far_from_an_answer(column: str) -> int:
    """Of the names of dates: 0 of one that is just that, 1 of an answer's, 2 of any other."""
    parts = _parts(column)
    if len(parts) == 1 and parts[0] in DATE_NAMES:
        return 0
    return 1 if any(part.startswith(_OF_AN_ANSWER) for part in parts) else 2


def _says(column: str, names: tuple[str, ...]) -> bool:
    return not set(names).isdisjoint(_parts(column))


def _named(
    extra: pd.DataFrame,
    names: tuple[str, ...],
    but: tuple[str, ...],
    holds: Callable[[pd.Series], bool],
) -> Iterator[str]:
    """Columns whose name is, or holds, one of the names, and that hold what they should."""
    words = {column: _parts(column) for column in map(str, extra) if not _says(column, but)}
    named = [
        column
        for exact in (True, False)
        for name in names
        for column, parts in words.items()
        if (parts == [name] if exact else len(parts) > 1 and name in parts)
    ]
    return (column for column in dict.fromkeys(named) if holds(extra[column]))


def _explained(extra: pd.DataFrame, names: tuple[str, ...]) -> Iterator[str]:
    """Columns that by their name should hold it, and hold something."""
    every = {column.lower(): column for column in map(str, extra)}
    known = (every[name] for name in names if name in _EXPLAINED and name in every)
    return (column for column in known if len(_given(extra[column])))


def _given(column: pd.Series) -> pd.Series:
    column = column.dropna()
    return column[~column.astype("str").str.strip().isin(NOTHING)]


def _are_dates(column: pd.Series) -> bool:
    column = _given(column).head(_SAMPLE)
    try:
        read, _ = read_dates(column)
    except UnclearDatesError:  # is explained later
        return True
    except CxnlpError:
        return False
    return bool(read.notna().any())


def _numbers(column: pd.Series) -> np.ndarray:
    """Its numbers, (k,) float64, where most of its values are some; else none."""
    values, odd = numbers(_given(column).head(_SAMPLE))
    return values[~odd] if 2 * odd.sum() < len(odd) else values[:0]


def _are_numbers(column: pd.Series) -> bool:
    return len(_numbers(column)) > 0


def _fit_a_scale(column: pd.Series) -> bool:
    low, high = min(KINDS.values())[0], max(high for _, high in KINDS.values())
    values = _numbers(column)
    fitting = (low <= values) & (values <= high)
    return len(values) > 0 and bool(fitting.mean() >= _FITTING)


def _are_groups(column: pd.Series) -> bool:
    try:
        count = _given(column).nunique()
    except (TypeError, NotImplementedError):  # lists
        return False
    return 0 < count <= min(_MOST_GROUPS, max(len(column) // 2, 1))
