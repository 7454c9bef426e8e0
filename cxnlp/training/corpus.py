"""Labelled and weakly labelled comments, as `datasets` tables with one schema each."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from datasets import Dataset, concatenate_datasets

from cxnlp.errors import FileError
from cxnlp.files import read_labelled as read_file
from cxnlp.files.labelled import Labelled, labels_of

#: Where a source keeps its overall verdict: field, worst and best value.
VERDICTS = {
    "stars": (1, 5),
    "grade10": (1, 10),
    "nps": (0, 10),
    "sentiment5": (5, 1),
    "criticality": (-5, 5),
}
SIGN_WORDS = {"positive": 1.0, "negative": 0.0, "neutral": 0.5}
RATINGS = ("staff", "punctuality", "helpfulness", "knowledge", "ground", "value")
#: The name of a verdict, which is one column for all sources.
VERDICT = "verdict"
#: A category of a foreign taxonomy is learned when its source has it this often.
LEAST = 25


def read_labelled(paths: Iterable[Path | str]) -> Dataset:
    """Read comments labelled with quotes (JSON lines, as `cxnlp.files.read_labelled` has it).

    Columns: ``text``, ``source``; ``sentiment`` and ``language`` as indices; ``aspects``, 34
    targets, aspect by aspect the two signs; ``quotes``, character offsets (34, 2) of the words
    that carry each, -1 where there are none.
    """
    return concatenate_datasets([_table(read_file(path)) for path in paths])


def key_of(text: str) -> str:
    """What names a comment whose text may not be kept: 16 hexadecimal digits of its sha256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_public(path: Path, folder: Path) -> Dataset:
    """Read labels of comments whose texts lie in `folder`/*.jsonl.gz, as `read_labelled` does.

    A line of `path` is ``{"key", "lang", "sentiment", "aspects": {aspect: [mark, start, end]}}``,
    `key` by `key_of`, `start` and `end` the characters of the quote.

    Raises
    ------
    FileError
        If there are no labels, the text of one is not in the folder, or a quote not in its text.
    """
    if not path.is_file() or not path.stat().st_size:
        raise FileError(f"{path} holds no labels.")
    texts = {
        key_of(record["text"]): (record["text"], file.name.split(".")[0])
        for file in sorted(folder.glob("*.jsonl.gz"))
        for record in _records(file)
    }
    records = []
    for line in _records(path):
        if line["key"] not in texts:
            raise FileError(f"The comment {line['key']} of {path} is not in {folder}.")
        text, source = texts[line["key"]]
        for aspect, (_, start, end) in line["aspects"].items():
            if not 0 <= start < end <= len(text):
                raise FileError(f"The quote of {aspect} is not in the comment {line['key']}.")
        records.append({**line, "text": text, "source": source})
    return _table(labels_of(records))


def _table(data: Labelled) -> Dataset:
    spans = data.truth.spans
    assert spans is not None
    both = np.asarray(data.truth.aspects.all(axis=2))  # one quote cannot stand for both signs
    quotes = np.where(both[..., None, None], -1, spans)
    count = len(data.texts)
    return Dataset.from_dict(
        {
            "text": data.texts,
            "source": data.sources,
            "sentiment": data.truth.sentiment,
            "language": data.truth.language,
            "aspects": list(data.truth.aspects.reshape(count, -1).astype(np.float32)),
            "quotes": quotes.reshape(count, -1, 2).tolist(),
        }
    )


def read_weak(
    folder: Path | str, most: int, seed: int, held_out: Iterable[Path] = ()
) -> tuple[Dataset, list[str]]:
    """Read `folder`/*.jsonl.gz, comments with what their own sources say of them.

    Every verdict (stars, grades, NPS) becomes one column in [0, 1]; every category of a foreign
    taxonomy, with its sign where it has one, a column of its own that is masked (NaN) for all
    other sources.

    Parameters
    ----------
    most
        At most this many comments of a source, drawn at random.
    held_out
        Labelled comments that are left out, where one has the same words.

    Returns
    -------
    Columns ``text``, ``source`` and ``weak`` (targets, float32 with NaN; the verdict first); and
    the columns' names.
    """
    draw = np.random.default_rng(seed)
    kept_apart = {_words(record["text"]) for file in held_out for record in _records(file)}
    said, texts, sources = [], [], []
    for path in sorted(Path(folder).glob("*.jsonl.gz")):
        records = list(_records(path))
        for index in draw.permutation(len(records))[:most]:
            labels = dict(_weak_labels(records[index]))
            if labels and _words(records[index]["text"]) not in kept_apart:
                texts.append(records[index]["text"])
                sources.append(path.name.split(".")[0])
                said.append(labels)
    counts = Counter(
        _column(source, name)
        for source, labels in zip(sources, said, strict=True)
        for name, _ in labels.items()
    )
    frequent = {key for key, count in counts.items() if count >= LEAST}
    columns = sorted({("", VERDICT)} | frequent)  # of no source, so the first
    index = {key: number for number, key in enumerate(columns)}
    of_source = {  # but its ratings: one that is not given is not the worst
        source: [
            number
            for (owner, name), number in index.items()
            if owner == source and name not in RATINGS
        ]
        for source in set(sources)
    }
    targets = np.full((len(texts), len(columns)), np.nan, np.float32)
    for row, (source, labels) in enumerate(zip(sources, said, strict=True)):
        if set(labels) - {VERDICT, *RATINGS}:
            targets[row, of_source[source]] = 0.0
        for name, value in labels.items():
            column = index.get(_column(source, name))
            if column is not None:
                targets[row, column] = value
    table = Dataset.from_dict({"text": texts, "source": sources, "weak": list(targets)})
    return table, [f"{source}:{name}" for source, name in columns]


def _column(source: str, name: str) -> tuple[str, str]:
    return ("" if name == VERDICT else source), name


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _weak_labels(record: dict) -> Iterator[tuple[str, float]]:
    for field, (worst, best) in VERDICTS.items():
        try:
            value = float(record[field])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(value):
            yield VERDICT, float(np.clip((value - worst) / (best - worst), 0, 1))
    if "sentiment3" in record:
        yield VERDICT, SIGN_WORDS[record["sentiment3"]]
    if "sign" in record:
        yield VERDICT, float(record["sign"] > 0)
    for field in RATINGS:
        if record.get(field) is not None:
            yield field, (record[field] - 1) / 4
    for field in ("opinions", "opinions_noisy"):
        for category, sign in record.get(field, ()):
            yield f"{category} {sign}", 1.0
    for topic in record.get("topics") or ():
        yield topic, 1.0
    for field in ("topic", "reason", "question"):
        if record.get(field) is not None:
            yield f"{field} {record[field]}", 1.0


def _records(path: Path) -> Iterator[dict]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
