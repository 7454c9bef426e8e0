"""What a cascade could give, and what a shorter model gives instead.

    python benchmarks/cascade.py      # writes benchmarks/cascade.md

In a cascade `fast` reads everything, and `accurate` what `fast` is unsure of. Beside the order by
doubt stands an oracle, which sends on the comments that the two models read differently, the most
differences for the fewest words first: it knows what no cascade can.
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
    overhead = rates["accurate"] / rates["fast"]
    faster = rates["balanced"] / rates["accurate"]
    lines = [
        "# Accuracy for time: a cascade, or a shorter model",
        "",
        f"Written by `python benchmarks/cascade.py` on {datetime.date.today()}: "
        f"{machine.described()}.",
        "",
        "## What a cascade could give",
        "",
        "`fast` reads every comment, and `accurate` those that `fast` is least sure of, until a",
        "share of all words has been read twice. F1 of the aspects on the dev comments, on which",
        "the models are calibrated.",
        "",
        "| comments, order | " + " | ".join(f"{share:.0%}" for share in SHARES) + " |",
        "| --- |" + " ---: |" * len(SHARES),
    ]
    verdicts, reached, as_fast, alone = [], [], [], {}
    for name, path in DEV.items():
        data = read_labelled(path)
        read = {m: cxnlp.load(m).classify(data.texts, evidence=False) for m in MODELS}
        alone[name] = {m: f1(data.truth.aspects, read[m].decisions) for m in MODELS}
        left, right = read["fast"].decisions, read["accurate"].decisions
        words = np.array([len(text.split()) for text in data.texts], float) + 2

        score = functools.partial(_score, data.truth.aspects, left, right)
        orders = {
            "by doubt": np.argsort(-doubt(read["fast"]), kind="stable"),
            "oracle": np.argsort(-(left != right).sum(axis=(1, 2)) / words, kind="stable"),
        }
        for kind, order in orders.items():
            found = curve(order, words, score)
            lines.append(f"| {name}, {kind} | " + " | ".join(f"{x:.3f}" for x in found) + " |")
            enough = SHARES[int(np.argmax(found >= found[-1] - LOSS))]
            possible = 1 / (enough + overhead)
            if kind == "oracle":
                reached.append(possible)
            verdicts.append(
                f"- {name}, {kind}: {enough:.0%} of the words for a loss of at most {LOSS}, so at "
                f"most {possible:.1f} times as fast as `accurate`."
            )
            same = np.interp(1 / faster - overhead, SHARES, found)
            as_fast.append(f"- {name}, {kind}: {same - found[-1]:+.3f}.")
    kinds = list(alone)
    lines += [
        "",
        *verdicts,
        "",
        f"A cascade would be built for {FASTER:.0f} times; the oracle, which knows where the",
        f"models differ, makes {max(reached):.1f} at most.",
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
        f"A cascade as fast as `balanced` would read {1 / faster - overhead:.0%} of the words",
        "twice, and differ from `accurate` by",
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
