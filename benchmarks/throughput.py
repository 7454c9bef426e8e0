"""How fast the core is, beside the same weights in a `transformers` pipeline.

    python benchmarks/throughput.py            # writes benchmarks/README.md

One process, the same comments, equality of results checked first; then rounds in which every
contestant has its turn, and the median of the rounds. Start-up and memory are taken from fresh
processes. Needs `pip install 'cxnlp[train]'`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from machine import described
from pipeline import FeedbackPipeline
from tokenizers import Tokenizer
from transformers.utils import logging

import cxnlp
from cxnlp import store
from cxnlp.calibration import Calibration
from cxnlp.firstnames import unnamed
from cxnlp.training.fit import MOST_TOKENS
from cxnlp.training.restore import restored

HERE = Path(__file__).parent
BATCH_SIZE = 32
FEW = 200  # comments that are read one by one
FIRST = "import cxnlp; cxnlp.classify(['Vriendelijk, maar traag.'])"
MEMORY = """
import sys
sys.path.insert(0, {here!r})
from throughput_texts import distinct
import cxnlp
texts = distinct({count})
cxnlp.classify(texts)
# VmHWM, not ru_maxrss: a child inherits the latter from the process that started it.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) * 1024 / 1e6)
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--comments", type=int, default=1000)
    options.add_argument("--memory-comments", type=int, default=100_000)
    asked = options.parse_args()
    warnings.filterwarnings("ignore", message=".*pipelines sequentially.*")
    logging.set_verbosity_error()

    from throughput_texts import corpus_texts

    texts = corpus_texts()[: asked.comments]
    model = cxnlp.load()
    stored = store.read("accurate")
    pipeline = FeedbackPipeline(restored(stored), stored)
    agreement = compare(model, pipeline, stored, texts)

    every = max(1, len(texts) // FEW)
    few = texts[::every]
    contestants: dict[str, tuple[Callable[[], object], int]] = {
        "cxnlp, int8": (lambda: model.classify(texts), len(texts)),
        "cxnlp, int8, no evidence": (lambda: model.classify(texts, evidence=False), len(texts)),
        f"transformers pipeline, float32, batches of {BATCH_SIZE}": (
            lambda: pipeline(texts, batch_size=BATCH_SIZE),
            len(texts),
        ),
        "transformers pipeline, float32, one by one": (lambda: pipeline(few), len(few)),
    }
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for round_ in range(asked.rounds + 1):
        for name, (run, count) in contestants.items():
            started = time.perf_counter()
            with torch.inference_mode():
                run()
            if round_:  # the first warms up
                rates[name].append(count / (time.perf_counter() - started))
    ours = "cxnlp, int8"
    ratios = {
        name: statistics.median(a / b for a, b in zip(rates[ours], values, strict=True))
        for name, values in rates.items()
    }
    figures = {
        "date": datetime.date.today().isoformat(),
        "machine": described(),
        "comments": len(texts),
        "every": every,
        "padding": padding(stored.tokenizer, texts),
        "words": int(statistics.median(len(text.split()) for text in texts)),
        "agreement": agreement,
        "rates": {name: statistics.median(values) for name, values in rates.items()},
        "ratios": ratios,
        "import_s": fresh("import cxnlp"),
        "first_result_s": fresh(FIRST),
        "bare_python_s": fresh("pass"),
        "memory_mb": memory(asked.memory_comments),
        "memory_comments": asked.memory_comments,
    }
    (HERE / "throughput.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    text = page(figures, asked)
    (HERE / "README.md").write_text(text, encoding="utf-8")
    print(text)


def compare(
    model: cxnlp.Model, pipeline: FeedbackPipeline, stored: store.StoredModel, texts: list[str]
) -> dict[str, float]:
    """Equality first: the same decisions, before any clock runs."""
    calibration = Calibration.from_json(stored.manifest["calibration"])
    results = model.classify(texts)
    # cxnlp reads all first names as one; the pipeline is told them so.
    nameless = list(map(unnamed, texts))
    outputs = pipeline(nameless, batch_size=BATCH_SIZE)
    logits = {key: np.stack([out[key] for out in outputs]) for key in outputs[0]}
    aspects = calibration.aspects(logits["aspects"].reshape(-1, 17, 2))
    sentiment = calibration.sentiment(logits["sentiment"], aspects)
    decisions = calibration.decide(aspects)
    either = decisions | results.decisions
    found = {
        "decisions": float(np.mean(decisions == results.decisions)),
        "decisions_either": float(np.mean((decisions & results.decisions)[either])),
        "sentiment": float(
            np.mean(sentiment.argmax(1) == results.sentiment_probabilities.argmax(1))
        ),
    }
    if found["decisions"] < 0.98:
        raise SystemExit(f"the contestants do not read the same: {found}")
    return found


def fresh(code: str, runs: int = 7) -> float:
    """Median wall time of a fresh interpreter that runs `code`, in seconds."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def memory(count: int) -> float:
    """Peak resident memory of a process that classifies `count` distinct comments, in MB."""
    code = MEMORY.format(here=str(HERE), count=count)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def padding(tokenizer: str, texts: list[str]) -> float:
    """The share of padding in batches of the texts as they come."""
    encodings = Tokenizer.from_str(tokenizer).encode_batch(texts)
    length = np.array([min(len(encoding), MOST_TOKENS) for encoding in encodings])
    starts = np.arange(0, len(length), BATCH_SIZE)
    longest = np.maximum.reduceat(length, starts)
    return float(1 - length.sum() / (longest * np.diff([*starts, len(length)])).sum())


def page(figures: dict, asked: argparse.Namespace) -> str:
    rows = "\n".join(
        f"| {name} | {rate:,.0f} | {figures['ratios'][name]:.1f} |"
        for name, rate in figures["rates"].items()
    )
    agreement = figures["agreement"]
    return f"""\
# How fast it is

Written by `python benchmarks/throughput.py` on {figures["date"]}: {figures["machine"]}.

The first {figures["comments"]:,} comments of the corpus in this repository (median
{figures["words"]} words), text in and columns out, the same weights everywhere: the pipeline has
the int8 weights of the committed model as float32. Before any clock runs the results are compared:
{agreement["decisions"]:.2%} of all decisions are equal ({agreement["decisions_either"]:.1%} of
those that either side makes), and {agreement["sentiment"]:.1%} of sentiments; what differs is the
rounding of the activations. Then {asked.rounds} rounds after a warm-up, each contestant once in
each round; medians. A ratio is taken within a round.

| contestant | comments per second | cxnlp is faster by |
| --- | ---: | ---: |
{rows}

One by one the pipeline reads one comment in {figures["every"]}. In batches it takes them as they
come, not by length, and {figures["padding"]:.0%} of what it reads there is padding.

| start and memory, each in a fresh process | |
| --- | ---: |
| a bare Python | {figures["bare_python_s"]:.2f} s |
| `import cxnlp`, Python included | {figures["import_s"]:.2f} s |
| first result, Python and model loading included | {figures["first_result_s"]:.2f} s |
| peak memory, {figures["memory_comments"]:,} distinct comments | {figures["memory_mb"]:.0f} MB |

## The other pages

`make benchmarks` writes this page and the first four of these, in some two hours on two cores.
Each page names the machine and the day. What tells how true the models are (the second to the
fourth) reads the public comments too, which must lie in `../shared/feedback`.

- [Scale](scale.md), by `python benchmarks/scale.py`: how time and memory grow with the number and
  the length of comments, what a million cost, how near that is to what the machine can do.
- [Accuracy for time](cascade.md), by `python benchmarks/cascade.py`: what the smaller models lose,
  and what a cascade would.
- [Baselines](baselines.md), by `python benchmarks/baselines.py`: how true, fast and
  heavy the models are beside what people build today; the picture.
- [A comment in a story](stories.md), by `python benchmarks/stories.py`: how well it is read among
  sentences that judge nothing.
- [On a GPU](gpu.md), by `python benchmarks/gpu.py`: whether its results are the same, how fast.
- *What it gets wrong* in the [card](../models/accurate/README.md), by
  `python benchmarks/errors.py draw FILE`: wrong decisions that were read, by cause.
"""


if __name__ == "__main__":
    main()
