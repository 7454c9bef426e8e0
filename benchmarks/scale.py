"""How time and memory grow, what a million comments cost, and how near that is to the limit.

    python benchmarks/scale.py                       # writes benchmarks/scale.md and scale.json
    python benchmarks/scale.py --quick --out FOLDER  # the same with small counts, to try it

What is compared takes turns in rounds, and the median counts; memory and start-up are those of
fresh processes. Needs `pip install 'cxnlp[dev]'`. Some ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import arithmetic
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from machine import PRICE, described, extrapolate, medians, megabytes, one_by_one
from scale_page import page
from throughput_texts import corpus_texts, halves, of_words
from watched import busy, part_of, watch

import cxnlp
from cxnlp import store
from cxnlp.encoder import Encoder

HERE = Path(__file__).parent
#: Runs of more comments than this have one turn, not one in each round.
DEAR = 200_000
#: Comments that are read one by one, to tell what one alone takes.
ALONE = 50
#: Fewest and most words of each kind of comment.
KINDS = {
    "short survey answers": (1, 7),
    "reviews": (15, 60),
    "long complaints": (101, sys.maxsize),
}
#: Parts of a run after which its memory is told.
PARTS = (0.1, 0.5, 0.9)


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much is read.

    Attributes
    ----------
    rounds, starts
        Turns of each run, and of each fresh process.
    counts, short
        Comments at once, of usual length and short ones; ascending.
    most, most_short
        The largest of these counts that a model reads; beyond, its time is extrapolated.
    lengths
        Words of a comment.
    words
        That a model reads in a turn, of each length.
    kinds
        Comments of each kind that a model reads in a turn, as far as there are.
    rows
        Of the file for the command line.
    limit, again
        Comments for the share of the peak, and how often a model reads them in a turn.
    turn
        Multiply-adds of a turn of the peak, on each core.
    """

    rounds: int
    starts: int
    counts: tuple[int, ...]
    most: Mapping[str, int]
    short: tuple[int, ...]
    most_short: Mapping[str, int]
    lengths: tuple[int, ...]
    words: Mapping[str, int]
    kinds: Mapping[str, int]
    rows: int
    limit: int
    again: Mapping[str, int]
    turn: int


FULL = Sizes(
    rounds=3,
    starts=7,
    counts=(1, 100, 2_000, 10_000, 1_000_000),
    most={"fast": 1_000_000, "balanced": 2_000, "accurate": 2_000},
    short=(200, 2_000, 100_000, 10_000_000),
    most_short={"fast": 100_000, "balanced": 2_000, "accurate": 2_000},
    lengths=(5, 20, 50, 100, 200, 500),
    words={"fast": 100_000, "balanced": 10_000, "accurate": 10_000},
    kinds={"fast": 2_000, "balanced": 200, "accurate": 200},
    rows=1_000_000,
    limit=2_000,
    again={"fast": 10, "balanced": 1, "accurate": 1},
    turn=10_000_000_000,
)
QUICK = Sizes(
    rounds=1,
    starts=1,
    counts=(1, 100, 200, 2_000, 10_000),
    most={"fast": 2_000, "balanced": 200, "accurate": 200},
    short=(20, 200, 2_000, 10_000),
    most_short={"fast": 2_000, "balanced": 200, "accurate": 200},
    lengths=FULL.lengths,
    words={"fast": 5_000, "balanced": 1_000, "accurate": 1_000},
    kinds={"fast": 200, "balanced": 20, "accurate": 20},
    rows=10_000,
    limit=200,
    again={"fast": 10, "balanced": 1, "accurate": 1},
    turn=1_000_000_000,
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="small counts; needs --out")
    options.add_argument("--out", type=Path, help="folder of the page; by default benchmarks")
    options.add_argument(
        "--price", type=float, default=PRICE, help="of an hour of this machine, in any currency"
    )
    asked = options.parse_args()
    if asked.quick and asked.out is None:
        options.error("--quick needs --out: its figures are too rough for benchmarks/scale.md")
    sizes, folder = QUICK if asked.quick else FULL, asked.out or HERE

    began = time.monotonic()
    figures: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "machine": described(),
        "cores": os.cpu_count(),
        "price": asked.price,
        "quick": asked.quick,
        "sizes": dataclasses.asdict(sizes),
    }
    # In this order: processes are started while this one is small.
    texts = corpus_texts()
    figures["start"] = starts(sizes)
    figures["file"] = file(halves(texts, sizes.rows))
    models = {name: cxnlp.load(name) for name in sizes.most}
    for model in models.values():
        model.classify(texts[:ALONE])
    short = [text for text in texts if len(text.split()) <= KINDS["short survey answers"][1]]
    figures["growth"] = growth(models, texts, sizes.counts, sizes.most, sizes.rounds)
    figures["short"] = growth(models, short, sizes.short, sizes.most_short, sizes.rounds)
    figures["lengths"] = lengths(models, texts, sizes)
    figures["kinds"] = kinds(models, texts, sizes)
    figures["limit"] = limit(models, texts[: sizes.limit], sizes)
    figures["took_s"] = time.monotonic() - began
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scale.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / "scale.md").write_text(page(figures), encoding="utf-8")
    print(page(figures))


def starts(sizes: Sizes) -> dict[str, Any]:
    """Fresh processes, in seconds, Python's own start included; folders in MB."""
    first = "import cxnlp; cxnlp.classify(['Vriendelijk, maar traag.'], model={!r})"
    codes = {"python": "pass", "import": "import cxnlp"}
    codes |= {name: first.format(name) for name in sizes.most}
    runs = {
        name: functools.partial(subprocess.run, [sys.executable, "-c", code], check=True)
        for name, code in codes.items()
    }
    return {
        "seconds": medians(runs, sizes.starts),
        "folder_mb": {name: megabytes(store.find(name).iterdir()) for name in sizes.most},
    }


def file(texts: list[str]) -> dict[str, Any]:
    """Score a CSV of these comments on the command line, in a process that is watched."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "big.csv", Path(folder) / "big.parquet"
        pd.DataFrame({"id": range(len(texts)), "comment": texts}).to_csv(source, index=False)
        words = statistics.mean(len(text.split()) for text in texts)
        command = [sys.executable, "-m", "cxnlp", "score", str(source), "-o", str(target)]
        looks = watch([*command, "--model", "fast"])
        rows = pq.ParquetFile(target).metadata.num_rows
        if rows != len(texts):
            raise SystemExit(f"{len(texts):,} rows went in and {rows:,} came out")
        stretches = zip((0.0, *PARTS), (*PARTS, 1.0), strict=True)
        return {
            "rows": rows,
            "words": words,
            "csv_mb": source.stat().st_size / 1e6,
            "seconds": looks[-1][0],
            "cores_busy": busy(looks, 0.0, 1.0),
            "memory_mb": {str(share): part_of(looks, share)[1] for share in PARTS},
            "cores_until": {str(end): busy(looks, start, end) for start, end in stretches},
            "peak_mb": max(memory for _, memory, _ in looks),
        }


def growth(
    models: Mapping[str, cxnlp.Model],
    texts: list[str],
    counts: tuple[int, ...],
    most: Mapping[str, int],
    rounds: int,
) -> dict[str, Any]:
    """Seconds that each model takes for each count of comments, and whether that is measured."""
    read = halves(texts, max(most.values()))
    alone = read[:ALONE]
    runs = {
        (name, count): _reader(model, read[:count])
        if count > 1
        else one_by_one(model.classify, alone)
        for count in counts
        for name, model in models.items()
        if count <= most[name]
    }
    cheap = {key: run for key, run in runs.items() if key[1] <= DEAR}
    seconds = medians(cheap, rounds)
    seconds |= medians({key: run for key, run in runs.items() if key not in cheap}, 1)
    found: dict[str, Any] = {"words": statistics.mean(len(text.split()) for text in read)}
    for name in models:
        own = {
            count: taken / len(alone) if count == 1 else taken
            for (reader, count), taken in seconds.items()
            if reader == name
        }
        found[name] = {
            str(count): {"seconds": extrapolate(own, count), "measured": count in own}
            for count in counts
        }
    return found


def _reader(model: cxnlp.Model, texts: list[str]) -> Callable[[], object]:
    return functools.partial(model.classify, texts)


def _again(run: Callable[[], object], times: int) -> Callable[[], object]:
    return lambda: [run() for _ in range(times)]


def lengths(
    models: Mapping[str, cxnlp.Model], texts: list[str], sizes: Sizes
) -> dict[str, dict[str, float]]:
    """Seconds that each model takes for a comment of so many words."""
    read = {
        (name, words): of_words(texts, words, max(1, sizes.words[name] // words))
        for words in sizes.lengths
        for name in models
    }
    return _each(models, read, sizes.rounds)


def kinds(models: Mapping[str, cxnlp.Model], texts: list[str], sizes: Sizes) -> dict[str, Any]:
    """Seconds that each model takes for a comment of a kind; how long these are."""
    distinct = list(dict.fromkeys(texts))
    of_kind = {
        kind: [text for text in distinct if least <= len(text.split()) <= most]
        for kind, (least, most) in KINDS.items()
    }
    read = {
        (name, kind): found[:: max(1, len(found) // sizes.kinds[name])][: sizes.kinds[name]]
        for kind, found in of_kind.items()
        for name in models
    }
    words = {
        kind: statistics.median(len(text.split()) for text in found)
        for kind, found in of_kind.items()
    }
    return {"words": words, **_each(models, read, sizes.rounds)}


def _each(
    models: Mapping[str, cxnlp.Model], read: Mapping[tuple[str, Any], list[str]], rounds: int
) -> dict[str, dict[str, float]]:
    runs = {(name, what): _reader(models[name], texts) for (name, what), texts in read.items()}
    found: dict[str, dict[str, float]] = {name: {} for name in models}
    for (name, what), taken in medians(runs, rounds).items():
        found[name][str(what)] = taken / len(read[name, what])
    return found


def limit(models: Mapping[str, cxnlp.Model], texts: list[str], sizes: Sizes) -> dict[str, Any]:
    """The arithmetic of each network on these texts, beside the int8 peak of the machine."""
    peaks = arithmetic.peaks(turn=sizes.turn)
    runs: dict[tuple[str, str], Callable[[], object]] = {
        ("peak", shape): peak.run for shape, peak in peaks.items()
    }
    found: dict[str, Any] = {"comments": len(texts)}
    for name, model in models.items():
        stored = store.read(name)
        encoder = Encoder(stored.tokenizer, stored.network)
        windows = encoder.tokenize(pa.array(texts, pa.large_string()))
        counted, tokens = arithmetic.count(stored.network), windows.length + 2
        computed = arithmetic.padded(tokens)
        found[name] = {
            "each_token": counted.int8 + counted.float32,
            "each_pair": counted.attention,
            "work": counted.of(computed) / len(texts),
            "work_unpadded": counted.of(tokens) / len(texts),
            "int8_share": counted.int8_share(computed),
            "tokens": float(np.sum(tokens)) / len(texts),
            "tokens_padded": float(np.sum(computed)) / len(texts),
        }
        encoder.read(windows)  # a session's first runs are slow
        network = functools.partial(encoder.read, windows)
        runs[name, "network"] = _again(network, sizes.again[name])
        runs[name, "all"] = _again(_reader(model, texts), sizes.again[name])
    seconds = medians(runs, sizes.rounds)
    found["peaks"] = {shape: peak.work / seconds["peak", shape] for shape, peak in peaks.items()}
    best = max(found["peaks"].values())
    for name in models:
        for part in ("network", "all"):
            rate = len(texts) * sizes.again[name] / seconds[name, part]
            found[name][part] = {"rate": rate, "share": rate * found[name]["work"] / best}
        found[name]["rate_at_peak"] = best / found[name]["work"]
    return found


if __name__ == "__main__":
    main()
