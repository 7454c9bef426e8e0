"""The findings in sentences: what to work on first, what to keep, where to look, whom to answer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxnlp.insights.intervals import ALPHA, corrected, wilson
from cxnlp.insights.reporting.gather import Content, ranking
from cxnlp.insights.reporting.words import Words

#: Findings of each kind, and groups that one of them names.
_PROBLEMS, _STRENGTHS, _PLACES, _NAMED = 3, 2, 2, 2
_LONGEST_NAME = 40
#: Net scores that differ less are not worth telling, however sure: many comments show any trifle.
_LEAST_DIFFERENCE = 0.03
#: Without a score, what fewer comments say is no finding.
_LEAST_SAID = 10


class Finding(NamedTuple):
    """A few words that say what to do, and the sentences that say why."""

    head: str
    body: str


def findings(content: Content, words: Words) -> list[Finding]:
    """What to do, the most important first; empty where nothing stands out."""
    found = []
    problems = _certain(content, "negative")[:_PROBLEMS]
    for place, aspect in enumerate(problems):
        head = words("then" if place else "start", aspect=words.aspect(aspect))
        found.append(Finding(head, _about(content, aspect, "negative", words)))
    strengths = [aspect for aspect in _certain(content, "positive") if aspect not in problems]
    for aspect in strengths[:_STRENGTHS]:
        head = words("keep", aspect=words.aspect(aspect))
        found.append(Finding(head, _about(content, aspect, "positive", words)))
    found += _places(content, problems, words)
    if content.urgent is not None and (count := content.urgent.attrs["recent"]):
        head = words.counted("answer", count)
        found.append(Finding(head, words.counted("answer_why", count)))
    return found


def short(name: object) -> str:
    """The name of a group, no longer than a line has room for."""
    text = " ".join(str(name).split())
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _certain(content: Content, sign: str) -> list[str]:
    """Aspects that matter by more than chance: by their impact, or as often as one in twenty.

    Praise that goes with a lower score, as "friendly, but ..." does, is nothing to keep up.
    """
    ranked = ranking(content, sign)
    if _has_impact(content):
        assert content.impact is not None
        name, way = ("gained", 1) if sign == "positive" else ("lost", -1)
        p, moved = _chance(content)[name], content.impact.set_index("aspect")[name]
        return [aspect for aspect in ranked if way * moved[aspect] > 0 and p[aspect] < ALPHA]
    said = content.pillars.set_index("aspect").loc[ranked]
    count = (said[sign] + said["mixed"]).to_numpy()
    low, _ = wilson(count, said["comments"].to_numpy())
    return list(said.index[(low > 0.05) & (count >= _LEAST_SAID)])


def _chance(content: Content) -> pd.DataFrame:
    """P-values of the points gained and lost by each aspect, corrected for their number.

    Those of a normal distribution with the width of the bootstrap's interval.
    """
    assert content.impact is not None
    moved, names = content.impact.set_index("aspect"), ["gained", "lost"]
    width = moved[[f"{name}_high" for name in names]].to_numpy()
    width = width - moved[[f"{name}_low" for name in names]].to_numpy()
    points = moved[names].abs()
    p = 2 * norm.sf(points * 2 * norm.isf(ALPHA / 2), scale=width)
    return pd.DataFrame(corrected(p), points.index, names)


def _has_impact(content: Content) -> bool:
    return content.impact is not None and "impact" not in content.why


def _about(content: Content, aspect: str, sign: str, words: Words) -> str:
    row: Any = content.pillars.set_index("aspect").loc[aspect]
    share = words.percent((row[sign] + row["mixed"]) / row["comments"])
    bad = sign == "negative"
    if _has_impact(content):
        assert content.impact is not None
        moved: Any = content.impact.set_index("aspect").loc[aspect]
        name = "lost" if bad else "gained"
        ends = sorted(abs(moved[f"{name}_{end}"]) for end in ("low", "high"))
        digits = digits_of(content)
        sentences = [
            words(
                "costs" if bad else "brings",
                points=words.number(abs(moved[name]), digits),
                unit=words(f"{content.impact.attrs['kind']}_points"),
                low=words.number(ends[0], digits),
                high=words.number(ends[1], digits),
                share=share,
            )
        ]
    else:
        sentences = [words("complained" if bad else "praised", share=share)]
    return " ".join(
        [*sentences, *_where(content, aspect, bad, words), *_when(content, aspect, bad, words)]
    )


def digits_of(content: Content) -> int:
    """Decimals of points: NPS points are large, those of other scores are not."""
    assert content.impact is not None
    return shape_of(content.impact.attrs["kind"])[0]


def shape_of(kind: str) -> tuple[int, bool]:
    """Decimals of a score of that kind, and whether it is written with its sign."""
    return (1, True) if kind == "nps" else (2, False)


def _where(content: Content, aspect: str, bad: bool, words: Words) -> list[str]:
    if content.groups is None or "groups" in content.why:
        return []
    rows = content.groups[(content.groups["aspect"] == aspect) & content.groups["stands_out"]]
    rows = rows[rows["difference"] * (-1 if bad else 1) >= _LEAST_DIFFERENCE]
    names = rows.sort_values("shrunk", ascending=bad, kind="stable")["group"].head(_NAMED)
    if names.empty:
        return []
    return [words("worst_in" if bad else "best_in", groups=words.join([*map(short, names)]))]


def _when(content: Content, aspect: str, bad: bool, words: Words) -> list[str]:
    """The last change for the worse (better) that stands out, if it was not undone since.

    Longer periods hold more comments, and show what months may not.
    """
    for frame in () if "trend" in content.why else (content.trend, content.longer):
        if frame is None:
            continue
        rows = frame[frame["aspect"] == aspect]
        changes = rows[rows["stands_out"] & (rows["net_change"].abs() >= _LEAST_DIFFERENCE)]
        if changes.empty:
            continue
        last = changes.iloc[-1]
        if (last["net_change"] < 0) != bad:
            return []
        return [
            words(
                "fell" if bad else "rose",
                period=words.period_told(last["period"]),
                before=words.percent(last["net"] - last["net_change"], sign=True),
                after=words.percent(last["net"], sign=True),
            )
        ]
    return []


def _places(content: Content, told: list[str], words: Words) -> list[Finding]:
    """The groups that do worse than the others, by more than was told of the worst aspects."""
    if content.groups is None or "groups" in content.why:
        return []
    frame = content.groups
    worse = frame[frame["stands_out"] & (frame["difference"] <= -_LEAST_DIFFERENCE)]
    worse = worse[~worse["aspect"].isin(told)]
    if worse.empty:
        return []
    summed = worse.groupby("group", observed=True)["difference"].sum()
    found = []
    for group in summed.sort_values(kind="stable").index[:_PLACES]:
        rows = worse[worse["group"] == group].sort_values("difference", kind="stable").head(3)
        names = [words.aspect(aspect) for aspect in rows["aspect"]]
        body = words("group_low", aspects=words.join(names))
        found.append(Finding(words("where", group=short(group)), body))
    return found


def weakest(by_aspect: dict[str, dict[str, float]], words: Words) -> str:
    """The aspects that the model reads least well, as a list in a sentence."""
    known = pd.Series({a: f.get("f1") for a, f in by_aspect.items() if f.get("support", 0) >= 5})
    known = known.astype(float).replace(np.nan, 0).sort_values(kind="stable")
    return words.join([words.aspect(aspect) for aspect in known.index[:3]])
