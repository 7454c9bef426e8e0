"""Comments with labels, to evaluate on and to train on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from cxnlp.errors import FileError
from cxnlp.evaluation import Readings
from cxnlp.files.inputs import BadRow, Jsonl, check_there
from cxnlp.taxonomy import ASPECTS, LANGUAGES, MARKS, SENTIMENTS, SIGNS, indices

#: A line of such a file, for the messages; the README shows the same.
EXAMPLE = (
    '{"text": "Vriendelijk, maar ik wachtte een uur", "lang": "nl", "sentiment": "mixed", '
    '"aspects": {"friendliness": ["+", "Vriendelijk"], "time": ["-", "wachtte een uur"]}, '
    '"source": "shop"}'
)
_ASKED = f"Give JSON lines, such as {EXAMPLE}"


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Columns of n labelled comments.

    Attributes
    ----------
    texts, sources
        (n,) lists of strings.
    truth
        The labels; the spans are where the quotes first stand in the text, of both signs for a
        quote that is marked "±".
    """

    texts: list[str]
    sources: list[str]
    truth: Readings


def read_labelled(path: Path | str) -> Labelled:
    """Read JSON lines of ``{"text", "lang", "sentiment", "aspects": {aspect: [mark, quote]}}``.

    ``source`` may say where a comment is from; a mark is "+", "-" or "±".

    Raises
    ------
    FileError
        For a file that is missing or empty, and for the first line with a fault, as that of a
        file of another kind; says which line, and shows a sound one.
    """
    path = Path(path)
    check_there(path)
    records: list[dict[str, Any]] = []
    for number, record in Jsonl(path).numbered():
        fault = record.reason if isinstance(record, BadRow) else _fault(record)
        if fault or isinstance(record, BadRow):
            raise FileError(f"{path}, line {number}: {fault}. {_ASKED}")
        text = record["text"]
        records.append(
            record
            | {
                "aspects": {
                    aspect: (mark, text.find(quote), text.find(quote) + len(quote))
                    for aspect, (mark, quote) in record["aspects"].items()
                }
            }
        )
    if not records:
        raise FileError(f"{path} holds no labelled comments. {_ASKED}")
    return labels_of(records)


def labels_of(records: list[dict[str, Any]]) -> Labelled:
    """The labels of sound records as arrays; aspects are {aspect: (mark, start, end)}."""
    shape = (len(records), len(ASPECTS), len(SIGNS))
    aspects, spans = np.zeros(shape, bool), np.full((*shape, 2), -1, np.int32)
    for row, record in enumerate(records):
        for aspect, (mark, start, end) in record["aspects"].items():
            signs = np.array(MARKS[mark])
            aspects[row, ASPECTS.index(aspect)] = signs
            spans[row, ASPECTS.index(aspect), signs] = start, end
    sentiment = np.array(indices((r["sentiment"] for r in records), SENTIMENTS))
    language = np.array(indices((r["lang"] for r in records), LANGUAGES))
    return Labelled(
        [record["text"] for record in records],
        [record.get("source") or "" for record in records],
        Readings(aspects, sentiment, spans=spans, language=language),
    )


def _fault(record: dict[str, Any]) -> str | None:
    for key, kind in (("text", str), ("lang", str), ("sentiment", str), ("aspects", dict)):
        if not isinstance(record.get(key), kind):
            return f"{key!r} is missing or not {kind.__name__}"
    if not isinstance(record.get("source") or "", str):
        return "'source' is not str"
    if record["lang"] not in LANGUAGES:
        return f"language {record['lang']!r} is not one of {', '.join(LANGUAGES)}"
    if record["sentiment"] not in SENTIMENTS:
        return f"sentiment {record['sentiment']!r} is not one of {', '.join(SENTIMENTS)}"
    for aspect, value in record["aspects"].items():
        if aspect not in ASPECTS:
            return f"aspect {aspect!r} is not one of {', '.join(ASPECTS)}"
        if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)):
            return f"{aspect} is not a list of mark and quote"
        if not isinstance(value[0], str) or value[0] not in MARKS:
            return f"{aspect} has mark {value[0]!r}, not one of {' '.join(MARKS)}"
        if not value[1] or value[1] not in record["text"]:
            return f"the quote of {aspect} is not in the text: {value[1]!r}"
    return None
