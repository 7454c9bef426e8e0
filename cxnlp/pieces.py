"""Texts to token ids, with arrays: each distinct word is cut into pieces once.

The tokenizer cuts at white space before anything else, so the pieces of a text are those of its
words, one after the other. Comments use the same words over and over: what is left to do for a
text is to look them up. First names are all read as one (`cxnlp.firstnames`). (Where a character
that has no width stands alone between spaces, the tokenizer itself would add an empty piece.)
"""

from __future__ import annotations

import dataclasses
import threading
import unicodedata
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tokenizers import Tokenizer

from cxnlp.errors import ModelError
from cxnlp.firstnames import unnamed
from cxnlp.text import PADDING, UNSEEN

#: Distinct words, and pieces of them, that are remembered; beyond, it starts to learn them again.
MOST_WORDS, MOST_PIECES = 200_000, 1_000_000
#: Marks that may stand around a word and are no part of it.
AROUND = ".,;:!?-–—…()\"'“”‘’*•/" + PADDING


@dataclasses.dataclass(frozen=True)
class Pieces:
    """Token ids of n texts, end to end.

    Attributes
    ----------
    ids
        (tokens,) int64.
    lengths
        Tokens of each text, (n,) int64.
    """

    ids: np.ndarray
    lengths: np.ndarray
    _words: pa.ListArray
    _word_tokens: np.ndarray  # tokens before each word, of all texts end to end
    _cores: np.ndarray  # (2, words): where the word begins and ends without marks around it
    _texts: pa.LargeStringArray

    def characters(
        self, rows: np.ndarray, first: np.ndarray, last: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where the words around runs of tokens begin and end, characters, (runs,) int64 both.

        The marks and brackets around them are left out, unless there is nothing else.

        Parameters
        ----------
        rows
            Of the texts, (runs,) int.
        first, last
            Tokens of a run, counted over all texts, (runs,) int; its text has tokens.
        """
        starts, lengths = self._places(rows)
        begins, ends = self._cores
        one, other = (
            np.searchsorted(self._word_tokens, token, side="right") - 1 for token in (first, last)
        )
        # Words of nothing but marks, at either end of the run, are passed over.
        word = np.arange(len(starts))
        after = np.where(begins < ends, word, len(word))[::-1]
        after = np.minimum.accumulate(after)[::-1][one]
        before = np.maximum.accumulate(np.where(begins < ends, word, -1))[other]
        some = after <= before
        after, before = np.where(some, after, one), np.where(some, before, other)
        return (
            starts[after] + np.where(some, begins[after], 0),
            starts[before] + np.where(some, ends[before], lengths[before]),
        )

    def _places(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where words begin in their text, and their length; to be used for the texts of `rows`."""
        offsets = self._words.offsets.to_numpy() - self._words.offsets[0].as_py()
        words = self._words.flatten()
        length = pc.utf8_length(words).to_numpy(zero_copy_only=False).astype(np.int64)
        before = np.concatenate([[0], np.cumsum(length + 1)])
        starts = before[:-1] - np.repeat(before[offsets[:-1]], np.diff(offsets))
        # One space between words is the rule; where it is not so, look.
        plain = before[offsets[1:]] - before[offsets[:-1]] - 1
        whole = pc.utf8_length(self._texts).to_numpy(zero_copy_only=False)
        for row in np.unique(rows[(plain != whole)[rows]]).tolist():
            text, at = self._texts[row].as_py(), 0
            own = words[offsets[row] : offsets[row + 1]].to_pylist()
            for place, word in enumerate(own, offsets[row]):
                at = text.index(word, at)
                starts[place] = at
                at += len(word)
        return starts, length


class Cutter:
    """A tokenizer that remembers words; safe to share between threads.

    Raises
    ------
    ModelError
        For a tokenizer that cuts words otherwise beside others than alone.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        probe = "Wacht,  al een uur!"
        alone = [e.ids for e in tokenizer.encode_batch(probe.split(), add_special_tokens=False)]
        if tokenizer.encode(probe, add_special_tokens=False).ids != list(chain(*alone)):
            raise ModelError(
                "The tokenizer of this model does not cut at white space before anything else; "
                "train the model from a base whose tokenizer does."
            )
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._rows: dict[str, int] = {}
        self._words = _Columns(4)  # of each word its first piece, their number, and its core
        self._pieces = _Columns(1)  # of each piece its id

    def __call__(self, texts: pa.LargeStringArray) -> Pieces:
        words = pc.utf8_split_whitespace(texts)
        coded = words.flatten().dictionary_encode()
        distinct = coded.dictionary.to_pylist()
        with self._lock:
            rows = self._learned(distinct)
            known, (pieces,) = self._words.view(), self._pieces.view()
            if len(self._rows) > MOST_WORDS or len(pieces) > MOST_PIECES:
                self._forget()  # what is in use here stays as it is
        first, counts, *cores = known[:, rows[coded.indices.to_numpy(zero_copy_only=False)]]
        word_tokens = np.concatenate([[0], np.cumsum(counts)])
        take = np.repeat(first - word_tokens[:-1], counts) + np.arange(word_tokens[-1])
        offsets = words.offsets.to_numpy() - words.offsets[0].as_py()
        lengths = np.diff(word_tokens[offsets])
        return Pieces(pieces[take], lengths, words, word_tokens[:-1], np.stack(cores), texts)

    def _learned(self, words: list[str]) -> np.ndarray:
        """Rows of words, (words,) int64; those that are new are cut."""
        new = [word for word in words if word not in self._rows]
        if new:
            # Without what no tokenizer sees, and composed: so the list has its names.
            plain = [unicodedata.normalize("NFC", word.translate(UNSEEN)) for word in new]
            read = list(map(unnamed, plain))
            encodings = self._tokenizer.encode_batch(read, add_special_tokens=False)
            count = np.fromiter(map(len, encodings), np.int64, len(encodings))
            ids = np.fromiter(chain.from_iterable(e.ids for e in encodings), np.int64, count.sum())
            cores = np.array(list(map(_core, new)), np.int64).T
            start = self._pieces.size + np.cumsum(count) - count
            known = len(self._rows)
            # An interruption must not leave words without pieces: what counts them comes last.
            self._pieces.append(ids[None])
            self._words.append(np.stack([start, count, *cores]), at=known)
            self._rows.update({word: row for row, word in enumerate(new, known)})
        return np.fromiter(map(self._rows.__getitem__, words), np.int64, len(words))


def _core(word: str) -> tuple[int, int]:
    """Where a word begins and ends without the marks around it; empty if there is nothing else."""
    end = len(word.rstrip(AROUND))
    return len(word) - len(word.lstrip(AROUND)), end


class _Columns:
    """Rows of int64 that grow to the right, in buffers that double."""

    def __init__(self, rows: int) -> None:
        self._buffer = np.empty((rows, 1024), np.int64)
        self.size = 0

    def view(self) -> np.ndarray:
        """What is there now, (rows, size); later columns leave it as it is."""
        return self._buffer[:, : self.size]

    def append(self, columns: np.ndarray, at: int | None = None) -> None:
        """Put columns (rows, n) at the end, or behind the first `at`."""
        at = self.size if at is None else at
        size = at + columns.shape[1]
        if size > self._buffer.shape[1]:
            grown = np.empty((len(self._buffer), 2 * size), np.int64)
            grown[:, :at] = self._buffer[:, :at]
            self._buffer = grown
        self._buffer[:, at:size] = columns
        self.size = size
