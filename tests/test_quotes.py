from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from synthetic import readings, survey

from cxnlp.errors import CxnlpError
from cxnlp.insights import Scored
from cxnlp.insights.excerpts import MOST_WORDS, excerpts, highlighted
from cxnlp.insights.quoting import quotes
from cxnlp.results import Results
from cxnlp.taxonomy import ASPECTS

WAITS = [
    "Ik stond drie kwartier in de rij bij de kassa en niemand deed er iets aan, jammer hoor",
    "ik stond drie kwartier in de rij bij de kassa, en niemand deed er iets aan... jammer hoor!",
    "Na twee weken nog geen antwoord op mijn mail gehad, dat vind ik echt veel te lang",
    "Het pakket kwam negen dagen te laat en ik kon het nergens volgen, heel vervelend",
    "te laat",
    "Bij de balie van de gemeente moest ik een uur in de rij staan voor een handtekening",
]
WORDS = ["drie kwartier", "drie kwartier", "nog geen antwoord", "te laat", "te laat", "een uur"]


@pytest.fixture
def waits() -> Results:
    return readings(WAITS, [{("time", "negative"): word} for word in WORDS])


def test_columns(waits: Results) -> None:
    frame = quotes(waits, "time", "negative", 2)
    assert list(frame) == ["index", "text", "evidence", "confidence", "start", "end", "language"]
    assert len(frame) == 2
    for row in frame.itertuples():
        assert row.text[row.start : row.end] == row.evidence == WORDS[row.index]
        assert row.confidence == pytest.approx(0.6 + len(row.evidence) / 200)
        assert row.language == "nl"


def test_no_quote_repeats_another(waits: Results) -> None:
    found = quotes(waits, "time", "negative", 6)["index"].tolist()
    assert len(found) == 5
    assert not {0, 1} <= set(found)


def test_a_comment_of_two_words_comes_last(waits: Results) -> None:
    assert quotes(waits, "time", "negative", 6)["index"].tolist()[-1] == 4


def test_the_confident_come_first() -> None:
    comments = [f"{number} in de rij bij de kassa van de winkel in de stad" for number in "abcdef"]
    results = readings(comments, [{("time", "negative"): "in de rij"}] * 6)
    results.aspect_probabilities[3, ASPECTS.index("time"), 1] = 0.99
    assert quotes(results, "time", "negative", 1)["index"].tolist() == [3]


def test_the_typical_come_first() -> None:
    comments = ["de trein had vertraging en ik miste de aansluiting in Utrecht"] * 1 + [
        f"lang wachten aan de telefoon bij de klantenservice, keer {n} al" for n in "abcd"
    ]
    results = readings(comments, [{("time", "negative"): comment[:8]} for comment in comments])
    first, second = quotes(results, "time", "negative", 2)["index"]
    assert first > 0  # four comments of five are about the telephone
    assert second == 0  # and the next is about something else


def test_nothing_said_gives_no_rows(waits: Results) -> None:
    for results in (waits, readings([], []), readings([None, "-"], [{}, {}])):
        frame = quotes(results, "price", "positive")
        assert frame.empty
        assert frame["start"].dtype == np.int64


def test_only_pictographs() -> None:
    results = readings(["😀", "👍👍"], [{("service", "positive"): "😀"}, {}])
    assert quotes(results, "service", "positive")["text"].tolist() == ["😀"]


def test_names_are_masked_unless_one_says_not() -> None:
    comment = "Mevrouw Jansen (06-12345678) was erg vriendelijk aan de balie in Utrecht vandaag"
    results = readings([comment], [{("friendliness", "positive"): "erg vriendelijk"}])
    row = quotes(results, "friendliness", "positive").iloc[0]
    assert row["text"].startswith("Mevrouw [naam] ([telefoon]) was")
    assert row["text"][row["start"] : row["end"]] == "erg vriendelijk"
    bare = quotes(results, "friendliness", "positive", mask=False).iloc[0]
    assert bare["text"] == comment


def test_english_comments_are_masked_in_english() -> None:
    comment = "I spoke to Anna and she was ever so kind to me on the phone"
    results = readings([comment], [{("friendliness", "positive"): "kind"}], "en")
    assert "[name]" in quotes(results, "friendliness", "positive")["text"][0]


def test_long_comments_are_cut_around_the_evidence() -> None:
    filler = " ".join(["Eerst nog iets anders over de dag."] * 30)
    results = readings(
        [f"{filler} Maar het wachten duurde een uur. {filler}"],
        [{("time", "negative"): "een uur"}],
    )
    row = quotes(results, "time", "negative").iloc[0]
    assert row["text"].startswith("… Eerst nog")  # at the start of a sentence
    assert row["text"].endswith(" …")
    assert len(row["text"].split()) == MOST_WORDS + 2
    assert row["text"][row["start"] : row["end"]] == "een uur"


def test_long_comments_without_evidence_keep_their_beginning() -> None:
    comment = " ".join(f"w{n}" for n in range(100))
    results = readings([comment], [{("time", "negative"): "w90"}])
    bare = Results(
        results.texts, results.no_text, results.language, results.sentiment_probabilities,
        results.aspect_probabilities, results.decisions,
    )  # fmt: skip
    row = quotes(bare, "time", "negative", mask=False).iloc[0]
    assert row["text"] == " ".join(f"w{n}" for n in range(MOST_WORDS)) + " …"
    assert (row["evidence"], row["start"], row["end"]) == ("", 0, 0)


def test_a_comment_without_blanks_is_cut_too() -> None:
    comment = f"{'A' * 100_000} maar een uur gewacht"
    row = quotes(readings([comment], [{("time", "negative"): "een uur"}]), "time", "negative").iloc[
        0
    ]
    assert len(row["text"]) < 100 * MOST_WORDS
    assert row["text"][row["start"] : row["end"]] == "een uur"


def test_evidence_longer_than_a_quote_is_shown_whole() -> None:
    comment = " ".join(f"w{n}" for n in range(200))
    inside = " ".join(f"w{n}" for n in range(50, 150))
    row = quotes(readings([comment], [{("time", "negative"): inside}]), "time", "negative").iloc[0]
    assert row["evidence"] == inside


def test_of_a_table_the_words_are_found_in_the_comment() -> None:
    results = readings(
        ["Snel geholpen maar traag geleverd, dat kan echt wel beter hoor mensen"],
        [{("time", "positive"): "Snel", ("time", "negative"): "traag geleverd"}],
    )
    frame = results.to_pandas().rename(columns={"text": "comment"})
    for sign, words in (("positive", "Snel"), ("negative", "traag geleverd")):
        assert quotes(frame, "time", sign)["evidence"].tolist() == [words]
    frame["comment"] = "Altijd vriendelijk, en op tijd kwam het eten ook nog warm bij ons aan"
    frame["cx_time"], frame["cx_time_evidence"] = "positive", "tijd"
    row = quotes(frame, "time", "positive").iloc[0]
    assert row["text"][row["start"] - 3 : row["end"]] == "op tijd"
    frame["cx_time"] = "negative"
    frame["cx_time_evidence"] = "staat er niet"
    with pytest.raises(CxnlpError, match="not clear"):  # is it the column that was read?
        quotes(frame, "time", "negative")
    assert quotes(frame, "time", "negative", text="comment")["evidence"].tolist() == [""]


def test_a_model_may_measure_likeness(waits: Results) -> None:
    class Model:
        def embed(self, texts: list[str]) -> np.ndarray:
            return np.eye(len(texts), 8, dtype=np.float32) * 3

    assert len(quotes(waits, "time", "negative", 6, model=Model())) == 5
    assert len(quotes(waits, "time", "negative", 6, model="fast")) >= 4


def test_what_does_not_exist_is_refused(waits: Results) -> None:
    with pytest.raises(CxnlpError, match="no aspect 'speed'; give one of friendliness"):
        quotes(waits, "speed", "negative")
    with pytest.raises(CxnlpError, match="no sign '-'; give one of positive, negative"):
        quotes(waits, "time", "-")
    with pytest.raises(CxnlpError, match="n is -1; give a whole number of 0 or more"):
        quotes(waits, "time", "negative", -1)
    bare = waits.to_pandas().drop(columns="text")
    with pytest.raises(CxnlpError, match="Which column holds the comments is not clear"):
        quotes(bare, "time", "negative")


def test_the_same_comments_give_the_same_quotes() -> None:
    scored = survey(500)
    first = quotes(scored, "time", "negative")
    pd.testing.assert_frame_equal(first, quotes(scored, "time", "negative"))
    assert len(first) == 5


def test_highlighting_escapes() -> None:
    text = "<script>alert(1)</script> & traag"
    start = text.index("traag")
    assert highlighted(text, start, len(text)) == (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <mark>traag</mark>"
    )
    assert highlighted("a<b", 0, 0) == "a&lt;b"


def test_excerpts_of_nothing() -> None:
    scored = Scored.of(readings([], []))
    empty = np.array([], int)
    assert excerpts(scored, empty, empty, empty).empty
