"""A process that is watched while it runs: its memory, and how busy it keeps the cores."""

from __future__ import annotations

import contextlib
import subprocess
import time

import psutil

#: Seconds between two looks at a process.
LOOK = 0.1
#: Seconds since the start, resident memory in MB, processor time in seconds.
Look = tuple[float, float, float]


def watch(command: list[str]) -> list[Look]:
    """Run a command to its end; the last look has the memory and the time of the one before."""
    started = time.monotonic()
    looks: list[Look] = []
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        seen = psutil.Process(process.pid)
        while process.poll() is None:
            with contextlib.suppress(psutil.Error), seen.oneshot():  # it has just ended
                memory, used = seen.memory_info().rss / 1e6, seen.cpu_times()
                if memory:
                    looks.append((time.monotonic() - started, memory, used.user + used.system))
            time.sleep(LOOK)
        if process.returncode:
            raise SystemExit(f"{' '.join(command[1:4])} gave {process.returncode}")
    return [*looks, (time.monotonic() - started, *looks[-1][1:])]


def part_of(looks: list[Look], share: float) -> Look:
    """The look at so much of the run: the last before it."""
    return max((look for look in looks if look[0] <= share * looks[-1][0]), default=looks[0])


def busy(looks: list[Look], start: float, end: float) -> float:
    """Cores that were at work on average from one part of the run to another."""
    first, last = part_of(looks, start), part_of(looks, end)
    return (last[2] - first[2]) / (last[0] - first[0]) if last > first else 0.0
