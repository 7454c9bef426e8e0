"""Words, sentences and their offsets, by spaCy's rules for Dutch and English."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cxnlp import text as cells

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

#: spaCy takes the square of the time for a row of marks or emoji; so many it splits at once.
_MARKS = re.compile(r"(?:[^\w\s]|_){100}(?=[^\w\s]|_)")
#: Different words that are remembered, so that memory stays bounded.
_MOST_WORDS = 200_000
#: Words that tell the two languages apart, for choosing the rules when none are named.
_DUTCH = frozenset("de het een en ik niet van dat is ook maar met voor op zijn geen wel te".split())
_ENGLISH = frozenset("the a and i not of that is also but with for on are no to was it my".split())


@dataclasses.dataclass(frozen=True, eq=False)
class Tokens:
    """Tokens of one text.

    Attributes
    ----------
    text
        The text as it was passed in; empty for a missing cell.
    language
        Whose rules were used: ``"nl"`` or ``"en"``.
    words
        The tokens, punctuation among them, white space not.
    offsets
        Start and end of each token in `text`, (tokens, 2) int32.
    sentences
        First token of each sentence and the one after its last, (sentences, 2) int32.
    """

    text: str
    language: str
    words: tuple[str, ...]
    offsets: np.ndarray
    sentences: np.ndarray

    def __len__(self) -> int:
        return len(self.words)


def tokenize(texts: Iterable[Any], language: Literal["auto", "nl", "en"] = "auto") -> list[Tokens]:
    """Split comments into words and sentences.

    Parameters
    ----------
    texts
        Strings or missing cells, as `cxnlp.classify` takes them.
    language
        Whose rules to use; ``"auto"`` looks at the commonest words of each text.

    >>> import cxnlp
    >>> tokens = cxnlp.tokenize(["Ik wacht al 3 kwartier!! Niemand neemt op."])[0]
    >>> tokens.words
    ('Ik', 'wacht', 'al', '3', 'kwartier', '!', '!', 'Niemand', 'neemt', 'op', '.')
    >>> tokens.sentences.tolist()
    [[0, 7], [7, 11]]
    """
    if language not in ("auto", "nl", "en"):
        raise ValueError(f"language is {language!r}; give 'nl', 'en' or 'auto'")
    values = [value or "" for value in cells.to_column(texts).to_pylist()]
    chosen = [_guess(value) if language == "auto" else language for value in values]
    tokens: dict[int, Tokens] = {}
    for name in sorted(set(chosen)):
        rows = [row for row, guess in enumerate(chosen) if guess == name]
        tokens.update(zip(rows, _tokenized([values[row] for row in rows], name), strict=True))
    return [tokens[row] for row in range(len(values))]


def _tokenized(texts: Sequence[str], language: str) -> Iterator[Tokens]:
    rules = _rules(language)
    docs = rules.pipe(_doc(rules, text) for text in texts)
    for text, doc in zip(texts, docs, strict=True):
        kept = [token for token in doc if not token.is_space]
        starts = np.array([token.idx for token in kept], np.int32)
        ends = starts + np.array([len(token) for token in kept], np.int32)
        first = np.flatnonzero(_sentence_starts(doc, kept)).astype(np.int32)
        bounds = np.column_stack([first, np.append(first[1:], np.int32(len(kept)))[: len(first)]])
        yield Tokens(
            text,
            language,
            tuple(token.text for token in kept),
            np.column_stack([starts, ends]),
            bounds,
        )
    if len(rules.vocab.strings) > _MOST_WORDS:
        _rules.cache_clear()


def _doc(rules: Language, text: str) -> Doc:
    from spacy.tokens import Doc

    cuts = [0, *(row.end() for row in _MARKS.finditer(text)), len(text)]
    parts = [rules.make_doc(text[start:end]) for start, end in itertools.pairwise(cuts)]
    if len(parts) == 1:
        return parts[0]
    tokens = [token for part in parts for token in part]
    spaces = [bool(token.whitespace_) for token in tokens]
    return Doc(rules.vocab, [token.text for token in tokens], spaces)


def _sentence_starts(doc: Any, kept: list[Any]) -> np.ndarray:
    """Whether each kept token is the first of its sentence, white space tokens left out."""
    sentence = np.cumsum([bool(token.is_sent_start) for token in doc])
    of_kept = sentence[[token.i for token in kept]] if kept else np.zeros(0, int)
    return np.diff(of_kept, prepend=-1) != 0


def _guess(text: str) -> str:
    words = text.lower().split()
    dutch, english = (sum(word in known for word in words) for known in (_DUTCH, _ENGLISH))
    return "en" if english > dutch else "nl"


@functools.lru_cache
def _rules(language: str) -> Language:
    import spacy

    rules = spacy.blank(language)
    rules.add_pipe("sentencizer")
    rules.max_length = 10_000_000  # rules alone need little memory
    return rules
