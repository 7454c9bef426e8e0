"""The machine that is measured, and how what is compared takes turns on it."""

from __future__ import annotations

import os
import platform
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from cxnlp.encoder import has_vnni

Key = TypeVar("Key", bound=Hashable)
#: Of an hour of a machine of two cores, in whatever currency: an assumption.
PRICE = 0.10


def cpu() -> str:
    """The processor's name, where the system tells it, and whether it lacks int8 products."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    if not names:
        return platform.processor() or platform.machine()
    x86 = any(line.startswith("flags") for line in lines)
    return f"{names[0]} without VNNI" if x86 and not has_vnni() else names[0]


def described() -> str:
    return f"{cpu()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def command() -> str:
    """What was typed to start this."""
    script, *options = sys.argv
    return shlex.join(["python", f"benchmarks/{Path(script).name}", *options])


def medians(runs: Mapping[Key, Callable[[], object]], rounds: int) -> dict[Key, float]:
    """Seconds of each run, the median of rounds in which each has its turn.

    Turns, so that what else the machine does in a minute falls on all of them.
    """
    seconds: dict[Key, list[float]] = {key: [] for key in runs}
    for _ in range(rounds):
        for key, run in runs.items():
            started = time.perf_counter()
            run()
            seconds[key].append(time.perf_counter() - started)
    return {key: statistics.median(values) for key, values in seconds.items()}


def megabytes(files: Iterable[Path]) -> float:
    """What files take on disk."""
    return sum(file.stat().st_size for file in files) / 1e6


def one_by_one(read: Callable[[list[str]], object], texts: list[str]) -> Callable[[], object]:
    """A run that reads each text alone."""
    return lambda: [read([text]) for text in texts]


def extrapolate(measured: Mapping[int, float], count: int) -> float:
    """Seconds for a count, on the line through the two largest that were measured."""
    if count in measured:
        return measured[count]
    (few, fast), (many, slow) = sorted(measured.items())[-2:]
    return slow + (count - many) * (slow - fast) / (many - few)
