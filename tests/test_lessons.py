"""What a fast model learns from, and the stories around it."""

from __future__ import annotations

import numpy as np
import tiny
from tokenizers import Tokenizer

from cxnlp.taxonomy import LANGUAGES
from cxnlp.training.lessons import MOST_TOKENS, Lessons, Stories

NL, EN, OTHER = (LANGUAGES.index(language) for language in ("nl", "en", "other"))
SENTENCES = {
    "nl": [f"{word} de service." for word in ("wachten", "vriendelijk", "helpen", "tijd")],
    "en": ["the staff.", "friendly and kind!", "the waiting.", "service and time."],
}


def _stories(tokenizer: Tokenizer, share: float) -> Stories:
    return Stories.tokenized(tokenizer, SENTENCES, share)


def _lessons(tokenizer: Tokenizer, texts: list[str], language: list[int]) -> Lessons:
    count = len(texts)
    quotes = np.full((count, 34, 2), -1)
    quotes[:, 9] = [(0, len(text.split()[0])) for text in texts]
    targets = np.zeros((count, 34)), np.zeros((count, 4)), np.array(language)
    return Lessons.tokenized(tokenizer, texts, *targets, quotes)


def test_lessons_point_at_the_tokens_of_the_evidence() -> None:
    tokenizer = Tokenizer.from_str(tiny.tokenizer())
    text = "een uur in de wacht"
    quotes = np.full((1, 34, 2), -1)
    quotes[0, 9] = text.index("uur"), text.index("uur") + len("uur in de")
    one = np.zeros((1, 34)), np.zeros((1, 4)), np.zeros(1, int)
    lessons = Lessons.tokenized(tokenizer, [text], *one, quotes)
    first, last = lessons.spans[0, 9]
    encoding = tokenizer.encode(text)
    start, end = encoding.offsets[first][0], encoding.offsets[last][1]
    assert text[start:end].strip() == "uur in de"
    assert (np.delete(lessons.spans[0], 9, axis=0) == -1).all()
    (batch,) = lessons.batches(8, np.random.default_rng(0), _stories(tokenizer, 0.0))
    assert batch.quotes is not None
    assert batch.quotes[0, :, 9].nonzero().flatten().tolist() == list(range(first, last + 1))


def test_a_story_around_a_comment_is_in_its_language_and_moves_the_evidence() -> None:
    tokenizer = Tokenizer.from_str(tiny.tokenizer())
    texts = ["een uur in de wacht", "niet vriendelijk!", "an hour on hold", "une heure"]
    language = [NL, NL, EN, OTHER]
    own = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    story = {
        LANGUAGES.index(name): tokenizer.encode(" ".join(sentences), add_special_tokens=False).ids
        for name, sentences in SENTENCES.items()
    }
    closing = {tokenizer.token_to_id(mark) for mark in ".!"}
    lessons = _lessons(tokenizer, texts * 50, language * 50)
    placed = set()
    for batch in lessons.batches(8, np.random.default_rng(0), _stories(tokenizer, 1.0)):
        assert batch.language is not None
        assert batch.quotes is not None
        for row, kind in enumerate(batch.language.tolist()):
            ids = batch.ids[row][batch.mask[row]].tolist()
            mine = next(i for i in own if str(i[1:-1])[1:-1] in str(ids))
            assert (ids[0], ids[-1]) == (mine[0], mine[-1])
            at = next(at for at in range(len(ids)) if ids[at : at + len(mine) - 2] == mine[1:-1])
            quote = batch.quotes[row, :, 9].nonzero().flatten().tolist()
            first = len(tokenizer.encode(texts[own.index(mine)].split()[0]).ids) - 2
            assert quote == list(range(at, at + first))
            before, after = ids[1:at], ids[at + len(mine) - 2 : -1]
            placed.add((kind, bool(before), len(after) > 1))
            if kind == OTHER:
                assert not before + after
                continue
            if mine != own[1]:  # it does not end as a sentence
                assert after.pop(0) in closing
            assert str(before + after)[1:-1] in str(story[kind])
    either = {(kind, *there) for kind in (NL, EN) for there in ((True, False), (False, True))}
    assert placed >= either | {(NL, True, True), (EN, True, True), (OTHER, False, False)}


def test_what_a_story_leaves_no_room_for_stands_alone() -> None:
    tokenizer = Tokenizer.from_str(tiny.tokenizer())
    stories = _stories(tokenizer, 1.0)
    long = " ".join(["vriendelijk"] * 400)
    lessons = _lessons(tokenizer, [long, "niet vriendelijk"] * 40, [NL] * 80)
    own = len(tokenizer.encode("niet vriendelijk").ids)
    lengths = [
        int(length)
        for batch in lessons.batches(1, np.random.default_rng(0), stories)
        for length in batch.mask.sum(dim=1)
    ]
    assert lengths.count(MOST_TOKENS) == 40
    assert sum(own < length < MOST_TOKENS for length in lengths) == 40
    room = MOST_TOKENS - own - 1  # which a full stop may take
    full = Stories.tokenized(tokenizer, {"nl": ["vriendelijk " * 19 + "."] * 200}, 1.0)
    begin, here, end = full.drawn(np.full(4000, NL), np.full(4000, own), np.random.default_rng(0))
    assert ((begin <= here) & (here <= end) & (begin < end)).all()
    assert room - max(np.diff(full.start)) < (end - begin).max() <= room
    (batch,) = lessons.batches(80, np.random.default_rng(0), _stories(tokenizer, 0.0))
    assert sorted(batch.mask.sum(dim=1).tolist()) == [own] * 40 + [MOST_TOKENS] * 40
