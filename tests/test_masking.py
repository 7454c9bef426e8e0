from __future__ import annotations

import itertools
import re
import time

import pytest

from cxnlp.firstnames import first_names
from cxnlp.insights.masking import WORDS, mask
from cxnlp.insights.namelists import AMBIGUOUS, CAPITALISED, NOT_NAMES

DUTCH = """
Mail mij op piet.de-vries@voorbeeld.nl graag | Mail mij op [e-mail] graag
Bel 06-12345678, na zessen | Bel [telefoon], na zessen
Bel 06 12 34 56 78! | Bel [telefoon]!
Bel +31 (20) 623 45 67 (na 6) of +31(6)12345678 | Bel [telefoon] (na 6) of [telefoon]
dhr J de Vries en dhr. p. jansen | dhr [naam] en dhr. [naam]
Geboekt op naam van Hendriksma | Geboekt op naam van [naam]
Mevrouw U bent top, mevrouw A was er | Mevrouw U bent top, mevrouw A was er
Onze familie was blij | Onze familie was blij
Leuk voor de hele familie Efteling | Leuk voor de hele familie Efteling
Met dokter i.v.m. Corona gebeld | Met dokter i.v.m. Corona gebeld
geboren op 38 weken. 24 uur later thuis | geboren op 38 weken. 24 uur later thuis
Geboren te Utrecht op 3-5-1960 | Geboren te Utrecht op [geboortedatum]
Familie Kramer, geboren op 3 mei 1980 | Familie [naam], geboren op [geboortedatum]
geb. 12-3-67, geboren in 2019 | geb. [geboortedatum], geboren in 2019
Bel mij op 06.12.34.56.78 of 06-12-34-56-78 | Bel mij op [telefoon] of [telefoon]
Op 06-12-2024-10 uur | Op 06-12-2024-10 uur
Een bank in Olive Green, Rose Price is te hoog | Een bank in Olive Green, Rose Price is te hoog
Sinds 06-12-24 of 06.12.2024 niets | Sinds 06-12-24 of 06.12.2024 niets
Bedankt, Mark! | Bedankt, [naam]!
Frank Jansen was bijzonder vriendelijk | [naam] was bijzonder vriendelijk
Bel 010-1234567 of (010) 123 45 67 | Bel [telefoon] of [telefoon]
Ik ben te bereiken op +31 (0)6 1234 5678. | Ik ben te bereiken op [telefoon].
Mijn nummer is 0031612345678 | Mijn nummer is [telefoon]
Mijn gsm: 0470 12 34 56 | Mijn gsm: [telefoon]
Vast nummer 02 345 67 89 | Vast nummer [telefoon]
Bel +32 470 12 34 56 | Bel [telefoon]
Storten op NL91 ABNA 0417 1643 00 graag | Storten op [IBAN] graag
storten op nl91abna0417164300 graag | storten op [IBAN] graag
Rekening BE68 5390 0754 7034. | Rekening [IBAN].
Mijn BSN is 111222333 | Mijn BSN is [BSN]
Mijn bsn: 1234.56.782 | Mijn bsn: [BSN]
Rijksregister 93.05.18-223.61 | Rijksregister [nummer]
Ik woon op 3512 GK in Utrecht | Ik woon op [postcode] in Utrecht
postcode 3512je | postcode [postcode]
Mijn postcode is 1012 EN | Mijn postcode is [postcode]
Kerkstraat 12, 9000 Gent | Kerkstraat 12, [postcode] Gent
Ik woon in B-9000 Gent | Ik woon in B-[postcode] Gent
Auto met kenteken AB-123-C | Auto met kenteken [kenteken]
De 12-abc-3 stond er nog | De [kenteken] stond er nog
Mijn nummerplaat 1-ABC-234 | Mijn nummerplaat [kenteken]
kenteken GB001D is niet bekend | kenteken [kenteken] is niet bekend
Ordernummer 4417 kwam nooit aan | Ordernummer [nummer] kwam nooit aan
Mijn klantnr. is AB-4417/2 | Mijn klantnr. is [nummer]
Bestelling 88231 is zoek | Bestelling [nummer] is zoek
klantnummer: 1234 5678, polisnummer 1234 5678 90 | klantnummer: [nummer], polisnummer [nummer]
ordernummer 4471902 10 dagen te laat | ordernummer [nummer] 10 dagen te laat
ref: AB12, order: 12345 | ref: [nummer], order: [nummer]
mail a.bakker(at)voorbeeld.nl, a.bakker @ voorbeeld.nl | mail [e-mail], [e-mail]
geholpen door Sanne, Max en Roos | geholpen door [naam], [naam] en [naam]
Greet hielp mij, Gül ook | [naam] hielp mij, [naam] ook
Mijn order-4471902 is nog niet bezorgd | Mijn order-[nummer] is nog niet bezorgd
klant_123456 en factuur–20261234 | klant_[nummer] en factuur–[nummer]
ordernr4471902 en order4471902 | ordernr[nummer] en order[nummer]
Pakket 3SABCD1234567 is zoek | Pakket [nummer] is zoek
Zie #48812 in jullie systeem | Zie [nummer] in jullie systeem
Ik heb 20231188 al drie keer genoemd | Ik heb [nummer] al drie keer genoemd
Zie https://winkel.nl/volg?code=8fK2x en help | Zie [link] en help
mevrouw Jansen was top | mevrouw [naam] was top
Mevrouw jansen was top | Mevrouw [naam] was top
Mevr. De Boer luisterde | Mevr. [naam] luisterde
meneer van den Berg hielp | meneer [naam] hielp
De heer J.P. van der Meer hielp | De heer [naam] hielp
Dr. El Amrani nam de tijd | Dr. [naam] nam de tijd
geholpen door Kees | geholpen door [naam]
geholpen door kees! | geholpen door [naam]!
Geholpen door Oluwadamilare van de balie | Geholpen door [naam] van de balie
gesproken met Anne-Marie de Vries | gesproken met [naam]
Jan 06-12345678 belde | [naam] [telefoon] belde
Bedankt Roos! | Bedankt [naam]!
Gisteren was Noël er weer, en Éva ook | Gisteren was [naam] er weer, en [naam] ook
tel.0612345678 of tel.06-12345678 | tel.[telefoon] of tel.[telefoon]
06-12345678/06-87654321 | [telefoon]/[telefoon]
bel +31612345678/+31687654321 | bel [telefoon]/[telefoon]
Bon #12345/AB9, order #4471-AB | Bon [nummer], order [nummer]
Sanne aan de kassa is vrolijk | [naam] aan de kassa is vrolijk
Gelukkig was er zuster Els. Zij luisterde | Gelukkig was er zuster [naam]. Zij luisterde
Rob neemt de tijd | [naam] neemt de tijd
De heer Th. Bakker hielp | De heer [naam] hielp
SANNE WAS ECHT TOP | [naam] WAS ECHT TOP
de monteur, Piotr, kwam op tijd | de monteur, [naam], kwam op tijd
Een medewerker genaamd Xin hielp | Een medewerker genaamd [naam] hielp
Fijn zo. Groet, Piet | Fijn zo. Groet, [naam]
Fijn zo. groetjes piet | Fijn zo. groetjes [naam]
m.v.g. J. Jansen | m.v.g. [naam]
Met vriendelijke groet,\\nWendelmoet Terpstra\\nUtrecht | Met vriendelijke groet,\\n[naam]\\nUtrecht
Hoogachtend, P. van den Heuvel | Hoogachtend, [naam]
"""
ENGLISH = """
Write to j.smith+shop@mail.co.uk | Write to [e-mail]
Ring me on 07700 900123. | Ring me on [phone].
born on the 3rd of May 1960 | born on the [date of birth]
Date of birth (dd/mm/yyyy): 03/05/1960 | Date of birth (dd/mm/yyyy): [date of birth]
Born on 3 May. 10 stars | Born on 3 May. 10 stars
Mr J Featherstone and Mrs A Patel, DOB: 1967-03-12 | Mr [name] and Mrs [name], DOB: [date of birth]
Ring 020 7946 0958 or +44 (0)20 7946 0958 | Ring [phone] or [phone]
Pay GB29 NWBK 6016 1331 9268 19 please | Pay [IBAN] please
I live in SW1A 1AA, London | I live in [postcode], London
my postcode is m1 1ae | my postcode is [postcode]
Licence plate AB12 CDE was read wrong | Licence plate [licence plate] was read wrong
Case #20231234-XY99. Thanks | Case [number]. Thanks
Order number: 5521-B never came | Order number: [number] never came
Still no refund for order #12345 | Still no refund for order [number]
My card 4111 1111 1111 1111 was charged | My card [number] was charged
Ticket INC-20391 was closed | Ticket [number] was closed
Track it at www.parcel.com/track/JV123456789 | Track it at [link]
Mr Smith was rude | Mr [name] was rude
Mrs. O'Brien listened | Mrs. [name] listened
Dr Adeyemi listened | Dr [name] listened
I spoke to Anna yesterday | I spoke to [name] yesterday
spoke to anna yesterday | spoke to [name] yesterday
Spoke with Nomvula in billing | Spoke with [name] in billing
helped by Tom and Priya | helped by [name] and [name]
Thanks Grace! | Thanks [name]!
A girl called Saoirse helped | A girl called [name] helped
Joris knew the form | [name] knew the form
Contact: a.baker [at] example.com | Contact: [e-mail]
Customer number 8834 221 | Customer number [number]
Anna and Mark were great | [name] and [name] were great
Anna's advice was good | [name]'s advice was good
Kind regards, Anna Smith | Kind regards, [name]
"""
UNTOUCHED = """
Met dank aan iedereen
meneer de directeur mag wel eens komen kijken
mevrouw aan de balie was kortaf
De mevrouw Vandaag was aardig
De mevrouw van het OCMW was aardig
€ 1250 betaald, EUR 1250, 1250 euro en € 1.250,00
De rekening was € 123456789 te hoog
Het was 1.0612345678 of 3,0612345678 km
Op 12/06/2026 1430 en 2026/06/12 143000
24 uur gewacht, 3 kwartier, 45 minuten
Op 12-05-2026 om 09.30 uur besteld, en op 01-02-2026 10:30 weer
Open van 09.00 - 17.30 uur
Open 09.00 - 17.00 7 dagen per week
De bestelling van 18.30 kwam niet
Pakket pas 24-12 geleverd, het kwam pas 10-15 minuten later
Bezorgd op 01 02 2026 10:30, bestelling 10/12 geplaatst
Retour: 14 dagen wachten. Schade: 3 krassen, 10000 euro schade
Een schade 10000 euro, factuur: 4500 euro
Bestelt u @ voorbeeld.nl
Ze gunden ons alle tijd en waren gul
They failed to greet me
Bestelling van 12-05-2026 is zoek
In 2024 IS ER NIETS VERANDERD
2019 was beter dan 2026
Een 1000 MB bundel en 500GB
de10 minuten die ik hier stond te wachten waren lang
Een factuur van 1250 euro
Mijn contract 2026 is duurder
Geholpen door de klantenservice
Mijn zaak-12 mei, een pas 12-04-2026
Geholpen door ING en gesproken met KPN
Groeten van een tevreden klant
Fijn zo. Groeten, Een tevreden klant
Roos en vaas waren mooi
Ik voelde me berob noch bestolen, ik koos voor u
they rob you blind
Mark my words: never again
Elke keer hetzelfde
Ben heel tevreden
Will I ever get an answer?
I waited for AN HOUR, from May to April
Grace period is too short
Zie www.winkel.nl voor de openingstijden
Lijn 12, bus 1234, kamer 210
Een 10 voor de service, 5 sterren, top 3
WH-1000XM4 is een fijne koptelefoon
Contact met Ziggo was traag
Thanks Amazon for nothing
On the 22nd Jan 2026 it was fixed
the manager said no
Dear Sir or Madam
Mr Right now please
Door de drukte bij de Kerkstraat
Terrible doctor. Extremely rude
"""


def cases(table: str) -> list[tuple[str, str]]:
    rows = [line.replace("\\n", "\n").split(" | ") for line in table.strip().splitlines()]
    return [(row[0], row[-1]) for row in rows]


@pytest.mark.parametrize(("comment", "wanted"), cases(DUTCH))
def test_dutch(comment: str, wanted: str) -> None:
    assert mask(comment, "nl").text == wanted


@pytest.mark.parametrize(("comment", "wanted"), cases(ENGLISH))
def test_english(comment: str, wanted: str) -> None:
    assert mask(comment, "en").text == wanted


@pytest.mark.parametrize(("comment", "wanted"), cases(UNTOUCHED))
def test_what_is_not_personal_stays(comment: str, wanted: str) -> None:
    assert mask(comment).text == wanted


def test_nine_digits_are_a_bsn_by_the_eleven_test_only() -> None:
    assert mask("mijn nummer 111222333").text == "mijn nummer [BSN]"
    assert mask("mijn nummer 111222334").text == "mijn nummer [nummer]"


def test_both_languages_have_a_word_for_each_kind() -> None:
    assert WORDS["nl"].keys() == WORDS["en"].keys()


def test_offsets_follow() -> None:
    comment = "Mevrouw Jansen (06-12345678) was heel vriendelijk, Kees niet"
    masked = mask(comment)
    assert masked.text == "Mevrouw [naam] ([telefoon]) was heel vriendelijk, [naam] niet"
    for word in ("heel vriendelijk", "Mevrouw", "was", "niet", ")"):
        start = comment.index(word)
        moved = slice(*masked.span(start, start + len(word)))
        assert masked.text[moved] == word
    assert masked.span(0, len(comment)) == (0, len(masked.text))


def test_a_bound_inside_what_is_masked_takes_it_whole() -> None:
    comment = "Geholpen door Anne-Marie de Vries, vlot"
    masked = mask(comment)
    at = comment.index("Marie")
    assert masked.text[slice(*masked.span(at, at + 5))] == "[naam]"
    assert masked.text[slice(*masked.span(0, at + 2))] == "Geholpen door [naam]"


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("NL91\u00a0ABNA\u00a00417\u00a01643\u00a000", "[IBAN]"),
        ("bel 020\u202f123\u202f45\u202f67", "bel [telefoon]"),
        ("06\u201112345678 of 06–12345678", "[telefoon] of [telefoon]"),
        ("1234\u00a0AB", "[postcode]"),
        ("een\u00a0uur – te lang", "een\u00a0uur – te lang"),
        ("Mevrouw Noe\u0308l Jansen  belde", "Mevrouw [naam]  belde"),
        ("gesproken met Mu\u0308ller.", "gesproken met [naam]."),
        ("mevrouw  de  Vries, Anna\tJansen", "mevrouw  [naam], [naam]"),
        ("06-1234\u200b5678 jan@\u200bfoo.nl", "[telefoon] [e-mail]"),
        ("een  uur e\u0301e\u0301n keer \u200b", "een  uur e\u0301e\u0301n keer \u200b"),
    ],
)
def test_spaces_and_hyphens_of_office_programs(comment: str, wanted: str) -> None:
    assert mask(comment).text == wanted


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("Anna&nbsp;Jansen hielp", "[naam] hielp"),
        ("bel 06&nbsp;12&nbsp;34&nbsp;56&nbsp;78&nbsp;!", "bel [telefoon]&nbsp;!"),
        ("NL91&nbsp;ABNA&nbsp;0417&nbsp;1643&nbsp;00", "[IBAN]"),
        ("mail a.bakker&#64;voorbeeld.nl<br>", "mail [e-mail]<br>"),
        ("<p>mevrouw D&uuml;rr was top</p>", "<p>mevrouw [naam] was top</p>"),
        ("snel &amp; goed, &euro; 10", "snel &amp; goed, &euro; 10"),
    ],
)
def test_html_is_read_as_it_looks(comment: str, wanted: str) -> None:
    assert mask(comment).text == wanted


def test_spans_are_of_the_original() -> None:
    comment = "Bel Anna (anna@voorbeeld.nl) op 06-12345678"
    masked = mask(comment)
    assert [comment[start:end] for start, end, _ in masked.spans] == [
        "Anna", "anna@voorbeeld.nl", "06-12345678",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "comment", ["", " ", "...", "İstanbul İYİ", "\ud83d\ude00 😀", "a" * 100_000]
)
def test_any_text_passes(comment: str) -> None:
    assert mask(comment).text == comment


def test_a_long_comment_takes_no_time() -> None:
    started = time.monotonic()
    for piece in ("0 ", "van de ", "A.", "a.", "1-", "NL91 ", "@", "Mr. ", "12 34 ", "Jan ", "A1"):
        mask(piece * (20_000 // len(piece)))
    assert time.monotonic() - started < 20  # patterns that backtrack would take hours


def test_lists_of_names_agree() -> None:
    lists = first_names(), CAPITALISED, AMBIGUOUS
    for one, other in itertools.combinations((*lists, NOT_NAMES), 2):
        assert not one & other
    for names in lists:
        assert all(re.fullmatch(r"[^\W\d_A-Z]+(-[^\W\d_A-Z]+)*", name) for name in names)
