"""Make the comments of an invented chain of shops, with known effects on the score.

    python notebooks/make_feedback.py

writes, beside this file, feedback.csv (what the chain would have: date, store, channel, NPS and
comment) and the truth: feedback.said.csv (what each comment says of each aspect) and
feedback.effects.csv (what saying it does to the score). The same seed gives the same files.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
CLAUSES = tomllib.loads((HERE / "clauses.toml").read_text(encoding="utf-8"))

STORES = {
    "Breda": 0.2, "Gent": 0.15, "Leeuwarden": 0.11, "Texel": 0.003, "Utrecht": 0.287,
    "Zwolle": 0.25,
}  # fmt: skip
CHANNELS = {"shop": 0.4, "phone": 0.2, "web": 0.25, "chat": 0.15}
FIRST_DAY, DAYS = pd.Timestamp("2025-01-01"), 365
#: One store gets a kiosk for picking up orders, and complaints of ease go from few to many.
BAD_STORE, BAD_SINCE, BAD_CHANCE = "Zwolle", pd.Timestamp("2025-07-01"), 0.55
#: Customers who phone wait: this many of them complain of time.
PHONE_TIME_CHANCE = 0.32


class Planted(NamedTuple):
    """How often comments say it, and what it adds to the answer from 0 to 10."""

    aspect: str
    sign: str
    chance: float
    effect: float


PLANTED = (
    Planted("friendliness", "positive", 0.20, 1.5),
    Planted("friendliness", "negative", 0.05, -1.5),
    Planted("time", "positive", 0.13, 0.6),
    Planted("time", "negative", 0.10, -3.0),
    Planted("knowledge", "positive", 0.12, 0.6),
    Planted("knowledge", "negative", 0.05, -1.5),
    Planted("resolution", "positive", 0.09, 1.0),
    Planted("resolution", "negative", 0.07, -2.5),
    Planted("ease", "positive", 0.10, 0.5),
    Planted("ease", "negative", 0.06, -1.5),
    Planted("price", "positive", 0.08, 0.3),
    Planted("price", "negative", 0.22, -0.4),
    Planted("environment", "positive", 0.15, 0.0),
    Planted("environment", "negative", 0.08, 0.0),
)
#: The answer of a customer who has nothing to say, and how much customers differ.
BASE, SPREAD = 7.9, 1.2
#: Leaving is said because the score is low, and does nothing to it: of answers of at most ...
LEAVING_AT_MOST, LEAVING_CHANCE = 4, 0.25
_SIGNS = ("positive", "negative")
_BUT = {"nl": (", maar ", ". Maar "), "en": (", but ", ". But ")}
_AND = {"nl": (". ", ", ", " en "), "en": (". ", ", ", " and ")}
_ENDS = (".", ".", "!", "", "...")
_NOTHING = ("", "-", "n.v.t.", "geen opmerkingen")


class Feedback(NamedTuple):
    """An invented data set and its truth.

    Attributes
    ----------
    comments
        n rows: ``date``, ``store``, ``channel``, ``nps`` (a few are missing), ``comment``.
    said
        n rows, a column per aspect used: ``"positive"``, ``"negative"`` or None.
    effects
        One row per aspect and sign: ``effect`` (on the answer, 0 to 10) and ``nps_points``: the
        points that an average comment that says it adds to the NPS by saying it.
    """

    comments: pd.DataFrame
    said: pd.DataFrame
    effects: pd.DataFrame


def make_feedback(n: int = 2000, seed: int = 7) -> Feedback:
    """Make `n` comments whose effects on the score are known."""
    rng = np.random.default_rng(seed)
    dates = FIRST_DAY + pd.to_timedelta(np.sort(rng.integers(DAYS, size=n)), unit="D")
    stores = rng.choice(list(STORES), n, p=list(STORES.values()))
    channels = rng.choice(list(CHANNELS), n, p=list(CHANNELS.values()))

    kiosk = (stores == BAD_STORE) & (dates >= BAD_SINCE)
    chances = np.tile([planted.chance for planted in PLANTED], (n, 1))
    names = [planted[:2] for planted in PLANTED]
    chances[kiosk, names.index(("ease", "negative"))] = BAD_CHANCE
    chances[channels == "phone", names.index(("time", "negative"))] = PHONE_TIME_CHANCE
    # One number per comment and aspect: praise from below, complaint from above, never both.
    dice = rng.random((n, len(PLANTED) // 2)).repeat(2, axis=1)
    dice[:, 1::2] = 1 - dice[:, 1::2]
    says = dice < chances

    effects = np.array([planted.effect for planted in PLANTED])
    opinion = BASE + says @ effects + rng.normal(scale=SPREAD, size=n)
    answers = _answer(opinion)
    points = [
        (_points(answers) - _points(_answer(opinion - effect)))[said].mean()
        for said, effect in zip(says.T, effects, strict=True)
    ]
    leaving = (answers <= LEAVING_AT_MOST) & (rng.random(n) < LEAVING_CHANCE)
    silent = rng.random(n) < 0.02

    said = pd.DataFrame({aspect: np.full(n, None, object) for aspect, _ in names})
    for (aspect, sign), column in zip(names, says.T, strict=True):
        said.loc[column & ~silent, aspect] = sign
    said["loyalty"] = np.where(leaving & ~silent, "negative", None)
    return Feedback(
        pd.DataFrame(
            {
                "date": dates,
                "store": stores,
                "channel": channels,
                "nps": pd.array(np.where(rng.random(n) < 0.02, np.nan, answers), "Int64"),
                "comment": [
                    str(rng.choice(_NOTHING)) if quiet else _comment(row.dropna(), at_kiosk, rng)
                    for quiet, at_kiosk, (_, row) in zip(
                        silent, kiosk, said.iterrows(), strict=True
                    )
                ],
            }
        ),
        said,
        pd.DataFrame(
            {
                "aspect": [*(aspect for aspect, _ in names), "loyalty"],
                "sign": [*(sign for _, sign in names), "negative"],
                "effect": [*effects, 0.0],
                "nps_points": np.round([*points, 0.0], 1),
            }
        ),
    )


def _answer(opinion: np.ndarray) -> np.ndarray:
    """What customers with this opinion answer: whole numbers from 0 to 10."""
    return np.clip(np.round(opinion), 0, 10)


def _points(answers: np.ndarray) -> np.ndarray:
    """What an answer adds to the NPS: 100 of a promoter, -100 of a detractor."""
    return 100.0 * (answers >= 9) - 100.0 * (answers <= 6)


def _comment(says: pd.Series, at_kiosk: bool, rng: np.random.Generator) -> str:
    """A comment that says this, aspect by aspect, in one of the languages or both."""
    language = str(rng.choice(["nl", "en", "both"], p=[0.66, 0.27, 0.07]))
    parts = [(str(aspect), str(sign)) for aspect, sign in says.items()]
    rng.shuffle(parts)
    # Praise together and complaint together; who leaves says so in the end.
    first = "positive" if "loyalty" in says else str(rng.choice(_SIGNS))
    parts.sort(key=lambda part: (part[1] != first, part[0] == "loyalty"))
    if not parts or rng.random() < 0.3:
        parts.insert(0, ("neutral", ""))
    text, before = "", ""
    for aspect, sign in parts:
        spoken = str(rng.choice(["nl", "en"])) if language == "both" else language
        clause = _clause(aspect, sign, spoken, at_kiosk, rng)
        joints = _AND[spoken] if sign == before else _BUT[spoken] if before else (". ",)
        joint = str(rng.choice(joints)) if text else ""
        text += joint + (clause[0].upper() + clause[1:] if joint == ". " else clause)
        before = sign
    return _typed(text + str(rng.choice(_ENDS)), rng)


def _clause(aspect: str, sign: str, language: str, at_kiosk: bool, rng: np.random.Generator) -> str:
    if aspect == "neutral":
        clauses = CLAUSES["neutral"]
    elif at_kiosk and (aspect, sign) == ("ease", "negative") and rng.random() < 0.5:
        clauses = CLAUSES["pickup_point"][sign]
    else:
        clauses = CLAUSES[aspect][sign]
    return str(rng.choice(clauses[language]))


def _typed(text: str, rng: np.random.Generator) -> str:
    """As people type: with or without capitals, and now and then two letters change places."""
    text = text[0].upper() + text[1:]
    if rng.random() < 0.15:
        text = text.lower().rstrip(".")
    inner = [match.start() for match in re.finditer(r"(?<=\w\w)\w\w(?=\w)", text)]
    if inner and rng.random() < 0.06:
        at = int(rng.choice(inner))
        text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text


def main() -> None:
    """Write the data set and its truth beside this file."""
    feedback = make_feedback()
    feedback.comments.to_csv(HERE / "feedback.csv", index=False, lineterminator="\n")
    feedback.said.to_csv(HERE / "feedback.said.csv", index=False, lineterminator="\n")
    feedback.effects.to_csv(HERE / "feedback.effects.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
