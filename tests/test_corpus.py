"""The corpus is what its datasheet says: schema, quotes, no doubles, no text from elsewhere."""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest

from cxnlp.files import read_labelled
from cxnlp.taxonomy import ASPECTS, LANGUAGES, MARKS, SENTIMENTS
from cxnlp.training import corpus

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpus"
FEEDBACK = ROOT.parent / "shared" / "feedback"
SPLITS = ("train", "dev", "test", "other")
RECORDS = {
    split: [
        json.loads(line)
        for line in (CORPUS / f"{split}.jsonl").read_text(encoding="utf-8").strip().split("\n")
    ]
    for split in SPLITS
}
READINGS, PUBLIC, CHECK, NEUTRAL = (
    [
        json.loads(line)
        for line in (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").strip().split("\n")
    ]
    for name in ("readings", "public", "public-check", "neutral")
)
EVERY = [record for split in SPLITS for record in RECORDS[split]]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@functools.cache
def _words_of_all() -> list[list[str]]:
    return [_words(r["text"]) for r in EVERY]


def _shingles(words: list[str], width: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[at:] for at in range(width)), strict=False)


@pytest.mark.parametrize("split", SPLITS)
def test_every_record_is_sound(split: str) -> None:
    """Labels that exist, quotes that are in the text: what `cxnlp eval` refuses, fails here."""
    assert len(read_labelled(CORPUS / f"{split}.jsonl").texts) == len(RECORDS[split])


def test_it_loads_with_datasets(tmp_path: Path) -> None:
    table = corpus.read_labelled([CORPUS / "dev.jsonl"])
    assert len(table) == len(RECORDS["dev"])
    for name in (*SPLITS, "neutral"):
        plain = datasets.load_dataset(
            "json", data_files=str(CORPUS / f"{name}.jsonl"), cache_dir=str(tmp_path), split="train"
        )
        assert {"lang", "text"} <= set(plain.column_names)
        if name in RECORDS:
            assert plain.num_rows == len(RECORDS[name])


def test_no_comment_stands_twice() -> None:
    texts = Counter(
        " ".join(words) or r["text"] for words, r in zip(_words_of_all(), EVERY, strict=True)
    )
    assert [text for text, count in texts.items() if count > 1] == []
    ids = Counter(r["id"] for r in EVERY)
    assert max(ids.values()) == 1


def test_no_two_comments_are_nearly_the_same() -> None:
    """No comment of fourteen words or more shares over 70% of its word triples with another."""
    seen: dict[tuple[str, ...], list[int]] = {}
    triples = [set(_shingles(words, 3)) for words in _words_of_all()]
    for at, own in enumerate(triples):
        if len(own) < 12:
            continue
        shared = Counter(other for triple in own for other in seen.get(triple, ()))
        for other, count in shared.items():
            smaller = min(len(own), len(triples[other]))
            assert count < 0.7 * smaller, (EVERY[at]["id"], EVERY[other]["id"])
        for triple in own:
            seen.setdefault(triple, []).append(at)


@pytest.mark.skipif(not FEEDBACK.exists(), reason="the feedback that must not be copied is absent")
def test_nothing_is_taken_from_the_feedback() -> None:
    """No ten words in a row of a comment there stand here."""
    ours = {s for words in _words_of_all() for s in _shingles(words, 10)}
    for path in [*FEEDBACK.glob("*.jsonl"), *FEEDBACK.glob("weak/*.jsonl.gz")]:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                assert not ours.intersection(_shingles(_words(record["text"]), 10)), record["id"]


def test_sentences_that_judge_nothing_are_of_comments_of_their_split() -> None:
    """So that what is told in `benchmarks/stories.py` is told in sentences nobody trained on."""
    assert len({record["text"] for record in NEUTRAL}) == len(NEUTRAL)
    texts = {split: "\n".join(r["text"] for r in RECORDS[split]) for split in SPLITS}
    for record in NEUTRAL:
        split = record.get("split", "train")
        if split != "train":
            assert record["text"] in texts[split]
            assert record["text"] not in texts["train"]


def test_test_organisations_are_not_trained_on() -> None:
    tested = {r["source"] for r in RECORDS["test"]}
    assert not tested & {r["source"] for r in RECORDS["train"] + RECORDS["dev"]}


def counts() -> dict[str, dict[str, int]]:
    """The tables of the datasheet."""
    by_split = {split: len(records) for split, records in RECORDS.items()}
    languages = Counter(r["lang"] for r in EVERY) | {"Flemish": sum("region" in r for r in EVERY)}
    return {
        "comments": {**by_split, "all": len(EVERY)},
        "languages": dict(languages),
        "sentiments": dict(Counter(r["sentiment"] for r in EVERY)),
        "lengths": dict.fromkeys(LENGTHS, 0) | Counter(_length(r["text"]) for r in EVERY),
    }


LENGTHS = ("under 10 words", "10 to 30", "over 30")


def _length(text: str) -> str:
    words = len(text.split())
    return LENGTHS[(words >= 10) + (words > 30)]


def aspect_counts() -> str:
    """A table of how often each aspect is judged, in all and in Dutch, and with which sign."""
    mentions = Counter(aspect for r in EVERY for aspect in r["aspects"])
    signs = Counter(signed for r in EVERY for signed in _signed(r))
    dutch = Counter(signed for r in EVERY if r["lang"] == "nl" for signed in _signed(r))
    rows = "".join(
        f"| {aspect} | {mentions[aspect]:,} | "
        + " | ".join(f"{count[aspect, sign]:,}" for count in (signs, dutch) for sign in "+-")
        + " |\n"
        for aspect in ASPECTS
    )
    return (
        "| aspects | comments | praise | complaint | praise in Dutch | complaint in Dutch |\n"
        f"| --- |{' ---: |' * 5}\n{rows}"
    )


def _signed(reading: dict) -> set[tuple[str, str]]:
    marks = reading["aspects"].items()
    return {(aspect, sign) for aspect, mark in marks for sign in mark[0].replace("±", "+-")}


def _agreement(readings: list[tuple[dict, dict]]) -> tuple[float, float]:
    """Micro-F1 of the aspects and accuracy of the sentiment of one reading held against another."""
    pairs = [(_signed(first), _signed(second)) for first, second in readings]
    both = sum(len(first & second) for first, second in pairs)
    each = sum(len(first) + len(second) for first, second in pairs)
    same = sum(first["sentiment"] == second["sentiment"] for first, second in readings)
    return 2 * both / each, same / len(readings)


def agreement() -> str:
    """How well the blind second reader agrees with the first: a sentence and a table."""
    both = {r["id"]: (r["first"], r["second"]) for r in READINGS}
    rows = []
    for split, records in RECORDS.items():
        aspects, sentiment = _agreement([both[r["id"]] for r in records if r["id"] in both])
        rows.append(f"| {split} | {aspects:.3f} | {sentiment:.3f} |\n")
    aspects, sentiment = _agreement(list(both.values()))
    return (
        f"{len(READINGS):,} comments were read again; the readers agree on aspects at micro-F1 "
        f"{aspects:.3f}, on sentiment in {sentiment:.3f}.\n\n"
        f"| | aspects | sentiment |\n| --- | ---: | ---: |\n{''.join(rows)}"
    )


def public_counts() -> str:
    """How many public comments are labelled here, in a sentence and a table."""
    mentions = Counter(aspect for r in PUBLIC for aspect in r["aspects"])
    table = dict(Counter(r["sentiment"] for r in PUBLIC)) | {a: mentions[a] for a in ASPECTS}
    rows = "".join(f"| {name} | {count:,} |\n" for name, count in table.items())
    return f"| public comments | {len(PUBLIC):,} |\n| --- | ---: |\n{rows}"


def public_agreement() -> str | None:
    """How well their readers agree with the labels of the feedback; None where that is absent."""
    if not FEEDBACK.exists():
        return None
    lines = (FEEDBACK / "train.jsonl").read_text(encoding="utf-8").strip().split("\n")
    known = {corpus.key_of(r["text"]): r for r in map(json.loads, lines)}
    aspects, sentiment = _agreement([(known[r["key"]], r) for r in CHECK])
    return (
        f"Among them stood {len(CHECK):,} comments whose labels were known; the readers, who could "
        f"not tell\nwhich, agree with those at micro-F1 {aspects:.3f} on aspects, on sentiment in "
        f"{sentiment:.3f}.\n"
    )


def sheet(readme: str) -> str:
    """The datasheet with the counts and the agreement of today."""
    tables = [
        f"| {title} | |\n| --- | ---: |\n"
        + "".join(f"| {name} | {count:,} |\n" for name, count in table.items())
        for title, table in counts().items()
    ]
    blocks = {
        "counts": "\n".join([*tables, aspect_counts()]),
        "agreement": agreement(),
        "public": public_counts(),
        "public agreement": public_agreement(),
    }
    for mark, text in blocks.items():
        if text is None:
            continue
        pattern = rf"(<!-- {mark}: .*? -->\n).*?(<!-- end of {mark} -->)"
        readme = re.sub(pattern, lambda m, t=text: m[1] + t + m[2], readme, flags=re.S)
    return readme


def test_the_datasheet_states_the_counts() -> None:
    readme = (CORPUS / "README.md").read_text(encoding="utf-8")
    assert readme == sheet(readme)
    assert f"| all | {len(EVERY):,} |" in readme
    assert agreement() in readme


def test_readings_are_of_comments_that_are_here() -> None:
    assert {r["id"] for r in READINGS} <= {r["id"] for r in EVERY}
    for reading in READINGS:
        for who in ("first", "second"):
            assert reading[who]["sentiment"] in SENTIMENTS
            assert set(reading[who]["aspects"]) <= set(ASPECTS)


def test_labels_of_public_comments_are_sound() -> None:
    """Aspects and marks that exist, quotes that are spans, and no text."""
    assert len({r["key"] for r in PUBLIC}) == len(PUBLIC)
    for r in PUBLIC:
        assert set(r) == {"key", "lang", "sentiment", "aspects"}
        assert re.fullmatch("[0-9a-f]{16}", r["key"])
        assert r["sentiment"] in SENTIMENTS
        assert r["lang"] in LANGUAGES
        for aspect, (mark, start, end) in r["aspects"].items():
            assert aspect in ASPECTS
            assert mark in MARKS
            assert 0 <= start < end


@pytest.mark.skipif(not FEEDBACK.exists(), reason="the feedback that they are labels of is absent")
def test_labels_of_public_comments_are_of_none_that_is_labelled_elsewhere() -> None:
    table = corpus.read_public(CORPUS / "public.jsonl", FEEDBACK / "weak")
    assert len(table) == len(PUBLIC)
    elsewhere = {
        " ".join(_words(json.loads(line)["text"]))
        for split in ("train", "dev", "test")
        for line in (FEEDBACK / f"{split}.jsonl").read_text(encoding="utf-8").strip().split("\n")
    }
    assert not elsewhere & {" ".join(_words(text)) for text in table["text"]}


if __name__ == "__main__":
    path = CORPUS / "README.md"
    path.write_text(sheet(path.read_text(encoding="utf-8")), encoding="utf-8")
    print(path.read_text(encoding="utf-8"))
