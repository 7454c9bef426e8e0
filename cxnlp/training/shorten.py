"""A shorter model that learns from the accurate one: `cxnlp train recipes/balanced.toml`.

The student begins as some of the teacher's layers. Both read every batch, and the student learns
what the teacher's states are where it skips layers (Jiao et al. 2020, "TinyBERT"), its
probabilities (Hinton et al. 2015), and the labels of the comments that have some.

A student of all the layers goes on where its teacher is, learns what comments came since, and what
the teacher says keeps it from forgetting the others (Li and Hoiem 2016, "Learning without
forgetting"): `cxnlp train recipes/accurate-further.toml`.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import logging
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import BertModel

from cxnlp import store
from cxnlp.errors import CxnlpError
from cxnlp.taxonomy import ASPECTS, SENTIMENTS, SIGNS
from cxnlp.training import corpus, languages
from cxnlp.training.above import Above
from cxnlp.training.augment import Comment
from cxnlp.training.distil import clauses
from cxnlp.training.fit import (
    Batch,
    Batches,
    Stage,
    comments_of,
    fit,
    half_precision,
    keep,
    losses,
    move,
    probabilities,
    save,
)
from cxnlp.training.narrow import narrowed, resize
from cxnlp.training.network import Network, place
from cxnlp.training.recipe import Sources, augmenter, evaluator, finish
from cxnlp.training.restore import restored, taken_up

log = logging.getLogger("cxnlp.training")

#: In place of the language of a comment that nobody has labelled.
UNLABELLED = -1
#: Of a channel of the states: below it, its variance is that of rounding.
EPSILON = 1e-4
#: Of each file of labels, so many comments tell which neurons to leave out.
SAMPLE = 1500


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Sources):
    """A recipe of a shorter model, told by its ``layers``, read from TOML.

    Attributes
    ----------
    teacher
        The transformer that is learned from: a shipped one or a folder.
    layers
        Of the teacher, counted from 0, which the student keeps; each learns to do what the teacher
        has done by the end of that layer.
    states_weight
        Of the loss of the states beside those of the tasks.
    start
        The model that the student goes on from, one that was made with these layers: a shipped one
        or a folder. Empty: from the layers of the teacher.
    wide
        Neurons that the feed-forward layers of the student keep (`narrow.py`); 0 for all.
    dropout
        Of the student; none where no comment is read often enough to be learned by heart.
    learned
        So many of the first comments of each file of `labelled`, and of `public` last, the weights
        that the student starts from have learned from; empty for none. Of these an epoch reads
        ``again`` of the stage, drawn anew, and of the others all.
    fixed
        So many of the first layers of a student that has all of the teacher's learn nothing, and
        the others learn from the labels alone (`above.py`); 0 to learn in all, from the teacher.
    letters
        Comments with more are left out; 0 to learn from all.
    mixed
        Share of the weights that the student starts from in those that it ends with. A network that
        went on from good weights reads other comments better so, and what it has learned from
        hardly worse (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). What the log
        tells of the dev comments is of the weights before they are mixed.
    stage
        The table of its `cxnlp.training.fit.Stage`: ``soften`` is the share of the teacher in the
        labels, ``self_share`` of the batches of comments that only the teacher labels, which are
        the weak ones and the clauses of all.
    """

    teacher: str
    layers: tuple[int, ...]
    states_weight: float
    start: str = ""
    wide: int = 0
    dropout: float = 0.0
    learned: tuple[int, ...] = ()
    fixed: int = 0
    letters: int = 0
    mixed: float = 0.0
    stage: Stage

    def __post_init__(self) -> None:
        super().__post_init__()
        first = tuple(range(self.fixed))
        if self.fixed and (self.start or self.layers[: self.fixed] != first):
            raise ValueError("fixed: the student starts from the teacher and has its first layers")
        if self.fixed and (self.stage.soften or self.stage.self_share or self.states_weight):
            raise ValueError(
                "fixed: no teacher reads; set soften, self_share and states_weight to 0"
            )
        if self.stage.copies != 1 or self.stage.weak_share:
            raise ValueError("its stage makes one network of no weak labels")

    @classmethod
    def read(cls, path: Path) -> Config:
        """Read and check a TOML file."""
        values = cls.resolved(path)
        for key in ("layers", "learned"):
            values[key] = tuple(values.get(key, ()))
        return cls(**values | {"stage": Stage(**values["stage"])})

    def known(self, tables: list[Dataset]) -> np.ndarray:
        """Which of the comments of `read_tables` were `learned` before: (comments,) bool.

        Raises
        ------
        CxnlpError
            Where `learned` is not of these tables, or all of them and an epoch draws none `again`.
        """
        counts = self.learned or (0,) * len(tables)
        sizes = [len(table) for table in tables]
        if len(counts) != len(sizes) or any(c > s for c, s in zip(counts, sizes, strict=True)):
            raise CxnlpError(
                f"learned: a number for each of the files of labels, at most {sizes}; "
                f"not {list(counts)}."
            )
        if sum(counts) == sum(sizes) and not self.stage.again:
            raise CxnlpError(
                "learned: the weights that it starts from have learned from every one of these "
                "comments; add others to the files."
            )
        return np.concatenate(
            [np.arange(size) < count for size, count in zip(sizes, counts, strict=True)]
        )


def run(config: Config, work: Path, target: Path) -> Path:
    """Train a shorter model and write its folder; a run that was stopped goes on from `work`."""
    config.claim(work)
    torch.manual_seed(config.seed)
    stored = store.read(config.teacher)
    tokenizer = Tokenizer.from_str(stored.tokenizer)
    teacher = restored(stored)
    student = shortened(teacher, config.layers, config.dropout)
    if config.start:
        student = taken_up(student, stored.tokenizer, store.read(config.start))
    tables = config.read_tables()
    labelled, known = concatenate_datasets(tables), config.known(tables)
    if config.wide not in (0, student.encoder.config.intermediate_size):
        student = _narrowed(config, student, tokenizer, tables, work / "narrow.safetensors")
    dev = corpus.read_labelled(config.dev)
    evaluate = evaluator(dev, tokenizer)
    done = work / "student.safetensors"
    if done.exists():
        student.load_state_dict(load_file(done))
    else:
        place(teacher)
        place(student)
        before = copy.deepcopy(student)
        taught = functools.partial(lessons, teacher, config.layers, config.states_weight)
        student = fit(
            student,
            _batches(config, tokenizer, comments_of(labelled), known),
            config.stage,
            work,
            evaluate,
            Above(stored, config.fixed) if config.fixed else taught,
        )
        move(student, before, config.mixed)
        languages.refit(student, tokenizer, labelled, config.seed)
        keep(student, config.stage, done)
    return finish(config, student, tokenizer, labelled, dev, target)


def shortened(teacher: Network, layers: tuple[int, ...], dropout: float = 0.0) -> Network:
    """A copy of a network that has only those of its layers, and this dropout.

    Raises
    ------
    CxnlpError
        For layers that it lacks, or out of order, and for a network that is no transformer.
    """
    student = copy.deepcopy(teacher)
    encoder = student.encoder
    if not isinstance(encoder, BertModel):
        raise CxnlpError("teacher: no transformer; name one, such as accurate.")
    stack = encoder.encoder.layer
    if not layers or list(layers) != sorted({*layers} & {*range(len(stack))}):
        raise CxnlpError(
            f"layers: some of 0 to {len(stack) - 1}, in ascending order; not {layers}."
        )
    encoder.encoder.layer = nn.ModuleList([stack[index] for index in layers])
    encoder.config.num_hidden_layers = len(layers)
    for part in student.modules():
        if isinstance(part, nn.Dropout):
            part.p = dropout
    encoder.config.hidden_dropout_prob = dropout
    return student


def _narrowed(
    config: Config, student: Network, tokenizer: Tokenizer, tables: list[Dataset], kept: Path
) -> Network:
    """The student with fewer neurons, chosen once: a run that goes on reads them from `kept`."""
    if kept.exists():
        resize(student, config.wide)
        student.load_state_dict(load_file(kept))
        return student
    texts = [text for table in tables for text in _sample(table)]
    student = narrowed(student, config.wide, tokenizer, texts, config.stage.most_tokens)
    save(student.state_dict(), kept)
    return student


def _sample(table: Dataset) -> list[str]:
    """Texts of a table, `SAMPLE` at most, evenly spread over it."""
    rows = np.linspace(0, len(table) - 1, min(SAMPLE, len(table)), dtype=int)
    return list(table.select(rows)["text"])


def _batches(
    config: Config, tokenizer: Tokenizer, comments: list[Comment], known: np.ndarray
) -> Batches:
    stage = config.stage
    own = _unlabelled(config, comments) if stage.self_share else []
    log.info("%d labelled comments, %d others and clauses", len(comments), len(own))
    augment = augmenter(stage, comments, config.neutral)
    fits = np.array([len(c.text) <= (config.letters or len(c.text)) for c in comments])
    new, old = (
        [comments[index] for index in np.flatnonzero(part & fits)] for part in (~known, known)
    )
    # States are those of the very tokens that both read; above fixed layers no teacher reads.
    wordings = not (config.states_weight or config.fixed)
    return Batches(tokenizer, stage, new, augment, None, own, old, wordings)


def _unlabelled(config: Config, comments: list[Comment]) -> list[Comment]:
    """The weak comments, and clauses of all, which the teacher labels."""
    blank = Comment(
        "",
        np.zeros(len(SENTIMENTS), np.float32),
        UNLABELLED,
        np.zeros(len(ASPECTS) * len(SIGNS), np.float32),
        np.full((len(ASPECTS) * len(SIGNS), 2), -1),
    )
    texts = config.read_unlabelled()
    parts = clauses([*texts, *(comment.text for comment in comments)])
    return [dataclasses.replace(blank, text=text) for text in [*texts, *parts]]


def lessons(
    teacher: Network,
    layers: tuple[int, ...],
    weight: float,
    student: Network,
    batch: Batch,
    stage: Stage,
) -> torch.Tensor:
    """What the student has yet to learn of a batch: the loss of its states and of the tasks.

    Where the batch has wordings the teacher reads these, and what it says of a comment is their
    mean: the student learns that other words, and letters, are no other judgement. Then there are
    no states to learn, and the weight must be 0.

    That of the states is the share of a channel's variance, over the tokens of the batch, which the
    student does not explain: the mean over channels and over the teacher's `layers`.
    """
    taught = batch.wordings or batch
    with torch.no_grad():
        wanted, outputs = _read(teacher, taught)
        said = _by_comment(probabilities(outputs), taught.of)
    states, outputs = _read(student, batch)
    total = losses(outputs, softened(batch, said, stage.soften), stage)
    if not weight:
        return total
    for own, index in zip(states[1:], layers, strict=True):  # after the embeddings
        right = wanted[index + 1][batch.mask].float()
        wrong = (own[batch.mask].float() - right).square().mean(0)
        missed = wrong / right.var(0, correction=0).clamp(min=EPSILON)
        total = total + weight / len(layers) * missed.mean()
    return total


def _read(network: Network, batch: Batch) -> tuple[tuple[torch.Tensor, ...], dict]:
    """States of the embeddings and after each layer, and the outputs."""
    with half_precision(batch.ids.device):
        states = network.encoder(
            input_ids=batch.ids, attention_mask=batch.mask.long(), output_hidden_states=True
        ).hidden_states
    return states, network.read(states[-1].float(), batch.mask)


def _by_comment(said: dict[str, torch.Tensor], of: torch.Tensor | None) -> dict[str, torch.Tensor]:
    """What was said; of wordings, the mean of those that are `of` one comment."""
    if of is None:
        return said
    counts = of.bincount()[:, None]
    return {
        name: each.new_zeros(len(counts), each.shape[1]).index_add(0, of, each) / counts
        for name, each in said.items()
    }


def softened(batch: Batch, said: dict[str, torch.Tensor], share: float) -> Batch:
    """The batch, its aspects and sentiment moved by `share` to what the teacher said of it.

    `said` are probabilities by task. Where there are no labels all targets are what it said.
    """
    assert batch.aspects is not None
    assert batch.sentiment is not None
    assert batch.language is not None
    bare = (batch.language == UNLABELLED)[:, None].float()
    moved = bare.clamp(min=share)
    language = functional.one_hot(batch.language.clamp(min=0), said["language"].shape[1]).float()
    return dataclasses.replace(
        batch,
        aspects=batch.aspects.lerp(said["aspects"], moved),
        sentiment=batch.sentiment.lerp(said["sentiment"], moved),
        language=language.lerp(said["language"], bare),
    )
