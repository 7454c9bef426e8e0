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


def test_first_names_are_one_however_their_letters_are_composed(tokenizer: Tokenizer) -> None:
    typed = ["dank Anna!", "dank Noël!", "dank Noe\u0308l!", "dank No\u00adë\u200b\u200bl!"]
    one, *others = _lists(_cut(Cutter(tokenizer), typed))
    assert others == [one] * 3


def test_a_slice_of_a_column_is_cut_as_it_stands(tokenizer: Tokenizer) -> None:
    column = pa.array(TEXTS, pa.large_string()).slice(2, 3)
    cut = Cutter(tokenizer)(column)
    assert _lists(cut) == _lists(_cut(Cutter(tokenizer), TEXTS[2:5]))
    starts, _ = cut.characters(np.array([0, 1, 2]), *[np.cumsum(cut.lengths) - cut.lengths] * 2)
    assert starts.tolist() == [2, 0, 0]


def _found(texts: list[str], cut: Pieces, row: int, first: int, last: int) -> str:
    """The characters of the words around tokens of a text, counted from its first or its end."""
    own = np.arange(cut.lengths[:row].sum(), cut.lengths[: row + 1].sum())
    (start,), (end,) = cut.characters(np.array([row]), own[[first]], own[[last]])
    return texts[row][start:end]


def test_characters_are_those_of_the_words(tokenizer: Tokenizer) -> None:
    cut = _cut(Cutter(tokenizer), TEXTS)
    assert _found(TEXTS, cut, 0, 0, -1) == TEXTS[0].rstrip("!")
    for row in (2, 3, 4, 5):
        assert _found(TEXTS, cut, row, 0, -1) == TEXTS[row].strip()
    # Every token of a text with irregular spaces, one by one: the word that it is of.
    words = [_found(TEXTS, cut, 2, token, token) for token in range(int(cut.lengths[2]))]
    assert list(dict.fromkeys(words)) == ["Twee", "spaties", "een", "tab", "en", "regel"]


def test_marks_around_a_run_are_left_out_unless_there_is_nothing_else(
    tokenizer: Tokenizer,
) -> None:
    texts = ["- (vriendelijk) - 'traag' -", "… !", "goed,maar duur"]
    cut = _cut(Cutter(tokenizer), texts)
    whole = [_found(texts, cut, row, 0, -1) for row in range(3)]
    assert whole == ["vriendelijk) - 'traag", "… !", "goed,maar duur"]
    assert _found(texts, cut, 0, 0, 0) == "-"
    assert _found(texts, cut, 2, 0, 0) == "goed,maar"


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
