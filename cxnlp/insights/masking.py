"""Personal data in a comment, replaced by fixed words such as ``[naam]`` or ``[phone]``.

Rules, not a model: each can be read, tested and explained to a privacy officer. They look for
shapes (an IBAN, a phone number, a plate), for check digits where a shape is not enough, and for
words that announce what follows ("ordernummer", "mevrouw", "spoke to"). What no rule knows stays:
in running text a first name that is rare or a word as well (Mark, Rose), a street, a nickname.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import TypeAlias

from cxnlp.insights.names import find_names
from cxnlp.text import unmarked

#: What stands in for each kind of personal data.
WORDS = {
    "nl": {
        "name": "[naam]",
        "email": "[e-mail]",
        "phone": "[telefoon]",
        "iban": "[IBAN]",
        "bsn": "[BSN]",
        "postcode": "[postcode]",
        "plate": "[kenteken]",
        "number": "[nummer]",
        "birth": "[geboortedatum]",
        "link": "[link]",
    },
    "en": {
        "name": "[name]",
        "email": "[e-mail]",
        "phone": "[phone]",
        "iban": "[IBAN]",
        "bsn": "[BSN]",
        "postcode": "[postcode]",
        "plate": "[licence plate]",
        "number": "[number]",
        "birth": "[date of birth]",
        "link": "[link]",
    },
}

#: Start, end and kind.
Span: TypeAlias = tuple[int, int, str]


@dataclasses.dataclass(frozen=True)
class Masked:
    """A comment without its personal data.

    Attributes
    ----------
    text
        The masked comment.
    spans
        What was masked: start and end in the original, and the words that replace it; in order,
        none overlapping.
    """

    text: str
    spans: tuple[Span, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Bounds in the original as bounds in `text`; one inside masked words takes them whole."""
        return self._moved(start, after=False), self._moved(end, after=True)

    def _moved(self, at: int, *, after: bool) -> int:
        shift = 0
        for start, end, word in self.spans:
            if at <= start:
                break
            if at < end:
                return start + shift + (len(word) if after else 0)
            shift += len(word) - (end - start)
        return at + shift


def mask(text: str, lang: str = "nl") -> Masked:
    """Replace personal data: e-mail, phone, IBAN, BSN, postcode, plate, date of birth, and so on.

    Parameters
    ----------
    text
        A comment, Dutch or English; the rules of both are applied.
    lang
        ``"nl"`` or ``"en"``: the language of the words that replace.

    Returns
    -------
    Masked
        The masked text, and a map from offsets of the original.

    Examples
    --------
    >>> mask("Mevrouw Jansen belde terug op 06-12345678.").text
    'Mevrouw [naam] belde terug op [telefoon].'
    >>> mask("Spoke to Anna about order 4471902.", "en").text
    'Spoke to [name] about order [number].'
    """
    found: list[Span] = []
    plain, places = _plain(text)
    taken = bytearray(len(plain))
    for find in _FINDERS:
        for start, end, kind in find(plain):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append((start, end, kind))
    spans = tuple(
        (places[start], places[end], WORDS[lang][kind]) for start, end, kind in sorted(found)
    )
    parts, at = [], 0
    for start, end, word in spans:
        parts += [text[at:start], word]
        at = end
    return Masked("".join([*parts, text[at:]]), spans)


def _plain(text: str) -> tuple[str, list[int]]:
    """A text as the rules know it, and where each of its characters, and its end, was before.

    Tags and entities of HTML are what a browser shows of them. Letters and their marks are one
    character, a row of blanks is one space, hyphens of office programs are plain ones, and what has
    no width is left out.
    """
    letters: list[str] = []
    places: list[int] = []
    for at, letter in enumerate(unmarked(text).translate(_HYPHENS)):
        kind = unicodedata.category(letter)
        if kind == "Zs" or letter == "\t":
            letter = " "
        if kind == "Cf" or (letter == " " and letters[-1:] == [" "]):
            continue
        if letters and unicodedata.combining(letter):
            whole = unicodedata.normalize("NFC", letters[-1] + letter)
            letters[-1] = whole if len(whole) == 1 else letters[-1]
            continue
        letters.append(letter)
        places.append(at)
    return "".join(letters), [*places, len(text)]


_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")
#: Also as they are written to be overlooked by programs: "j.bakker (at) voorbeeld.nl".
_EMAIL = re.compile(
    r"(?<![\w.+'-])(?:[\w.+'-]{1,64}(?:@|\s?[(\[]at[)\]]\s?)|[\w+'-]{1,32}[._][\w.+'-]{1,32} ?@ ?)"
    r"[\w-]+(?:\.[\w-]+)+",
    re.I,
)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"']+", re.I)
#: A part of an address that points at one customer: a query, a long code, a number.
_TELLING = re.compile(r"\?.|#.*=|\d{6}|/(?=[^/?#]*\d)[\w~%-]{12,}|@")

#: Lengths of IBANs (ISO 13616) of the Netherlands and of whom it pays.
_IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "CH": 21, "DE": 22, "DK": 18, "ES": 24, "FR": 27, "GB": 22, "IE": 22,
    "IT": 27, "LT": 20, "LU": 20, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24,
}  # fmt: skip
_IBAN = re.compile(
    r"\b(?:"
    + "|".join(
        rf"{country}(?:[ .-]?\d){{2}}(?:[ .-]?[A-Z0-9]){{{length - 4}}}"
        for country, length in _IBAN_LENGTHS.items()
    )
    + r")\b",
    re.I,
)
_NINE_DIGITS = re.compile(r"(?<![\d.,€£$-])(?<![€£$] )\d{3,4}\.?\d{2,3}\.?\d{3}(?![\d]|[.,-]\d)")
_NATIONAL_BE = re.compile(r"(?<!\d)\d{2}\.?[01]\d\.?[0-3]\d[ -]?\d{3}[ .-]?\d{2}(?!\d)")

_NOT_A_DATE = (  # five pairs of digits are no date: 06.12.34.56.78
    r"(?!\d{1,2}(?P<by>[-./])\d{1,2}(?P=by)(?:\d{3,4}(?!\d)|\d\d(?!\d|[-.]\d))"
    r"|[0-3]?\d [01]?\d (?:19|20)\d\d(?!\d| \d{3})|\d{1,2}[.:]\d{2}(?:\s|\s?-\s?)\d{1,2}[.:]\d{2})"
)
#: A number may follow another one and a slash ("06-12345678/06-87654321"), but no part of a date.
_NOT_IN_A_NUMBER = r"(?<!\w)(?<!\d[.,-])" + "".join(
    rf"(?<!(?<!\d)\d{{{digits}}}/)" for digits in range(1, 5)
)
_PHONE = re.compile(
    rf"{_NOT_IN_A_NUMBER}{_NOT_A_DATE}(?:"
    r"(?:\+|00)\d{1,3}[ -]?(?:\(0\)[ -]?)?(?:[ ./-]{0,2}\d){7,11}"  # international
    r"|(?:\+|00)\d{1,3}[ -]?\([1-9]\d{0,3}\)(?:[ ./-]{0,2}\d){5,9}"  # with area code in brackets
    r"|\(0\d{1,4}\)(?:[ ./-]{0,2}\d){5,8}"  # area code in brackets
    r"|0[1-9](?:[ ./-]{0,3}\d){7,9}"  # nl 10 digits, be 9 or 10, uk 10 or 11
    r"|(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[.-]\d{4}"  # us
    r")(?![\d]|[-.]\d)"
)

_POSTCODE_NL = re.compile(r"(?<![\w€£$.,-])(?<![€£$] )([1-9]\d{3})( ?)([A-Z]{2}|[a-z]{2})(?![\w])")
#: Letters after four digits that are a unit or a word: a postcode only where a word says so.
_NOT_A_POSTCODE = frozenset(
    "kb mb gb tb km kg cm mm ml mg dl cl px hz kw cc er en in op is al af de te we ze je nu of om "
    "to me my no so be do go if it an as at am pm up us he hi ok tv eu nl uk sa sd ss ft lb oz st "
    "nd rd th pk wh va ma bv nv".split()
)
_POSTCODE_BE = re.compile(
    r"(?:\b(?:B|BE)-|(?:straat|laan|weg|plein|dreef|lei|kaai|markt)\s\d+\w?(?:\sbus\s\w+)?,?\s)"
    r"([1-9]\d{3})(?!\w)"
)
_POSTCODE_UK = re.compile(
    r"(?<![\w-])[A-PR-UWYZ][A-HK-Y]?\d[A-HJKMNP-Y\d]? ?\d[ABD-HJLNP-UW-Z]{2}(?![\w-])"
)
_POSTCODE_SAID = re.compile(
    r"\bpost(?:al )?code\b\W{0,3}(?:is |van )?"
    r"([1-9]\d{3}\s?[a-z]{2}\b|[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}\b|[1-9]\d{3}\b)",
    re.I,
)

#: The Dutch sidecodes (RDW) with dashes, and the Belgian plate of 2010.
_PLATE = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(
        shape.replace("X", "[A-Z]").replace("9", r"\d")
        for shape in (
            "XX-99-99 99-99-XX 99-XX-99 XX-99-XX XX-XX-99 99-XX-XX 99-XXX-9 9-XXX-99 XX-999-X "
            "X-999-XX XXX-99-X X-99-XXX 9-XX-999 999-XX-9 9-XXX-999"
        ).split()
    )
    + r")(?![\w-])",
    re.I,
)
_PLATE_SAID = re.compile(
    r"\b(?:kenteken(?:plaat)?|nummerplaat|licen[cs]e plate|number plate|registration|reg)\b"
    r"\W{0,3}(?:is |was |van |nummer |number )?"
    r"((?=[A-Z]*[ -]?\d)(?=\d*[ -]?[A-Z])(?:[A-Z0-9][ -]?){4,6}[A-Z0-9])(?!\w)",
    re.I,
)

_THING = (
    "order|bestel|bestelling|klant|customer|client|account|factuur|invoice|polis|policy|dossier"
    "|case|ticket|zaak|referentie|reference|ref|tracking|track ?(?:&|and|en) ?trace|zending|pakket"
    "|parcel|reservering|reserverings|booking|boeking|boekings|reservation|lidmaatschaps|lid|member"
    "|membership|contract|meter|pati[eë]nt|patienten|patiënten|patient|serie|serial|kenmerk|relatie"
    "|debiteuren?|claim|schade|melding|meldings|incident|transactie|transaction|kaart|card"
    "|aanvraag|volg|retour|return"
)
_CODE = r"(?=[\w/.-]*\d)[A-Z0-9]+(?:[-/.][A-Z0-9]+)*"
_NOT_MONEY = r"(?!\s?(?:eur(?:o|os)?\b|€))"
#: What may follow in groups: "1234 5678 90", but not the "10 days" after a number.
_GROUPS = rf"(?:(?: \d{{3,}}(?![\w.:/-]){_NOT_MONEY})+(?: \d\d(?![\w.:/-]){_NOT_MONEY})?)?"
#: "ordernummer is 1234": with the word number any code will do ...
_NUMBER_SAID = re.compile(
    rf"\b(?:{_THING}|pas)[ -]?(?:nummer|number|nr(?![^\W\d_])\.?|no\b\.?|num\b|id\b|code|#)"
    rf"(?:\s|:|#|=|\bis\b|\bwas\b|\()*(?P<it>{_CODE}(?![\w-]){_GROUPS})",
    re.I,
)
#: ... after a colon, four digits or what begins with a letter: "ref: AB12", not "retour: 14 dagen";
_NUMBER_AFTER = re.compile(
    rf"\b(?:{_THING}):\s*{_NOT_A_DATE}(?=(?:[ /.-]?\d){{4}}|[A-Z]+[/.-]?\d)"
    rf"(?P<it>{_CODE}(?![\w-]){_NOT_MONEY}{_GROUPS})",
    re.I,
)
#: ... without either, one that cannot be a year, a day, a few or an amount.
_NUMBER_NEAR = re.compile(
    rf"\b(?:{_THING})(?:\s(?:met |with )?|[-–_]?(?=\d))"
    rf"{_NOT_A_DATE}(?!\d{{1,2}}[-/]\d{{1,2}}(?![\d/-]))(?=[A-Z/-]*\d[\w/-]{{4}})"
    rf"(?P<it>{_CODE})(?![\w-]){_NOT_MONEY}",
    re.I,
)
_HASH = re.compile(r"(?<!\w)#\d{4,}(?:[-/][A-Z\d]+|\.\d\w*)*\b", re.I)
_LONG_NUMBER = re.compile(rf"(?<![\w€£$.,+-])(?<![€£$] )\d{{7,}}(?![\w]|[.,]\d){_NOT_MONEY}")
_CARD = re.compile(r"(?<![\w-])\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\w-])")
_LONG_CODE = re.compile(r"(?<![\w-])(?=[A-Z\d-]*[A-Z])(?=(?:[A-Z-]*\d){6})[A-Z\d]+(?:-[A-Z\d]+)*\b")


_MONTH = r"(?:jan|feb|maa|mrt|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]{0,6}\.?"
_BORN = re.compile(
    r"\b(?:geboortedatum|geboren|geb(?:\.\s?datum)?|date of birth|birth ?date|birthday|d\.?o\.?b"
    r"|born)\b(?: ?\([^)]{0,12}\))?(?: (?:te|in) \w+)?"
    r"\W{0,3}(?:(?:is|was|op|on|van|of|the)\W{1,2}){0,2}"
    r"(\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d\d)|\d{4}([-/.])\d{1,2}\3\d{1,2}"
    rf"|\d{{1,2}}(?:e|st|nd|rd|th)?[ -](?:of )?{_MONTH}[ ,-]{{1,2}}\d{{4}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})(?!\w)",
    re.I,
)


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character.isdecimal()]


def _is_bsn(text: str) -> bool:
    """Whether nine digits pass the eleven test of Dutch citizen service numbers."""
    digits = _digits(text)
    weights = [9, 8, 7, 6, 5, 4, 3, 2, -1]
    return len(digits) == 9 and any(digits) and not _dot(digits, weights) % 11


def _dot(digits: list[int], weights: list[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True))


def _is_national_be(text: str) -> bool:
    """Whether eleven digits pass the test modulo 97 of Belgian national numbers."""
    digits = "".join(map(str, _digits(text)))
    return any(97 - int(start + digits[:9]) % 97 == int(digits[9:]) for start in ("", "2"))


def _is_postcode(match: re.Match[str]) -> bool:
    return match[3].lower() not in _NOT_A_POSTCODE and (match[3].isupper() or not match[2])


def _shapes(
    kind: str,
    pattern: re.Pattern[str],
    holds: Callable[[re.Match[str]], bool] = lambda match: True,
    group: int | str = 0,
) -> Callable[[str], Iterator[Span]]:
    def find(text: str) -> Iterator[Span]:
        return ((*m.span(group), kind) for m in pattern.finditer(text) if holds(m))

    return find


#: What is found first keeps its place.
_FINDERS = (
    _shapes("email", _EMAIL),
    _shapes("link", _URL, lambda match: bool(_TELLING.search(match[0]))),
    _shapes("iban", _IBAN, lambda match: len(_digits(match[0])) >= 8),
    _shapes("number", _NATIONAL_BE, lambda match: _is_national_be(match[0])),
    _shapes("birth", _BORN, group=1),
    _shapes("number", _HASH),
    _shapes("number", _NUMBER_SAID, group="it"),
    _shapes("number", _NUMBER_AFTER, group="it"),
    _shapes("plate", _PLATE_SAID, group=1),
    _shapes("postcode", _POSTCODE_SAID, group=1),
    _shapes("phone", _PHONE),
    _shapes("number", _CARD),
    _shapes("bsn", _NINE_DIGITS, lambda match: _is_bsn(match[0])),
    _shapes("number", _NUMBER_NEAR, group="it"),
    _shapes("postcode", _POSTCODE_NL, _is_postcode),
    _shapes("postcode", _POSTCODE_BE, group=1),
    _shapes("postcode", _POSTCODE_UK),
    _shapes("plate", _PLATE),
    _shapes("number", _LONG_NUMBER),
    _shapes("number", _LONG_CODE),
    lambda text: ((*bounds, "name") for bounds in find_names(text)),
)
