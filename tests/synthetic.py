"""Invented comments with known readings, dates, stores and grades: no model is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxnlp.insights import Scored
from cxnlp.results import Results
from cxnlp.taxonomy import ASPECTS, SENTIMENTS, SIGNS
from cxnlp.text import holds_text, to_column

#: What customers write: aspect, sign, language, and words, which are the evidence of the reading.
FRAGMENTS = (
    ("friendliness", "positive", "nl", "heel vriendelijk geholpen aan de balie"),
    ("friendliness", "positive", "nl", "altijd een glimlach en een praatje"),
    ("friendliness", "positive", "en", "such lovely, smiling people at the desk"),
    ("friendliness", "negative", "nl", "de man aan de kassa was kortaf"),
    ("time", "negative", "nl", "drie kwartier in de wacht gehangen"),
    ("time", "negative", "nl", "na twee weken nog geen antwoord op mijn mail"),
    ("time", "negative", "en", "forty minutes in the queue with nobody in sight"),
    ("time", "negative", "en", "the parcel came nine days late"),
    ("time", "positive", "nl", "binnen een dag in huis"),
    ("time", "positive", "en", "answered within five minutes"),
    ("communication", "negative", "nl", "niemand vertelde dat het later werd"),
    ("communication", "negative", "en", "every department told me something else"),
    ("communication", "positive", "nl", "duidelijk uitgelegd wat er ging gebeuren"),
    ("resolution", "negative", "nl", "het probleem is nog steeds niet opgelost"),
    ("resolution", "positive", "en", "they fixed it on the spot"),
    ("ease", "negative", "nl", "de app loopt steeds vast bij het inloggen"),
    ("ease", "negative", "en", "it took six menus to find the returns page"),
    ("ease", "positive", "nl", "bestellen gaat in drie klikken"),
    ("knowledge", "positive", "nl", "wist precies welk onderdeel ik nodig had"),
    ("knowledge", "negative", "en", "the adviser clearly had no idea"),
    ("price", "negative", "nl", "veel te duur voor wat het is"),
    ("price", "positive", "en", "good value for money"),
    ("product", "positive", "nl", "het brood is er elke dag even lekker"),
    ("product", "negative", "en", "the kettle broke after a week"),
    ("listening", "negative", "nl", "moest mijn verhaal vier keer vertellen"),
    ("integrity", "negative", "nl", "er was beloofd dat ik teruggebeld zou worden"),
    ("loyalty", "negative", "en", "I am switching to another provider"),
    ("loyalty", "positive", "nl", "ik kom hier zeker terug"),
)
#: How often each is written, and what it does to a grade.
WEIGHTS = np.array(
    [9, 4, 6, 2, 6, 4, 4, 3, 3, 3, 4, 3, 3, 3, 3, 4, 2, 3, 4, 2, 3, 2, 4, 2, 2, 1.5, 1.5, 3]
)
EFFECTS = {"time": 2.0, "resolution": 1.5, "ease": 1.0, "loyalty": 2.5, "friendliness": 0.8}
STORES = ("Amersfoort", "Breda", "Delft", "Gent", "Leeds", "Utrecht", "Zwolle")


def readings(
    texts: Sequence[str | None], said: Sequence[Mapping[tuple[str, str], str]], language: str = "nl"
) -> Results:
    """Results of comments with what each says: aspect and sign, and the words that carry it."""
    count = len(texts)
    column = to_column(list(texts))
    probabilities = np.zeros((count, len(ASPECTS), 2), np.float32)
    spans = np.full((count, len(ASPECTS), 2, 2), -1, np.int32)
    sentiment = np.tile(np.float32([0.05, 0.85, 0.05, 0.05]), (count, 1))
    for row, (text, mentioned) in enumerate(zip(texts, said, strict=True)):
        for (aspect, sign), words in mentioned.items():
            at = ASPECTS.index(aspect), SIGNS.index(sign)
            # The longer the evidence, the surer: any rule will do.
            probabilities[row][at] = min(0.6 + len(words) / 200, 0.99)
            start = (text or "").index(words)
            spans[row][at] = start, start + len(words)
        signs = {sign for _, sign in mentioned}
        if signs:
            best = "mixed" if len(signs) > 1 else signs.pop()
            sentiment[row] = 0.05
            sentiment[row, SENTIMENTS.index(best)] = 0.85
    blank = ~holds_text(column)
    sentiment[blank] = 0
    return Results(
        column,
        blank,
        np.where(blank, "other", language),
        sentiment,
        probabilities,
        probabilities > 0.5,
        spans,
    )


def table(
    said: Sequence[Mapping[tuple[str, str], str]], texts: Sequence[str | None], **extra: Any
) -> pd.DataFrame:
    """The readings of comments as a scored table, with other columns."""
    frame = readings(texts, said).to_pandas().rename(columns={"text": "comment"})
    return frame.assign(**extra)


def survey(count: int, seed: int = 0, months: int = 12) -> Scored:
    """Scored comments with columns ``date``, ``store`` and ``nps``.

    Waiting costs two points of a grade, an open problem one and a half, and so on; Breda makes
    people wait twice as often, and from the ninth month on everyone does.
    """
    random = np.random.default_rng(seed)
    month = random.integers(0, months, count)
    store = random.integers(0, len(STORES), count)
    chances = WEIGHTS / WEIGHTS.sum()
    slow = np.array([f[:2] == ("time", "negative") for f in FRAGMENTS])
    more = np.where(slow, 2.2, 1.0) * chances
    hit = (STORES.index("Breda") == store) | (month >= 8)
    picked = np.empty((count, 3), int)
    for busy, weights in ((False, chances), (True, more / more.sum())):
        rows = np.flatnonzero(hit == busy)
        picked[rows] = random.choice(len(FRAGMENTS), (len(rows), 3), p=weights)
    said = random.choice(4, count, p=[0.04, 0.46, 0.35, 0.15])
    probabilities = np.zeros((count, len(ASPECTS), 2), np.float32)
    spans = np.full((count, len(ASPECTS), 2, 2), -1, np.int32)
    grade = np.full(count, 7.5)
    texts: list[str | None] = []
    confidence = random.uniform(0.55, 0.99, (count, 3)).astype(np.float32)
    keys = [(ASPECTS.index(a), SIGNS.index(s)) for a, s, _, _ in FRAGMENTS]
    effects = [EFFECTS.get(a, 0.3) * (1 if s == "positive" else -1) for a, s, _, _ in FRAGMENTS]
    for row in range(count):
        text = ""
        for place in range(said[row]):
            fragment = picked[row, place]
            words = FRAGMENTS[fragment][3]
            start = len(text)
            text += words + ". "
            at = keys[fragment]
            probabilities[row][at] = confidence[row, place]
            spans[row][at] = start, start + len(words)
            grade[row] += effects[fragment]
        texts.append(text.strip() or None)
    signs = probabilities.max(axis=1) > 0
    sentiment = np.full((count, 4), 0.05, np.float32)
    best = np.select(
        [signs.all(axis=1), signs[:, 0], signs[:, 1]],
        [SENTIMENTS.index(name) for name in ("mixed", "positive", "negative")],
        SENTIMENTS.index("neutral"),
    )
    sentiment[np.arange(count), best] = 0.85
    column = to_column(texts)
    blank = ~holds_text(column)
    languages = np.array([f[2] for f in FRAGMENTS])[picked[:, 0]]
    results = Results(
        column,
        blank,
        np.where(blank, "other", languages),
        sentiment,
        probabilities,
        probabilities > 0.5,
        spans,
    )
    extra = pd.DataFrame(
        {
            "date": pd.Timestamp(2026, 1, 1)
            + pd.to_timedelta(month * 30 + random.integers(0, 30, count), unit="D"),
            "store": np.array(STORES)[store],
            "nps": np.clip(np.round(grade + random.normal(0, 1.5, count)), 0, 10).astype(int),
        }
    )
    frame = results.to_pandas().rename(columns={"text": "comment"})
    return Scored.of(pd.concat([extra, frame], axis=1))
