"""The parts of the page that show a table: a chart, what it shows, and the numbers behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from cxnlp.insights.reporting import charts
from cxnlp.insights.reporting.findings import digits_of, shape_of, short
from cxnlp.insights.reporting.gather import Content
from cxnlp.insights.reporting.words import Words


@dataclasses.dataclass(frozen=True)
class Table:
    """The numbers behind a chart, as text; the first cell of a row names it."""

    head: list[str]
    rows: list[list[str]]


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of the page; without a chart, `how` says why there is none."""

    title: str
    how: str
    chart: Markup | None = None
    table: Table | None = None
    note: str = ""


def sentiment(content: Content, words: Words) -> Markup:
    """The chart of the sentiments."""
    shares = [
        f"{words(name)} {words.percent(count / content.comments)}"
        for name, count in content.sentiments.items()
    ]
    label = f"{words('sentiment')}: {', '.join(shares)}"
    return charts.chart(charts.sentiment(content.sentiments), label, words, "sentiment")


def pillars(content: Content, words: Words) -> Part:
    """What is praised and what is criticised."""
    frame, title = content.pillars, words("pillars")
    unmentioned = [words.aspect(aspect) for aspect in frame["aspect"][frame["mentions"] == 0]]
    frame = frame[frame["mentions"] > 0].sort_values("net", kind="stable")
    if frame.empty:
        return Part(title, words("no_aspects"))
    signed = _signed(words)
    table = _table(
        frame,
        [
            (words("aspect"), lambda row: words.aspect(row["aspect"])),
            (words("net"), lambda row: signed(row["net"])),
            (words("interval"), lambda row: _range(row, "net", signed)),
            (words("mentions"), lambda row: words.number(row["mentions"])),
            (words("share"), lambda row: words.percent(row["share"])),
            (words("positive"), lambda row: words.number(row["positive"])),
            (words("negative"), lambda row: words.number(row["negative"])),
            (words("mixed"), lambda row: words.number(row["mixed"])),
        ],
    )
    return Part(
        title,
        words("pillars_how"),
        charts.chart(charts.pillars(frame), _label(title, table), words, "pillars"),
        table,
        words("not_mentioned", aspects=words.join(unmentioned)) if unmentioned else "",
    )


def impact(content: Content, words: Words) -> Part:
    """What moves the score."""
    frame = content.impact
    if frame is None or "impact" in content.why:
        return Part(words("impact", score=words("the_score")), missing(content, "impact", words))
    kind, digits = frame.attrs["kind"], digits_of(content)
    told = frame[["gained", "lost"]].notna().any(axis=1)
    few = [words.aspect(aspect) for aspect in frame["aspect"][~told & (frame["mentions"] > 0)]]
    frame = frame[told].sort_values("lost", kind="stable")

    def points(value: float) -> str:
        return words.number(value, digits, sign=True)

    table = _table(
        frame,
        [
            (words("aspect"), lambda row: words.aspect(row["aspect"])),
            (words("lost"), lambda row: points(row["lost"])),
            (words("interval"), lambda row: _range(row, "lost", points)),
            (words("gained"), lambda row: points(row["gained"])),
            (words("interval"), lambda row: _range(row, "gained", points)),
            (words("share"), lambda row: words.percent(row["share"])),
        ],
    )
    title = words("impact", score=words(f"the_{kind}"))
    value = words.number(frame.attrs["score"], *shape_of(kind))
    draw = charts.impact(frame, words(f"{kind}_points"), digits)
    return Part(
        title,
        words("impact_how", score=words(f"the_{kind}"), value=value),
        charts.chart(draw, _label(title, table), words, "impact"),
        table,
        words("too_few", aspects=words.join(few)) if few else "",
    )


def trend(content: Content, words: Words) -> Part:
    """How the net scores move."""
    frame, title = content.trend, words("trend")
    if frame is None or "trend" in content.why:
        return Part(title, missing(content, "trend", words))
    if not frame["mentions"].any():
        return Part(title, words("no_aspects"))
    signed = _signed(words)
    table = _table(
        frame[frame["mentions"] > 0].sort_values("aspect", kind="stable"),
        [
            (words("aspect"), lambda row: words.aspect(row["aspect"])),
            (words("net"), lambda row: signed(row["net"])),
            (words("period_head"), lambda row: words.period(row["period"])),
            (words("interval"), lambda row: _range(row, "net", signed)),
            (words("mentions"), lambda row: words.number(row["mentions"])),
            (words("stands_out"), lambda row: words("yes") if row["stands_out"] else ""),
        ],
    )
    return Part(
        title,
        words("trend_how", by=words(content.by)),
        charts.chart(charts.trends(frame), _label(title, table, 2), words, "trend"),
        table,
    )


def groups(content: Content, words: Words) -> Part:
    """Where: groups by aspect."""
    frame, column = content.groups, content.options.group
    title = words("groups_plain") if column is None else words("groups", column=column)
    if frame is None or "groups" in content.why:
        return Part(title, missing(content, "groups", words))
    if not frame["mentions"].any():
        return Part(title, words("no_aspects"))
    shown, every = charts.largest(frame), frame["group"].nunique()
    signed = _signed(words)
    table = _table(
        frame[frame["group"].isin(shown) & (frame["mentions"] > 0)],
        [
            (str(column), lambda row: short(row["group"])),
            (words("net"), lambda row: signed(row["shrunk"])),
            (words("aspect"), lambda row: words.aspect(row["aspect"])),
            (words("interval"), lambda row: _range(row, "shrunk", signed)),
            (words("mentions"), lambda row: words.number(row["mentions"])),
            (words("stands_out"), lambda row: words("yes") if row["stands_out"] else ""),
        ],
    )
    return Part(
        title,
        words("groups_how", column=column),
        charts.chart(charts.heat_map(frame), _label(title, table, 2), words, "groups"),
        table,
        words("largest", shown=len(shown), all=every) if every > len(shown) else "",
    )


def missing(content: Content, part: str, words: Words) -> str:
    """The sentence that says why a part is not there."""
    column = {"impact": "score", "trend": "date", "groups": "group"}.get(part)
    name = column and getattr(content.options, column)
    if name in content.unusable:
        return words("unusable", column=name, why=content.unusable[name])
    return words(content.why[part], column=name, least=content.options.least)


def _signed(words: Words) -> Callable[[float], str]:
    return lambda value: words.percent(value, sign=True)


def _range(row: dict[Any, Any], name: str, show: Callable[[float], str]) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "–" if pd.isna(low) else f"{show(low)} … {show(high)}"


def _table(
    frame: pd.DataFrame, columns: Sequence[tuple[str, Callable[[dict[Any, Any]], str]]]
) -> Table:
    rows = frame.to_dict("records")
    return Table(
        [name for name, _ in columns], [[show(row) for _, show in columns] for row in rows]
    )


def _label(title: str, table: Table, second: int | None = None) -> str:
    """The alternative text of a chart: each row's name and number, or of those that stand out."""
    rows = table.rows if second is None else [row for row in table.rows if row[-1]]
    names = [row[0] if second is None else f"{row[0]}, {row[second]}:" for row in rows]
    told = "; ".join(f"{name} {row[1]}" for name, row in zip(names, rows, strict=True))
    kind = table.head[1] if second is None else table.head[-1]
    return f"{title}. {kind}: {told or '–'}"
