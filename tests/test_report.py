from __future__ import annotations

import dataclasses
import html.parser
import re
import string
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic import readings, survey, table

import cxnlp
from cxnlp import store
from cxnlp.errors import CxnlpError
from cxnlp.insights import Scored, impact, pillars, report
from cxnlp.insights.reporting import columns, page
from cxnlp.insights.reporting.findings import findings
from cxnlp.insights.reporting.gather import Content, Options, gather
from cxnlp.insights.reporting.words import WORDING, Words

PARTS = ("pillars", "impact", "trend", "groups")


class Page(html.parser.HTMLParser):
    """A page as far as the tests look at it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.shown = ""
        self.sections: dict[str, str] = {}
        self._open: list[str] = []
        self._section = ""
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "section":
            self._section = dict(attrs)["aria-labelledby"] or ""
        if tag not in ("meta", "link"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.shown += data
            self.sections[self._section] = self.sections.get(self._section, "") + data

    def ids(self) -> list[str]:
        return [value for _, name, value in self.attributes if name == "id"]


@pytest.fixture(scope="module")
def scored() -> Scored:
    return survey(3000)


@pytest.fixture(scope="module")
def pages(scored: Scored, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {
        lang: cxnlp.report(scored, folder / f"{lang}.html", lang=lang) for lang in ("en", "nl")
    }
    return {lang: Page(path.read_text(encoding="utf-8")) for lang, path in paths.items()}


@pytest.fixture
def make(tmp_path: Path) -> Any:
    def make(source: Any, **options: Any) -> Page:
        path = cxnlp.report(source, tmp_path / "report.html", **options)
        return Page(path.read_text(encoding="utf-8"))

    return make


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_all_parts_are_there(pages: dict[str, Page], scored: Scored, lang: str) -> None:
    page, words = pages[lang], Words(lang)
    assert ("html", "lang", lang) in page.attributes
    assert list(page.sections) == [
        "", "glance", "findings", *PARTS, "quotes", "urgent", "left-out", "model",
    ]  # fmt: skip
    assert page.tags["svg"] == 2 * (1 + len(PARTS))
    assert page.tags["details"] == len(PARTS)
    assert words("title") in page.shown
    assert words.number(int((~scored.no_text).sum())) in page.sections["glance"]
    for fragment in ("Breda", "Zwolle"):
        assert fragment in page.sections["groups"]
    assert page.tags["blockquote"] == 6 * 3 + 10
    assert page.tags["mark"] == page.tags["blockquote"]
    assert not re.search(r"\bnan\b|\bNone\b|\bNaT\b|[{}]|&amp;lt;", page.shown)


def test_the_languages_are_not_mixed(pages: dict[str, Page]) -> None:
    dutch, english = pages["nl"], pages["en"]
    for aspect, name in (("friendliness", "vriendelijkheid"), ("time", "tijd")):
        assert name in dutch.sections["pillars"]
        assert aspect not in dutch.sections["pillars"]
        assert aspect in english.sections["pillars"]
        assert name not in english.sections["pillars"]
    assert not re.search(r"\d,\d\D", english.sections["impact"])
    assert re.search(r"\d,\d\D", dutch.sections["impact"])


def test_nothing_is_loaded_and_nothing_runs(pages: dict[str, Page]) -> None:
    page = pages["en"]
    assert page.tags["script"] == 0
    policy = next(value for _, name, value in page.attributes if value.startswith("default-src"))
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "http:" not in page.text
    assert "https:" not in page.text
    assert not re.search(r"@import|url\((?!#)", page.text)
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        assert name != "src"
        if name.endswith("href"):
            assert value.startswith(("#", "data:")), tag


def test_charts_have_alternative_texts_and_inner_names_of_their_own(
    pages: dict[str, Page],
) -> None:
    page = pages["en"]
    labels = [value for tag, name, value in page.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(labels) == page.tags["svg"]
    assert any("friendliness +" in label for label in labels)
    assert any("Breda, time: −" in label for label in labels)
    assert len(page.ids()) == len(set(page.ids()))
    named = {value for _, name, value in page.attributes if name == "aria-labelledby"}
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', page.text))
    assert named | used <= set(page.ids())


def test_the_same_comments_give_the_same_page(make: Any) -> None:
    scored = survey(400)
    assert make(scored).text == make(scored).text


HOSTILE = "<script>document.title='run'</script> {{ 7*7 }} $x_y$ \x0b ]]> &amp; \"'"


def test_what_customers_write_is_shown_and_not_run(make: Any) -> None:
    scored = survey(200)
    frame = scored.extra.assign(**{HOSTILE: [HOSTILE, "plain"] * 100})
    results = readings(
        [f"{HOSTILE} traag {row}" for row in range(200)],
        [{("time", "negative"): "traag", ("loyalty", "negative"): "document"}] * 200,
    )
    table = pd.concat([frame, results.to_pandas().rename(columns={"text": "comment"})], axis=1)
    page = make(table, title=HOSTILE, group=HOSTILE)
    assert page.tags["script"] == 0
    assert "49" not in page.sections["quotes"]
    for section in ("", "quotes", "urgent", "groups"):
        assert "<script>document.title='run'</script> {{ 7*7 }}" in page.sections[section]


def test_findings_say_what_where_and_since_when() -> None:
    content = gather(survey(20_000), Options())
    found = findings(content, Words("en"))
    assert found[0].head == "Start with time."
    assert "It is worst in Breda." in found[0].body
    assert re.search(
        r"cost \d\d\.\d NPS points \(95% interval: \d\d\.\d to \d\d\.\d\)", found[0].body
    )
    # From the ninth month on people wait; months are of thirty days.
    assert "It got clearly worse in Sep 2026: the net score went from −" in found[0].body
    assert "Keep up friendliness." in [finding.head for finding in found]
    assert found[-1].head.startswith("Answer ")
    assert "Begin met tijd." in [finding.head for finding in findings(content, Words("nl"))]


def test_findings_without_a_score_count_complaints(scored: Scored) -> None:
    bare = dataclasses.replace(scored, extra=scored.extra.drop(columns="nps"))
    found = findings(gather(bare, Options()), Words("en"))
    assert found[0].head == "Start with time."
    assert re.match(
        r"3\d% of the comments complain about it\. It is worst in Breda\.", found[0].body
    )


def test_what_is_criticised_beside_praise_is_complained_of_too() -> None:
    text = "snel aan de telefoon, traag aan de balie"
    both = {("time", "positive"): "snel", ("time", "negative"): "traag"}
    bare = Scored.of(readings([text] * 80, [both] * 20 + [{}] * 60))
    heads = [finding.head for finding in findings(gather(bare, Options()), Words("en"))]
    assert heads[0] == "Start with time."


def test_what_goes_with_the_other_end_of_the_score_is_no_finding() -> None:
    """Praise in "friendly, but an hour on hold" is nothing to keep up."""
    both = {("friendliness", "positive"): "vriendelijk", ("time", "negative"): "uur"}
    texts = ["vriendelijk, maar een uur"] * 60 + ["duur, maar top"] * 60 + ["top"] * 60
    price = {("price", "negative"): "duur", ("service", "positive"): "top"}
    scored = Scored.of(readings(texts, [both] * 60 + [price] * 60 + [{}] * 60))
    scored = dataclasses.replace(
        scored, extra=pd.DataFrame({"nps": [2, 3] * 30 + [9, 10] * 30 + [6, 8] * 30})
    )
    heads = [finding.head for finding in findings(gather(scored, Options()), Words("en"))]
    assert heads == ["Start with time.", "Keep up service."]


def test_trifles_are_not_told_however_sure(scored: Scored) -> None:
    content = gather(scored, Options())
    assert content.groups is not None
    assert "Breda" in findings(content, Words("en"))[0].body
    content.groups["difference"] = content.groups["difference"] / 10
    assert "Breda" not in str(findings(content, Words("en")))


def test_a_score_of_chance_is_moved_by_nothing() -> None:
    scored, told = survey(600), 0
    for seed in range(20):
        chance = np.random.default_rng(seed).integers(0, 11, 600)
        shuffled = dataclasses.replace(scored, extra=pd.DataFrame({"nps": chance}))
        content = Content(Options(), 600, 0, {}, {}, pillars(shuffled))
        content.impact = impact(shuffled, "nps", replicates=200)
        told += bool(findings(content, Words("en")))
    assert told <= 3


def test_one_comment_is_no_finding() -> None:
    assert not findings(gather(Scored.of(readings(ONE, SAID)), Options()), Words("en"))


ONE = ["Heel vriendelijk, maar ik heb lang moeten wachten"]
SAID = [{("friendliness", "positive"): "vriendelijk", ("time", "negative"): "lang"}]


@pytest.mark.parametrize("lang", ["en", "nl"])
@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], []),
        ([None, "-", ""], [{}, {}, {}]),
        (ONE, SAID),
        (["Prima"], [{}]),
        (ONE * 2, SAID * 2),
    ],
)
def test_few_comments_make_a_page_that_says_so(
    make: Any, texts: list[str | None], said: list[Any], lang: str
) -> None:
    count, words = len(texts), Words(lang)
    for extra in (
        {},
        {"nps": [9] * count, "date": ["2026-03-01"] * count, "store": ["Gent"] * count},
        {"nps": [None] * count, "date": [None] * count, "store": [None] * count},
    ):
        page = make(table(said, texts, **extra), lang=lang)
        if not any(said) and "Prima" not in texts:
            assert words("nothing") in page.shown
            assert page.tags["svg"] == 0
            continue
        assert page.tags["svg"] == 2 + 2 * any(said)
        said_so = {key: page.sections[key] for key in PARTS}
        if not any(said):
            assert words("no_aspects") in said_so["pillars"]
        if not extra:
            assert words("no_score") in said_so["impact"]
            assert words("no_dates") in said_so["trend"]
            assert words("no_groups") in said_so["groups"]
        elif extra["nps"][0]:
            assert words("few_scores") in said_so["impact"]
            assert words("few_dates") in said_so["trend"]
            assert words("few_groups", column="store", least=10) in said_so["groups"]


def test_what_a_cell_holds_is_masked_in_the_reason_why_it_cannot_be_used(make: Any) -> None:
    scores = ["9"] * 19 + ["9, bel Anna de Vries op 0612345678 " + "of later " * 20]
    frame = table(SAID * 20, ONE * 20, nps=scores)
    page = make(frame)
    assert "Row 20 has the score '9, bel [name] op [phone]" in page.sections["left-out"]
    assert "of later of later of later of later" not in page.shown
    assert "0612345678" in make(frame, mask=False).shown


def test_what_is_urgent_is_masked_and_said_to_be(make: Any) -> None:
    frame = table([{("loyalty", "negative"): "ga weg"}] * 3, ["Bel 0612345678 of ik ga weg"] * 3)
    page = make(frame)
    assert "[telefoon]" not in page.sections["quotes"]  # loyalty is not quoted
    assert "[telefoon]" in page.sections["urgent"]
    assert Words("en")("masked") in page.sections["left-out"]


def test_a_report_takes_the_place_of_a_report_only(tmp_path: Path) -> None:
    path = report(table(SAID, ONE), tmp_path / "out.html")
    assert report(table(SAID, ONE), path) == path
    path.write_text("<p>my own page", encoding="utf-8")
    with pytest.raises(CxnlpError, match="holds something else"):
        report(table(SAID, ONE), path)


def test_results_are_enough(make: Any) -> None:
    page = make(readings(ONE * 3, SAID * 3), model=None)
    assert Words("en")("no_model") in page.sections["model"]
    assert page.tags["blockquote"] == 2


def test_the_figures_are_those_of_the_model_that_read_them(make: Any) -> None:
    words = Words("en")
    results = readings(ONE, SAID)
    assert words("no_model") in make(results).sections["model"]
    for name in store.shipped_names():
        read = dataclasses.replace(results, model=name)
        for source in (read, read.to_pandas(), Scored.of(read)[:]):
            assert f"the model “{name}”" in make(source).sections["model"]
            assert "organisations never seen" in make(source).sections["model"]
    mine = dataclasses.replace(results, model="mine")
    assert words("unmeasured", name="mine") in make(mine).sections["model"]
    both = pd.concat([read.to_pandas(), mine.to_pandas()])
    assert words("no_model") in make(both).sections["model"]
    assert "organisaties die het nooit zag" in make(read, lang="nl").sections["model"]


def test_scores_without_comments_are_told(make: Any) -> None:
    texts = ONE * 20 + [None] * 20
    frame = table([*SAID * 20, *[{}] * 20], texts, nps=[0] * 20 + [10] * 20)
    page = make(frame)
    told = "20 scores without a comment: with them, the NPS over all scores is 0.0."
    assert told in page.sections["left-out"]
    assert Words("en")("same_scores") in page.sections["impact"]


def test_a_year_between_two_waves_is_no_short_time(make: Any) -> None:
    frame = table(SAID * 40, ONE * 40, date=["2025-06-02"] * 20 + ["2026-06-02"] * 20)
    assert Words("en")("few_periods") in make(frame).sections["trend"]
    days = [f"2025-06-{day:02}" for day in range(1, 21)] + [
        f"2026-06-{day:02}" for day in range(1, 21)
    ]
    page = make(table(SAID * 40, ONE * 40, date=days))
    assert "stands out" in page.sections["trend"].lower()
    assert ["’25" in page.text, "’26" in page.text] == [True, True]  # on the axis


@pytest.mark.parametrize(("lang", "told"), [("en", "29 Dec 2025"), ("nl", "29 dec 2025")])
def test_the_week_of_new_year_has_the_year_of_its_monday(lang: str, told: str) -> None:
    week = pd.Period("2026-01-02", "W-SUN")
    assert Words(lang).period(week) == told
    assert Words(lang).period(week, short=True, year=True) == told.replace("2025", "’25")


def test_a_stray_date_does_not_hide_the_trend() -> None:
    days = [f"2025-{month:02}-10" for month in range(1, 13)] * 3 + ["1900-01-01"]
    content = gather(Scored.of(table(SAID * 37, ONE * 37, date=days)), Options())
    assert content.by == "week"
    assert "trend" not in content.why


def test_a_row_without_text_may_show_whether_the_day_comes_first() -> None:
    days = ["31-03-2026"] * 3 + ["03-04-2026", "05-06-2026", "07-05-2026"] * 3
    content = gather(
        Scored.of(table([{}] * 3 + SAID * 9, [None] * 3 + ONE * 9, date=days)), Options()
    )
    assert content.last == pd.Timestamp("2026-06-05")
    assert content.urgent is not None


def test_scores_are_the_same_whatever_a_group_needs() -> None:
    content = gather(Scored.of(table(SAID * 50, ONE * 50, nps=[9] * 50)), Options(least=60))
    assert content.why["impact"] == "same_scores"


def test_rows_are_those_of_the_file(make: Any) -> None:
    frame = table([{}] * 3 + SAID * 9, [None] * 3 + ONE * 9, day=["2026-01-02"] * 3 + ["soon"] * 9)
    with pytest.raises(CxnlpError, match="Row 4 has 'soon'"):
        make(frame, date="day")


def test_old_comments_are_not_to_be_answered_now(make: Any) -> None:
    said = [{("loyalty", "negative"): "nooit meer"}] * 12
    frame = table(said, ["Ik kom hier nooit meer"] * 12)
    assert "90 days" not in make(frame).shown
    assert "Answer 12 customers." in make(frame).shown
    page = make(frame.assign(date=["2025-01-01"] * 5 + ["2026-01-01"] * 7))
    assert "Answer 7 customers." in page.shown
    told = "The first 10 of 12. 7 of them are of the 90 days up to the last comment."
    assert told in page.sections["urgent"]
    page = make(table([said[0], *[{}] * 30], ["Ik kom nooit meer", *["prima"] * 30]).assign(
        date=["2025-01-01", *["2026-01-01"] * 30]
    ))  # fmt: skip
    assert "None of them is of the 90 days" in page.sections["urgent"]
    assert "The first" not in page.sections["urgent"]


def test_readings_without_their_comments(make: Any) -> None:
    frame = readings(ONE, SAID).to_pandas().drop(columns="text")
    page = make(frame)
    assert Words("en")("no_texts") in page.sections["quotes"]
    assert Words("en")("no_texts") in page.sections["urgent"]


def test_what_cannot_be_used_is_said(make: Any) -> None:
    frame = table(
        SAID * 30,
        ONE * 30,
        nps=[11] * 30,
        datum=["13-04-2026", "04-13-2026"] * 15,
        winkel=[f"winkel {row % 4}" for row in range(30)],
    )
    page = make(frame)
    for key, column, why in (
        ("impact", "nps", "Row 1 has the score"),
        ("trend", "datum", "Some dates have the day first"),
    ):
        assert f"Column {column} cannot be used. " in page.sections[key]
        assert why in page.sections[key]
        assert why in page.sections["left-out"]
    assert "that were used: winkel;" in page.sections["left-out"]
    assert "fewer than two groups" in page.sections["groups"].lower()
    assert "4 groups of winkel with fewer than 10 comments (30 together)" in page.shown


def test_what_was_left_out_is_said(make: Any) -> None:
    scored = survey(500)
    store = scored.extra["store"].astype(object)
    store[:3], store[3:6] = "Kleine winkel", None
    scored.extra["store"] = store
    scored.extra["nps"] = scored.extra["nps"].where(np.arange(500) > 9)
    page = make(scored)
    told = page.sections["left-out"]
    assert "rows without text" in told
    assert "comments without a score" in told
    assert "1 group of store with fewer than 10 comments (3)" in told
    assert "in no group of store" in told
    assert "Kleine winkel" not in page.shown


def test_personal_data_are_masked_unless_asked_not_to(make: Any) -> None:
    results = readings(
        ["Mevrouw Jansen was erg vriendelijk, bel haar op 06-12345678"],
        [{("friendliness", "positive"): "erg vriendelijk"}],
    )
    assert "Jansen" not in make(results).text
    page = make(results, mask=False)
    assert "Jansen" in page.shown
    assert Words("en")("unmasked") in page.shown
    assert Words("en")("quotes_masked") not in page.shown
    assert Words("en")("quotes_masked") in make(results).shown


def test_refusals(tmp_path: Path) -> None:
    results, path = readings(ONE, SAID), tmp_path / "report.html"
    for options, message in (
        ({"lang": "fr"}, "no report in 'fr'; give one of en, nl"),
        ({"date": "datum"}, "no column 'datum' for the dates"),
        ({"score": "csat"}, "no column 'csat' for the scores"),
        ({"group": "team"}, "no column 'team' for the groups"),
        ({"model": "no-such-model"}, "No model 'no-such-model'"),
        ({"kind": "stairs"}, "kind is 'stairs'; give one of nps"),
        ({"score": [9] * len(ONE)}, "score is a list; give the name of a column"),
    ):
        with pytest.raises(CxnlpError, match=message):
            cxnlp.report(results, path, **options)
    with pytest.raises(CxnlpError, match="give report.csv the suffix .html"):
        cxnlp.report(results, tmp_path / "report.csv")
    with pytest.raises(CxnlpError, match="no folder .*; make it first"):
        cxnlp.report(results, tmp_path / "none" / "report.html")
    frame = table(SAID * 9, ONE * 9, winkel=["Gent"] * 9)
    for options in ({"score": "winkel"}, {"date": "winkel"}):
        with pytest.raises(CxnlpError, match="Column 'winkel' cannot be used. Row 1 has "):
            cxnlp.report(frame, path, **options)
    assert not path.exists()


def test_a_column_of_dates_without_one_is_said_to_be_so(make: Any) -> None:
    page = make(table(SAID * 20, ONE * 20, when=[None] * 20), date="when")
    assert "No comment has a date." in page.sections["trend"]


def test_a_single_day_is_no_span(make: Any) -> None:
    page = make(table(SAID * 20, ONE * 20, date=["2026-03-01"] * 20))
    assert page.sections[""].strip().endswith("1 Mar 2026")
    assert " to " not in page.sections[""]


def test_more_comments_to_a_group_leave_the_impact_as_it_is(make: Any) -> None:
    scored = survey(400)
    assert make(scored, least=3).sections["impact"] == make(scored, least=60).sections["impact"]


def test_many_groups_with_long_and_odd_names(make: Any) -> None:
    scored = survey(2000)
    names = [f"Filiaal {n} in de Hoofdstraat van een lange plaatsnaam €$_^ 漢字" for n in range(40)]
    scored.extra["store"] = np.array(names)[np.arange(2000) % 40]
    page = make(scored, least=5)
    assert "Shown are the 25 largest of 40." in page.sections["groups"]
    assert "Filiaal 7 in de Hoofdstraat van een lan…" in page.sections["groups"]


@pytest.mark.parametrize(
    ("columns_", "found"),
    [
        ({"datum": ["2026-01-02"], "date_of_birth": ["1970-01-01"]}, "datum"),
        ({"created_at": ["2026-01-02 10:00"]}, "created_at"),
        ({"EndDate": ["2026-01-02"], "update": ["2026-01-02"]}, "EndDate"),
        ({"date": ["soon"], "response_date": ["3 mei 2026"]}, "response_date"),
        ({"moment": [pd.Timestamp(2026, 1, 2)]}, "moment"),
        (
            {"ingangsdatum": [pd.Timestamp(2015, 1, 2)], "invuldatum": ["3-1-2026"]},
            "invuldatum",
        ),
        (
            {"datum contract": ["2015-01-02"], "responsedatum": ["2026-01-02"]},
            "responsedatum",
        ),
        ({"datum schade": ["2015-01-02"]}, None),
        ({"Begintijd": ["2026-01-02"], "Voltooiingstijd": ["2026-01-02"]}, "Voltooiingstijd"),
        ({"wachttijd": [12], "leeftijd": ["34"]}, None),
        ({"update": ["2026-01-02"], "id": [20260102]}, None),
        (
            {"Date of birth": ["1970-01-02"], "Survey date": ["1/15/2026"]},
            "Survey date",
        ),
        ({"birth": [pd.Timestamp(1970, 1, 2)]}, None),
        ({"Geboortedag": [pd.Timestamp(1970, 1, 2)]}, None),
        ({"day": ["3/4/2026", "5/6/2026"]}, "day"),  # the report asks which it is
        ({"Date": ["Q1", "Q2"]}, "Date"),  # the report says that it cannot be read
        ({"day": ["monday"], "date": [None]}, None),
    ],
)
def test_finding_dates(columns_: dict[str, Any], found: str | None) -> None:
    assert columns.find_dates(pd.DataFrame(columns_)) == found


@pytest.mark.parametrize(
    ("columns_", "found"),
    [
        ({"id": [7], "NPS": ["9"]}, "NPS"),
        ({"rating_text": ["good"], "star_rating": [4.5]}, "star_rating"),
        ({"cijfer": ["7,5"]}, "cijfer"),
        ({"NpsScore": ["NA", "9", "n.v.t."]}, "NpsScore"),
        ({"score": [None], "x": [3]}, None),
        ({"klantnummer": [3], "Aanbevelingsscore": [9]}, "Aanbevelingsscore"),
        (
            {"Hoe waarschijnlijk is het dat u ons zou aanbevelen?": [9]},
            "Hoe waarschijnlijk is het dat u ons zou aanbevelen?",
        ),
        ({"NPS respondent id": [500_001], "NPS group": [1], "NPS score": [9]}, "NPS score"),
        ({"Q1_NPS_GROUP": [3], "Q1": [9]}, None),
        ({"nps": [7] * 19 + [77], "rating": [4] * 20}, "nps"),
        ({"nps": [77], "rating": [4]}, "rating"),
        ({"nps": [77]}, "nps"),  # the report says what is wrong with it, and with these
        ({"nps": ["9/10"]}, "nps"),
    ],
)
def test_finding_the_score(columns_: dict[str, Any], found: str | None) -> None:
    assert columns.find_score(pd.DataFrame(columns_)) == found


def test_finding_groups() -> None:
    frame = pd.DataFrame(
        {
            "id": range(40),
            "store": [f"s{row}" for row in range(20)] * 2,
            "agent": ["An", "Bo"] * 20,
            "sales_channel": ["web", "shop"] * 20,
        }
    )
    assert columns.find_groups(frame, 10) == "sales_channel"  # no store has ten comments
    assert columns.find_groups(frame, 2) == "store"
    assert columns.find_groups(frame[["id", "store"]], 10) == "store"  # the report says why not
    assert columns.find_groups(frame[["id"]].assign(store=range(40)), 1) is None
    assert columns.find_groups(frame[["id"]].assign(store=[["a"]] * 40), 1) is None
    for written in ("contactkanaal", "klantsegment", "provincie", "customer_segment"):
        named = frame[["id", "agent"]].rename(columns={"agent": written})
        assert columns.find_groups(named, 10) == written
    numbered = pd.DataFrame({"store_id": ["a", "b"] * 20, "product": ["x"] * 40})
    assert columns.find_groups(numbered, 5) == "store_id"
    bands = frame.rename(columns={"sales_channel": "nps_group"})
    assert columns.find_groups(bands, 10) == "store"
    for people in ("agent", "store_manager", "Team leader", "team_member", "afdeling medewerker"):
        named = frame[["agent"]].rename(columns={"agent": people})
        assert columns.find_groups(named, 10) is None  # only where asked for
    for group in ("contact_channel", "price_segment", "storeName", "Which store have you visited?"):
        assert columns.find_groups(frame[["agent"]].rename(columns={"agent": group}), 10) == group
    for value in ("product_rating", "store_phone", "site_visited_at"):
        assert columns.find_groups(pd.DataFrame({value: [1, 2] * 20}), 10) is None


def test_wording_has_both_languages_with_the_same_blanks() -> None:
    for key, wording in WORDING.items():
        assert list(wording) == ["en", "nl"], key
        blanks = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in wording.values()
        ]
        assert blanks[0] == blanks[1], key
        assert all(text.strip() == text != "" for text in wording.values())


def test_all_wording_is_used() -> None:
    folder = Path(columns.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.[pj]*"))
    made = {f"{kind}_points" for kind in ("nps", "csat", "stars", "grade")}
    made |= {"is_positive", "is_negative", "lost_short", "gained_short"}
    kinds = ("score", "nps", "csat", "stars", "grade")
    made |= {f"{kind}_tile" for kind in kinds[1:]} | {f"the_{kind}" for kind in kinds}
    assert not set(kinds) & WORDING.keys()  # words of columns.py, which say nothing of wording
    made |= {"public comments", "organisations never seen"}  # of the manifests
    made |= {"week", "month", "quarter", "year", "en", "no_text", "positive"}

    def used(key: str) -> bool:
        return re.search(rf"[\"']{key.removesuffix('_one')}[\"']", source) is not None

    unused = [key for key in WORDING.keys() - made if not used(key)]
    assert not unused


def test_numbers_and_dates() -> None:
    dutch, english = Words("nl"), Words("en")
    assert english.number(1234567) == "1,234,567"
    assert dutch.number(-1234.56, 1) == "−1.234,6"
    assert english.number(0.04, 1, sign=True) == "0.0"
    assert english.number(float("nan")) == "–"
    assert english.percent(0.004) == "0.4%"
    assert dutch.percent(0.004) == "0,4%"
    assert english.percent(0.426, sign=True) == "+43%"
    day = pd.Timestamp(2026, 3, 9)
    assert dutch.day(day) == "9 mrt 2026"
    assert english.period(pd.Period(day, "M")) == "Mar 2026"
    assert english.period(pd.Period(day, "Q")) == "Q1 2026"
    assert dutch.period(pd.Period(day, "Q"), short=True) == "K1 ’26"
    assert dutch.period(pd.Period(day, "W-SUN")) == "9 mrt 2026"
    assert dutch.period(pd.Period(day, "Y")) == "2026"
    assert english.join(["a", "b", "c"]) == "a, b and c"
    assert english.join([]) == ""


def test_colours_can_be_told_apart_from_white() -> None:
    css = (Path(columns.__file__).parent / "page.css").read_text(encoding="utf-8")
    from cxnlp.insights.reporting import charts

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    # WCAG 2.2 AA, on white, on the ground of quotes, and on the ground of marks.
    inks = dict(re.findall(r"--(ink|soft|blue|orange): (#[0-9a-f]{6})", css))
    assert (inks["blue"], inks["orange"], inks["ink"]) == (charts.BLUE, charts.ORANGE, charts.INK)
    for ink in inks.values():
        for ground in ("#ffffff", "#f5f7fa", "#eef1f5"):
            assert (luminance(ground) + 0.05) / (luminance(ink) + 0.05) >= 4.5
    for ground in ("#fde2cc", "#d3e5f6"):
        assert (luminance(ground) + 0.05) / (luminance(inks["ink"]) + 0.05) >= 4.5


def test_a_year_of_100_000_comments(tmp_path: Path) -> None:
    scored = survey(100_000)
    started = time.monotonic()
    path = cxnlp.report(scored, tmp_path / "report.html")
    assert time.monotonic() - started < 30
    assert path.stat().st_size < 3_000_000


def test_figures_of_other_languages_say_nothing_of_how_well_these_are_read() -> None:
    manifest = store.read("accurate").manifest
    ours = [f for f in manifest["figures"] if "nl" in f["report"]["by_language"]]
    assert 0 < len(ours) < len(manifest["figures"])
    words = Words("en")
    assert page._model(manifest, words) == page._model(manifest | {"figures": ours}, words)
