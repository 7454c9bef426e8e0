"""How fast and how alike a GPU reads: `device="cuda"` beside the CPU of the same machine.

    python benchmarks/gpu.py       # writes benchmarks/gpu.md; needs a CUDA device and the extra gpu

Comments of the corpus, text in and columns out. Results are compared before any clock runs;
then rounds in which each has its turn, and the median of the rounds.
"""

from __future__ import annotations

import argparse
import datetime
import functools
from pathlib import Path

import numpy as np
import torch
from machine import command, described, medians
from throughput_texts import corpus_texts

import cxnlp
from cxnlp.results import Results

HERE = Path(__file__).parent
MODELS = ("accurate", "balanced", "fast")
DEVICES = ("cpu", "cuda")


def alike(one: Results, other: Results) -> str:
    """A row of what two devices say of the same comments."""
    either = one.decisions | other.decisions
    cells = (
        (one.decisions == other.decisions).mean(),
        (one.decisions & other.decisions)[either].mean(),
        (one.sentiment == other.sentiment).mean(),
        (one.language == other.language).mean(),
    )
    gap = np.abs(one.aspect_probabilities - other.aspect_probabilities)
    return " | ".join([*(f"{cell:.2%}" for cell in cells), f"{np.median(gap.max((1, 2))):.3f}"])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--comments", type=int, default=10_000)
    asked = options.parse_args()
    texts = corpus_texts()[: asked.comments]
    models = {(name, on): cxnlp.load(name, device=on) for name in MODELS for on in DEVICES}
    rows = [
        f"| {name} | {alike(*(models[name, on].classify(texts) for on in DEVICES))} |"
        for name in MODELS
    ]
    seconds = medians(
        {key: functools.partial(model.classify, texts) for key, model in models.items()},
        asked.rounds,
    )
    pace = {key: len(texts) / value for key, value in seconds.items()}
    lines = [
        "# On a GPU",
        "",
        f"Written by `{command()}` on {datetime.date.today()}: {described()}, "
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}.",
        "",
        f"The first {len(texts):,} comments of the corpus. The CPU computes in int8 with ONNX",
        "Runtime, the GPU the same network in half precision with torch. What of their results is",
        "equal (*both decide*: of the decisions that either makes), and the greatest difference of",
        "a comment's probabilities in the median comment:",
        "",
        "| model | decisions | both decide | sentiments | languages | difference |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        f"Comments per second, text in and columns out, medians of {asked.rounds} rounds:",
        "",
        "| model | CPU, all cores | GPU | times |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {name} | {pace[name, 'cpu']:,.0f} | {pace[name, 'cuda']:,.0f} "
            f"| {pace[name, 'cuda'] / pace[name, 'cpu']:.1f} |"
            for name in MODELS
        ),
    ]
    (HERE / "gpu.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
