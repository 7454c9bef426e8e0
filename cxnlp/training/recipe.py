"""Every step from the raw files to a model folder: `cxnlp train CONFIG`."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import logging
import platform
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from cxnlp import store
from cxnlp.calibration import Calibration
from cxnlp.encoder import Encoder
from cxnlp.evaluation import Readings, scores
from cxnlp.taxonomy import ASPECTS, SIGNS
from cxnlp.training import card, corpus, export, tune
from cxnlp.training.augment import Augmenter
from cxnlp.training.base import SPECIALS, load_base
from cxnlp.training.fit import Batches, Stage, comments_of, fit, predict
from cxnlp.training.network import Network

log = logging.getLogger("cxnlp.training")


@dataclasses.dataclass(frozen=True)
class Config:
    """A config file, read from TOML; paths are relative to the file.

    Attributes
    ----------
    name
        Of the model; its folder under ``models``.
    base
        Base encoder, see `cxnlp.training.base.load_base`.
    labelled, extra, dev
        Files of labelled comments: to fit, to fit with each stage's ``repeat``, to choose by.
    neutral
        Sentences that judge nothing (JSON lines of lang and text), to bury comments in.
    weak
        Folder of weakly labelled comments; empty for none.
    weak_most
        At most so many of a weak source.
    self_labelled
        How many weak comments a stage with ``self_share`` labels itself.
    description
        What the card says of the sources, paragraphs in Markdown.
    stages
        Tables of `cxnlp.training.fit.Stage`.
    """

    name: str
    base: str
    labelled: list[Path]
    extra: list[Path]
    dev: list[Path]
    neutral: Path
    weak: Path | None
    weak_most: int
    self_labelled: int
    seed: int
    description: str
    stages: list[Stage]

    @classmethod
    def read(cls, path: Path) -> Config:
        """Read and check a TOML file."""
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        stages = [Stage(**stage) for stage in values.pop("stages")]
        for key in ("labelled", "extra", "dev"):
            values[key] = [(path.parent / file).resolve() for file in values.get(key, [])]
        for key in ("neutral", "weak"):
            values[key] = (path.parent / values[key]).resolve() if values.get(key) else None
        return cls(**values, stages=stages)


def run(config: Config, work: Path, target: Path) -> Path:
    """Train a model as `config` says and write its folder.

    Parameters
    ----------
    work
        For the log, checkpoints and the float32 network; a run that was stopped goes on from here.
    target
        The model folder to write.
    """
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    labelled = corpus.read_labelled(config.labelled)
    extra = corpus.read_labelled(config.extra) if config.extra else None
    dev = corpus.read_labelled(config.dev)
    weak: Dataset | None = None
    columns: list[str] = []
    if config.weak:
        weak, columns = corpus.read_weak(config.weak, config.weak_most, config.seed)
    log.info(
        "%d labelled, %d extra, %d dev, %d weak comments with %d columns",
        len(labelled), len(extra or ()), len(dev), len(weak or ()), len(columns),
    )  # fmt: skip
    network, tokenizer = _start(config, work, labelled, weak, len(columns))
    evaluate = _evaluator(dev, tokenizer)
    own = None
    for stage in config.stages:
        done = work / f"{stage.name}.safetensors"
        if stage.self_share and own is None and weak is not None:
            own = _self_labelled(network, tokenizer, weak, config)
        if done.exists():
            network.load_state_dict(load_file(done))
            continue
        comments = comments_of(labelled)
        if extra is not None:
            comments += comments_of(extra) * stage.repeat
        augment = Augmenter(
            comments,
            _neutral(config.neutral),
            join=stage.join,
            bury=stage.bury,
            noise=stage.noise,
            seed=stage.seed,
        )
        batches = Batches(tokenizer, stage, comments, augment, weak, own)
        network = fit(network, batches, stage, work, evaluate)
        save_file(network.state_dict(), done)
        (work / f"{stage.name}.resume.pt").unlink(missing_ok=True)
    return finish(config, network, tokenizer, labelled, dev, target)


def _start(
    config: Config, work: Path, labelled: Dataset, weak: Dataset | None, columns: int
) -> tuple[Network, Tokenizer]:
    saved = work / "start.safetensors"
    if saved.exists():
        tokenizer = Tokenizer.from_file(str(work / store.TOKENIZER))
        shape = BertConfig(**json.loads((work / "encoder.json").read_text()))
        network = Network(BertModel(shape, add_pooling_layer=False), columns)
        network.load_state_dict(load_file(saved))
    else:
        texts = [*labelled["text"], *(weak["text"] if weak is not None else ())]
        encoder, tokenizer = load_base(config.base, texts)
        network = Network(encoder, columns)
        tokenizer.save(str(work / store.TOKENIZER))
        (work / "encoder.json").write_text(json.dumps(encoder.config.to_dict()))
        save_file(network.state_dict(), saved)
    network.encoder.set_attn_implementation("eager")  # faster than fused attention on a CPU
    return network, tokenizer


def _neutral(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return {key: [r["text"] for r in records if r["lang"] == key] for key in ("nl", "en")}


def truth_of(table: Dataset) -> Readings:
    """The labels of a table, with the quotes as spans."""
    columns = table.with_format("numpy")[:]
    shape = (-1, len(ASPECTS), len(SIGNS))
    return Readings(
        np.asarray(columns["aspects"]).reshape(shape) > 0,
        np.asarray(columns["sentiment"]),
        spans=np.asarray(columns["quotes"], np.int32).reshape(*shape, 2),
    )


def _evaluator(dev: Dataset, tokenizer: Tokenizer) -> Callable[[Network], dict[str, float]]:
    truth, language = truth_of(dev), np.asarray(dev["language"])

    def evaluate(network: Network) -> dict[str, float]:
        logits = predict(network, tokenizer, list(dev["text"]))
        calibration = tune.calibrate(logits, truth, language)
        probabilities = calibration.aspects(logits["aspects"])
        guess = Readings(
            calibration.decide(probabilities), logits["sentiment"].argmax(1), probabilities
        )
        return {k: round(v, 4) for k, v in scores(truth, guess).items()}

    return evaluate


def _self_labelled(
    network: Network, tokenizer: Tokenizer, weak: Dataset, config: Config
) -> Dataset:
    """Soft targets for weak comments: the network's own probabilities.

    Those of the sentiment are held against the verdict of the source where there is one: one
    star speaks against praise.
    """
    rows = np.random.default_rng(config.seed).permutation(len(weak))[: config.self_labelled]
    chosen = weak.select(rows)
    texts = list(chosen["text"])
    logits = predict(network, tokenizer, texts)
    sentiment = torch.from_numpy(logits["sentiment"]).softmax(1).numpy()
    verdict = np.array([targets[0] for targets in chosen["weak"]], float)
    likelihood = np.column_stack(  # of the verdict, in the order of SENTIMENTS
        [1 - verdict, np.full(len(rows), 0.5), verdict, 1 - 0.7 * np.abs(2 * verdict - 1)]
    )
    sentiment = sentiment * np.where(np.isnan(likelihood), 1, likelihood + 0.02)
    sentiment /= sentiment.sum(axis=1, keepdims=True)
    aspects = torch.from_numpy(logits["aspects"]).sigmoid().numpy().reshape(len(texts), -1)
    return Dataset.from_dict(
        {"text": texts, "aspects": list(aspects), "sentiment": list(sentiment)}
    )


def finish(
    config: Config,
    network: Network,
    tokenizer: Tokenizer,
    labelled: Dataset,
    dev: Dataset,
    target: Path,
) -> Path:
    """Quantise, calibrate what will really run, and write the model folder."""
    network.eval()
    pad = SPECIALS.index("<pad>")
    definition = tokenizer.to_str()
    float_model = export.build(network, pad)
    reader = Encoder(definition, float_model.SerializeToString())
    draw = np.random.default_rng(config.seed)
    sample = [labelled["text"][int(i)] for i in draw.permutation(len(labelled))[:1500]]
    windows = reader.tokenize(sample)
    samples = export.sampler(float_model, [ids for _, ids in reader.batches(windows)], pad)
    graph = export.build(network, pad, samples).SerializeToString()

    texts, truth = list(dev["text"]), truth_of(dev)
    language = np.asarray(dev["language"])
    float_logits, logits = (_logits(Encoder(definition, g), texts) for g in (
        float_model.SerializeToString(), graph,
    ))  # fmt: skip
    calibration = tune.calibrate(logits, truth, language)
    parent = tune.calibrate(float_logits, truth, language)
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
    outputs = encoder.read(encoder.tokenize(texts), evidence=False)
    if len(outputs.sentiment) != len(texts):
        raise ValueError("a comment to calibrate on is longer than a window")
    return {name: getattr(outputs, name) for name in ("aspects", "sentiment", "language")}


def _compare(
    truth: Readings,
    parent: tuple[Calibration, dict[str, np.ndarray]],
    child: tuple[Calibration, dict[str, np.ndarray]],
) -> dict[str, float]:
    """What int8 costs on the held-out comments, each at its own calibration."""
    guesses = []
    for calibration, logits in (parent, child):
        probabilities = calibration.aspects(logits["aspects"])
        guesses.append(
            Readings(calibration.decide(probabilities), logits["sentiment"].argmax(axis=1))
        )
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


def _named(config: Config) -> dict[str, Any]:
    """The config with names of files in place of somebody's folders."""
    values = dataclasses.asdict(config)
    del values["description"]
    values["base"] = Path(config.base).name if Path(config.base).exists() else config.base
    named: dict[str, Any] = json.loads(json.dumps(values, default=lambda path: path.name))
    return named
