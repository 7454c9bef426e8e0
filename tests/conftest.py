"""Shared by the tests: a model that needs no weights, and the report of behaviour."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxnlp.results import Results
from cxnlp.taxonomy import ASPECTS
from cxnlp.text import holds_text, to_column


class FakeModel:
    """Finds "traag" (time, negative) and "vriendelijk" (friendliness, positive), nothing else."""

    name = "fake"
    device = "cpu"
    folder = Path("fake")
    words = (("traag", "time", 1), ("vriendelijk", "friendliness", 0))

    def __init__(self, fail_at_call: int | None = None) -> None:
        self.manifest: dict[str, Any] = {"files": {"model.onnx": "0"}}
        self.calls = 0
        self.fail_at_call = fail_at_call

    def classify(self, texts: Any, *, evidence: bool = True) -> Results:
        column = to_column(texts)
        count = len(column)
        self.calls += count > 0
        if self.calls == self.fail_at_call:
            raise KeyboardInterrupt
        probabilities = np.zeros((count, 17, 2), np.float32)
        spans = np.full((count, 17, 2, 2), -1, np.int32)
        sentiment = np.tile(np.float32([0, 1, 0, 0]), (count, 1))
        for row, text in enumerate(column.to_pylist()):
            for word, aspect, sign in self.words:
                if text and word in text:
                    at = ASPECTS.index(aspect), sign
                    probabilities[row][at] = 0.875
                    spans[row][at] = text.index(word), text.index(word) + len(word)
                    sentiment[row] = [0.75, 0, 0.25, 0] if sign else [0.25, 0, 0.75, 0]
        return Results(
            column,
            ~holds_text(column),
            np.full(count, "nl"),
            sentiment,
            probabilities,
            probabilities > 0.5,
            spans if evidence else None,
        )


BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Imports a module of the benchmarks, which lie outside the package, for one test."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module
    for path in BENCHMARKS.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture
def fake() -> FakeModel:
    return FakeModel()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [
        value
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, value in report.user_properties
        if name in ("behaviour", "invariance")
    ]
    if lines:
        terminalreporter.section("cases that the shipped model passes, pairs that it reads alike")
        terminalreporter.write_line("\n".join(lines))
