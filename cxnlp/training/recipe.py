"""Every step from the raw files to a model folder: `cxnlp train CONFIG`."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import logging
import platform
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from datasets import Dataset, concatenate_datasets
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from cxnlp import store
from cxnlp.calibration import Calibration
from cxnlp.encoder import Encoder
from cxnlp.errors import CxnlpError
from cxnlp.evaluation import Readings, scores
from cxnlp.firstnames import unnamed
from cxnlp.taxonomy import ASPECTS, SIGNS
from cxnlp.training import card, corpus, export, tune
from cxnlp.training.augment import Augmenter, Comment
from cxnlp.training.base import SPECIALS, load_base
from cxnlp.training.fit import (
    MOST_TOKENS,
    Batches,
    Stage,
    comments_of,
    fit,
    keep,
    predict,
    probabilities,
    save,
)
from cxnlp.training.network import Network, place

log = logging.getLogger("cxnlp.training")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sources:
    """What every recipe says of its data.

    Attributes
    ----------
    name
        Of the model; its folder under ``models``.
    labelled, dev
        Files of labelled comments: to fit and to choose by.
    neutral
        Sentences that judge nothing (JSON lines of lang, text and, if they are not for training,
        split), to bury comments in.
    weak
        Folder of weakly labelled comments; empty for none.
    public
        Labels of some of the weak comments (`cxnlp.training.corpus.read_public`); empty for none.
    weak_most
        At most so many of a weak source.
    held_out
        Files of labelled comments that no weak one may be the same as, word for word: those that
        measure what has been trained.
    description
        What the card says of the sources, paragraphs in Markdown.
    """

    name: str
    labelled: list[Path]
    dev: list[Path]
    neutral: Path
    weak: Path | None
    public: Path | None
    weak_most: int
    seed: int
    description: str
    held_out: list[Path] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.public and not self.weak:
            raise ValueError("it names public labels; name the folder of their texts, weak, too")

    def read_tables(self) -> list[Dataset]:
        """The labelled comments to fit: those of each file, and the public ones last."""
        tables = [corpus.read_labelled([file]) for file in self.labelled]
        if self.public:
            assert self.weak is not None
            tables.append(corpus.read_public(self.public, self.weak))
        return tables

    def read_labelled(self) -> Dataset:
        """All of them in one table."""
        return concatenate_datasets(self.read_tables())

    def read_weak(self) -> tuple[Dataset | None, list[str]]:
        """The weak comments and the names of their columns, see `cxnlp.training.corpus`."""
        if not self.weak:
            return None, []
        return corpus.read_weak(self.weak, self.weak_most, self.seed, self.held_out)

    def read_unlabelled(self) -> list[str]:
        """The texts of the weak comments, with names as a model will read them."""
        weak, _ = self.read_weak()
        return list(map(unnamed, weak["text"])) if weak else []

    def _models(self) -> list[Any]:
        """The checksums of the models that are learned from, whatever their names."""
        names = (getattr(self, key, "") for key in ("teacher", "start"))
        return [store.read_manifest(store.find(name))["files"] for name in names if name]

    def claim(self, work: Path) -> None:
        """Make a folder for the steps of this recipe; what an earlier run left there is used.

        Raises
        ------
        CxnlpError
            Where that run was of another recipe, or of files that have changed since.
        """
        work.mkdir(parents=True, exist_ok=True)
        said = dataclasses.asdict(self) | {"models": self._models()}
        for key in ("name", "description", "dev"):  # which no step learns from
            del said[key]
        digest = hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode())
        weak = sorted(self.weak.iterdir()) if self.weak else []
        files = [*self.labelled, self.neutral, *filter(None, [self.public]), *weak, *self.held_out]
        for file in files:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        mark = work / "recipe.sha256"
        if mark.exists() and mark.read_text(encoding="utf-8") != digest.hexdigest():
            raise CxnlpError(
                f"{work} holds the steps of another recipe, or of files that have changed since; "
                "delete it, or name another folder with --work."
            )
        mark.write_text(digest.hexdigest(), encoding="utf-8")

    @staticmethod
    def resolved(path: Path) -> dict[str, Any]:
        """The values of a TOML file, with paths relative to it made whole."""
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        for key in ("labelled", "dev", "held_out"):
            values[key] = [(path.parent / file).resolve() for file in values.get(key, [])]
        for key in ("dev", "neutral"):
            if not values.get(key):
                raise KeyError(key)
        for key in ("neutral", "weak", "public"):
            values[key] = (path.parent / values[key]).resolve() if values.get(key) else None
        return values


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Sources):
    """A recipe of a transformer, read from TOML.

    Attributes
    ----------
    base
        Base encoder, see `cxnlp.training.base.load_base`.
    self_labelled
        How many weak comments a stage with ``self_share`` learns from as the stage before reads
        them.
    stages
        Tables of `cxnlp.training.fit.Stage`.
    """

    base: str
    self_labelled: int
    stages: list[Stage]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len({stage.name for stage in self.stages}) < len(self.stages):
            raise ValueError("two of its stages have one name")
        for number, stage in enumerate(self.stages):
            if (stage.weak_share or stage.self_share) and not self.weak:
                raise ValueError(f"stage {stage.name} has a share of weak comments; name weak")
            if (stage.self_share or stage.soften) and not number:
                raise ValueError(f"before stage {stage.name} none has read comments for it")
            if stage.again:
                raise ValueError(f"stage {stage.name} starts anew; leave out again")

    @classmethod
    def read(cls, path: Path) -> Config:
        """Read and check a TOML file."""
        values = cls.resolved(path)
        stages = [Stage(**stage) for stage in values.pop("stages")]
        return cls(**values, stages=stages)


def run(config: Config, work: Path, target: Path) -> Path:
    """Train a model as `config` says and write its folder.

    Parameters
    ----------
    work
        For the log, checkpoints and the float32 networks; a run that was stopped goes on from here.
    target
        The model folder to write.
    """
    training = Training(config, work)
    for stage in config.stages:
        for copy in range(stage.copies):
            training.train(stage, copy)
    training.load(config.stages[-1])
    log.info("mean of the copies: %s", json.dumps(training.evaluate(training.network)))
    return finish(
        config, training.network, training.tokenizer, training.labelled, training.dev, target,
    )  # fmt: skip


class Training:
    """The data, the network and the folder that the stages of one run share.

    What a stage needs of those before it is read from `work`, so that the copies of a stage may be
    trained in any order, by several processes if there are the processors for it.
    """

    def __init__(self, config: Config, work: Path) -> None:
        config.claim(work)
        torch.manual_seed(config.seed)
        self.config, self.work = config, work
        self.labelled = config.read_labelled()
        self.dev = corpus.read_labelled(config.dev)
        self.weak, columns = config.read_weak()
        log.info(
            "%d labelled, %d dev, %d weak comments with %d columns",
            len(self.labelled), len(self.dev), len(self.weak or ()), len(columns),
        )  # fmt: skip
        self._start(len(columns))
        self.evaluate = evaluator(self.dev, self.tokenizer)

    def _start(self, columns: int) -> None:
        """The base encoder under fresh heads: made, or found in the folder."""
        saved = self.work / "start.safetensors"
        if saved.exists():
            self.tokenizer = Tokenizer.from_file(str(self.work / store.TOKENIZER))
            shape = BertConfig(**json.loads((self.work / "encoder.json").read_text()))
            encoder = BertModel(shape, add_pooling_layer=False)
            self.network = Network(encoder, columns)
        else:
            texts = [*self.labelled["text"], *(self.weak["text"] if self.weak else ())]
            encoder, self.tokenizer = load_base(self.config.base, texts)
            self.network = Network(encoder, columns)
            self.tokenizer.save(str(self.work / store.TOKENIZER))
            (self.work / "encoder.json").write_text(json.dumps(encoder.config.to_dict()))
            save(self.network.state_dict(), saved)
        place(self.network)

    def _file(self, stage: Stage, copy: int, suffix: str = "safetensors") -> Path:
        return self.work / f"{stage.name}.{copy}.{suffix}"

    def _before(self, stage: Stage) -> Stage | None:
        index = self.config.stages.index(stage)
        return self.config.stages[index - 1] if index else None

    def load(self, stage: Stage | None) -> None:
        """Give the network the mean weights of a stage's copies; None for the start.

        Fine-tuned from one start, networks lie close enough to be averaged: "Model soups",
        Wortsman et al. 2022.
        """
        files = [self.work / "start.safetensors"]
        if stage is not None:
            files = [self._file(stage, copy) for copy in range(stage.copies)]
        total: dict[str, torch.Tensor] = {}
        for file in files:
            for name, value in load_file(file).items():
                total[name] = total[name] + value if name in total else value
        self.network.load_state_dict({name: value / len(files) for name, value in total.items()})

    def train(self, stage: Stage, copy: int = 0) -> None:
        """Train one copy of a stage from what the stage before it left; nothing if that is done."""
        done = self._file(stage, copy)
        if done.exists():
            return
        before = self._before(stage)
        comments = comments_of(self.labelled)
        own = self._self_labelled(before) if stage.self_share and before else None
        if stage.soften and before:
            comments = self._softened(comments, before, stage.soften)
        self.load(before)
        mine = dataclasses.replace(stage, name=f"{stage.name}.{copy}", seed=stage.seed + 100 * copy)
        augment = augmenter(mine, comments, self.config.neutral)
        batches = Batches(self.tokenizer, mine, comments, augment, self.weak, own)
        trained = fit(self.network, batches, mine, self.work, self.evaluate)
        keep(trained, mine, done)

    def said(self, stage: Stage, texts: list[str], what: str) -> dict[str, np.ndarray]:
        """What the copies of a stage say of texts: the mean of their probabilities, by task.

        Each copy's are kept in the folder under the name of `what` they are of.
        """
        every = [self._said(self._file(stage, at), texts, what) for at in range(stage.copies)]
        return {name: np.mean([one[name] for one in every], axis=0) for name in every[0]}

    def _said(self, weights: Path, texts: list[str], what: str) -> dict[str, np.ndarray]:
        kept = weights.with_suffix(f".{what}")
        if not kept.exists():
            self.network.load_state_dict(load_file(weights))
            logits = predict(self.network, self.tokenizer, texts)
            said = probabilities({name: torch.from_numpy(each) for name, each in logits.items()})
            save({name: each.flatten(1).half() for name, each in said.items()}, kept)
        return {name: values.float().numpy() for name, values in load_file(kept).items()}

    def _softened(self, comments: list[Comment], stage: Stage, share: float) -> list[Comment]:
        """The comments, their labels moved by `share` to what a stage's networks say of them.

        An ensemble distilled with the labels beside it, after Hinton et al. (2015).
        """
        mean = self.said(stage, [comment.text for comment in comments], "labelled")
        return [
            dataclasses.replace(
                comment,
                aspects=(1 - share) * comment.aspects + share * aspects,
                sentiment=(1 - share) * comment.sentiment + share * sentiment,
            )
            for comment, aspects, sentiment in zip(
                comments, mean["aspects"], mean["sentiment"], strict=True
            )
        ]

    def _chosen(self) -> Dataset:
        assert self.weak is not None
        draw = np.random.default_rng(self.config.seed)
        return self.weak.select(draw.permutation(len(self.weak))[: self.config.self_labelled])

    def _self_labelled(self, stage: Stage) -> list[Comment]:
        """Weak comments with the mean probabilities of a stage's networks as soft targets.

        Those of the sentiment are held against the verdict of the source where there is one: one
        star speaks against praise.
        """
        chosen = self._chosen()
        mean = self.said(stage, list(chosen["text"]), "weak")
        verdict = np.array([targets[0] for targets in chosen["weak"]], float)
        likelihood = np.column_stack(  # of the verdict, in the order of SENTIMENTS
            [1 - verdict, np.full(len(chosen), 0.5), verdict, 1 - 0.7 * np.abs(2 * verdict - 1)]
        )
        said = ~np.isnan(verdict)[:, None]
        sentiment = mean["sentiment"] * np.where(said, likelihood + 0.02, 1)
        sentiment /= sentiment.sum(axis=1, keepdims=True)
        nowhere = np.full((mean["aspects"].shape[1], 2), -1)
        return [
            Comment(text, feeling, int(language), aspects, nowhere)
            for text, feeling, language, aspects in zip(
                chosen["text"],
                sentiment.astype(np.float32),
                mean["language"].argmax(axis=1),
                mean["aspects"],
                strict=True,
            )
        ]


def augmenter(stage: Stage, comments: list[Comment], neutral: Path) -> Augmenter:
    """What draws the variants that a stage asks for."""
    return Augmenter(
        comments,
        neutral_sentences(neutral),
        join=stage.join,
        bury=stage.bury,
        noise=stage.noise,
        swap=stage.swap,
        seed=stage.seed,
    )


def neutral_sentences(path: Path, split: str = "train") -> dict[str, list[str]]:
    """Sentences that judge nothing, by language; no model learns from those of another split.

    First names in them are read as one, as in the comments that they are put around.
    """
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    records = [record for record in records if record.get("split", "train") == split]
    return {key: [unnamed(r["text"]) for r in records if r["lang"] == key] for key in ("nl", "en")}


def truth_of(table: Dataset) -> Readings:
    """The labels of a table, with the quotes as spans."""
    columns = table.with_format("numpy")[:]
    shape = (-1, len(ASPECTS), len(SIGNS))
    return Readings(
        np.asarray(columns["aspects"]).reshape(shape) > 0,
        np.asarray(columns["sentiment"]),
        spans=np.asarray(columns["quotes"], np.int32).reshape(*shape, 2),
        language=np.asarray(columns["language"]),
    )


def evaluator(dev: Dataset, tokenizer: Tokenizer) -> Callable[[Network], dict[str, float]]:
    """What tells how well a network reads dev, each comment by a calibration of others.

    Raises
    ------
    CxnlpError
        For a comment that is longer than the network reads at once; told before it has trained.
    """
    truth = truth_of(dev)
    encodings = tokenizer.encode_batch(list(map(unnamed, dev["text"])))
    longest = int(np.argmax([len(encoding) for encoding in encodings]))
    if len(encodings[longest]) > MOST_TOKENS:
        raise CxnlpError(
            f"Comment {longest + 1:,} of dev has {len(encodings[longest])} tokens, and calibration "
            f"reads at most {MOST_TOKENS}; take it out, or cut it."
        )

    def evaluate(network: Network) -> dict[str, float]:
        logits = predict(network, tokenizer, list(dev["text"]))
        guess = tune.cross_validated(logits, truth)
        return {k: round(v, 4) for k, v in scores(truth, guess).items()}

    return evaluate


def finish(
    config: Sources,
    network: Network,
    tokenizer: Tokenizer,
    labelled: Dataset,
    dev: Dataset,
    target: Path,
) -> Path:
    """Quantise, calibrate what will really run, and write the model folder."""
    network.cpu().eval()
    pad = SPECIALS.index("<pad>")
    definition = tokenizer.to_str()
    float_model = export.build(network, pad)
    reader = Encoder(definition, float_model.SerializeToString())
    draw = np.random.default_rng(config.seed)
    sample = [labelled["text"][int(i)] for i in draw.permutation(len(labelled))[:1500]]
    windows = reader.tokenize(pa.array(sample, pa.large_string()))
    samples = export.sampler(float_model, [ids for _, ids in reader.batches(windows)], pad)
    graph = export.build(network, pad, samples).SerializeToString()

    texts, truth = list(dev["text"]), truth_of(dev)
    float_logits, logits = (_logits(Encoder(definition, g), texts) for g in (
        float_model.SerializeToString(), graph,
    ))  # fmt: skip
    calibration = tune.calibrate(logits, truth)
    parent = tune.calibrate(float_logits, truth)
    manifest = {
        "name": config.name,
        "calibration": calibration.to_json(),
        "recipe": _named(config),
        "description": config.description,
        "quantisation": _compare(truth, (parent, float_logits), (calibration, logits)),
        "written_by": {
            "python": platform.python_version(),
            **{
                package: importlib.metadata.version(package)
                for package in ("torch", "transformers", "datasets", "onnx", "tokenizers", "numpy")
            },
        },
        "figures": [],
    }
    store.write(target, manifest, graph, definition, card.render(manifest))
    return target


def _logits(encoder: Encoder, texts: list[str]) -> dict[str, np.ndarray]:
    outputs = encoder.read(encoder.tokenize(pa.array(texts, pa.large_string())))
    assert len(outputs.sentiment) == len(texts)  # `evaluator` has refused what takes two windows
    return {name: getattr(outputs, name) for name in ("aspects", "sentiment", "language")}


def _compare(
    truth: Readings,
    parent: tuple[Calibration, dict[str, np.ndarray]],
    child: tuple[Calibration, dict[str, np.ndarray]],
) -> dict[str, float]:
    """What int8 costs on the held-out comments, each at its own calibration."""
    guesses = [tune.decided(calibration, logits) for calibration, logits in (parent, child)]
    either = guesses[0].aspects | guesses[1].aspects
    return {
        "float32_micro_f1": scores(truth, guesses[0])["pillar_micro_f1"],
        "int8_micro_f1": scores(truth, guesses[1])["pillar_micro_f1"],
        "agreement": float(np.mean(guesses[0].aspects == guesses[1].aspects)),
        "agreement_where_either_decides": float(
            np.mean((guesses[0].aspects & guesses[1].aspects)[either])
        ),
        "sentiment_agreement": float(np.mean(guesses[0].sentiment == guesses[1].sentiment)),
    }


def _named(config: Sources) -> dict[str, Any]:
    """The config with names of files in place of somebody's folders."""
    values = dataclasses.asdict(config)
    del values["description"]
    for key in ("base", "teacher", "start"):  # a folder, a shipped model or a hub name
        if key in values:
            values[key] = Path(values[key]).name if Path(values[key]).exists() else values[key]
    named: dict[str, Any] = json.loads(json.dumps(values, default=lambda path: path.name))
    return named
