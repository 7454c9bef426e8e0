"""Fresh variants of the training comments, drawn anew each epoch.

A comment is (text, targets): joining comments adds their labels up. A story around one that judges
nothing keeps them; so does another gender, or the word of Flanders for that of the Netherlands, and
noise, which changes the letters. All move the quotes along.
"""

from __future__ import annotations

import dataclasses
import itertools
import re

import numpy as np

from cxnlp import firstnames
from cxnlp.taxonomy import LANGUAGES, SENTIMENTS

JOINTS = {
    "nl": (" maar ", ", maar ", " alleen ", ", helaas ", " en ", ". ", " - ", "\n", ". Verder ",
           ". Wel ", ", wel ", " echter ", ". Maar ", "... ", "; ", ". Ook ", " terwijl ", ", "),
    "en": (" but ", ", but ", ", although ", " however ", " and ", ". ", " - ", "\n", ". Also ",
           ". But ", ". On the other hand, ", "... ", "; ", " though ", ". Still, ", ", "),
}  # fmt: skip
#: By language, words that may stand for one another in what a comment says of service: genders,
#: forms of address, and what one says in Flanders and in the Netherlands.
_SETS = {
    "nl": (
        "meneer|mevrouw|mijnheer", "heer|dame", "man|vrouw", "jongen|meisje", "vader|moeder",
        "jongeman|jongedame", "zoon|dochter", "vriend|vriendin", "gastheer|gastvrouw",
        "medewerker|medewerkster", "verkoper|verkoopster", "ober|serveerster",
        "verpleger|verpleegster|verpleegkundige", "opa|oma",
        "u|je|jullie", "je bent|u bent|ge zijt", "je hebt|u heeft|u hebt|ge hebt",
        "je kunt|je kan|u kunt|u kan|ge kunt", "je moet|u moet|ge moet", "je mag|u mag|ge moogt",
        "je krijgt|u krijgt|ge krijgt", "je wordt|u wordt|ge wordt", "je weet|u weet|ge weet",
        "je wilt|je wil|u wilt|ge wilt", "je gaat|u gaat|ge gaat", "je staat|u staat|ge staat",
        "je belt|u belt|ge belt", "heb je|hebt u|heeft u|hebt ge", "ben je|bent u|zijt ge",
        "kun je|kan je|kunt u|kunt ge", "moet je|moet u|moet ge", "als je|als u|als ge",
        "dat je|dat u|dat ge|da ge", "krijg je|krijgt u|krijgt ge", "word je|wordt u|wordt ge",
        "leuk|plezant|tof", "leuke|plezante|toffe", "aardig|sympathiek", "aardige|sympathieke",
        "vervelend|ambetant", "vervelende|ambetante", "tevreden|content", "gek|zot",
        "jammer|spijtig", "helaas|jammer genoeg|spijtig genoeg", "ellende|miserie",
        "bedankt|dank je wel|dank u wel|dankjewel|merci", "gezeur|gezaag",
        "meteen|direct|onmiddellijk|dadelijk", "straks|subiet", "de hele|heel de|de ganse",
        "heel|zeer", "niks|niets", "telkens|elke keer|iedere keer", "ochtend|voormiddag",
        "middag|namiddag", "een beetje|een bitje", "misschien|wellicht", "natuurlijk|uiteraard",
        "zeker weten|zeker en vast", "begrijp|snap|versta", "begrijpt|snapt|verstaat",
        "begrijpen|snappen|verstaan", "begrijpelijk|verstaanbaar", "bellen|telefoneren",
        "gebeld|getelefoneerd", "kletsen|babbelen", "praatje|babbel|babbeltje",
        "zin in|goesting in", "mobieltje|gsm", "telefoonnummer|gsm-nummer", "koelkast|frigo",
        "magnetron|microgolfoven", "geldautomaat|bankautomaat", "parkeerplaats|parking",
        "stoep|voetpad", "basisschool|lagere school", "kinderopvang|crèche",
        "ziekenhuis|kliniek|hospitaal", "eerste hulp|spoed|spoedgevallen", "huisarts|huisdokter",
        "monteur|technieker", "zorgverzekeraar|mutualiteit", "gemeentehuis|stadhuis",
        "slager|beenhouwer", "toetje|dessert", "friet|frieten|patat", "rommel|brol",
        "cv-ketel|verwarmingsketel", "aan de lijn|aan de telefoon", "kapot|stuk",
        "snel|vlug|rap", "boos|kwaad", "flauwekul|zever", "schoonmaken|kuisen",
        "schoongemaakt|gekuist", "schoonmaakster|poetsvrouw", "wachtkamer|wachtzaal",
        "doorverbonden|doorgeschakeld", "kassabon|kasticket", "winkelwagen|winkelkar",
        "cadeaubon|geschenkbon|cadeaucheque", "statiegeld|leeggoed", "vuilnisbak|vuilbak",
        "milieustraat|containerpark|recyclagepark", "bejaardentehuis|rusthuis", "fiets|velo",
        "kop koffie|tas koffie", "kopje koffie|tasje koffie", "lunch|middagmaal", "wc|toilet",
    ),
    "en": (
        "lady|gentleman", "man|woman|guy", "boy|girl", "sir|madam", "mr|mrs|ms", "waiter|waitress",
        "salesman|saleswoman|salesperson", "husband|wife", "son|daughter", "mother|father",
        "mum|dad", "himself|herself", "grandfather|grandmother", "uncle|aunt",
    ),
}  # fmt: skip
_NAMED = f"{firstnames.STAND_IN}|{firstnames.STAND_IN}"
#: Words whose alternatives do not go back to them, for want of one form that fits; half of those
#: for who acts are a name.
_ONE_WAY = {
    "nl": {
        "hij": f"hij|zij|{_NAMED}",
        "hem": "hem|haar",
        "uw": "uw|je|jullie",
        "opnieuw": "weer|terug",
    },
    "en": {"he": f"he|she|{_NAMED}", "she": f"he|she|{_NAMED}", "him": "him|her", "his": "his|her"},
}
#: By language, who may be meant by a name: the articles and the nouns.
_STAFF = {
    "nl": (
        "de een deze die",
        "medewerker medewerkster verkoper verkoopster monteur technieker adviseur consulent "
        "begeleider begeleidster collega chauffeur bezorger koerier ober serveerster receptionist "
        "receptioniste baliemedewerker baliemedewerkster assistent assistente arts dokter huisarts "
        "tandarts verpleegkundige verpleegster verzorgster docent leraar juf meester kapper "
        "kapster ambtenaar meneer mevrouw man vrouw dame heer jongen jongeman jongedame",
    ),
    "en": (
        "the a an this that",
        "agent adviser advisor assistant associate rep representative receptionist clerk cashier "
        "technician engineer mechanic driver courier waiter waitress server host hostess manager "
        "supervisor nurse doctor dentist surgeon teacher consultant operator man woman guy lady "
        "gentleman girl",
    ),
}


def _alike(language: str) -> dict[str, tuple[str, ...]]:
    """The words of a language and those that may stand for them."""
    sets = {word: words for words in _SETS[language] for word in words.split("|")}
    ways = sets | _ONE_WAY[language]
    alike = {word: tuple(words.split("|")) for word, words in ways.items()}
    articles, nouns = (words.split() for words in _STAFF[language])
    for article, noun in itertools.product(articles, nouns):
        others = [f"{article} {other}" for other in alike.get(noun, (noun,))]
        alike[f"{article} {noun}"] = (*others, *_NAMED.split("|"))
    alike[firstnames.STAND_IN] = tuple(f"{articles[0]} {noun}" for noun in nouns[:8])
    return alike


#: By language, words that are frequent in it and are none, or others, in the other language.
_FREQUENT = {
    "nl": frozenset(
        "de het een en ik niet van dat die op te met voor zijn er maar je u ze heb geen ook wel "
        "goed zeer heel bij naar nog mij".split()
    ),
    "en": frozenset(
        "the and to it that for you they not have my this were very are your be with but at from "
        "no i our had so good great".split()
    ),
}
#: By language, words and those that may stand for them.
ALIKE = {language: _alike(language) for language in _SETS}
_SWAPPED = {
    language: re.compile(  # the longest first; "3 u" is a time
        r"(?<!\d)(?<!\d )\b(?:"
        + "|".join(sorted(map(re.escape, words), key=len, reverse=True))
        + r")\b",
        re.IGNORECASE,
    )
    for language, words in ALIKE.items()
}
_WORD = re.compile(r"\S+")
#: Letters of the longest comment that is joined to another one or buried, and of the longest story
#: that one is buried in, some 160 tokens: what a stage cuts off would still be in the labels.
MOST_COMPOSED, MOST_BURIED = 300, 600
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
    """-1 where nobody has told it: then it is joined to no other."""
    aspects: np.ndarray
    quotes: np.ndarray


class Augmenter:
    """Draws variants of comments.

    Parameters
    ----------
    neutral
        By language, sentences that judge nothing, to bury comments in; those of one story stand
        together. Comments that judge nothing are taken for that as well.
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
        self.neutral = {
            language: [*sentences, *_judging_nothing(comments, LANGUAGES.index(language))]
            for language, sentences in neutral.items()
        }
        self.short = {
            language: [c for c in comments if c.language == language and len(c.text) < 200]
            for language in range(len(LANGUAGES))
        }

    def __call__(self, comment: Comment) -> Comment:
        return self.reworded(self.composed(comment))

    def composed(self, comment: Comment) -> Comment:
        """The comment joined to another one, or as it is."""
        if self.draw.random() < self.join and len(comment.text) < MOST_COMPOSED:
            others = self.short.get(comment.language)
            if others:
                other = others[self.draw.integers(len(others))]
                pair = (comment, other) if self.draw.random() < 0.5 else (other, comment)
                return self._joined(*pair)
        return comment

    def reworded(self, comment: Comment) -> Comment:
        """What says the same: the comment in a story, in other words, misspelled, or as it is."""
        chance = self.draw.random(3)
        if chance[0] < self.bury and len(comment.text) < MOST_COMPOSED:
            comment = self._buried(comment)
        if chance[1] < self.swap:
            comment = self.swapped(comment)
        if chance[2] < self.noise:
            comment = self._noisy(comment)
        return comment

    def _either(self, language: str) -> str:
        """The language if it is Dutch or English, else one of the two."""
        return language if language in JOINTS else str(self.draw.choice(list(JOINTS)))

    def _joined(self, first: Comment, second: Comment) -> Comment:
        joints = JOINTS[self._either(_language_of(first))]
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
        sentences = self.neutral[self._either(_language_of(comment))]
        if not sentences:
            return comment
        first = int(self.draw.integers(len(sentences)))
        chosen = sentences[first : first + int(self.draw.integers(2, 10))]
        room = np.cumsum([len(sentence) + 1 for sentence in chosen])
        chosen = chosen[: int(np.sum(room <= MOST_BURIED - len(comment.text)))]
        text, start = among(comment.text, chosen, int(self.draw.integers(len(chosen) + 1)))
        quotes = np.where(comment.quotes >= 0, comment.quotes + start, -1)
        return dataclasses.replace(comment, text=text, quotes=quotes)

    def swapped(self, comment: Comment) -> Comment:
        """Another name, gender, form of address, or the word that the other Dutch has for it.

        Counterfactual data augmentation: Lu et al. (2020), "Gender Bias in Neural Natural Language
        Processing".
        """
        language = _language_of(comment)
        if language == "other":
            return comment
        language = self._either(language)
        letters = list(comment.text)
        for found in _SWAPPED[language].finditer(comment.text):
            word = found[0]
            alike = ALIKE[language][word.lower()]
            other = alike[self.draw.integers(len(alike))]
            other = other[0].upper() + other[1:] if word[0].isupper() else other
            letters[found.start()] = other
            letters[found.start() + 1 : found.end()] = [""] * (len(word) - 1)
        return _respelled(comment, letters)

    def _noisy(self, comment: Comment) -> Comment:
        """Misspell about one word in seven, and now and then drop the punctuation."""
        letters = list(comment.text)
        rate = self.draw.uniform(0.005, 0.06)
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


def _language_of(comment: Comment) -> str:
    """The language of a comment; where nobody has told it, that of most of its frequent words."""
    if comment.language >= 0:
        return LANGUAGES[comment.language]
    words = comment.text.lower().split()
    counts = {name: sum(map(frequent.__contains__, words)) for name, frequent in _FREQUENT.items()}
    most = max(counts, key=counts.__getitem__)
    return most if counts[most] else "other"


def among(text: str, sentences: list[str], before: int) -> tuple[str, int]:
    """A text with so many of the sentences before it and the others after, and where it starts."""
    own = text if text.rstrip()[-1:] in ".!?" else text.rstrip() + "."
    start = sum(len(sentence) + 1 for sentence in sentences[:before])
    return " ".join([*sentences[:before], own, *sentences[before:]]), start


def _judging_nothing(comments: list[Comment], language: int) -> list[str]:
    return [
        comment.text
        for comment in comments
        if comment.language == language
        and comment.sentiment[NEUTRAL] == 1
        and not comment.aspects.any()
        and len(comment.text) < MOST_COMPOSED
    ]


def unnamed(comment: Comment) -> Comment:
    """The comment as the model will read it, with one name for every first name."""
    letters = list(comment.text)
    for found in _WORD.finditer(comment.text):
        word = firstnames.unnamed(found[0])
        if word != found[0]:
            letters[found.start()] = word
            letters[found.start() + 1 : found.end()] = [""] * (len(found[0]) - 1)
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
