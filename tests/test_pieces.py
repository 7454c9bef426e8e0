"""Pieces are those that the tokenizer itself would give, and know where they stand."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from cxnlp import pieces, store
from cxnlp.errors import ModelError
from cxnlp.pieces import Cutter, Pieces

TEXTS = [
    "Vriendelijk geholpen, maar 3 kwartier in de wacht!",
    "",
    "  Twee  spaties,\teen tab\nen een regel ",
    "Prijs: € 12,50 … it´s ﬁne 😀👨\u200d👩\u200d👧",
    "ÉÉN\u00a0uur\u3000wachten",
    "het het het",
    "\u200b",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(store.find("fast") / store.TOKENIZER))


def _cut(cutter: Cutter, texts: list[str]) -> Pieces:
    return cutter(pa.array(texts, pa.large_string()))


def _lists(cut: Pieces) -> list[list[int]]:
    return [part.tolist() for part in np.split(cut.ids, np.cumsum(cut.lengths)[:-1])]


def test_pieces_are_those_of_the_tokenizer(tokenizer: Tokenizer) -> None:
    cutter = Cutter(tokenizer)
    expected = [e.ids for e in tokenizer.encode_batch(TEXTS, add_special_tokens=False)]
    for _ in range(2):  # new words, then known ones
        assert _lists(_cut(cutter, TEXTS)) == expected
    assert _lists(_cut(cutter, TEXTS[2:4])) == expected[2:4]


def test_a_slice_of_a_column_is_cut_as_it_stands(tokenizer: Tokenizer) -> None:
    column = pa.array(TEXTS, pa.large_string()).slice(2, 3)
    cut = Cutter(tokenizer)(column)
    assert _lists(cut) == _lists(_cut(Cutter(tokenizer), TEXTS[2:5]))
    starts, _ = cut.characters(np.array([0, 1, 2]), *[np.cumsum(cut.lengths) - cut.lengths] * 2)
    assert starts.tolist() == [2, 0, 0]


def test_characters_are_those_of_the_words(tokenizer: Tokenizer) -> None:
    cut = _cut(Cutter(tokenizer), TEXTS)
    rows = np.flatnonzero(cut.lengths)
    first = (np.cumsum(cut.lengths) - cut.lengths)[rows]
    starts, ends = cut.characters(rows, first, first + cut.lengths[rows] - 1)
    found = [TEXTS[row][start:end] for row, start, end in zip(rows, starts, ends, strict=True)]
    assert found == [TEXTS[row].strip() for row in rows]
    # Every token of a text with irregular spaces, one by one.
    tokens = first[rows.tolist().index(2)] + np.arange(cut.lengths[2])
    starts, ends = cut.characters(np.full(len(tokens), 2), tokens, tokens)
    words = [TEXTS[2][start:end] for start, end in zip(starts, ends, strict=True)]
    assert "".join(words).replace(" ", "") == "Tweespaties,eentabeneenregel"


@pytest.mark.parametrize(("words", "letters"), [(12, 1000), (1000, 40)])
def test_it_forgets_what_is_too_much(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, words: int, letters: int
) -> None:
    monkeypatch.setattr(pieces, "MOST_WORDS", words)
    monkeypatch.setattr(pieces, "MOST_PIECES", letters)
    cutter = Cutter(tokenizer)
    for text in TEXTS:
        expected = tokenizer.encode(text, add_special_tokens=False).ids
        assert _lists(_cut(cutter, [text])) == [expected]
        assert len(cutter._rows) <= words
        assert cutter._pieces.size <= letters


def test_an_interruption_spoils_nothing(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutter = Cutter(tokenizer)
    _cut(cutter, ["een uur"])
    append = pieces._Columns.append

    def interrupted(self: pieces._Columns, columns: np.ndarray, at: int | None = None) -> None:
        append(self, columns, at)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pieces._Columns, "append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _cut(cutter, ["onderbroken werk"])
    for text in ("onderbroken werk", "een nieuw uur"):
        assert _lists(_cut(cutter, [text])) == [
            tokenizer.encode(text, add_special_tokens=False).ids
        ]


def test_many_words_one_by_one(tokenizer: Tokenizer) -> None:
    cutter = Cutter(tokenizer)
    kept = _cut(cutter, ["eerste woord"])
    before = kept.ids.copy()
    for number in range(3000):
        _cut(cutter, [f"woord{number}"])
    assert (kept.ids == before).all()
    expected = tokenizer.encode("woord7 woord2999", add_special_tokens=False).ids
    assert _lists(_cut(cutter, ["woord7 woord2999"])) == [expected]


def test_an_empty_column(tokenizer: Tokenizer) -> None:
    cut = _cut(Cutter(tokenizer), [])
    assert cut.ids.shape == cut.lengths.shape == (0,)


def test_a_lone_character_without_width_is_no_piece(tokenizer: Tokenizer) -> None:
    plain, odd = _lists(_cut(Cutter(tokenizer), ["een uur", "een \u200b uur"]))
    assert odd == plain


def test_threads_share_it(tokenizer: Tokenizer) -> None:
    cutter = Cutter(tokenizer)
    texts = [f"woord{n} vriendelijk{n % 7}" for n in range(300)]
    expected = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    found: list[bool] = []

    def work(step: int) -> None:
        mine = texts[::step]
        found.append(_lists(_cut(cutter, mine)) == expected[::step])

    threads = [threading.Thread(target=work, args=(step,)) for step in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


def test_a_tokenizer_that_looks_beyond_words_is_refused() -> None:
    characters = {letter: row for row, letter in enumerate("Wacht, leenur! ")}
    letters = Tokenizer(models.BPE(vocab=characters, merges=[]))
    with pytest.raises(ModelError, match="white space"):
        Cutter(letters)
    letters.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    assert _lists(_cut(Cutter(letters), ["al een"])) == [[characters[x] for x in "aleen"]]
