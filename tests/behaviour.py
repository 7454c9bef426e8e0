"""What the shipped model can and cannot read: cases written for it, and what it has wrong.

`behaviour.jsonl` holds minimal cases, capability by capability; no model was trained or tuned on
them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import cxnlp
from cxnlp.results import Result

_FILE = Path(__file__).with_name("behaviour.jsonl")
CASES = [json.loads(line) for line in _FILE.read_text("utf-8").splitlines()]
CAPABILITIES = sorted({case["capability"] for case in CASES})
_MARKS = {"positive": "+", "negative": "-", "mixed": "±"}


def faults(case: dict, result: Result) -> list[str]:
    """What the result has wrong, in words; nothing where the case is passed."""
    found = {aspect: _MARKS[reading.polarity] for aspect, reading in result.aspects.items()}
    wrong = [
        f"{aspect} {sign} is read as {found.get(aspect, 'nothing')}"
        for aspect, sign in case["expect"].items()
        if found.get(aspect) != sign
    ]
    signed = {a + sign for a, mark in found.items() for sign in mark.replace("±", "+-")}
    wrong += [f"{mention} is read" for mention in case["absent"] if mention in signed]
    if not case["expect"]:
        wrong += [f"{mention} is read" for mention in sorted(signed - set(case["absent"]))]
    if case["sentiment"] and result.sentiment != case["sentiment"]:
        wrong.append(f"sentiment {case['sentiment']} is read as {result.sentiment}")
    return wrong


def report() -> dict[str, list[tuple[dict, list[str]]]]:
    """Every case with its faults, by capability."""
    results = cxnlp.classify([case["text"] for case in CASES])
    by_capability = defaultdict(list)
    for case, result in zip(CASES, results, strict=True):
        by_capability[case["capability"]].append((case, faults(case, result)))
    return by_capability
