"""The wording of the report (``wording.toml``), and numbers as each language writes them."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

from cxnlp.taxonomy import TAXONOMY

LANGUAGES = ("en", "nl")

#: Wording by its key and language.
WORDING: dict[str, dict[str, str]] = tomllib.loads(
    (Path(__file__).parent / "wording.toml").read_text(encoding="utf-8")
)
_MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec".split(),
}
MINUS = "\N{MINUS SIGN}"


class Words:
    """Wording and numbers in one language.

    >>> Words("nl")("start", aspect="tijd"), Words("nl").number(1234.5, 1), Words("en").percent(0.5)
    ('Begin met tijd.', '1.234,5', '50%')
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang
        names = {"en": {a.key: a.key for a in TAXONOMY}, "nl": {a.key: a.nl for a in TAXONOMY}}
        self._aspects = names[lang]

    def __call__(self, key: str, **values: Any) -> str:
        return WORDING[key][self.lang].format(**values)

    def counted(self, key: str, count: int, **values: Any) -> str:
        """The wording of a number of things; that of one has a key of its own, with ``_one``."""
        return self(f"{key}_one" if count == 1 else key, count=self.number(count), **values)

    def aspect(self, key: str) -> str:
        """The name of an aspect."""
        return self._aspects[key]

    def number(self, value: float, digits: int = 0, sign: bool = False) -> str:
        """A number with its marks for thousands and decimals; a dash where there is none."""
        if value is None or math.isnan(value):
            return "–"
        shown = f"{value:{'+' if sign else ''},.{digits}f}"
        if not float(shown.replace(",", "")):
            shown = shown.lstrip("+-")
        if self.lang == "nl":
            shown = shown.translate(str.maketrans(",.", ".,"))
        return shown.replace("-", MINUS)

    def percent(self, value: float, sign: bool = False) -> str:
        """A share as a percentage; one decimal where it would round to nothing or to all."""
        fine = 0 < abs(value) < 0.01 or 0.99 < abs(value) < 1
        shown = self.number(100 * value, int(fine), sign)
        return shown if shown == "–" else f"{shown}%"

    def period(self, period: pd.Period, short: bool = False, year: bool = False) -> str:
        """A month, quarter or week; where it is `short`, a week has its `year` only if asked."""
        start = period.start_time  # the year of a week is that of its Monday, as its month is
        dated = f" ’{start.year % 100:02}" if short else f" {start.year}"
        if period.freqstr.startswith("Y"):
            return str(start.year)
        if period.freqstr.startswith("Q"):
            name = ("Q" if self.lang == "en" else "K") + str(period.quarter)
            return name + dated
        month = _MONTHS[self.lang][start.month - 1]
        if period.freqstr.startswith("W"):
            day = f"{start.day} {month}"
            return day + (dated if year or not short else "")
        return month + dated

    def period_told(self, period: pd.Period) -> str:
        """A period as a sentence tells it: a week is named by its Monday."""
        told = self.period(period)
        return self("week_of", day=told) if period.freqstr.startswith("W") else told

    def day(self, day: pd.Timestamp) -> str:
        """A date."""
        return f"{day.day} {_MONTHS[self.lang][day.month - 1]} {day.year}"

    def join(self, items: list[str]) -> str:
        """Items as a sentence lists them."""
        if len(items) < 2:
            return "".join(items)
        return self("and", first=", ".join(items[:-1]), last=items[-1])
