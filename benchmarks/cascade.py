"""What a cascade could give, and what a shorter model gives instead.

    python benchmarks/cascade.py      # writes benchmarks/cascade.md

In a cascade a quick model reads everything, and `accurate` what that one is unsure of. Beside the
order by doubt stand two that no cascade can know: by difference, the comments that the two models
read differently, most differences for the fewest words first; and by label, those where `accurate`
is right more often than the other, by the most for the fewest words.
Needs ../shared/feedback beside the repository.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from pathlib import Path

import machine
import numpy as np
from throughput_texts import corpus_texts

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
MODELS = ("accurate", "balanced", "fast")
#: First model and order of those that are told.
CASCADES = (
    ("fast", "by doubt"),
    ("fast", "by difference"),
    ("fast", "by label"),
    ("balanced", "by doubt"),
)
#: To compare their speed.
COMMENTS, ROUNDS = 1000, 5


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


def speeds(texts: list[str], rounds: int) -> dict[str, float]:
    """Comments per second of each model, the median of rounds."""
    runs = {
        name: functools.partial(cxnlp.load(name).classify, texts, evidence=False) for name in MODELS
    }
    for run in runs.values():
        run()
    return {name: len(texts) / seconds for name, seconds in machine.medians(runs, rounds).items()}


def main() -> None:
    rates = speeds(corpus_texts()[:COMMENTS], ROUNDS)
    faster = rates["balanced"] / rates["accurate"]
    lines = [
        "# Accuracy for time: a cascade, or a shorter model",
        "",
        f"Written by `python benchmarks/cascade.py` on {datetime.date.today()}: "
        f"{machine.described()}.",
        "",
        "## What a cascade could give",
        "",
        "A quick model reads every comment, and `accurate` those of which it is least sure, until",
        "a share of all words has been read twice. F1 of the aspects on the dev comments, on which",
        "the models are calibrated. Two orders that no cascade can know stand beside that *by",
        "doubt*: *by difference*, most decisions that the two take differently for the fewest",
        "words first, and *by label*, most decisions that `accurate` mends.",
        "",
        "| comments, first model, order | " + " | ".join(f"{share:.0%}" for share in SHARES) + " |",
        "| --- |" + " ---: |" * len(SHARES),
    ]
    verdicts, as_fast, possible, alone = [], [], [], {}
    for name, path in DEV.items():
        data = read_labelled(path)
        read = {m: cxnlp.load(m).classify(data.texts, evidence=False) for m in MODELS}
        truth, right = data.truth.aspects, read["accurate"].decisions
        alone[name] = {m: f1(truth, read[m].decisions) for m in MODELS}
        words = np.array([len(text.split()) for text in data.texts], float) + 2

        for first, kind in CASCADES:
            left = read[first].decisions
            mended = (left != truth).astype(int) - (right != truth)
            gains = {
                "by doubt": doubt(read[first]),
                "by difference": (left != right).sum(axis=(1, 2)) / words,
                "by label": mended.sum(axis=(1, 2)) / words,
            }
            score = functools.partial(_score, truth, left, right)
            found = curve(np.argsort(-gains[kind], kind="stable"), words, score)
            case = f"{name}, {first}, {kind}"
            lines.append(f"| {case} | " + " | ".join(f"{x:.3f}" for x in found) + " |")
            enough = SHARES[int(np.argmax(found >= alone[name]["accurate"] - LOSS))]
            overhead = rates["accurate"] / rates[first]
            times = 1 / (enough + overhead)
            verdicts.append(
                f"- {case}: {enough:.0%} of the words for a loss of at most {LOSS}, so at most "
                f"{times:.1f} times as fast as `accurate`."
            )
            if kind == "by doubt":
                possible.append(times)
            if first == "fast":
                same = np.interp(1 / faster - overhead, SHARES, found)
                as_fast.append(f"- {case}: {same - alone[name]['accurate']:+.3f}.")
    kinds = list(alone)
    lines += [
        "",
        *verdicts,
        "",
        f"A cascade would be built for {FASTER:.0f} times; by doubt, the one order that it can",
        f"know, it makes {max(possible):.1f} at most.",
        "",
        "## What a shorter model gives",
        "",
        "`balanced` has four of the twelve layers of `accurate` and learned from it",
        "([training](../cxnlp/training/README.md)). Comments per second, without evidence, are the",
        f"median of {ROUNDS} rounds over {COMMENTS} comments of the corpus, in which the models",
        "take turns.",
        "",
        "| model | comments/s | times | " + " | ".join(f"{kind}: F1" for kind in kinds) + " |",
        "| --- |" + " ---: |" * (2 + len(kinds)),
        *(
            f"| {m} | {rates[m]:,.0f} | {rates[m] / rates['accurate']:.1f} | "
            + " | ".join(f"{alone[kind][m]:.3f}" for kind in kinds)
            + " |"
            for m in MODELS
        ),
        "",
        "A cascade of `fast` and `accurate` that is as fast as `balanced` would read "
        f"{1 / faster - rates['accurate'] / rates['fast']:.0%} of the",
        "words twice, and differ from `accurate` by",
        "",
        *as_fast,
        "",
        "where `balanced` differs by "
        + " and ".join(
            f"{alone[kind]['balanced'] - alone[kind]['accurate']:+.3f} ({kind})" for kind in kinds
        )
        + ".",
    ]
    target = ROOT / "benchmarks" / "cascade.md"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
