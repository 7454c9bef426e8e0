"""The comments that the benchmark reads: those of this repository, none invented by a loop."""

from __future__ import annotations

import itertools
import json
import random
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


def halves(texts: list[str], count: int) -> list[str]:
    """`count` distinct comments as long as `texts`: the first half of one, the second of another.

    They come shuffled, so that any first few of them are as long as all of them.
    """
    cut = [(words[: len(words) // 2], words[len(words) // 2 :]) for words in map(str.split, texts)]
    first, second = ([" ".join(half) for half in side] for side in zip(*cut, strict=True))
    made: dict[str, None] = {}
    for step in range(len(texts)):
        turned = second[step:] + second[:step]
        made.update(dict.fromkeys(f"{a} {b}".strip() for a, b in zip(first, turned, strict=True)))
        if len(made) >= count:
            break
    else:
        raise ValueError(f"{len(texts)} texts make {len(made)} distinct ones, not {count}")
    chosen = list(made)[:count]
    random.Random(0).shuffle(chosen)
    return chosen


def of_words(texts: list[str], words: int, count: int) -> list[str]:
    """`count` comments of exactly so many words: `texts` end to end, cut anew."""
    every = (word for text in texts for word in text.split())
    stream = list(itertools.islice(every, words * count))
    if len(stream) < words * count:
        raise ValueError(f"{len(stream)} words make no {count} comments of {words}")
    return [" ".join(stream[at : at + words]) for at in range(0, words * count, words)]
