"""The comments that the benchmark reads: those of this repository, none invented by a loop."""

from __future__ import annotations

import json
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "corpus"


def corpus_texts() -> list[str]:
    """All comments of the corpus, in the files' order."""
    return [
        json.loads(line)["text"]
        for name in ("test", "dev", "train")
        for line in (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").strip().split("\n")
    ]


def distinct(count: int) -> list[str]:
    """`count` distinct comments for measuring memory: the corpus, then pairs of its comments."""
    texts = corpus_texts()
    pairs = (f"{a} {b}" for step in range(1, len(texts)) for a, b in zip(texts, texts[step:]))  # noqa: B905
    return [*texts, *(pair for _, pair in zip(range(count - len(texts)), pairs))][:count]  # noqa: B905
