from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def picture(benchmark: Callable[[str], Any]) -> Any:
    return benchmark("picture")


def _points(picture: Any) -> list[Any]:
    return [
        picture.Point("ours & slow", 250, 0.78, True),
        picture.Point("quick", 40_000, 0.62, False),
        picture.Point("as quick", 39_000, 0.62, False),
        picture.Point("slowest", 40, 0.55, False),
    ]


def test_right_is_fast_and_up_is_true(picture: Any) -> None:
    root = ElementTree.fromstring(picture.scatter(_points(picture), "Speed & truth"))
    assert root.findtext(f"{SVG}title") == "Speed & truth"
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in root.iter(f"{SVG}circle")]
    ours, quick, as_quick, slowest = dots
    assert slowest[0] < ours[0] < as_quick[0] < quick[0]
    assert ours[1] < quick[1] == as_quick[1] < slowest[1]
    assert {text.text for text in root.iter(f"{SVG}text")} >= {"ours & slow", "slowest", "0.60"}


def test_ten_times_as_fast_is_as_far_everywhere(picture: Any) -> None:
    points = [picture.Point("", speed, 0.6, True) for speed in (40, 400, 4000)]
    root = ElementTree.fromstring(picture.scatter(points, ""))
    slow, middle, quick = (float(dot.attrib["cx"]) for dot in root.iter(f"{SVG}circle"))
    assert middle - slow == pytest.approx(quick - middle, abs=0.2)
    assert middle - slow > 100


def test_names_meet_neither_dots_nor_each_other(picture: Any) -> None:
    places = [(400.0, 200.0), (410.0, 204.0), (420.0, 200.0), (840.0, 190.0)]
    boxes = picture._labels(_points(picture), places)
    assert not any(one.meets(other) for one, other in combinations(boxes, 2))
    assert not any(
        box.left < x < box.right and box.top < y < box.bottom for box in boxes for x, y in places
    )
    assert all(box.right < picture.WIDTH for box in boxes)


@pytest.mark.parametrize("f1", [0.0, 0.6, 1.0])
def test_one_point_is_a_picture(picture: Any, f1: float) -> None:
    svg = picture.scatter([picture.Point("alone", 100.0, f1, True)], "")
    dot = next(ElementTree.fromstring(svg).iter(f"{SVG}circle"))
    assert 0 < float(dot.attrib["cx"]) < picture.WIDTH
    assert 0 < float(dot.attrib["cy"]) < picture.HEIGHT
