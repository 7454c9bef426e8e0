from __future__ import annotations

import time

import numpy as np
import pytest

import cxnlp
from cxnlp.tokens import _rules

TEXT = "Dr. de Vries was top!  Maar m'n fiets 🚲 kwam te laat…\r\n\r\nJammer"


def test_offsets_point_into_the_original() -> None:
    for text in (TEXT, "I wasn't told. 3:30pm e\u0301 😀👍🏽", ""):
        tokens = cxnlp.tokenize([text])[0]
        assert [text[a:b] for a, b in tokens.offsets] == list(tokens.words)
        assert tokens.offsets.dtype == np.int32


def test_sentences_cover_the_tokens() -> None:
    tokens = cxnlp.tokenize([TEXT], language="nl")[0]
    assert tokens.sentences[0, 0] == 0
    assert tokens.sentences[-1, 1] == len(tokens)
    assert (tokens.sentences[1:, 0] == tokens.sentences[:-1, 1]).all()
    assert len(tokens.sentences) >= 2


def test_missing_and_blank_cells() -> None:
    for tokens in cxnlp.tokenize([None, "", " \n", float("nan")]):
        assert len(tokens) == 0
        assert tokens.offsets.shape == tokens.sentences.shape == (0, 2)


def test_language() -> None:
    found = cxnlp.tokenize(["the app is not working", "de app doet het niet"])
    assert [tokens.language for tokens in found] == ["en", "nl"]
    assert cxnlp.tokenize(["don't"], language="en")[0].words == ("do", "n't")
    with pytest.raises(ValueError, match="give 'nl', 'en' or 'auto'"):
        cxnlp.tokenize(["x"], language="fr")


def test_refuses_what_classify_refuses() -> None:
    with pytest.raises(TypeError, match="list of strings"):
        cxnlp.tokenize("Prima")
    with pytest.raises(TypeError, match=r"texts\[0\]"):
        cxnlp.tokenize([3])


def test_tokens_can_be_compared_and_collected() -> None:
    one, other = cxnlp.tokenize(["Prima hoor.", "Prima hoor."])
    assert one in {one, other}
    assert one == one
    assert one != other


def test_a_row_of_marks_takes_no_longer_than_as_many_words() -> None:
    text = "Ik ben BOOS " + "!" * 20_000 + " " + "😡" * 5000 + " " + "_" * 20_000 + " echt"
    started = time.perf_counter()
    found = cxnlp.tokenize([text])[0]
    assert time.perf_counter() - started < 5
    assert found.words[:5] == ("Ik", "ben", "BOOS", "!", "!")
    assert found.words[-1] == "echt"
    assert [text[start:end] for start, end in found.offsets] == list(found.words)


def test_words_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxnlp.tokens._MOST_WORDS", 1)
    before = cxnlp.tokenize(["Nummer 4471 kwam niet"])[0].words
    assert _rules.cache_info().currsize == 0
    assert cxnlp.tokenize(["Nummer 4471 kwam niet"])[0].words == before


def test_a_long_rant() -> None:
    assert len(cxnlp.tokenize(["Ik wacht nog steeds. " * 3000])[0].sentences) == 3000
