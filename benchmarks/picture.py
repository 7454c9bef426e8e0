"""The picture of the page: speed against truth, as SVG and by nothing but this file."""

from __future__ import annotations

import html
import math
from typing import NamedTuple

import numpy as np

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 48, 56
INK, GRID, OURS, THEIRS = "#1f2937", "#e5e7eb", "#c2410c", "#1d4ed8"
#: A letter of the labels, in pixels, and the room around a dot.
LETTER, LINE, DOT = 6.6, 15.0, 6.0


class Point(NamedTuple):
    """One contestant."""

    name: str
    speed: float
    """Comments per second."""
    f1: float
    ours: bool


class Box(NamedTuple):
    """Left, top, right and bottom, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def scatter(points: list[Point], title: str) -> str:
    """An SVG of `points`: speed on a logarithmic axis, F1 on a plain one, each point named."""
    speeds, truths = [point.speed for point in points], [point.f1 for point in points]
    decades = np.arange(
        math.floor(math.log10(min(speeds))), math.floor(math.log10(max(speeds))) + 2
    )
    steps = np.arange(math.floor(min(truths) * 20), math.floor(max(truths) * 20) + 2)

    def across(speed: float) -> float:
        share = (math.log10(speed) - decades[0]) / (decades[-1] - decades[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def up(f1: float) -> float:
        share = (f1 * 20 - steps[0]) / (steps[-1] - steps[0])
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    lines = []
    for decade in decades:
        x = across(10.0**decade)
        lines += [
            f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{GRID}"/>',
            _text(x, HEIGHT - BOTTOM + 20, f"{10**decade:,}", "middle"),
        ]
    for step in steps:
        y = up(step / 20)
        lines += [
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>',
            _text(LEFT - 8, y + 4, f"{step / 20:.2f}", "end"),
        ]
    lines += [
        _text(WIDTH - RIGHT, HEIGHT - 12, "comments per second →", "end"),
        _text(LEFT - 40, TOP - 14, "↑ pillar F1", "start"),
    ]
    places = [(across(point.speed), up(point.f1)) for point in points]
    for point, (x, y), box in zip(points, places, _labels(points, places), strict=True):
        colour = OURS if point.ours else THEIRS
        weight = "bold" if point.ours else "normal"
        at, side = (box.left, "start") if box.left > x else (box.right, "end")
        lines += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{DOT - 1:g}" fill="{colour}"/>',
            _text(at, box.bottom - 4, point.name, side, colour, weight),
        ]
    body = "\n".join(lines)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"
 font-family="system-ui, sans-serif" font-size="12">
<title>{html.escape(title)}</title>
<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>
{body}
</svg>
"""


def _labels(points: list[Point], places: list[tuple[float, float]]) -> list[Box]:
    """Where each name stands: beside its dot, on the first side where it meets nothing else."""
    taken = [Box(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in places]
    boxes = []
    for point, (x, y) in zip(points, places, strict=True):
        width, gap = LETTER * len(point.name), DOT + 3
        tries = [
            Box(left, top, left + width, top + LINE)
            for shift in (0.0, LINE, 2 * LINE)
            for left, top in (
                (x + gap, y - LINE / 2 - shift),
                (x - gap - width, y - LINE / 2 - shift),
                (x + gap, y - LINE / 2 + shift),
                (x - gap - width, y - LINE / 2 + shift),
            )
        ]
        inside = [box for box in tries if box.left > LEFT and box.right < WIDTH - 4]
        free = [box for box in inside if not any(box.meets(other) for other in taken)]
        boxes.append((free or inside or tries)[0])
        taken.append(boxes[-1])
    return boxes


def _text(
    x: float, y: float, text: str, anchor: str, colour: str = INK, weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}">{html.escape(text)}</text>'
    )
