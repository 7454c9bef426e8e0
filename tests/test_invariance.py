"""What must not matter: the shipped model should read both of a pair alike.

The card holds what the committed model does; a model that does worse fails here.

python tests/test_invariance.py            # prints the report, the pairs read differently
python tests/test_invariance.py --record   # and keeps it in the card
"""

from __future__ import annotations

import sys

import pytest
from invariance import BASES, NAMES, UNLISTED, Pair, alternatives, counts, pairs, report, shifts

from cxnlp import store
from cxnlp.firstnames import is_first_name
from cxnlp.training import card


@pytest.fixture(scope="module")
def kept() -> dict:
    return store.read(store.find("accurate")).manifest["invariance"]


@pytest.fixture(scope="module")
def graded() -> dict[str, list[Pair]]:
    return report()


def test_pairs_are_read_alike(
    graded: dict, kept: dict, record_property: pytest.RecordProperty
) -> None:
    found = counts(graded)
    alike, _, total = (sum(column) for column in zip(*found.values(), strict=True))
    record_property("invariance", f"{alike} of {total}")
    assert {k: of[1:] for k, of in found.items()} == {k: of[1:] for k, of in kept["kinds"].items()}
    worse = {kind for kind, (alike, *_) in kept["kinds"].items() if found[kind][0] < alike}
    different = [pair for kind in worse for pair in graded[kind] if not pair.alike]
    assert different == []


@pytest.mark.parametrize("kind", ["case", "diacritics"])
def test_spelling_that_the_tokenizer_folds_never_matters(kind: str, graded: dict) -> None:
    assert all(pair.same for pair in graded[kind])


def test_names_matter_only_where_they_are_on_no_list(kept: dict) -> None:
    assert not any(map(is_first_name, NAMES[UNLISTED]))
    for group, shift in shifts().items():
        if all(map(is_first_name, NAMES[group])):
            assert shift == 0
        assert abs(shift) <= abs(kept["shifts"][group]) + 0.005


def test_there_are_enough_pairs_and_they_differ() -> None:
    every = list(pairs())
    assert len(every) >= 300
    assert all(one != two for _, one, two in every)
    assert len({base["text"] for base in BASES}) == len(BASES)


def test_alternatives_go_together() -> None:
    assert alternatives("{He|She} lost {his|her} keys.") == [
        "He lost his keys.", "She lost her keys."
    ]  # fmt: skip


if __name__ == "__main__":
    graded_now = report()
    kinds = counts(graded_now)
    for kind, (alike, same, count) in kinds.items():
        print(f"{kind:16} {alike:3} of {count:3}, {same:3} one to the model")
        for pair in graded_now[kind]:
            if not pair.alike:
                print(f"    {pair.one!r} / {pair.two!r}")
    alike, same, total = (sum(column) for column in zip(*kinds.values(), strict=True))
    print(f"{'all':16} {alike:3} of {total:3}, {same:3} one to the model")
    print("\nmean score, above that of the first group:")
    shifted = shifts()
    for group, shift in shifted.items():
        print(f"{group:18} {len(NAMES[group])} names {shift:+.3f}")
    if "--record" in sys.argv:
        kept = {name: round(shift, 4) for name, shift in shifted.items()}
        card.keep(store.find("accurate"), invariance={"kinds": kinds, "shifts": kept})
