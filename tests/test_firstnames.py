"""First names are read as one, whoever bears them, and quoted as they were typed."""

from __future__ import annotations

from importlib import resources

import pytest
import tiny

from cxnlp.firstnames import STAND_IN, first_names, is_first_name, unnamed


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Jeroen", STAND_IN),
        ("FATIMA!!", f"{STAND_IN}!!"),
        ("(Zoë)", f"({STAND_IN})"),
        ("zoe,", f"{STAND_IN},"),
        ("Ayşe's", f"{STAND_IN}'s"),
        ("Bart-Jan", STAND_IN),
        ("Jeroen/Fatima", f"{STAND_IN}/{STAND_IN}"),
        ("Dank,Jeroen,heel", f"Dank,{STAND_IN},heel"),
        ("Fatima...was", f"{STAND_IN}...was"),
        ("Fatima&co", f"{STAND_IN}&co"),
        ("'Fatima'", f"'{STAND_IN}'"),
        ("PINAR", STAND_IN),
        ("Pinar", STAND_IN),
        ("info@jeroen.nl", "info@jeroen.nl"),
        ("don't", "don't"),
        ("miła", "miła"),
        ("foto's", "foto's"),
        ("Jeroen-2", "Jeroen-2"),
        ("jeroen@winkel.nl", "jeroen@winkel.nl"),
        ("Jeroen2", "Jeroen2"),
        ("vriendelijk", "vriendelijk"),
        ("…", "…"),
        ("", ""),
    ],
)
def test_a_name_is_read_as_the_stand_in(typed: str, read: str) -> None:
    assert unnamed(typed) == read


def test_words_brands_places_and_months_are_no_names() -> None:
    words = "roos will mark hope bol mei april amsterdam paris ford mercedes zara siri art bon ben"
    words += " greet gul gunden mans"
    assert not [word for word in words.split() if is_first_name(word)]


def test_the_stand_in_is_a_name_itself() -> None:
    assert is_first_name(STAND_IN)


def test_the_list_is_sorted_lower_case_and_distinct() -> None:
    lines = resources.files("cxnlp").joinpath("first_names.txt").read_text("utf-8").split("\n")
    names = [line for line in lines if line and not line.startswith("#")]
    assert names == sorted(set(names))
    assert all(part.isalpha() and part == part.lower() for n in names for part in n.split("-"))
    assert len(names) > 5000 < len(first_names())


def test_comments_that_differ_in_a_name_are_read_alike() -> None:
    texts = [f"good, {name} helped but slow" for name in ("Jeroen", "Chukwuemeka", "ZBIGNIEW")]
    results = tiny.model().classify(texts)
    for name in ("aspect_probabilities", "sentiment_probabilities", "decisions"):
        column = getattr(results, name)
        assert (column == column[0]).all()


@pytest.mark.parametrize(
    "typed", ["G&ouml;khan", "Gök&amp;#104;an", "Gök\u00adhan", "Gö\u200bkhan"]
)
def test_a_name_in_html_or_with_a_break_in_it_is_read_as_it_looks(typed: str) -> None:
    results = tiny.model().classify([f"{name} helped but slow" for name in ("Gökhan", typed)])
    for name in ("aspect_probabilities", "sentiment_probabilities", "decisions"):
        one, other = getattr(results, name)
        assert (one == other).all()
    assert [result.text.split()[0] for result in results] == ["Gökhan", typed]


def test_evidence_quotes_the_name_that_was_typed() -> None:
    for name in ("Li", "Chukwuemeka", "G&ouml;khan"):
        text = f"{name} helped"
        spans = [
            span
            for reading in tiny.model().classify([text])[0].aspects.values()
            for span in reading.spans
        ]
        assert spans
        for span in spans:
            assert text[span.start : span.end] == span.text
