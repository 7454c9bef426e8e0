from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tiny

from cxnlp import encoder
from cxnlp.encoder import WINDOW, Encoder
from cxnlp.model import load
from cxnlp.results import Results

STORY = "Ik stond een uur in de winkel. De telefoon was traag, maar niet geholpen! "
TEXTS = [
    "vriendelijk geholpen",
    "een uur in de wacht maar vriendelijk",
    "The shop was slow 😀 but friendly.",
    "vriendelijk geholpen",
    None,
    "é\u0301e\u0301n uur wacht",
    "-",
    "TRAAG",
    STORY * 120,
    "",
    float("nan"),
]


@pytest.fixture(scope="module")
def results() -> Results:
    return tiny.model().classify(TEXTS)


def same(left: Results, right: Results, tolerance: float = 1e-3) -> None:
    for name in ("no_text", "language", "sentiment", "decisions", "evidence"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    for name in ("sentiment_probabilities", "aspect_probabilities"):
        np.testing.assert_allclose(getattr(left, name), getattr(right, name), atol=tolerance)


def test_rows_join_the_frame_whose_column_was_read() -> None:
    frame = pd.DataFrame({"comment": TEXTS[:3], "nps": [9, 3, 7]}, index=[40, 10, 30])
    some = frame[frame["nps"] > 5]
    joined = some.join(tiny.model().classify(some["comment"]).to_pandas())
    assert joined["text"].tolist() == joined["comment"].tolist()
    assert tiny.model().classify(TEXTS[:3]).to_pandas().index.tolist() == [0, 1, 2]


def test_a_model_goes_to_another_process_as_its_folder() -> None:
    model = load("fast", threads=1)
    sent = pickle.dumps(model)
    assert len(sent) < 1000
    assert pickle.loads(sent) is model
    assert copy.deepcopy(model) is model
    with pytest.raises(TypeError, match="has no folder"):
        pickle.dumps(tiny.model())


def test_columns(results: Results) -> None:
    count = len(TEXTS)
    assert len(results) == count
    assert results.language.shape == (count,)
    assert results.sentiment_probabilities.shape == (count, 4)
    assert results.aspect_probabilities.shape == (count, 17, 2)
    assert results.evidence.shape == (count, 17, 2, 2)
    assert results.sentiment_probabilities.dtype == results.aspect_probabilities.dtype == np.float32
    assert results.evidence.dtype == np.int32


def test_the_tiny_model_decides_something_but_not_everything(results: Results) -> None:
    assert 0.02 < results.decisions.mean() < 0.98


def test_order_is_kept(results: Results) -> None:
    order = np.random.default_rng(0).permutation(len(TEXTS))
    same(tiny.model().classify([TEXTS[i] for i in order]), results[order])


def test_duplicates_are_equal_and_read_once(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    same(results[0:1], results[3:4], 0)
    seen: list[str] = []
    encoder = tiny.model()._encoder
    plain = encoder.tokenize
    monkeypatch.setattr(
        encoder, "tokenize", lambda texts: seen.extend(texts.to_pylist()) or plain(texts)
    )
    tiny.model().classify(["traag", "snel", "traag"] * 50)
    assert seen == ["traag", "snel"]


@pytest.mark.parametrize("row", [4, 6, 9, 10])
def test_cells_without_text(results: Results, row: int) -> None:
    result = results[row]
    assert result.no_text
    assert result.sentiment == "neutral"
    assert result.score == 0
    assert not result.aspects
    assert not results.aspect_probabilities[row].any()
    assert not results.sentiment_probabilities[row].any()


def test_alone_or_among_many_is_the_same(results: Results) -> None:
    for row, text in enumerate(TEXTS):
        same(tiny.model().classify([text]), results[row : row + 1])
    crowd = [f"{STORY[:n]} {n}" for n in range(3, 70)]
    same(tiny.model().classify([*crowd, *TEXTS, *crowd])[len(crowd) : -len(crowd)], results)


def test_threads_at_once(results: Results) -> None:
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(tiny.model().classify, [TEXTS] * 8):
            same(found, results)


def test_batches_at_once_and_one_by_one_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "de wacht was een uur en niemand luisterde".split()
    texts = pa.array([" ".join(words[: 1 + at % 8] * (1 + at % 5)) for at in range(300)])
    read = []
    for small in (0, 10**9):
        monkeypatch.setattr(encoder, "SMALL", small)
        made = Encoder(tiny.tokenizer(), tiny.graph(), threads=3)
        windows = made.tokenize(texts.cast(pa.large_string()))
        assert made._at_once == (3 if small else 1)
        assert len(list(made.batches(windows))) > 3
        read.append((made.read(windows, lambda logits: logits > 0), made.embed(windows)))
    for name in ("aspects", "sentiment", "language", "spans"):
        left, right = (getattr(outputs, name) for outputs, _ in read)
        np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(read[0][1], read[1][1])


def test_stream_gives_the_same_in_batches(results: Results) -> None:
    parts = list(tiny.model().stream(iter(TEXTS), batch_size=3))
    assert [len(part) for part in parts] == [3, 3, 3, 2]
    same(Results.concat(parts), results)
    assert list(tiny.model().stream([])) == []


def test_stream_takes_an_endless_iterable() -> None:
    endless = iter(lambda: "traag", None)
    assert len(next(tiny.model().stream(endless, batch_size=4))) == 4


def test_stream_keeps_the_index_of_a_column() -> None:
    column = pd.Series(TEXTS, index=range(len(TEXTS), 0, -1))
    parts = list(tiny.model().stream(column, batch_size=3))
    assert parts[0].to_pandas().index.tolist() == column.index[:3].tolist()
    assert Results.concat(parts).to_pandas().index.tolist() == column.index.tolist()


@pytest.mark.parametrize(
    "texts",
    [
        pd.Series(TEXTS, index=range(5, 16)),
        pa.chunked_array([TEXTS[:4], [*TEXTS[4:-1], None]]),
        pa.array([*TEXTS[:-1], None]).dictionary_encode(),
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_stream_takes_columns(texts: object, results: Results) -> None:
    same(Results.concat(tiny.model().stream(texts, batch_size=4)), results)


def test_stream_refuses() -> None:
    with pytest.raises(TypeError, match="list of strings"):
        tiny.model().stream("traag")
    for table in (pd.DataFrame({"comment": ["traag"]}), pa.table({"c": ["traag"]}), {"c": "traag"}):
        with pytest.raises(TypeError, match="one column"):
            tiny.model().stream(table)
    for size in (0, 1.5):
        with pytest.raises(ValueError, match=f"batch_size is {size}; give a whole number"):
            tiny.model().stream(["traag"], batch_size=size)  # type: ignore[arg-type]
    for threads in (0, -1, "a"):
        with pytest.raises(ValueError, match="threads is .*; give a whole number of 1 or more"):
            load("fast", threads=threads)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"texts\[3\] is not text"):
        list(tiny.model().stream(["a", "b", "c", 7], batch_size=2))


def test_without_evidence(results: Results) -> None:
    bare = tiny.model().classify(TEXTS, evidence=False)
    assert bare.evidence is None
    np.testing.assert_array_equal(bare.decisions, results.decisions)


def test_nothing_at_all() -> None:
    for texts in ([], [None], ["", "..."]):
        found = tiny.model().classify(texts)
        assert len(found) == len(texts)
        assert found.no_text.all()


def test_evidence_is_words_of_the_original_string(results: Results) -> None:
    found = 0
    for row, text in enumerate(TEXTS):
        bounds = results.evidence[row][results.decisions[row]]
        for start, end in bounds.tolist():
            found += 1
            assert 0 <= start < end <= len(text)
            assert text[start:end].strip() == text[start:end]
            assert start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
            assert end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
        assert (results.evidence[row][~results.decisions[row]] == -1).all()
    assert found > 10


def test_markup_is_not_read(results: Results) -> None:
    marked = [
        f"<p>{text.replace(' ', '&nbsp;')}</p>" if isinstance(text, str) else text for text in TEXTS
    ]
    found = tiny.model().classify([*marked, "<br>"])
    assert found[-1].text == "<br>"
    assert np.array_equal(found.aspect_probabilities[:-1], results.aspect_probabilities)
    assert found.no_text[-1]
    for row, text in enumerate(TEXTS):
        for old, new in zip(
            results.evidence[row][results.decisions[row]],
            found.evidence[row][found.decisions[row]],
            strict=True,
        ):
            words = marked[row][slice(*new)].replace("&nbsp;", " ")
            assert words == text[slice(*old)]


@pytest.mark.parametrize("texts", [["\uff9e"], ["traag", "\uff9e"], ["\uff9e", "traag"]])
def test_a_text_that_leaves_no_tokens_is_read(texts: list[str]) -> None:
    found = tiny.model().classify(texts)
    at = texts.index("\uff9e")
    assert (found.evidence[at] == -1).all()
    assert np.isfinite(found.sentiment_probabilities).all()


def test_evidence_is_looked_for_where_it_is_wanted() -> None:
    encoder = tiny.model()._encoder
    windows = encoder.tokenize(_column("de winkel was traag", "snel en vriendelijk"))
    wanted = np.zeros((2, 17, 2), bool)
    wanted[1, 3, 0] = True
    spans = encoder.read(windows, lambda logits: wanted).spans
    assert (spans[~wanted] == -1).all()
    assert (spans[wanted] >= 0).all()
    assert encoder.read(windows).spans is None


def _column(*texts: str) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


def test_a_long_comment_is_read_to_its_end() -> None:
    words = "de winkel was traag. " * 700
    start, end = tiny.model().classify([words])[0:1], tiny.model().classify([words + "vriendelijk"])
    windows = tiny.model()._encoder.tokenize(_column(words))
    assert len(windows.start) > 5
    assert windows.length.sum() == len(windows.ids)
    assert windows.length.max() <= WINDOW
    assert (start.aspect_probabilities != end.aspect_probabilities).any()


def test_windows_end_with_a_sentence_where_that_can_be() -> None:
    windows = tiny.model()._encoder.tokenize(_column("de winkel was traag. " * 700, "a" * 5000))
    point = tiny.model()._encoder.tokenize(_column(".")).ids[-1]
    first = windows.text == 0
    last = windows.ids[(windows.start + windows.length - 1)[first]]
    assert (last == point).all()
    assert windows.length[~first].sum() >= 5000


def test_aspects_of_a_long_comment_are_the_strongest_of_its_windows() -> None:
    model, text = tiny.model(), STORY * 60
    windows = model._encoder.tokenize(_column(text))
    logits = model._encoder.read(windows).aspects
    expected = model._calibration.aspects(logits).max(axis=0)
    np.testing.assert_allclose(model.classify([text]).aspect_probabilities[0], expected, atol=1e-6)


def test_embeddings() -> None:
    vectors = tiny.model().embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 32)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors[0], vectors[3])
    assert not vectors[[4, 6, 9, 10]].any()
    assert tiny.model().embed([]).shape == (0, 32)


def test_many_comments_are_embedded_a_chunk_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"uur {number} traag" for number in range(9000)]
    few, model = 5000, tiny.model()
    seen: list[int] = []
    tokenize = Encoder.tokenize

    def counted(self: Encoder, texts: pa.LargeStringArray) -> object:
        seen.append(len(texts))
        return tokenize(self, texts)

    monkeypatch.setattr(Encoder, "tokenize", counted)
    vectors = model.embed(texts)
    assert max(seen) < few < sum(seen) == len(texts)
    np.testing.assert_array_equal(vectors[-3:], model.embed(texts[-3:]))


def test_case_and_accents_do_not_matter() -> None:
    found = tiny.model().classify(["ÉÉN UUR WACHT", "een uur wacht"])
    for upper, lower in (
        found.aspect_probabilities, found.sentiment_probabilities, found.decisions, found.evidence,
    ):  # fmt: skip
        np.testing.assert_array_equal(upper, lower)


def test_zero_width_and_control_characters() -> None:
    texts = [
        "ok " + "." * 3000,
        "!" * 900 + " a",
        "traag\u200b",
        "\u200b\u200d1",
        "a\x00b",
        "👩\u200d🦰",
        "\ufeffsnel",
        "\ud800x",
    ]
    assert len(tiny.model().classify(texts)) == len(texts)
