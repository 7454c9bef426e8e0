"""Everything that the report tells, as tables; what cannot be told, with the reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from cxnlp.errors import CxnlpError
from cxnlp.insights.dates import read_dates
from cxnlp.insights.drivers import LEAST, check_kind, impact
from cxnlp.insights.masking import mask
from cxnlp.insights.quoting import quotes
from cxnlp.insights.reporting import columns
from cxnlp.insights.scored import Scored
from cxnlp.insights.tables import compare, pillars, trend
from cxnlp.insights.urgency import urgent
from cxnlp.taxonomy import LANGUAGES, SENTIMENTS

#: Urgent comments that are shown.
URGENT = 10
#: Aspects that are quoted of each sign, and quotes of each.
QUOTED, QUOTES = 3, 3
#: Periods of a trend, the shortest first, and how many it may have at most to be shown by them.
_PERIODS = {"week": 13, "month": 36, "quarter": 40, "year": 1000}
_LEAST_PERIODS = 3
#: Aspects that are an outcome, not something to work on.
OUTCOMES = ("loyalty",)


@dataclasses.dataclass(frozen=True)
class Options:
    """What the report is asked to use; None where it is to find out."""

    lang: str = "en"
    date: str | None = None
    score: str | None = None
    kind: str | None = None
    group: str | None = None
    dayfirst: bool | None = None
    least: int = 10
    mask: bool = True


@dataclasses.dataclass
class Content:
    """What the report tells.

    Attributes
    ----------
    options
        With the columns that were found.
    comments, no_text
        Rows with text, and without.
    languages, sentiments
        Comments by language and by sentiment.
    first, last
        Days of the earliest and the latest comment.
    pillars, impact, trend, groups
        The tables of those functions; None where there is none, for the reason in `why`.
    longer
        The trend by a longer period, which has more comments in each.
    by
        The period of the trend.
    quotes
        Aspect, sign and quotes of those that are quoted.
    urgent
        The most urgent comments.
    named
        Columns that were named, not found.
    unusable
        Columns that hold what cannot be used: the message of each.
    why
        The key of the sentence that says why a table is not there.
    """

    options: Options
    comments: int
    no_text: int
    languages: dict[str, int]
    sentiments: dict[str, int]
    pillars: pd.DataFrame
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None
    impact: pd.DataFrame | None = None
    trend: pd.DataFrame | None = None
    longer: pd.DataFrame | None = None
    by: str = ""
    groups: pd.DataFrame | None = None
    quotes: list[tuple[str, str, pd.DataFrame]] = dataclasses.field(default_factory=list)
    urgent: pd.DataFrame | None = None
    named: tuple[str, ...] = ()
    unusable: dict[str, str] = dataclasses.field(default_factory=dict)
    why: dict[str, str] = dataclasses.field(default_factory=dict)
    suppressed: dict[str, int] = dataclasses.field(default_factory=dict)


def gather(scored: Scored, options: Options) -> Content:
    """Work out all tables.

    Raises
    ------
    CxnlpError
        For a column that was named and is not there or cannot be used.
    """
    check_kind(options.kind)
    named = tuple(filter(None, (options.date, options.score, options.group)))
    for name, what in (
        (options.date, "dates"),
        (options.score, "scores"),
        (options.group, "groups"),
    ):
        if name is not None:
            scored.column(name, what)
    date = options.date or columns.find_dates(scored.extra)
    score = options.score or columns.find_score(scored.extra)
    left = scored.extra.drop(columns=[*filter(None, (date, score))], errors="ignore")
    group = options.group or columns.find_groups(left, options.least)
    options = dataclasses.replace(options, date=date, score=score, group=group)
    read = scored[~scored.no_text]
    content = Content(
        options,
        len(read),
        len(scored) - len(read),
        {name: int((read.language == name).sum()) for name in LANGUAGES},
        {name: int((read.sentiment == name).sum()) for name in SENTIMENTS},
        pillars(scored),
        named=named,
    )
    if not len(read):
        return content
    _add_impact(content, scored)
    days = _add_trend(content, scored, read)
    _add_groups(content, scored)
    _add_texts(content, read, days)
    return content


def _try(content: Content, column: str, make: Callable[[], Any]) -> Any:
    """What `make` gives; None where a column that was found cannot be used, which is noted."""
    try:
        return make()
    except CxnlpError as error:
        if column in content.named:
            raise CxnlpError(f"Column {column!r} cannot be used. {error}") from None
        options, why = content.options, str(error)  # which may quote a cell
        content.unusable[column] = mask(why, options.lang).text if options.mask else why
        return None


def _add_impact(content: Content, scored: Scored) -> None:
    score, options = content.options.score, content.options
    if score is None:
        content.why["impact"] = "no_score"
        return
    frame = _try(content, score, lambda: impact(scored, score, options.kind))
    content.impact = frame
    if frame is not None and not frame[["gained", "lost"]].notna().any(axis=None):
        same = frame.attrs["comments"] >= 2 * LEAST and not frame.attrs["varies"]
        content.why["impact"] = "same_scores" if same else "few_scores"


def _add_trend(content: Content, scored: Scored, read: Scored) -> ExtensionArray | None:
    """Gives the dates of the rows that were read; None where there are none to use."""
    # The dates of all rows are read, so that a message names the row of the file.
    date, dayfirst = content.options.date, content.options.dayfirst
    if date is None:
        content.why["trend"] = "no_dates"
        return None
    every = _try(content, date, lambda: read_dates(scored.column(date, "dates"), dayfirst)[0])
    if every is None:
        return None
    days = every[~scored.no_text].reset_index(drop=True)
    if days.notna().any():
        content.first, content.last = days.min(), days.max()
    frames = {by: trend(read, days.array, by) for by in _PERIODS}
    periods = {by: frame["period"].nunique() for by, frame in frames.items()}
    by = next((by for by, most in _PERIODS.items() if periods[by] <= most), "year")
    content.trend, content.by = frames[by], by
    content.longer = next((frames[b] for b in _PERIODS if periods[b] < periods[by]), None)
    if periods[by] < _LEAST_PERIODS:
        dated = bool(days.notna().any())
        long = dated and (days.max() - days.min()).days >= 7 * _LEAST_PERIODS
        content.why["trend"] = "few_periods" if long else "few_dates" if dated else "all_undated"
    return days.array


def _add_groups(content: Content, scored: Scored) -> None:
    group, least = content.options.group, content.options.least
    if group is None:
        content.why["groups"] = "no_groups"
        return
    frame = _try(content, group, lambda: compare(scored, group, least=least))
    content.groups = frame
    if frame is None:
        return
    content.suppressed = frame.attrs["suppressed"] | {"ungrouped": frame.attrs["ungrouped"]}
    if frame["group"].nunique() < 2:
        content.why["groups"] = "few_groups"


def _add_texts(content: Content, read: Scored, days: ExtensionArray | None) -> None:
    if read.texts is None:
        content.why["quotes"] = content.why["urgent"] = "no_texts"
        return
    options = content.options
    for sign in ("negative", "positive"):
        for aspect in to_quote(content, sign):
            found = quotes(read, aspect, sign, QUOTES, mask=options.mask)
            if len(found):
                content.quotes.append((aspect, sign, found))
    if not content.quotes:
        content.why["quotes"] = "no_quotes"
    content.urgent = urgent(read, days, URGENT, lang=options.lang, mask=options.mask)
    if not len(content.urgent):
        content.why["urgent"] = "no_urgent"


def to_quote(content: Content, sign: str) -> list[str]:
    """The aspects that matter most for a sign: by their impact, else by how often it is said."""
    ranked = ranking(content, sign)
    return ranked[:QUOTED]


def ranking(content: Content, sign: str) -> list[str]:
    """Aspects in the order in which they matter for a sign.

    Those that move the score that way come first; of the others, what is said most often.
    """
    frame, moved = content.pillars, content.impact
    said = pd.Series((frame[sign] + frame["mixed"]).to_numpy(), index=frame["aspect"].astype("str"))
    said = said[(said > 0) & ~said.index.isin(OUTCOMES)]
    if moved is None:
        return said.sort_values(ascending=False, kind="stable").index.tolist()
    name = "gained" if sign == "positive" else "lost"
    by = pd.Series(moved[name].abs().to_numpy(), index=moved["aspect"].astype("str"))
    right = moved[name] > 0 if sign == "positive" else moved[name] < 0
    by = by.where(np.asarray(right))
    order = pd.DataFrame({"moved": by.reindex(said.index), "said": said})
    return order.sort_values(["moved", "said"], ascending=False, kind="stable").index.tolist()
