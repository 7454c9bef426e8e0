"""What a cascade could give: `fast` reads everything, `accurate` what `fast` is unsure of.

    python benchmarks/cascade.py      # writes benchmarks/cascade.md

Beside the order by doubt stands an oracle, which sends on the comments that the two models
read differently, the most differences for the fewest words first: it knows what no cascade can.
Needs ../shared/feedback beside the repository.
"""

from __future__ import annotations

import datetime
import functools
import time
from collections.abc import Callable
from pathlib import Path

import machine
import numpy as np

import cxnlp
from cxnlp.evaluation import f1
from cxnlp.files import read_labelled
from cxnlp.results import Results

ROOT = Path(__file__).parent.parent
DEV = {
    "public": ROOT.parent / "shared" / "feedback" / "dev.jsonl",
    "corpus": ROOT / "corpus" / "dev.jsonl",
}
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
#: What the bar allows to be lost of the pillars' F1, and how much faster it wants to be.
LOSS, FASTER = 0.005, 3.0


def doubt(read: Results) -> np.ndarray:
    """Expected number of wrong decisions of each comment, by its own probabilities, (n,)."""
    sides = np.minimum(read.aspect_probabilities, 1 - read.aspect_probabilities)
    return sides.sum(axis=(1, 2)) + 1 - read.sentiment_probabilities.max(axis=1)


def curve(order: np.ndarray, cost: np.ndarray, score: Callable[[np.ndarray], float]) -> np.ndarray:
    """Score at each share of the cost when comments are sent on in that order, (shares,)."""
    spent = np.cumsum(cost[order]) / cost.sum()
    found = []
    for share in SHARES:
        sent = np.zeros(len(order), bool)
        sent[order[: np.searchsorted(spent, share + 1e-9)]] = True
        found.append(score(sent))
    return np.array(found)


def _score(truth: np.ndarray, left: np.ndarray, right: np.ndarray, sent: np.ndarray) -> float:
    """F1 where the comments that are sent on are read as on the right, the others on the left."""
    return f1(truth, np.where(sent[:, None, None], right, left))


def _timed(model: cxnlp.Model, texts: list[str]) -> tuple[Results, float]:
    started = time.perf_counter()
    read = model.classify(texts, evidence=False)
    return read, time.perf_counter() - started


def main() -> None:
    lines = [
        "# What a cascade could give",
        "",
        f"Written by `python benchmarks/cascade.py` on {datetime.date.today()}: "
        f"{machine.described()}.",
        "",
        "`fast` reads every comment, and `accurate` those that `fast` is least sure of, until a",
        "share of all words has been read twice. F1 of the aspects on the dev comments, on which",
        "both models are calibrated.",
        "",
        "| comments, order | " + " | ".join(f"{share:.0%}" for share in SHARES) + " |",
        "| --- |" + " ---: |" * len(SHARES),
    ]
    verdicts, reached = [], []
    for name, path in DEV.items():
        data = read_labelled(path)
        (low, fast), (high, slow) = (
            _timed(cxnlp.load(m), data.texts) for m in ("fast", "accurate")
        )
        left, right = low.decisions, high.decisions
        words = np.array([len(text.split()) for text in data.texts], float) + 2

        score = functools.partial(_score, data.truth.aspects, left, right)
        orders = {
            "by doubt": np.argsort(-doubt(low), kind="stable"),
            "oracle": np.argsort(-(left != right).sum(axis=(1, 2)) / words, kind="stable"),
        }
        for kind, order in orders.items():
            found = curve(order, words, score)
            lines.append(f"| {name}, {kind} | " + " | ".join(f"{x:.3f}" for x in found) + " |")
            enough = SHARES[int(np.argmax(found >= found[-1] - LOSS))]
            faster = 1 / (enough + fast / slow)
            if kind == "oracle":
                reached.append(faster)
            verdicts.append(
                f"- {name}, {kind}: {enough:.0%} of the words for a loss of at most {LOSS}, so at "
                f"most {faster:.1f} times as fast as `accurate`."
            )
    lines += [
        "",
        *verdicts,
        "",
        f"A cascade would be built for {FASTER:.0f} times; the oracle, which knows where the",
        f"models differ, makes {max(reached):.1f} at most.",
    ]
    target = ROOT / "benchmarks" / "cascade.md"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
