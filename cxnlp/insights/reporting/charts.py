"""Charts as SVG to put into a page: drawn by matplotlib, the same for the same numbers.

Each is drawn twice, wide and narrow, so that its letters have one size on a desk, on a phone and
on paper. Blue is praise and orange complaint, which colour-blind readers can tell apart.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from cxnlp.insights.reporting.findings import short
from cxnlp.insights.reporting.words import Words

BLUE, ORANGE, GREY, INK, FAINT = "#1b5e9b", "#b34700", "#6b7280", "#1f2933", "#d5dae1"
#: Of sentiments, as in ``cxnlp.taxonomy.SENTIMENTS``.
_SENTIMENT_COLOURS = {
    "negative": ORANGE, "mixed": "#e9c46a", "neutral": "#c3c9d1", "positive": BLUE,
}  # fmt: skip
_DIVERGING = LinearSegmentedColormap.from_list(
    "net", [ORANGE, "#f6b98a", "#ffffff", "#90bde3", BLUE]
)
#: Widths in CSS pixels; a point of matplotlib is a pixel of the page.
WIDE, NARROW = 760, 350
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 12.5,
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "ytick.major.size": 0,
    "xtick.major.size": 0,
}
#: What browsers have; all are no wider than the font that matplotlib measures with.
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif"
_ROW = 27.0
#: Groups and aspects of a heat map, and aspects of a narrow one.
MOST_GROUPS, _MOST_ASPECTS, _NARROW_ASPECTS = 25, 11, 5
_TRENDS = 6


def chart(draw: Callable[[float, Words], Figure], label: str, words: Words, salt: str) -> Markup:
    """A chart in both widths, as HTML.

    Parameters
    ----------
    draw
        Gives the figure for a width in pixels.
    label
        What it shows, for those who cannot see it.
    salt
        Tells its inner names from those of other charts of the page.
    """
    parts = []
    for kind, width in (("wide", WIDE), ("narrow", NARROW)):
        style: Any = _STYLE | {"svg.hashsalt": f"{salt}-{kind}"}
        with mpl.rc_context(style), warnings.catch_warnings():
            # Names may hold letters that the measuring font lacks; the browser has them.
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            svg = _svg(draw(width, words))
        parts.append(
            f'<svg class="{kind}" role="img" aria-label="{escape(label)}" {svg.group(1)}'
            f"{svg.group(2)}</svg>"
        )
    return Markup("\n".join(parts))


def _svg(figure: Figure) -> re.Match[str]:
    """The size of a drawing, and what is in it, without what a page must not hold twice."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={
        "Date": None, "Creator": None, "Format": None, "Type": None,
    })  # fmt: skip
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", stream.getvalue(), flags=re.S)
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", text)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text)
    text = re.sub(r"(font: )([^;\"]*?)'DejaVu Sans'[^;\"]*", rf"\1\2{_FONTS}", text)
    found = re.search(r'<svg [^>]*(viewBox="[^"]*")[^>]*(>.*)</svg>', text, re.S)
    assert found is not None
    return found


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width / 72, height / 72), dpi=72, layout="constrained")


def sentiment(counts: dict[str, int]) -> Callable[[float, Words], Figure]:
    """Shares of the sentiments, one bar."""

    def draw(width: float, words: Words) -> Figure:
        figure = _figure(width, 76)
        axes = figure.subplots()
        axes.axis("off")
        total, left = sum(counts.values()), 0.0
        for name in ("negative", "mixed", "neutral", "positive"):
            part = counts[name] / total
            if not part:
                continue
            axes.barh(
                0, part, left=left, color=_SENTIMENT_COLOURS[name], edgecolor="white",
                label=words(name),
            )  # fmt: skip
            if part * width > 34:
                axes.text(
                    left + part / 2, 0, words.percent(part), ha="center", va="center",
                    color="white" if name in ("negative", "positive") else INK, weight="bold",
                )  # fmt: skip
            left += part
        axes.set_xlim(0, 1)
        figure.legend(
            loc="outside lower center", ncols=4, frameon=False, handlelength=0.9,
            handletextpad=0.4, columnspacing=1.0, fontsize=12.5 if width == WIDE else 11,
        )  # fmt: skip
        return figure

    return draw


def pillars(frame: pd.DataFrame) -> Callable[[float, Words], Figure]:
    """Shares of praise and of complaint, back to back; from the lowest net score to the highest."""
    frame = frame.sort_values("net", ascending=False, kind="stable")

    def draw(width: float, words: Words) -> Figure:
        figure = _figure(width, 62 + _ROW * len(frame))
        axes = figure.subplots()
        rows = np.arange(len(frame))[::-1]
        for name, colour, side in (("negative", ORANGE, -1), ("positive", BLUE, 1)):
            share = ((frame[name] + frame["mixed"]) / frame["comments"]).to_numpy()
            axes.barh(rows, side * share, color=colour, height=0.7)
            for row, value in zip(rows, share, strict=True):
                if value:
                    axes.annotate(
                        words.percent(value), (side * value, row), (4 * side, 0),
                        textcoords="offset points", va="center", ha="left" if side > 0 else "right",
                        fontsize=11.5,
                    )  # fmt: skip
        _name_rows(axes, rows, [words.aspect(aspect) for aspect in frame["aspect"]])
        _widen(axes, 0.16 if width == WIDE else 0.3)
        _sides(axes, f"◂ {words('complaint')}", f"{words('praise')} ▸")
        axes.set_xlabel(words("of_comments"))
        axes.set_xticks([])
        return figure

    return draw


def impact(frame: pd.DataFrame, unit: str, digits: int) -> Callable[[float, Words], Figure]:
    """Points lost and gained, with how often each aspect is mentioned."""
    order = frame["lost"].fillna(0) + frame["gained"].fillna(0)
    frame = frame.loc[order.sort_values(ascending=False, kind="stable").index]

    def draw(width: float, words: Words) -> Figure:
        figure = _figure(width, 62 + _ROW * len(frame))
        narrow = width < WIDE
        share_axes, axes = figure.subplots(
            1, 2, sharey=True, width_ratios=[1, 2.1] if narrow else [1, 3]
        )
        rows = np.arange(len(frame))[::-1]
        share_axes.barh(rows, frame["share"], color=FAINT, height=0.7)
        for row, value in zip(rows, frame["share"], strict=True):
            share_axes.annotate(
                words.percent(value), (0, row), (4, 0), textcoords="offset points", va="center",
                fontsize=11.5,
            )  # fmt: skip
        share_axes.set_title(words("share"), fontsize=12.5, loc="left")
        for name, colour, side in (("lost", ORANGE, -1), ("gained", BLUE, 1)):
            values = frame[name].to_numpy()
            ends = np.abs(frame[[f"{name}_low", f"{name}_high"]].to_numpy().T - values)
            known = ~np.isnan(values)
            axes.barh(
                rows[known], values[known], xerr=ends[:, known], color=colour, height=0.7,
                error_kw={"ecolor": INK, "elinewidth": 1},
            )  # fmt: skip
            for row, value, end in zip(
                rows[known], values[known], ends[int(side > 0)][known], strict=True
            ):
                axes.annotate(
                    words.number(value, digits, sign=True), (value + side * end, row),
                    (4 * side, 0), textcoords="offset points", va="center",
                    ha="left" if side > 0 else "right", fontsize=11.5,
                )  # fmt: skip
        _name_rows(share_axes, rows, [words.aspect(aspect) for aspect in frame["aspect"]])
        axes.spines["left"].set_visible(False)
        axes.tick_params(labelleft=False)
        axes.axvline(0, color=GREY, linewidth=0.8)
        _widen(axes, 0.16 if width == WIDE else 0.42)
        length = "_short" if narrow else ""
        _sides(axes, f"◂ {words(f'lost{length}')}", f"{words(f'gained{length}')} ▸")
        axes.set_xlabel(unit)
        share_axes.set_xlabel(words("of_comments") if not narrow else "%")
        for each in (axes, share_axes):
            each.set_xticks([])
        return figure

    return draw


def trends(frame: pd.DataFrame) -> Callable[[float, Words], Figure]:
    """Net scores of the most mentioned aspects over time, one small chart each."""
    mentions = frame.groupby("aspect", observed=True)["mentions"].sum()
    aspects = mentions[mentions > 0].sort_values(ascending=False, kind="stable").index[:_TRENDS]

    def draw(width: float, words: Words) -> Figure:
        columns = min(3 if width == WIDE else 2, len(aspects))
        lines = -(-len(aspects) // columns)
        figure = _figure(width, lines * (170 if width == WIDE else 140))
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for axes, aspect in zip(grid.flat, aspects, strict=False):
            _trend(axes, frame[frame["aspect"] == aspect], words, width)
            axes.set_title(words.aspect(aspect), fontsize=12.5, loc="left", weight="bold")
        for axes in grid.flat[len(aspects) :]:
            axes.axis("off")
        return figure

    return draw


def _trend(axes: Axes, rows: pd.DataFrame, words: Words, width: float) -> None:
    periods = rows["period"].tolist()
    # Where periods are missing one place stays empty, and the line breaks.
    steps = np.diff([period.ordinal for period in periods])
    at = np.concatenate([[0], np.minimum(steps, 2).cumsum()])
    runs = np.split(np.arange(len(at)), np.flatnonzero(steps > 1) + 1)
    net = 100 * rows["net"].to_numpy()
    axes.axhline(0, color=GREY, linewidth=0.8)
    low, high = (100 * rows[name].to_numpy() for name in ("net_low", "net_high"))
    for run in runs:
        axes.fill_between(at[run], low[run], high[run], color=BLUE, alpha=0.18, lw=0)
        axes.plot(at[run], net[run], color=BLUE, linewidth=1.6)
    out = rows["stands_out"].to_numpy(bool)
    for mark, colour, size in ((out, ORANGE, 34), (~out, "white", 12)):
        axes.scatter(at[mark], net[mark], s=size, color=colour, edgecolor=BLUE, zorder=3, lw=1)
    middle = int(np.abs(at - at[-1] / 2).argmin())
    apart = min(at[middle], at[-1] - at[middle]) >= at[-1] / 4
    ticks = sorted({0, *([middle] if width == WIDE and apart else []), len(rows) - 1})
    years = periods[0].start_time.year != periods[-1].start_time.year
    named = [words.period(periods[tick], short=True, year=years) for tick in ticks]
    axes.set_xticks(at[ticks], named, fontsize=11)
    names = axes.get_xticklabels()  # none where another chart stands below
    for name in names[:1]:
        name.set_horizontalalignment("left")
    for name in names[1:][-1:]:
        name.set_horizontalalignment("right")
    axes.set_xlim(-0.5, at[-1] + 0.5)
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: words.percent(value / 100, sign=True))
    axes.tick_params(axis="y", labelsize=11)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def heat_map(frame: pd.DataFrame) -> Callable[[float, Words], Figure]:
    """Shrunk net scores of groups by aspect; the groups with most comments, by name."""
    mentions = frame.groupby("aspect", observed=True)["mentions"].sum()
    aspects = mentions[mentions > 0].sort_values(ascending=False, kind="stable").index
    groups = largest(frame)

    def draw(width: float, words: Words) -> Figure:
        shown = aspects[: _MOST_ASPECTS if width == WIDE else _NARROW_ASPECTS]
        net = _grid(frame, "shrunk", groups, shown)
        out = _grid(frame, "stands_out", groups, shown).astype(bool)
        figure = _figure(width, 130 + 25 * len(groups))
        axes = figure.subplots()
        most = max(float(np.abs(net).max()), 0.05)
        axes.pcolormesh(
            net, cmap=_DIVERGING, vmin=-most, vmax=most, edgecolors="white", linewidth=2
        )
        axes.invert_yaxis()
        for (row, column), value in np.ndenumerate(net):
            dark = _luminance(_DIVERGING((value / most + 1) / 2)) < 0.18
            dot = " •" if out[row, column] else ""
            axes.text(
                column + 0.5, row + 0.5, words.number(100 * value, sign=True) + dot,
                ha="center", va="center", fontsize=11.5, color="white" if dark else "black",
                weight="bold" if out[row, column] else "normal",
            )  # fmt: skip
        names = [short(name) if width == WIDE else _shorter(name) for name in groups]
        axes.set_yticks(np.arange(len(groups)) + 0.5, names)
        named = [words.aspect(aspect) for aspect in shown]
        axes.set_xticks(np.arange(len(shown)) + 0.5, named, rotation=40, ha="left")
        axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.spines[:].set_visible(False)
        return figure

    return draw


def _luminance(colour: tuple[float, float, float, float]) -> float:
    """Relative luminance (WCAG 2.2); at 0.18, black and white can be read equally well."""
    channels = np.array(colour[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def largest(frame: pd.DataFrame) -> list[Any]:
    """The groups of a table of `compare` that are shown, in its order: those with most comments."""
    sizes = frame.groupby("group", observed=True, sort=False)["comments"].first()
    most = set(sizes.sort_values(ascending=False, kind="stable").index[:MOST_GROUPS])
    return [name for name in sizes.index if name in most]


def _grid(frame: pd.DataFrame, name: str, groups: Sequence[Any], aspects: Any) -> np.ndarray:
    cells = frame.set_index(["group", "aspect"])[name]
    index = pd.MultiIndex.from_product([groups, aspects])
    return cells.reindex(index).to_numpy().reshape(len(groups), -1)


def _shorter(name: object) -> str:
    text = short(name)
    return text if len(text) <= 14 else text[:13] + "…"


def _name_rows(axes: Axes, rows: np.ndarray, names: list[str]) -> None:
    axes.set_yticks(rows, names)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_ylim(-0.6, len(rows) - 0.4)


def _widen(axes: Axes, part: float) -> None:
    """Room for the numbers at the ends of the bars."""
    left, right = axes.get_xlim()
    room = part * (right - left)
    axes.set_xlim(left - room * (left < 0), right + room * (right > 0))
    axes.spines["bottom"].set_visible(False)


def _sides(axes: Axes, left: str, right: str) -> None:
    axes.set_title(left, color=ORANGE, fontsize=12.5, loc="left")
    axes.set_title(right, color=BLUE, fontsize=12.5, loc="right")
