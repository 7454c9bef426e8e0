from __future__ import annotations

import pandas as pd
import pytest
from synthetic import readings

from cxnlp.errors import CxnlpError
from cxnlp.insights.urgency import urgent
from cxnlp.results import Results

TEXTS = [
    "Prima geholpen",
    "Ik ga naar een ander, dit was de laatste keer",
    "Te laat geleverd",
    "Te laat, en dat terwijl ik al voor de derde keer bel",
    "Oplichters",
    "Oplichters, ze hadden beloofd te bellen",
    "Opgelost, al was het te laat en luisterde niemand naar mij",
    "Beloofd maar niet gedaan en veel te laat, ik stap over",
    "-",
]
SAID = [
    {("helpfulness", "positive"): "Prima"},
    {("loyalty", "negative"): "Ik ga naar een ander"},
    {("time", "negative"): "Te laat"},
    {("time", "negative"): "Te laat"},
    {("integrity", "negative"): "Oplichters"},
    {("integrity", "negative"): "Oplichters"},
    {("time", "negative"): "te laat", ("listening", "negative"): "luisterde niemand"},
    {
        ("integrity", "negative"): "Beloofd maar niet gedaan",
        ("time", "negative"): "veel te laat",
        ("loyalty", "negative"): "ik stap over",
    },
    {},
]


@pytest.fixture
def results() -> Results:
    return readings(TEXTS, SAID)


def test_reasons(results: Results) -> None:
    frame = urgent(results).set_index("index")
    assert frame["reason"].to_dict() == {
        7: "threatens to leave, promise not kept",
        1: "threatens to leave",
        3: "keeps waiting",
        5: "promise not kept",
    }
    assert frame.attrs["found"] == 4


def test_reasons_in_dutch(results: Results) -> None:
    assert urgent(results, lang="nl")["reason"].tolist()[:2] == [
        "dreigt te vertrekken, belofte niet nagekomen",
        "dreigt te vertrekken",
    ]


def test_points_are_weights_times_confidence(results: Results) -> None:
    points = urgent(results).set_index("index")["points"]
    assert points[1] == pytest.approx(3 * (0.6 + len("Ik ga naar een ander") / 200))
    assert points[7] == pytest.approx(
        3 * (0.6 + len("ik stap over") / 200) + 2 * (0.6 + len("Beloofd maar niet gedaan") / 200)
    )
    assert points.is_monotonic_decreasing


def test_the_words_of_the_weightiest_reason_are_marked(results: Results) -> None:
    assert urgent(results)["evidence"].tolist()[:2] == ["ik stap over", "Ik ga naar een ander"]


@pytest.mark.parametrize(
    "words",
    ["nog steeds geen antwoord", "nooit teruggebeld", "al 4x gebeld", "voor de zoveelste keer",
     "het geld is nog niet binnen", "I still don't have it", "niets meer van gehoord",
     "niemand die iets laat weten", "still no reply", "for the third time",
     "called five times", "nobody called me", "ik wacht nog steeds", "wacht al 6 weken",
     "nog altijd aan het wachten", "I have been waiting for weeks"],
)  # fmt: skip
def test_words_of_repeated_contact(words: str) -> None:
    results = readings([f"Te laat: {words}"], [{("time", "negative"): "Te laat"}])
    assert len(urgent(results)) == 1


@pytest.mark.parametrize(
    "words",
    ["dat was beloofd", "ze beloven van alles", "empty promises",
     "kom je afspraken na", "ze zouden dinsdag bellen", "I was told they would",
     "it was supposed to be free"],
)  # fmt: skip
def test_words_of_a_promise(words: str) -> None:
    results = readings([f"Oplichters, {words}"], [{("integrity", "negative"): "Oplichters"}])
    assert urgent(results)["reason"].tolist() == ["promise not kept"]


def test_no_reason_is_given_that_no_word_says() -> None:
    said = [
        {("integrity", "negative"): "zomaar verhoogd", ("communication", "negative"): "uitleg"},
        {("time", "negative"): "twee weken", ("communication", "negative"): "never told"},
        {("integrity", "negative"): "liars"},
    ]
    texts = [
        "Prijs zomaar verhoogd zonder uitleg", "Solved in twee weken, and never told what",
        "They never compromise, liars",
    ]  # fmt: skip
    assert urgent(readings(texts, said)).empty


def test_such_words_are_not_enough_without_a_complaint() -> None:
    results = readings(["Voor de derde keer prima"], [{("time", "positive"): "prima"}])
    assert urgent(results).empty


def test_old_comments_weigh_less(results: Results) -> None:
    dates = ["2026-01-01"] * 7 + ["2025-07-01", None]
    frame = urgent(results, dates)
    assert frame["index"].tolist()[-1] == 7
    assert frame["date"].iloc[-1] == pd.Timestamp("2025-07-01")
    assert frame.attrs == {"found": 4, "recent": 3}  # one is half a year old
    assert urgent(results, [None] * 9)["index"].tolist()[0] == 7
    assert urgent(results).attrs == {"found": 4, "recent": 4}
    with pytest.raises(CxnlpError, match="cannot be read as dates"):
        urgent(results, ["onbekend"] * 9)


@pytest.mark.parametrize("year", [2126, 2999])
def test_a_mistyped_year_ages_no_other_comment(results: Results, year: int) -> None:
    dates = ["2026-01-01"] * 7 + ["2025-07-01", f"{year}-01-01"]
    right = urgent(results, ["2026-01-01"] * 7 + ["2025-07-01", "2026-01-01"])
    frame = urgent(results, dates)
    assert frame["index"].tolist() == right["index"].tolist()
    assert frame.attrs == right.attrs


def test_at_most_n(results: Results) -> None:
    frame = urgent(results, n=2)
    assert len(frame) == 2
    assert frame.attrs["found"] == 4
    for n in (-1, None, 1.5):
        with pytest.raises(CxnlpError, match="n is .*; give a whole number of 0 or more"):
            urgent(results, n=n)  # type: ignore[arg-type]


def test_nothing_urgent() -> None:
    for results in (readings([], []), readings([None], [{}]), readings(["Top"], [{}])):
        frame = urgent(results, [pd.NaT] * len(results))
        assert frame.empty
        assert {"points", "reason", "date", "text"} <= set(frame)


def test_masked() -> None:
    named = readings(["Ik bel Kees nooit meer"], [{("loyalty", "negative"): "nooit meer"}])
    assert urgent(named)["text"].tolist() == ["Ik bel [naam] nooit meer"]
    assert urgent(named, mask=False)["text"].tolist() == ["Ik bel Kees nooit meer"]


def test_another_language(results: Results) -> None:
    with pytest.raises(CxnlpError, match="no reasons in 'de'; give one of en, nl"):
        urgent(results, lang="de")


def test_a_column_that_does_not_exist(results: Results) -> None:
    with pytest.raises(CxnlpError, match="no column 'datum' for the dates"):
        urgent(results, "datum")
