"""Fresh variants of the training comments, drawn anew each epoch.

A comment is (text, targets): joining comments adds their labels up, burying one in neutral
sentences keeps them; so does another name or pronoun; noise changes the letters but not the
labels. All move the quotes along.
"""

from __future__ import annotations

import dataclasses
import re

import numpy as np

from cxnlp.taxonomy import LANGUAGES, SENTIMENTS

JOINTS = {
    "nl": (" maar ", ", maar ", " alleen ", ", helaas ", " en ", ". ", " - ", "\n", ". Verder ",
           ". Wel ", ", wel ", " echter ", ". Maar ", "... ", "; ", ". Ook ", " terwijl ", ", "),
    "en": (" but ", ", but ", ", although ", " however ", " and ", ". ", " - ", "\n", ". Also ",
           ". But ", ". On the other hand, ", "... ", "; ", " though ", ". Still, ", ", "),
}  # fmt: skip
#: Who is served or serves changes no label: names of many origins, and pronouns.
NAMES = tuple(
    """
    Daan Lars Bram Thijs Pieter Willem Ruud Henk Marieke Lotte Femke Anouk Ingrid Wilma Karin Anneke
    Wout Jef Annelies Griet Lieven Ahmed Karim Rachid Hamza Bilal Omar Samir Fatima Samira Naima
    Khadija Yasmina Hanane Mehmet Mustafa Emre Murat Hakan Zeynep Fatma Merve Hatice Sevgi Winston
    Ruben Gladys Soraya Anil Ravi Priya Radjesh Tomasz Krzysztof Marek Pawel Agnieszka Katarzyna
    Wojciech Andrzej Grzegorz Malgorzata Jacek Andrei Ivan Olga Svetlana Bogdan Elena James Oliver
    Harry George Olivia Amelia Sophie Karen Linda Sarah David Peter John Michael Emma Lisa Susan
    Helen Paul Kwame Kofi Abena Ngozi Chidi Adebayo Nnamdi Amina Fatoumata Tendai Zanele Nguyen Linh
    Yuki Hiroshi Deepak Sanjay Anjali Sunita Imran Aisha Zainab Carlos Luis Carmen Lucia Giovanni
    Giulia Hussein Leila Maryam Reza
    """.split()
)
#: By language, words and those that may stand for them; a name may stand for `_SUBJECTS`.
ALIKE: dict[str, dict[str, tuple[str, ...]]] = {
    "nl": {
        "hij": ("hij", "zij"), "meneer": ("meneer", "mevrouw"), "mevrouw": ("meneer", "mevrouw"),
        "man": ("man", "vrouw"), "vrouw": ("man", "vrouw"), "u": ("u", "je", "jullie"),
        "je": ("u", "je", "jullie"), "jullie": ("u", "je", "jullie"), "uw": ("uw", "je", "jullie"),
    },
    "en": {
        "he": ("he", "she"), "she": ("he", "she"), "lady": ("lady", "gentleman"),
        "gentleman": ("lady", "gentleman"), "man": ("man", "woman"), "woman": ("man", "woman"),
    },
}  # fmt: skip
_SUBJECTS = {"hij", "he", "she"}
_SWAPPED = {
    language: re.compile(
        rf"(?<!\d)(?<!\d )\b(?:{'|'.join(NAMES)}|(?i:{'|'.join(words)}))\b"  # "3 u" is a time
    )
    for language, words in ALIKE.items()
}
NEUTRAL, MIXED = SENTIMENTS.index("neutral"), SENTIMENTS.index("mixed")


@dataclasses.dataclass(frozen=True)
class Comment:
    """One training comment.

    `sentiment` (4,) and `aspects` (34,) are float32 targets in [0, 1], soft where a network gave
    them; `quotes` (34, 2) are int offsets or -1.
    """

    text: str
    sentiment: np.ndarray
    language: int
    aspects: np.ndarray
    quotes: np.ndarray


class Augmenter:
    """Draws variants of comments.

    Parameters
    ----------
    neutral
        By language, sentences that judge nothing, to bury comments in.
    join, bury, noise, swap
        The share of comments that is joined to another, buried in a story, misspelled, or says the
        same of somebody else.
    """

    def __init__(
        self,
        comments: list[Comment],
        neutral: dict[str, list[str]],
        *,
        join: float,
        bury: float,
        noise: float,
        swap: float = 0.0,
        seed: int,
    ) -> None:
        self.draw = np.random.default_rng(seed)
        self.join, self.bury, self.noise, self.swap = join, bury, noise, swap
        self.neutral = neutral
        self.short = {
            language: [c for c in comments if c.language == language and len(c.text) < 200]
            for language in range(len(LANGUAGES))
        }

    def __call__(self, comment: Comment) -> Comment:
        chance = self.draw.random(4)
        if chance[3] < self.swap:
            comment = self._swapped(comment)
        if chance[0] < self.join and len(comment.text) < 300:
            others = self.short[comment.language]
            if others:
                other = others[self.draw.integers(len(others))]
                pair = (comment, other) if self.draw.random() < 0.5 else (other, comment)
                comment = self._joined(*pair)
        if chance[1] < self.bury and len(comment.text) < 300:
            comment = self._buried(comment)
        if chance[2] < self.noise:
            comment = self._noisy(comment)
        return comment

    def _language(self, comment: Comment) -> str:
        name = LANGUAGES[comment.language]
        return name if name in JOINTS else str(self.draw.choice(list(JOINTS)))

    def _joined(self, first: Comment, second: Comment) -> Comment:
        joints = JOINTS[self._language(first)]
        joint = joints[self.draw.integers(len(joints))]
        head, tail = first.text.rstrip(), second.text.lstrip()
        if not joint.startswith((".", "\n")) and self.draw.random() < 0.8:
            head = head.rstrip(".! ")
            if tail[1:2].islower():
                tail = tail[0].lower() + tail[1:]
        elif joint.startswith(".") and head.endswith((".", "!", "?")):
            joint = joint[1:]
        moved = len(head) + len(joint) - (len(second.text) - len(second.text.lstrip()))
        quotes = np.where(
            (first.aspects > 0.5)[:, None],
            first.quotes,
            np.where(second.quotes >= 0, second.quotes + moved, -1),
        )
        both = (first.aspects > 0.5) & (second.aspects > 0.5)
        quotes = np.where(both[:, None], -1, quotes)  # either place would be right
        return Comment(
            head + joint + tail,
            _sum(first.sentiment, second.sentiment, len(head) / (len(head) + len(tail))),
            first.language,
            np.maximum(first.aspects, second.aspects),
            np.where((quotes[:, 1] <= len(head + joint + tail))[:, None], quotes, -1),
        )

    def _buried(self, comment: Comment) -> Comment:
        sentences = self.neutral[self._language(comment)]
        chosen = [
            sentences[i] for i in self.draw.integers(len(sentences), size=self.draw.integers(2, 10))
        ]
        cut = int(self.draw.integers(len(chosen) + 1))
        text = comment.text if comment.text.rstrip()[-1:] in ".!?" else comment.text.rstrip() + "."
        before = " ".join(chosen[:cut]) + (" " if cut else "")
        after = (" " if cut < len(chosen) else "") + " ".join(chosen[cut:])
        quotes = np.where(comment.quotes >= 0, comment.quotes + len(before), -1)
        return dataclasses.replace(comment, text=before + text + after, quotes=quotes)

    def _swapped(self, comment: Comment) -> Comment:
        """Another name, gender or form of address.

        Counterfactual data augmentation: Lu et al. (2020), "Gender Bias in Neural Natural Language
        Processing".
        """
        if LANGUAGES[comment.language] == "other":
            return comment
        language = self._language(comment)
        letters = list(comment.text)
        for found in _SWAPPED[language].finditer(comment.text):
            word = found[0]
            alike = ALIKE[language].get(word.lower())
            if alike is None or (word.lower() in _SUBJECTS and self.draw.random() < 0.5):
                other = NAMES[self.draw.integers(len(NAMES))]
            else:
                other = alike[self.draw.integers(len(alike))]
                other = other.capitalize() if word[0].isupper() else other
            letters[found.start()] = other
            letters[found.start() + 1 : found.end()] = [""] * (len(word) - 1)
        return _respelled(comment, letters)

    def _noisy(self, comment: Comment) -> Comment:
        """Misspell about one word in twelve, and now and then drop the punctuation."""
        letters = list(comment.text)
        rate = self.draw.uniform(0.005, 0.03)
        where = np.flatnonzero(self.draw.random(len(letters)) < rate)
        for at in where:
            if not letters[at].isalpha():
                continue
            kind = self.draw.integers(4)
            if kind == 0:
                letters[at] = ""
            elif kind == 1:
                letters[at] *= 2
            elif kind == 2 and at + 1 < len(letters) and letters[at + 1].isalpha():
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            elif kind == 3:
                letters[at] = "eaionrtsld"[self.draw.integers(10)]
        if self.draw.random() < 0.2:
            letters = ["" if letter in ".,!?;:" else letter for letter in letters]
        return _respelled(comment, letters)


def _respelled(comment: Comment, letters: list[str]) -> Comment:
    """The comment with other letters, one string for each it had; as it was if none is left."""
    starts = np.concatenate([[0], np.cumsum([len(letter) for letter in letters])])
    text = "".join(letters)
    if not text.strip():
        return comment
    quotes = np.where(comment.quotes >= 0, starts[comment.quotes], -1)
    return dataclasses.replace(comment, text=text, quotes=quotes)


def _sum(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """The sentiment of two comments in one, (4,) float32.

    Parameters
    ----------
    first, second
        Their sentiments, (4,) float32 each.
    share
        Of the first in the length of both. Praise and complaint are *mixed* where neither clearly
        outweighs the other; a word of thanks under a long complaint leaves it a complaint.
    """
    total = np.zeros(len(SENTIMENTS), np.float32)
    pairs = first[:, None] * second
    for one, two in zip(*np.nonzero(pairs), strict=True):
        if one == two or two == NEUTRAL:
            total[one] += pairs[one, two]
        elif one == NEUTRAL:
            total[two] += pairs[one, two]
        else:
            longer = one if share > 0.5 else two
            balance = min(1.0, max(0.0, (min(share, 1 - share) - 0.05) / 0.2))
            total[MIXED] += balance * pairs[one, two]
            total[longer] += (1 - balance) * pairs[one, two]
    return total
