"""The page that tells what baselines.py measured."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scale_page import duration, table

OURS = "cxnlp, "
#: Words of a comment, for the speed by length.
LENGTHS = (5, 50, 500)


@dataclasses.dataclass(frozen=True)
class Contestant:
    """What was measured of one.

    Attributes
    ----------
    language
        The one that it is scored on, for a lexicon.
    learned_in
        Seconds.
    f1, sentiment
        Pillar micro-F1 (None: it reads no pillars) and accuracy, on public comments and on kinds of
        organisation that nobody trained on.
    rate
        Comments per second.
    seconds
        For each count of comments, and whether it was measured, not extrapolated.
    words_rate
        Words per second, by the words of a comment.
    first, memory_mb, disk_mb
        Seconds to a first result and most memory of a fresh process; what was learned, on disk.
    """

    name: str
    language: str | None
    learned_in: float
    f1: list[float | None]
    sentiment: list[float]
    rate: float
    seconds: dict[int, tuple[float, bool]]
    words_rate: dict[int, float]
    first: float
    memory_mb: float
    disk_mb: float | None

    @property
    def title(self) -> str:
        return f"{self.name} ({self.language})" if self.language else self.name

    @property
    def ours(self) -> bool:
        return self.name.startswith(OURS)


@dataclasses.dataclass(frozen=True)
class Measured:
    """All that was measured, why some were not, and how."""

    contestants: list[Contestant]
    missing: dict[str, str]
    how: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Measured:
        """From the JSON that `write` wrote."""
        values = json.loads(path.read_text(encoding="utf-8"))
        contestants = [
            Contestant(
                **one
                | {
                    name: {int(key): value for key, value in one[name].items()}
                    for name in ("seconds", "words_rate")
                }
            )
            for one in values.pop("contestants")
        ]
        return cls(contestants, **values)

    def write(self, path: Path) -> None:
        text = json.dumps(dataclasses.asdict(self), indent=1) + "\n"
        path.write_text(text, encoding="utf-8")


def page(measured: Measured) -> str:
    found, how = measured.contestants, measured.how
    lines = (f"- Not measured: {name} ({why}).\n" for name, why in measured.missing.items())
    absent = "".join(lines)
    return f"""\
# Beside what people build today

Written by `{how["command"]}` on {how["day"]}: {how["machine"]}.

![Speed against pillar F1 on public comments](baselines.svg)

{_truth(found)}

## What it takes

{_weight(found, how["price"])}

\\* Extrapolated. The price of {how["price"]:.2f} an hour for a machine like this one, in whatever
currency, is an assumption; `--price` takes another.

## How it grows

{_growth(found)}

\\* Extrapolated: on the line through the two largest counts that were measured.

## Who does better than cxnlp

Of those that read pillars, and by how much. What is not named does worse or as well.

{_duels(found)}

## How it was measured

All learn from the same {how["learned_from"]:,} labelled comments, except for the lexicons, which
learn nothing and are scored on the comments in their own language, and sentence-transformers and
SetFit, which get {how["most_vectors"]:,} of them for the sake of time (SetFit's encoder learns
from pairs of {how["most_paired"]:,}). cxnlp's models were scored on {how["scored"]}, with
`--ours` where that is another day (their speeds are of the weights of the day above); they have
seen comments without labels as well, and may have learned from labelled ones that came later; what
each has learned from, and how long that takes, is in [training](../cxnlp/training/README.md).
Thresholds are chosen on the same held-out comments, for cxnlp's models too, so their F1 may differ
a little from that of the cards, which is at the thresholds that they came with. It is pooled over
all decisions, sentiment is accuracy over four classes. *Public* is shared/feedback/test.jsonl;
*unseen* is corpus/test.jsonl, kinds of organisation that nobody trained on. sentence-transformers,
SetFit and model2vec start from the encoder that cxnlp starts from; how each learns is in
[contestants.py](contestants.py).

Speed is the median of {how["rounds"]} rounds over {how["comments"]:,} comments of the corpus, each
contestant once in each round; one that cannot read them within {how["turn"]:.0f} seconds reads
every second, third, … of them. Only cxnlp also finds the words that carry each reading. A count of
comments that would take longer than {how["long"]:.0f} seconds, but for the smallest, is
extrapolated. Comments of a given length are the corpus end to end, cut anew. A first result and
memory are those of fresh processes, Python and packages included: the first result of one comment,
the median of three; the memory, resident, looked at ten times a second, of {how["comments"]:,}. On
disk is what has been learned, as joblib keeps it, not the packages; of cxnlp the folder of the
model.
{absent and chr(10) + absent}"""


def _truth(found: list[Contestant]) -> str:
    head = [
        "", "public: pillar F1", "sentiment", "unseen: pillar F1", "sentiment", "comments per s",
        "learned in, s",
    ]  # fmt: skip
    rows = []
    for one in found:
        cells = [one.title]
        for f1, sentiment in zip(one.f1, one.sentiment, strict=True):
            cells += ["" if f1 is None else f"{f1:.3f}", f"{sentiment:.3f}"]
        learns = not one.ours and not one.language
        rows.append([*cells, f"{one.rate:,.0f}", f"{one.learned_in:,.0f}" if learns else ""])
    return table(head, rows)


def _weight(found: list[Contestant], price: float) -> str:
    head = ["", "on disk, MB", "first result", "peak memory, MB", "a million comments", "cost"]
    rows = []
    for one in found:
        seconds, measured = one.seconds[max(one.seconds)]
        star = "" if measured else "\\*"
        rows.append(
            [
                one.title,
                "" if one.disk_mb is None else f"{one.disk_mb:,.1f}",
                duration(one.first),
                f"{one.memory_mb:,.0f}",
                duration(seconds) + star,
                f"{seconds / 3600 * price:.4f}{star}",
            ]
        )
    return table(head, rows)


def _growth(found: list[Contestant]) -> str:
    counts = list(found[0].seconds)[:-1]
    head = [
        "", "one comment alone", *(f"{count:,}" for count in counts[1:]),
        *(f"words/s in comments of {length}" for length in LENGTHS),
    ]  # fmt: skip
    rows = []
    for one in found:
        cells = [one.title]
        for count in counts:
            seconds, measured = one.seconds[count]
            cells.append(duration(seconds) + ("" if measured else "\\*"))
        rows.append([*cells, *(f"{one.words_rate[length]:,.0f}" for length in LENGTHS)])
    return table(head, rows)


#: What is compared, more of which is better: by a difference, or by how many times.
_SHARES: dict[str, Callable[[Contestant], float | None]] = {
    "pillar F1, public": lambda one: one.f1[0],
    "sentiment, public": lambda one: one.sentiment[0],
    "pillar F1, unseen": lambda one: one.f1[1],
    "sentiment, unseen": lambda one: one.sentiment[1],
}
_TIMES: dict[str, Callable[[Contestant], float | None]] = {
    "comments per second": lambda one: one.rate,
    "one comment alone": lambda one: 1 / one.seconds[1][0],
    "first result": lambda one: 1 / one.first,
    "peak memory": lambda one: 1 / one.memory_mb,
    "on disk": lambda one: one.disk_mb and 1 / one.disk_mb,
}


def _duels(found: list[Contestant]) -> str:
    """For each measure and each of ours, who does better, and by how much."""
    readers = [one for one in found if one.f1[0] is not None]
    ours = [one for one in readers if one.ours]
    rows = []
    for measure, figure in (_SHARES | _TIMES).items():
        cells = [measure]
        for mine in ours:
            own = figure(mine)
            better = []
            for other in readers:
                theirs = figure(other)
                if own is None or theirs is None or theirs <= own:
                    continue
                by = f"+{theirs - own:.3f}" if measure in _SHARES else f"{theirs / own:,.1f}×"
                better.append(f"{other.name.removeprefix(OURS)} {by}")
            cells.append("; ".join(better) or "none")
        rows.append(cells)
    return table(["", *(one.name for one in ours)], rows)
