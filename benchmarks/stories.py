"""How well a comment is read that stands in a longer story.

    python benchmarks/stories.py           # writes benchmarks/stories.md
    python benchmarks/stories.py --dev     # prints it, of the comments that models are chosen by

A customer tells of the journey, the weather and the dog, and in one sentence what went wrong.
Comments whose labels are known are put among sentences out of stories of the corpus that judge
nothing, so the labels stay what they are. The sentences are of comments that no model has learned
from. Needs ../shared/feedback beside the repository.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

import machine
import numpy as np
from scale_page import table

import cxnlp
from cxnlp.evaluation import f1, readings_of
from cxnlp.files import Labelled, read_labelled
from cxnlp.taxonomy import LANGUAGES
from cxnlp.training.augment import among
from cxnlp.training.recipe import neutral_sentences

ROOT = Path(__file__).parent.parent
FILES = {"public": ROOT.parent / "shared" / "feedback", "corpus": ROOT / "corpus"}
MODELS = ("accurate", "balanced", "fast")
#: Sentences around a comment, and words of the longest comment that is put among them.
SENTENCES = (0, 2, 4, 8)
MOST_WORDS = 40
ROUNDS = 3


def told(text: str, sentences: list[str], count: int, draw: np.random.Generator) -> str:
    """A comment among so many neighbouring sentences, at a random place."""
    if not count:
        return text
    first = int(draw.integers(len(sentences) - count + 1))
    return among(text, sentences[first : first + count], int(draw.integers(count + 1)))[0]


def short(data: Labelled) -> np.ndarray:
    """Rows of comments in Dutch or English of at most `MOST_WORDS` words."""
    assert data.truth.language is not None
    words = np.array([len(text.split()) for text in data.texts])
    known = np.isin(data.truth.language, [LANGUAGES.index("nl"), LANGUAGES.index("en")])
    return np.flatnonzero(known & (words <= MOST_WORDS))


def measure(data: Labelled, neutral: dict[str, list[str]]) -> dict[str, list[tuple[float, float]]]:
    """By model, F1 of the aspects and accuracy of the sentiment at each count of `SENTENCES`."""
    rows = np.tile(short(data), ROUNDS)
    assert data.truth.language is not None
    languages = [LANGUAGES[index] for index in data.truth.language[rows]]
    models = {name: cxnlp.load(name) for name in MODELS}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in MODELS}
    for count in SENTENCES:
        draw = np.random.default_rng(0)
        texts = [
            told(data.texts[row], neutral[language], count, draw)
            for row, language in zip(rows, languages, strict=True)
        ]
        for name, figures in found.items():
            read = readings_of(models[name].classify(texts, evidence=False))
            right = read.sentiment == data.truth.sentiment[rows]
            figures.append((f1(data.truth.aspects[rows], read.aspects), float(right.mean())))
    return found


def _table(found: dict[str, dict[str, list[tuple[float, float]]]], at: int) -> str:
    head = ["comments", "model", "alone", *(f"among {count} sentences" for count in SENTENCES[1:])]
    return table(
        head,
        [
            [kind, name, *(f"{figure[at]:.3f}" for figure in figures)]
            for kind, models in found.items()
            for name, figures in models.items()
        ],
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dev", action="store_true")
    split = "dev" if options.parse_args().dev else "test"
    neutral = neutral_sentences(FILES["corpus"] / "neutral.jsonl", split)
    texts = {kind: read_labelled(folder / f"{split}.jsonl") for kind, folder in FILES.items()}
    found = {kind: measure(data, neutral) for kind, data in texts.items()}
    counted = [f"{len(short(data))} {kind} ones" for kind, data in texts.items()]
    told_in = [f"{len(sentences)} in {language}" for language, sentences in neutral.items()]
    text = f"""\
# A comment in a story

Written by `{machine.command()}` on {datetime.date.today()}.

Comments of at most {MOST_WORDS} words, {" and ".join(counted)} (shared/feedback/{split}.jsonl,
corpus/{split}.jsonl), by themselves, and among neighbouring sentences of a story in their language
that judge nothing ({" and ".join(told_in)}, of comments that no model has learned from):
{ROUNDS} stories each. What is lost is in part what a model finds in the sentences around, and in
part what it no longer finds in the comment.

F1 of the aspects:

{_table(found, 0)}

Accuracy of the sentiment:

{_table(found, 1)}
"""
    if split == "test":
        (ROOT / "benchmarks" / "stories.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
