"""What a data scientist builds from labelled comments: how each learns.

A contestant is a function from a `Lesson` to a `Reader`; readers.py has how it reads. It imports
its package when it learns, so that one that is not installed is missing alone; requirements.txt
pins all of them. Sizes and epochs are such that all of them together learn within half an hour on
two cores; where that may cost a contestant something, its docstring says so.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import readers
import spacy
from joblib import parallel_config
from readers import LABELS, Reader
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed
from transformers import PreTrainedTokenizerFast

import cxnlp
from cxnlp.evaluation import Readings
from cxnlp.taxonomy import SENTIMENTS
from cxnlp.training.base import BUNDLED, load_base

#: What learns on an encoder's vectors has so many comments: all would take over half an hour.
MOST_VECTORS = 8000
#: SetFit compares so many of the comments with one another, in so many batches of 16 pairs.
MOST_PAIRED, PAIR_STEPS = 800, 120
#: What the base wants before a text whose vector is a feature (Wang et al. 2024, "Multilingual E5
#: Text Embeddings").
PROMPT = "query: "


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What every contestant learns from.

    Attributes
    ----------
    texts, truth
        The comments and their labels.
    folder
        For what a package wants to read from disk.
    """

    texts: list[str]
    truth: Readings
    folder: Path

    @property
    def decisions(self) -> np.ndarray:
        """The aspects as columns, (n, 34) bool."""
        return self.truth.aspects.reshape(len(self.texts), LABELS)

    @functools.cached_property
    def encoder(self) -> str:
        """Folder of the base encoder that cxnlp starts from, which has seen no label."""
        folder = str(self.folder / "encoder")
        network, tokenizer = load_base(BUNDLED, self.texts)
        network.save_pretrained(folder)
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            model_max_length=network.config.max_position_embeddings,
            cls_token="<s>",
            pad_token="<pad>",
            sep_token="</s>",
            unk_token="<unk>",
        ).save_pretrained(folder)
        return folder

    def some(self, most: int) -> Lesson:
        """`most` of the comments, drawn at random; all of them where there are fewer."""
        rows = np.random.default_rng(0).permutation(len(self.texts))[:most]
        return Lesson([self.texts[row] for row in rows], self.truth[rows], self.folder)


def ours(name: str, _lesson: Lesson) -> Reader:
    """A committed model, which has learned before."""
    return readers.Committed(cxnlp.load(name))


def tfidf(analyzer: str, ngrams: tuple[int, int], lesson: Lesson) -> Reader:
    """Weighted counts of words or letters, and a logistic regression for each decision."""
    counts = TfidfVectorizer(
        analyzer=analyzer, ngram_range=ngrams, min_df=2, sublinear_tf=True, strip_accents="unicode"
    )
    decision = LogisticRegression(C=10, solver="liblinear")
    return _regressions(lesson, counts, decision, LogisticRegression(C=10, max_iter=500))


def sentence_vectors(lesson: Lesson) -> Reader:
    """The mean of the base encoder's token vectors, by sentence-transformers, and regressions.

    A transformer in float32 reads twenty to forty comments a second on two cores, so it learns from
    `MOST_VECTORS` of the comments, drawn at random.
    """
    return _vector_regressions(lesson.some(MOST_VECTORS), _encode(_sentence_encoder(lesson)))


def setfit(lesson: Lesson) -> Reader:
    """The same after fine-tuning on pairs of comments: those that share a label attract each other.

    SetFit (Tunstall et al. 2022) is made for few labels: it has `PAIR_STEPS` batches of 16 pairs of
    `MOST_PAIRED` comments, some minutes; longer might help it. Its head is a regression on the
    vectors of those; here, in its favour, of all that sentence-transformers learns from.
    """
    package = importlib.import_module("setfit")
    few = lesson.some(MOST_PAIRED)
    model = _sentence_encoder(lesson)
    whole, model.max_seq_length = model.max_seq_length, 64  # while it learns, for the sake of time
    settings = package.TrainingArguments(
        output_dir=str(lesson.folder / "setfit"), batch_size=16, max_steps=PAIR_STEPS,
        save_strategy="no", report_to="none", show_progress_bar=False,
    )  # fmt: skip
    trainer = package.Trainer(
        package.SetFitModel(model_body=model, multi_target_strategy="one-vs-rest"), settings
    )
    texts = [PROMPT + text for text in few.texts]
    trainer.train_embeddings(texts, few.decisions.astype(int).tolist(), args=settings)
    model.max_seq_length = whole
    return _vector_regressions(lesson.some(MOST_VECTORS), _encode(model))


def _sentence_encoder(lesson: Lesson) -> Any:
    package = importlib.import_module("sentence_transformers")
    modules = importlib.import_module("sentence_transformers.sentence_transformer.modules")
    network = modules.Transformer(lesson.encoder, model_kwargs={"add_pooling_layer": False})
    pooling = modules.Pooling(network.get_embedding_dimension())
    return package.SentenceTransformer(modules=[network, pooling], device="cpu")


def _encode(model: Any) -> Callable[[list[str]], np.ndarray]:
    return functools.partial(model.encode, prompt=PROMPT, show_progress_bar=False)


def model2vec(lesson: Lesson) -> Reader:
    """A vector for each token, distilled from the base encoder, and regressions on their mean.

    Model2Vec (Tulkens and van Dongen 2024) with the package's defaults: 256 dimensions, and less
    weight for common tokens.
    """
    model = importlib.import_module("model2vec.distill").distill(lesson.encoder, device="cpu")
    return _vector_regressions(lesson, functools.partial(model.encode, use_multiprocessing=False))


def _vector_regressions(lesson: Lesson, encode: Callable[[list[str]], np.ndarray]) -> Reader:
    features = make_pipeline(FunctionTransformer(encode), StandardScaler())
    regression = LogisticRegression(C=0.1, max_iter=300)
    return _regressions(lesson, features, regression, regression)


def _regressions(
    lesson: Lesson, features: Any, decision: LogisticRegression, sentiment: LogisticRegression
) -> Reader:
    """Fit `features`, and a regression on them for each decision and one for the sentiment."""
    table = features.fit_transform(lesson.texts)
    with parallel_config(max_nbytes=None):  # liblinear wants tables that it could write to
        decisions = OneVsRestClassifier(decision, n_jobs=-1).fit(table, lesson.decisions)
    return readers.Regressions(features, decisions, sentiment.fit(table, lesson.truth.sentiment))


def fasttext(lesson: Lesson) -> Reader:
    """Mean vectors of words and pairs of words: Joulin et al. (2017), one against all.

    Learning rate, size, epochs and pairs are those of the package's tutorial for several labels
    (https://fasttext.cc/docs/en/supervised-tutorial.html); one thread, so that every run learns the
    same. A comment without aspects teaches it nothing about aspects: it skips lines without labels.
    """
    package = importlib.import_module("fasttext")
    texts = list(map(readers.plain_words, lesson.texts))

    def learn(labels: list[np.ndarray], loss: str) -> Any:
        path = lesson.folder / "fasttext.txt"
        with path.open("w", encoding="utf-8") as file:
            for numbers, text in zip(labels, texts, strict=True):
                file.write(" ".join([*(f"__label__{n}" for n in numbers), text]) + "\n")
        return package.train_supervised(
            str(path), loss=loss, lr=0.5, dim=50, epoch=25, wordNgrams=2, bucket=200_000, thread=1,
            verbose=0,
        )  # fmt: skip

    aspects = learn([np.flatnonzero(row) for row in lesson.decisions], "ova")
    sentiment = learn(list(lesson.truth.sentiment[:, None]), "softmax")
    return readers.FastText(aspects, sentiment)


def textcat(lesson: Lesson) -> Reader:
    """spaCy's textcat_multilabel for the aspects and textcat for the sentiment.

    Of its architectures the bag of words, which spaCy proposes for a CPU, here with pairs of words;
    the default, a network beside that bag, learns some 400 comments a second and would need half an
    hour.
    """
    fix_random_seed(0)
    nlp = spacy.blank("xx")
    aspects = [str(label) for label in range(LABELS)]
    _learn_categories(nlp, "textcat_multilabel", lesson.texts, aspects, lesson.decisions)
    feelings = np.eye(len(SENTIMENTS))[lesson.truth.sentiment]
    _learn_categories(nlp, "textcat", lesson.texts, list(SENTIMENTS), feelings)
    return readers.Categories(nlp)


def _learn_categories(
    nlp: Language, name: str, texts: list[str], labels: list[str], truth: np.ndarray
) -> None:
    """Add a component to `nlp` and fit it; `truth` is (n, labels)."""
    bag = {
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": name == "textcat",
        "ngram_size": 2,
        "no_output_layer": False,
    }
    component: Any = nlp.add_pipe(name, config={"model": bag})
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": dict(zip(labels, row, strict=True))})
        for text, row in zip(texts, truth.astype(float).tolist(), strict=True)
    ]
    component.initialize(lambda: examples, nlp=nlp)
    optimizer = nlp.create_optimizer()
    for _epoch in range(10):
        random.shuffle(examples)
        for batch in spacy.util.minibatch(examples, size=256):
            component.update(batch, sgd=optimizer)


def lexicon(score: Callable[[str], float], _lesson: Lesson) -> Reader:
    """A lexicon of sentiment, which learns nothing."""
    score("")  # imports its package, if that is there
    return readers.Lexicon(score)


CONTESTANTS: dict[str, Callable[[Lesson], Reader]] = {
    "cxnlp, accurate": functools.partial(ours, "accurate"),
    "cxnlp, balanced": functools.partial(ours, "balanced"),
    "cxnlp, fast": functools.partial(ours, "fast"),
    "TF-IDF of words + logistic regression": functools.partial(tfidf, "word", (1, 2)),
    "TF-IDF of letters + logistic regression": functools.partial(tfidf, "char_wb", (2, 5)),
    "sentence-transformers + logistic regression": sentence_vectors,
    "SetFit": setfit,
    "model2vec + logistic regression": model2vec,
    "fastText": fasttext,
    "spaCy textcat, bag of words": textcat,
    "VADER": functools.partial(lexicon, readers.vader),
    "TextBlob": functools.partial(lexicon, readers.textblob),
    "textblob-nl": functools.partial(lexicon, readers.textblob_nl),
}
#: A lexicon knows one language: it is scored on the comments in that language.
LANGUAGE = {"VADER": "en", "TextBlob": "en", "textblob-nl": "nl"}
