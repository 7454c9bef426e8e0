"""A fast model that learns from the accurate one: `cxnlp train recipes/fast.toml`.

The teacher reads every comment there is, labelled or not, and variants of them, joined and
misspelled; the student learns its probabilities and where it looks (Hinton et al. 2015), beside
the labels of those that have some. It reads part of them in a story, and learns what was said of
them without it.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import itertools
import json
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from cxnlp import store
from cxnlp.encoder import Encoder, Windows
from cxnlp.model import Model, load
from cxnlp.taxonomy import LANGUAGES, indices
from cxnlp.training import corpus
from cxnlp.training.augment import Augmenter, Comment
from cxnlp.training.base import SPECIALS
from cxnlp.training.convolutions import Convolutions, even
from cxnlp.training.fit import Stage, comments_of, loss_of, move
from cxnlp.training.lessons import Lessons, Stories
from cxnlp.training.network import Network
from cxnlp.training.recipe import Sources, evaluator, finish, neutral_sentences
from cxnlp.training.restore import taken_up
from cxnlp.whole import whole

log = logging.getLogger("cxnlp.training")

#: Comments that the teacher reads between two times that its readings are kept.
PORTION = 4096
#: What is joined and misspelled of the labelled comments, one pass over them each.
PASSES = ((1.0, 0.0), (1.0, 0.3), (0.0, 1.0))
#: Of a sentence that the teacher reads by itself.
MOST_WORDS = 30
_BREAK = re.compile(r"(?<=[.!?])\s+|\n+|,?\s+(?=(?:maar|but)\s)", re.IGNORECASE)
#: Standard deviation of the embeddings at first.
SPREAD = 0.35


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Sources):
    """A recipe of a fast model, told by a ``teacher`` and no ``layers``, read from TOML.

    Attributes
    ----------
    teacher
        The model that is learned from: a shipped one or a folder.
    variants
        How many variants of the labelled comments it may read, beside all comments as they stand.
    readings
        How many of all these it reads, drawn at random.
    sentences
        How many sentences and clauses of the comments it reads by themselves, after that.
    word_width, width, near
        Of the network, see `cxnlp.training.convolutions.Convolutions`.
    start
        The fast model that the student goes on from, a shipped one or a folder; its shape is that
        of the recipe. Empty: from the teacher's word vectors.
    mixed
        Share of the weights that the student starts from in those that it ends with, as in
        `cxnlp.training.shorten.Config`.
    bury
        Share of the comments in Dutch or English, of at most `lessons.MOST_BURIED` tokens, that
        stand in a story of sentences that judge nothing, drawn anew each epoch.
    epochs, batch_size, learning_rate, dropout, sentiment_weight
        Of its fitting; ``dropout`` is the share of tokens that is hidden, the last as in
        `cxnlp.training.fit.Stage`.
    """

    teacher: str
    variants: int
    readings: int
    sentences: int
    word_width: int
    width: int
    near: tuple[tuple[int, ...], ...]
    start: str = ""
    mixed: float = 0.0
    bury: float
    epochs: int
    batch_size: int
    learning_rate: float
    dropout: float
    sentiment_weight: float

    @classmethod
    def read(cls, path: Path) -> Config:
        """Read and check a TOML file."""
        values = cls.resolved(path)
        return cls(**values | {"near": tuple(map(tuple, values["near"]))})


def run(config: Config, work: Path, target: Path) -> Path:
    """Train a fast model and write its folder; what the teacher has read is kept in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    teacher, stored = load(config.teacher), store.read(config.teacher)
    tokenizer = Tokenizer.from_str(stored.tokenizer)
    student = _student(config, stored, tokenizer)
    labelled = config.read_labelled()
    dev = corpus.read_labelled(config.dev)
    evaluate = evaluator(dev, tokenizer)
    comments = comments_of(labelled)
    parts = [_labelled_lessons(tokenizer, comments)]
    parts += _taught(teacher, stored, tokenizer, _texts(config, comments), work)
    lessons = Lessons.joined(parts)
    log.info("%d comments, %d tokens", len(lessons.language), len(lessons.ids))
    stories = Stories.tokenized(tokenizer, neutral_sentences(config.neutral), config.bury)
    before = copy.deepcopy(student)
    network = _fit(student, lessons, stories, config, evaluate)
    move(network, before, config.mixed)
    batches = lessons.batches(config.batch_size, np.random.default_rng(0), stories)
    assert isinstance(network.encoder, Convolutions)
    even(network.encoder, [network.head.query, network.head.value], itertools.islice(batches, 20))
    return finish(config, network, tokenizer, labelled, dev, target)


def _student(config: Config, teacher: store.StoredModel, tokenizer: Tokenizer) -> Network:
    """The network as it is before it learns."""
    count = tokenizer.get_vocab_size()
    encoder = Convolutions(count, config.word_width, config.width, config.near)
    if not config.start:
        encoder.words.weight.data = _word_vectors(
            Encoder(teacher.tokenizer, teacher.network), count, config.word_width
        )
        return Network(encoder)
    return taken_up(Network(encoder), teacher.tokenizer, store.read(config.start))


def _texts(config: Config, comments: list[Comment]) -> list[str]:
    """All comments and variants of the labelled ones, well mixed; then sentences of the former."""
    draw = np.random.default_rng(config.seed)
    variants: list[str] = []
    for number, (join, noise) in enumerate(PASSES):
        vary = Augmenter(
            comments,
            neutral_sentences(config.neutral),
            join=join,
            bury=0.0,
            noise=noise,
            seed=config.seed + number,
        )
        variants += [vary(comment).text for comment in comments]
    texts = [variants[at] for at in draw.permutation(len(variants))[: config.variants]]
    own = list(dict.fromkeys([*config.read_unlabelled(), *(c.text for c in comments)]))
    texts += own
    texts = [texts[at] for at in draw.permutation(len(texts))[: config.readings]]
    parts = clauses(own)
    return texts + [parts[at] for at in draw.permutation(len(parts))[: config.sentences]]


def clauses(texts: list[str]) -> list[str]:
    """What stands between full stops, line ends and "but" in texts that have several, each once.

    By itself a clause shows which words say what the whole comment says.
    """
    parts = dict.fromkeys(part.strip() for text in texts for part in _BREAK.split(text))
    complete = set(texts)
    return [part for part in parts if part not in complete and 2 < len(part.split()) <= MOST_WORDS]


def _labelled_lessons(tokenizer: Tokenizer, comments: list[Comment]) -> Lessons:
    return Lessons.tokenized(
        tokenizer,
        [c.text for c in comments],
        np.stack([c.aspects for c in comments]),
        np.stack([c.sentiment for c in comments]),
        np.array([c.language for c in comments]),
        np.stack([c.quotes for c in comments]),
    )


def _taught(
    teacher: Model, stored: store.StoredModel, tokenizer: Tokenizer, texts: list[str], work: Path
) -> list[Lessons]:
    """What the teacher says of texts, portion by portion."""
    parts = []
    for start in range(0, len(texts), PORTION):
        portion = texts[start : start + PORTION]
        # Named by who reads what: another teacher, or a corpus that has changed, is read anew.
        said = [stored.manifest[part] for part in ("files", "calibration")]
        digest = hashlib.sha256(json.dumps([*said, portion]).encode()).hexdigest()
        kept = work / f"taught.{digest[:16]}.safetensors"
        if not kept.exists():
            read = teacher.classify(portion)
            assert read.evidence is not None
            lessons = {
                "aspects": read.aspect_probabilities.reshape(len(portion), -1),
                "sentiment": read.sentiment_probabilities,
                "language": np.array(indices(read.language, LANGUAGES)),
                "quotes": read.evidence.reshape(len(portion), -1, 2),
            }
            with whole(kept) as part:
                save_file(lessons, part)
            log.info("the teacher has read %d of %d", start + len(portion), len(texts))
        parts.append(Lessons.tokenized(tokenizer, portion, **load_file(kept)))
    return parts


def _word_vectors(teacher: Encoder, count: int, width: int) -> torch.Tensor:
    """What the teacher makes of each word piece on its own, in its `width` main directions.

    As model2vec distils a sentence encoder (Tulkens and van Dongen 2024).
    """
    from sklearn.decomposition import PCA

    each = np.arange(count)
    vectors = teacher.embed(Windows(each, each, np.ones_like(each), each, each, None))
    main = PCA(width, random_state=0).fit_transform(vectors)
    return torch.from_numpy((main / main.std() * SPREAD).astype(np.float32))


def _fit(
    network: Network,
    lessons: Lessons,
    stories: Stories,
    config: Config,
    evaluate: Callable[[Network], dict[str, float]],
) -> Network:
    stage = Stage(
        "distil", config.epochs, config.learning_rate, config.learning_rate,
        sentiment_weight=config.sentiment_weight,
    )  # fmt: skip
    draw = np.random.default_rng(config.seed)
    others = dict(network.named_parameters())
    words = others.pop("encoder.words.weight")
    optimisers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(others.values(), weight_decay=0.01, fused=True),
        torch.optim.SparseAdam([words]),
    ]
    per_epoch = max(1, len(lessons.language) // config.batch_size)
    schedules = [
        torch.optim.lr_scheduler.OneCycleLR(
            optimiser, config.learning_rate, config.epochs * per_epoch, pct_start=0.1,
        )
        for optimiser in optimisers
    ]  # fmt: skip
    hidden = SPECIALS.index("<unk>")
    for epoch in range(config.epochs):
        started, total = time.monotonic(), 0.0
        network.train()
        for batch in lessons.batches(config.batch_size, draw, stories):
            drop = torch.rand(batch.ids.shape) < config.dropout
            batch.ids[drop & batch.mask] = hidden
            loss = loss_of(network, batch, stage)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(others.values(), 1.0)
            for optimiser, schedule in zip(optimisers, schedules, strict=True):
                optimiser.step()
                optimiser.zero_grad()
                schedule.step()
            total += float(loss.detach())
        log.info(
            "epoch %d loss %.3f %.0f s: %s",
            epoch, total / per_epoch, time.monotonic() - started, json.dumps(evaluate(network)),
        )  # fmt: skip
    return network
