"""What the shipped model can and cannot read, capability by capability.

`behaviour_floor.json` holds what the committed model passed of each capability when it was
committed: a model that passes fewer is worse at something that users notice.

    python tests/test_behaviour.py            # prints the report, case by case what failed
    python tests/test_behaviour.py --record   # and keeps the counts: the floor, and the card
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from behaviour import CAPABILITIES, CASES, report

import cxnlp
from cxnlp import store
from cxnlp.files import read_labelled
from cxnlp.taxonomy import LANGUAGES
from cxnlp.training import card

CORPUS = Path(__file__).parent.parent / "corpus"
FLOOR_FILE = Path(__file__).with_name("behaviour_floor.json")


@pytest.fixture(scope="module")
def graded() -> dict[str, list[tuple[dict, list[str]]]]:
    return report()


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_capability(capability: str, graded: dict, record_property: pytest.RecordProperty) -> None:
    cases = graded[capability]
    passed = sum(not wrong for _, wrong in cases)
    record_property("behaviour", f"{capability:16} {passed:3} of {len(cases):3}")
    failed = [f"{case['text'][:80]!r}: {'; '.join(wrong)}" for case, wrong in cases if wrong]
    floor = json.loads(FLOOR_FILE.read_text("utf-8"))[capability]
    assert passed >= floor, "\n".join(failed)


def test_there_are_enough_cases_in_both_languages() -> None:
    assert len(CASES) >= 60
    assert len({case["text"] for case in CASES}) == len(CASES)
    for lang in ("nl", "en"):
        assert sum(case["lang"] == lang for case in CASES) >= 30


def test_other_languages_are_recognised() -> None:
    other, ours = (read_labelled(CORPUS / f"{split}.jsonl") for split in ("other", "test"))
    assert np.mean(_called_other(other.texts)) > 0.8
    dutch_or_english = ours.truth.language != LANGUAGES.index("other")
    assert np.mean(_called_other(ours.texts)[dutch_or_english]) < 0.01


def _called_other(texts: list[str]) -> np.ndarray:
    return cxnlp.classify(texts, evidence=False).language == "other"


if __name__ == "__main__":
    counts = {}
    for capability, cases in sorted(report().items()):
        counts[capability] = sum(not wrong for _, wrong in cases)
        print(f"{capability:16} {counts[capability]:3} of {len(cases):3}")
        for case, wrong in cases:
            if wrong:
                print(f"    {case['text'][:90]!r}: {'; '.join(wrong)}")
    print(f"{'all':16} {sum(counts.values()):3} of {len(CASES):3}")
    if "--record" in sys.argv:
        FLOOR_FILE.write_text(json.dumps(counts, indent=1) + "\n")
        both = {
            name: [passed, sum(case["capability"] == name for case in CASES)]
            for name, passed in counts.items()
        }
        card.keep(store.find("accurate"), behaviour=both)
