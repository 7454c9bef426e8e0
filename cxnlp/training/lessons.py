"""Tokenized comments and what is to be learned of each, in batches, some of them in a story."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer

from cxnlp.taxonomy import LANGUAGES
from cxnlp.training.base import SPECIALS
from cxnlp.training.fit import Batch

#: Of a comment, with the story around it; and of the longest comment that is put in one.
MOST_TOKENS, MOST_BURIED = 224, 80
#: Sentences of the longest story.
MOST_SENTENCES = 12


@dataclasses.dataclass(frozen=True)
class Stories:
    """Tokenized sentences that judge nothing; those of one language, and of one story, in a row.

    Attributes
    ----------
    ids, start
        Token ids of all sentences, end to end, and where each begins; (tokens,), (n + 1,) int.
    of
        The first sentence of each of `LANGUAGES`, and of what would come next, (languages + 1,).
    stop, closing
        The token id of a full stop, and those of all that may end a sentence.
    share
        Of the comments in these languages that are not too long (`MOST_BURIED`), how many are put
        in a story each epoch.
    """

    ids: np.ndarray
    start: np.ndarray
    of: np.ndarray
    stop: int
    closing: np.ndarray
    share: float

    @classmethod
    def tokenized(
        cls, tokenizer: Tokenizer, sentences: dict[str, list[str]], share: float
    ) -> Stories:
        """From sentences by language."""
        texts = [text for language in LANGUAGES for text in sentences.get(language, [])]
        counts = [len(sentences.get(language, [])) for language in LANGUAGES]
        vocabulary = tokenizer.get_vocab()
        return cls(
            *_end_to_end(tokenizer.encode_batch(texts, add_special_tokens=False)),
            np.cumsum([0, *counts]),
            vocabulary["."],
            np.array(
                [index for piece, index in vocabulary.items() if piece.endswith((".", "!", "?"))]
            ),
            share,
        )

    def drawn(
        self, language: np.ndarray, length: np.ndarray, draw: np.random.Generator
    ) -> np.ndarray:
        """A story for some of the comments, (3, n): where in `ids` it begins, the comment, its end.

        All three are 0 for the comments that get none.

        Parameters
        ----------
        language, length
            Of the comments; (n,) index and tokens.
        """
        sentences = self.of[language + 1] - self.of[language]
        chosen = draw.random(len(language)) < self.share
        rows = np.flatnonzero(chosen & (sentences > 0) & (length <= MOST_BURIED))
        first, end = self.of[language[rows]], self.of[language[rows] + 1]
        first = draw.integers(first, end)
        room = MOST_TOKENS - 1 - length[rows]
        full = np.searchsorted(self.start, self.start[first] + room, "right") - 1
        last = first + draw.integers(2, MOST_SENTENCES + 1, len(rows))
        last = np.minimum.reduce([last, full, end])
        found = np.zeros((3, len(language)), int)
        found[:, rows] = self.start[[first, draw.integers(first, last + 1), last]]
        return found


@dataclasses.dataclass(frozen=True)
class Lessons:
    """Tokenized comments and what is to be learned of each.

    Attributes
    ----------
    ids, start
        Token ids of all comments, end to end, and where each begins; (tokens,), (n + 1,) int.
    aspects, sentiment
        Targets (n, 34) and (n, 4) float16.
    language
        Indices (n,).
    spans
        First and last token of the evidence, (n, 34, 2) int16; -1 where there is none.
    """

    ids: np.ndarray
    start: np.ndarray
    aspects: np.ndarray
    sentiment: np.ndarray
    language: np.ndarray
    spans: np.ndarray

    @classmethod
    def tokenized(
        cls,
        tokenizer: Tokenizer,
        texts: list[str],
        aspects: np.ndarray,
        sentiment: np.ndarray,
        language: np.ndarray,
        quotes: np.ndarray,
    ) -> Lessons:
        """From texts, with quotes in characters, (n, 34, 2), which become spans of tokens."""
        encodings = tokenizer.encode_batch(texts)
        spans = np.full(quotes.shape, -1, np.int16)
        for row in np.flatnonzero((quotes[..., 1] > 0).any(axis=1)):
            offsets = np.array(encodings[row].offsets)[1:-1]  # without the marks at both ends
            has = quotes[row, :, 1] > 0
            first = np.searchsorted(offsets[:, 1], quotes[row, has, 0], side="right")
            last = np.searchsorted(offsets[:, 0], quotes[row, has, 1], side="left") - 1
            spans[row, has] = np.column_stack([first + 1, last + 1])
        return cls(
            *_end_to_end(encodings),
            aspects.astype(np.float16),
            sentiment.astype(np.float16),
            language,
            spans,
        )

    @classmethod
    def joined(cls, parts: list[Lessons]) -> Lessons:
        """All lessons of several in one."""
        columns = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in dataclasses.fields(cls)
            if field.name != "start"
        }
        lengths = np.concatenate([np.diff(part.start) for part in parts])
        return cls(start=np.concatenate([[0], np.cumsum(lengths)]), **columns)

    def batches(self, size: int, draw: np.random.Generator, stories: Stories) -> Iterator[Batch]:
        """One epoch, each batch of comments of about equal length, some in a story drawn anew.

        What a teacher has said of a comment by itself is what is to be learned of it in a story.
        Where the comment does not end as a sentence, a full stop follows it there.
        """
        own = np.minimum(np.diff(self.start), MOST_TOKENS)
        begin, here, end = stories.drawn(self.language, own, draw)
        opened = ~np.isin(self.ids[self.start[:-1] + own - 2], stories.closing) & (begin < end)
        before, after = here - begin, end - here + opened
        ids = np.concatenate([self.ids, [stories.stop], stories.ids])
        stop = len(self.ids)
        begin, here = (stop + 1 + at for at in (begin, here - opened))
        length = own + before + after
        order = np.argsort(length * draw.uniform(0.9, 1.1, len(length)))
        slices = np.array_split(order, max(1, len(order) // size))
        for index in draw.permutation(len(slices)):
            rows = slices[index]
            column = np.arange(length[rows].max())
            mask = column < length[rows, None]
            inner = column - before[rows, None]  # the place in the comment itself
            past = inner - own[rows, None] + 1  # counted from its last token, the end mark
            take = np.select(
                [
                    column == 0,
                    inner < 1,
                    past < 0,
                    (past == 0) & opened[rows, None],
                    past < after[rows, None],
                    mask,
                ],
                [
                    self.start[rows, None],
                    begin[rows, None] + column - 1,
                    self.start[rows, None] + inner,
                    stop,
                    here[rows, None] + past,
                    self.start[rows, None] + own[rows, None] - 1,
                ],
            )
            spans = self.spans[rows][:, None].astype(int)
            spans += np.where(spans < 0, 0, before[rows, None, None, None])
            inside = (column[:, None] >= spans[..., 0]) & (column[:, None] <= spans[..., 1])
            yield Batch(
                torch.from_numpy(np.where(mask, ids[take], SPECIALS.index("<pad>")).astype(int)),
                torch.from_numpy(mask),
                torch.from_numpy(self.aspects[rows].astype(np.float32)),
                torch.from_numpy(self.sentiment[rows].astype(np.float32)),
                torch.from_numpy(self.language[rows].astype(int)),
                torch.from_numpy(inside),
            )


def _end_to_end(encodings: list[Encoding]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids of all, and where each begins and the last ends."""
    ids = np.concatenate([np.array(encoding.ids, np.int32) for encoding in encodings])
    return ids, np.cumsum([0, *map(len, encodings)])
