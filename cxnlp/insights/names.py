"""Personal names in a comment: by lists, and by the words that announce one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cxnlp.firstnames import bare, first_names
from cxnlp.insights.namelists import AMBIGUOUS, CAPITALISED, NOT_NAMES, SURNAMES, WORDLIKE

_FIRST_NAMES = first_names()
_WITH_CAPITAL = _FIRST_NAMES | CAPITALISED
_AFTER_A_CUE = CAPITALISED | AMBIGUOUS
_UPPER = "".join(filter(str.isupper, map(chr, range(0x250))))
_LETTERS = r"[^\W\d_]+"
_INITIAL = rf"(?:[{_UPPER}]|Th|Ch|Ph|Fr|Chr|Joh)"
_INITIALS = re.compile(rf"(?:{_INITIAL}\.\s?){{1,4}}")
#: After a title they need no full stop, or no capital: "Mr J Smith", "dhr. p. jansen".
_TITLED_INITIALS = re.compile(rf"(?:{_INITIAL}(?:\.\s?|\s)){{1,4}}|(?:[a-z]\.\s?){{1,2}}")
_PARTICLES = r"(?:(?:[Vv]an|[Dd]en?|[Dd]er|[Tt]en?|[Hh]et|['’]t|[Vv]on|[Ee]l|[Ll]a|[Ll]e)[ ])"
_NAME_WORD = re.compile(
    rf"({_PARTICLES}{{0,3}})({_LETTERS}(?:-{_LETTERS}|['’][{_UPPER}]{_LETTERS})*)(?!\w|['’](?![sS]\b)\w)"
)
#: "J.P. van der Meer": initials and "van" are enough.
_FORMAL = re.compile(
    rf"(?<!\w)(?:[{_UPPER}]\.\s?){{1,4}}(?:(?:van|de|den|der|ten|ter|'t|von)\s){{1,3}}(?=[{_UPPER}])"
)
_SURNAME_AFTER = re.compile(rf" {_PARTICLES}{{0,3}}({_LETTERS})")
#: A word with a capital beside a name: "Anna en Max", "Anna, Max en Roos".
_BESIDE = re.compile(
    rf"(?: (?:en|and|&) |, (?=\w+(?: (?:en|and|&) |, )))"
    rf"([{_UPPER}][^\W\d_]+)(?!\w|['’](?![sS]\b)\w)"
)
_SURNAMES_ONLY = SURNAMES - WORDLIKE
_WORD = re.compile(rf"(?<![\w@#.'’-]){_LETTERS}(?:-{_LETTERS})*(?!\w)")

#: Before a name: any word with a capital, with "van", "de" and the like before it.
_TITLE = re.compile(
    r"(?<!\w)(?:mevrouw|mejuffrouw|juffrouw|juf|meneer|mijnheer|de heer|miss|professor|dokter"
    r"|doctor|zuster|broeder|nurse"
    r"|(?<!hele )(?<!mijn )(?<!onze )(?:familie|fam\b\.?)(?= )"
    r"|(?:mevr|mw|mvr|dhr|mr|mrs|ms|mx|dr|drs|prof)\b\.?)\s+"
    r"(?:(?:dr|drs|prof|mr|ir)\.?\s+)?",
    re.I,
)
#: Before the name of the writer, which ends the line.
_SIGN_OFF = re.compile(
    r"(?<![\w-])(?:m\.?v\.?g|gr|grtz?|groet(?:en|jes)?|(?:kind |best |warm )?regards|sincerely"
    r"|(?:best|kind) wishes|cheers|hoogachtend|namens|ondertekend|signed)\b[.,!:\s-]+",
    re.I,
)
#: Before a name: any word with a capital.
_CUE = re.compile(
    r"(?<!\w)(?:"
    r"(?:geholpen|bediend|behandeld|ontvangen|begeleid|verzorgd|geadviseerd|geknipt) door"
    r"|gesproken met|gesprek met|gechat met"
    r"|genaamd|met de naam|mijn naam is|(?:hij|zij|ze|die) heet(?:te)?|ene|een zekere"
    r"|(?:medewerk(?:er|ster)|collega|monteur|adviseur|verko(?:per|opster)|chauffeur|bezorger|ober"
    r"|serveerster|stagiaire?|kapper|kapster|huisarts|tandarts|arts|fysiotherapeut"
    r"|verpleegkundige|receptioniste?|begeleid(?:er|ster))"
    r"|(?:helped|assisted|served|greeted|looked after|advised|treated|seen) by"
    r"|(?:spoke|spoken|speaking|talked|talking|chatted) (?:to|with)"
    r"|op naam van|(?:achternaam|surname)(?: is)?(?= )"
    r"|called|named|name is|name was|by the name of"
    r"|agent|colleague|advis[eo]r|engineer|technician|waiter|waitress|receptionist|midwife"
    r"|hygienist|stylist|hairdresser|dentist|barista"
    r")\s+(?:(?:ene|a|an|our|onze|de lieve|the lovely)\s+)?",
    re.I,
)
#: Before a name that must be known, for a brand may stand there too.
_HINT = re.compile(
    r"(?<!\w)(?:door|met|aan|voor|van|bij|naar|dank(?:zij|jewel)?|bedankt|complimenten|beste|hoi"
    r"|hallo|dag|lieve|hulde|by|with|to|from|for|thanks|thank you|kudos|dear|hi|hello|hey"
    r"|driver|manager|server|assistant|lady|gentleman|man|guy|girl|woman|dame|heer|jongen|meisje"
    r"|jongeman)[\s,:]+",
    re.I,
)


def find_names(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each personal name in a comment; some may be found twice."""
    for start, end in _names(text):
        yield start, end
        while (after := _BESIDE.match(text, end)) and after[1].lower() in AMBIGUOUS:
            yield after.span(1)
            end = after.end()


def _names(text: str) -> Iterator[tuple[int, int]]:
    """The same but for names that a name beside them makes one: "Anna and Rose"."""
    lowered = text.lower()
    if text.isupper() and len(lowered) == len(text):
        text = lowered  # in capitals throughout, they say nothing
    for cue, titled, any_capital in (
        (_TITLE, True, True),
        (_CUE, False, True),
        (_HINT, False, False),
    ):
        for match in cue.finditer(text):
            end = _name_end(text, match.end(), titled, any_capital)
            if end is not None:
                yield match.end(), end
    for match in _SIGN_OFF.finditer(text):
        end = _name_end(text, match.end(), titled=True, any_capital=True)
        if end is not None and re.match(r"\W*(?:\n|$)", text[end:]):
            yield match.end(), end
    for match in _FORMAL.finditer(text):
        end = _name_end(text, match.start(), titled=True, any_capital=True)
        if end is not None:
            yield match.start(), end
    for match in _WORD.finditer(text):
        capital = match[0][0].isupper()
        full = capital and match[0].lower() in AMBIGUOUS and _surname_after(match)
        names = _WITH_CAPITAL if capital else _FIRST_NAMES
        if full or (_known(match[0], names) and not _is_month(match)):
            end = _name_end(text, match.start(), titled=False, any_capital=False)
            if end is not None:
                yield match.start(), end


def _name_end(text: str, at: int, titled: bool, any_capital: bool) -> int | None:
    """Find where the name that starts at `at` ends: up to three words; None if there is no name.

    A first word need not be known where `any_capital` will do; where the name is `titled`, it may
    be a surname, with "van de" before it, or in capitals.
    """
    initials = (_TITLED_INITIALS if titled else _INITIALS).match(text, at)
    if initials:
        at = initials.end()
    end = None
    for _ in range(3):
        word = _NAME_WORD.match(text, at)
        if word is None or (word[1] and not (titled or initials or end)):
            break
        name = word[2].lower()
        good = _known(name, _FIRST_NAMES) or (bool(titled or end) and name in SURNAMES)
        if word[2][0].isupper():
            shouted = word[2].isupper() and (word[1] or not titled)  # "van het OCMW", "door ING"
            unknown = end or initials or (any_capital and not shouted)
            plausible = len(name) > 1 and name not in NOT_NAMES
            good = good or _known(name, _AFTER_A_CUE) or bool(unknown and plausible)
        if not good:
            break
        end = word.end()
        at = end + 1
        if text[end:at] != " ":
            break
    return end


def _surname_after(word: re.Match[str]) -> bool:
    """Whether a common surname with a capital follows: "Frank Jansen"."""
    after = _SURNAME_AFTER.match(word.string, word.end())
    name = after[1] if after else ""
    return name[:1].isupper() and name.lower() in _SURNAMES_ONLY


def _is_month(word: re.Match[str]) -> bool:
    around = word.string[max(0, word.start() - 5) : word.end() + 6]
    return word[0].lower() == "jan" and bool(
        re.search(r"\d\w{0,2}\s?jan|jan\.?\s?(?:\d{1,2}|\d{4})(?![\d-])", around, re.I)
    )


def _known(word: str, names: frozenset[str]) -> bool:
    """Whether a name, or each part of a double one, is among those, with its diacritics or not."""
    word = word.lower()
    return word in names or all(part in names or bare(part) in names for part in word.split("-"))
