"""Fine-tuning: one loop over labelled, weakly labelled and self-labelled comments."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from safetensors.torch import save_file
from tokenizers import Encoding, Tokenizer
from torch.nn import functional

from cxnlp import firstnames
from cxnlp.taxonomy import ASPECTS, SENTIMENTS, SIGNS
from cxnlp.training.augment import Augmenter, Comment, unnamed
from cxnlp.training.base import SPECIALS
from cxnlp.training.network import Network
from cxnlp.whole import whole

log = logging.getLogger("cxnlp.training")

MOST_TOKENS = 256
#: A checkpoint is written when the last is this old, in seconds.
CHECKPOINT_AGE = 300


@dataclasses.dataclass(frozen=True)
class Stage:
    """One pass of training, as a table of the config file says it."""

    name: str
    epochs: float
    learning_rate: float
    head_learning_rate: float
    batch_size: int = 24
    layer_decay: float = 0.95
    weight_decay: float = 0.01
    warmup: float = 0.06
    most_tokens: int = MOST_TOKENS
    weak_share: float = 0.0
    """Weak batches for each labelled one."""
    self_share: float = 0.0
    """Self-labelled batches for each labelled one."""
    join: float = 0.0
    bury: float = 0.0
    noise: float = 0.0
    swap: float = 0.0
    hide: float = 0.0
    """Of the tokens of labelled comments, drawn anew, that the network sees as unknown ones."""
    soften: float = 0.0
    """Of what the copies of the stage before say of the labelled comments in their labels."""
    sentiment_weight: float = 1.0
    """Of the sentiment's loss beside that of the aspects."""
    evidence_weight: float = 0.1
    average: float = 0.0
    """Decay of the moving average of the weights that is kept; 0 keeps the last weights."""
    again: int = 0
    """Of the comments that the start has learned from, so many are drawn anew each epoch."""
    copies: int = 1
    """Networks trained from the same start with other seeds; together they label comments."""
    seed: int = 0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str) != (field.name == "name"):
                raise TypeError(f"{field.name} of a stage is {value!r}")


@dataclasses.dataclass
class Batch:
    """Token arrays (batch, tokens) and whichever targets the comments have."""

    ids: torch.Tensor
    mask: torch.Tensor
    aspects: torch.Tensor | None = None
    sentiment: torch.Tensor | None = None
    language: torch.Tensor | None = None
    quotes: torch.Tensor | None = None
    weak: torch.Tensor | None = None
    wordings: Batch | None = None
    """What a teacher reads in place of these comments: each as it stands and in other words."""
    of: torch.Tensor | None = None
    """Of wordings, the row of the comment that each is of, (batch,) int64."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        held = {name: value for name, value in vars(self).items() if value is not None}
        return Batch(**{name: value.to(device) for name, value in held.items()})


def comments_of(table: Dataset) -> list[Comment]:
    """The rows of a labelled table as `Comment`s, with names as the model will read them."""
    columns = table.with_format("numpy")[:]
    one_hot = np.eye(len(SENTIMENTS), dtype=np.float32)
    return [
        unnamed(Comment(text, one_hot[sentiment], int(language), aspects, quotes))
        for text, sentiment, language, aspects, quotes in zip(
            table["text"],
            columns["sentiment"],
            columns["language"],
            np.asarray(columns["aspects"], np.float32),
            np.asarray(columns["quotes"], int),
            strict=True,
        )
    ]


def padded(
    tokenizer: Tokenizer, texts: list[str], most: int
) -> tuple[list[Encoding], torch.Tensor, torch.Tensor]:
    """Encodings of texts; their ids, (batch, tokens) int64; and the mask of what is no padding."""
    encodings = tokenizer.encode_batch(list(map(firstnames.unnamed, texts)))
    longest = min(max(len(e) for e in encodings), most)
    ids = np.full((len(texts), longest), tokenizer.token_to_id("<pad>"))
    mask = np.zeros((len(texts), longest), bool)
    for row, encoding in enumerate(encodings):
        taken = encoding.ids[:longest]
        ids[row, : len(taken)] = taken
        mask[row, : len(taken)] = True
    return encodings, torch.from_numpy(ids), torch.from_numpy(mask)


class Batches:
    """Batches of one epoch: shuffled, each of about equal length, the kinds interleaved."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        stage: Stage,
        comments: list[Comment],
        augment: Augmenter,
        weak: Dataset | None,
        own: list[Comment] | None,
        old: Sequence[Comment] = (),
        wordings: bool = False,
    ) -> None:
        self.tokenizer, self.stage, self.augment = tokenizer, stage, augment
        self.wordings = wordings
        self.comments, self.old = comments, old
        self.draw = np.random.default_rng(stage.seed)
        self.weak: dict[str, Any] = {}
        if weak is not None and stage.weak_share:
            targets = np.float32(weak.with_format("numpy")["weak"][:])
            self.weak = {"text": list(weak["text"]), "weak": targets}
        self.own = own or []

    def _counts(self) -> tuple[int, int, int]:
        """Labelled, weak and self-labelled batches of an epoch."""
        count = len(self.comments) + min(self.stage.again, len(self.old))
        labelled = math.ceil(count / self.stage.batch_size)
        weak, own = self.stage.weak_share, self.stage.self_share
        return labelled, round(labelled * weak), round(labelled * own)

    def __len__(self) -> int:
        return sum(self._counts())

    def draw_anew(self, step: int) -> None:
        """Draw other batches and variants from here on than a run that begins at the start."""
        self.draw = np.random.default_rng((self.stage.seed, step))
        self.augment.draw = np.random.default_rng((self.stage.seed, step, 1))

    def epoch(self) -> Iterator[Batch]:
        labelled, weak, own = self._counts()
        plan: list[tuple[Callable[[Any], Batch], Any]] = []
        chosen = self.draw.permutation(len(self.own))[: own * self.stage.batch_size]
        again = self.draw.permutation(len(self.old))[: self.stage.again]
        kinds = (
            ([*self.comments, *(self.old[i] for i in again)], labelled),
            ([self.own[i] for i in chosen], own),
        )
        for comments, count in kinds:
            composed = [self.augment.composed(comment) for comment in comments]
            variants = [self.augment.reworded(comment) for comment in composed]
            slices = self._slices([c.text for c in variants], count)
            plan.extend(
                (self._worded, ([variants[i] for i in rows], [composed[i] for i in rows]))
                for rows in slices
            )
        if self.weak:
            chosen = self.draw.permutation(len(self.weak["text"]))[: weak * self.stage.batch_size]
            slices = self._slices([self.weak["text"][i] for i in chosen], weak)
            plan.extend((self._weak, chosen[rows]) for rows in slices)
        for index in self.draw.permutation(len(plan)):
            make, rows = plan[index]
            yield make(rows)

    def _slices(self, texts: list[str], count: int) -> list[np.ndarray]:
        """Rows of each batch: neighbours in length, so that little is padded."""
        if not texts:
            return []
        length = np.array([len(text) for text in texts]) * self.draw.uniform(0.9, 1.1, len(texts))
        return [rows for rows in np.array_split(np.argsort(length), count) if len(rows)]

    def _tokens(self, texts: list[str]) -> tuple[list[Encoding], torch.Tensor, torch.Tensor]:
        return padded(self.tokenizer, texts, self.stage.most_tokens)

    def _worded(self, pair: tuple[list[Comment], list[Comment]]) -> Batch:
        """Variants, and what these comments were before they were said in other words or buried."""
        variants, composed = pair
        batch = self._labelled(variants)
        if self.wordings:
            batch.wordings = self._wordings(composed)
        return batch

    def _labelled(self, comments: list[Comment]) -> Batch:
        encodings, ids, mask = self._tokens([c.text for c in comments])
        if self.stage.hide:
            hidden = torch.from_numpy(self.draw.random(mask.shape) < self.stage.hide)
            ids[hidden & (ids >= len(SPECIALS))] = SPECIALS.index("<unk>")
        starts = np.zeros(mask.shape, int)
        ends = np.zeros(mask.shape, int)
        for row, encoding in enumerate(encodings):
            offsets = np.array(encoding.offsets[: mask.shape[1]])
            starts[row, : len(offsets)], ends[row, : len(offsets)] = offsets.T
        quotes = np.stack([c.quotes for c in comments])[:, None]
        inside = (starts[..., None] < quotes[..., 1]) & (ends[..., None] > quotes[..., 0])
        return Batch(
            ids,
            mask,
            aspects=torch.from_numpy(np.stack([c.aspects for c in comments])),
            sentiment=torch.from_numpy(np.stack([c.sentiment for c in comments])),
            language=torch.tensor([c.language for c in comments]),
            quotes=torch.from_numpy(inside & (ends > starts)[..., None]),
        )

    def _wordings(self, comments: list[Comment]) -> Batch:
        """Each comment as it stands and, where that differs, in other words."""
        texts = [comment.text for comment in comments]
        others = [self.augment.swapped(comment).text for comment in comments]
        changed = [row for row, text in enumerate(texts) if others[row] != text]
        _, ids, mask = self._tokens(texts + [others[row] for row in changed])
        return Batch(ids, mask, of=torch.tensor([*range(len(texts)), *changed]))

    def _weak(self, rows: np.ndarray) -> Batch:
        _, ids, mask = self._tokens([self.weak["text"][i] for i in rows])
        return Batch(ids, mask, weak=torch.from_numpy(self.weak["weak"][rows]))


def half_precision(device: torch.device) -> torch.autocast:
    """Products in bfloat16, but for a processor that would only emulate it, many times slower."""
    able = device.type != "cpu" or "AVX512" in torch.backends.cpu.get_cpu_capability()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=able)


def loss_of(network: Network, batch: Batch, stage: Stage) -> torch.Tensor:
    """The sum of the losses of the tasks for which the batch has targets."""
    with half_precision(batch.ids.device):
        states = network.encode(batch.ids, batch.mask)
    return losses(network.read(states.float(), batch.mask), batch, stage)


def losses(outputs: dict[str, torch.Tensor], batch: Batch, stage: Stage) -> torch.Tensor:
    """As `loss_of`, of what a network has read (`Network.read`)."""
    total = torch.zeros((), device=batch.ids.device)
    if batch.weak is not None:
        known = ~batch.weak.isnan()
        each = functional.binary_cross_entropy_with_logits(
            outputs["weak"], batch.weak.nan_to_num(), reduction="none"
        )
        verdict = (each * known)[:, 0]
        total = total + verdict.mean() + (each * known)[:, 1:].sum(1).mean() * 0.5
    if batch.aspects is not None:
        total = (
            total
            + functional.binary_cross_entropy_with_logits(
                outputs["aspects"], batch.aspects, reduction="none"
            )
            .sum(1)
            .mean()
        )
    if batch.sentiment is not None:
        total = total + stage.sentiment_weight * functional.cross_entropy(
            outputs["sentiment"], batch.sentiment
        )
    if batch.language is not None:
        total = total + 0.2 * functional.cross_entropy(outputs["language"], batch.language)
    if batch.quotes is not None and stage.evidence_weight:
        quoted = batch.quotes.any(1)
        seen = outputs["attention"].masked_fill(~batch.quotes, -1e4).logsumexp(1)
        total = total - stage.evidence_weight * (seen * quoted).sum() / len(batch.ids)
    return total


def fit(
    network: Network,
    batches: Batches,
    stage: Stage,
    folder: Path,
    evaluate: Callable[[Network], dict],
    loss_in: Callable[[Network, Batch, Stage], torch.Tensor] = loss_of,
) -> Network:
    """Train `network` through one stage; resume from `folder` where a checkpoint lies there.

    `loss_in` gives the loss of a batch.

    Returns the trained network (the moving average of its weights where the stage asks for it).
    """
    torch.manual_seed(stage.seed)
    device = next(network.parameters()).device
    optimiser = torch.optim.AdamW(
        _groups(network, stage), weight_decay=stage.weight_decay, betas=(0.9, 0.98), fused=True
    )
    steps = round(len(batches) * stage.epochs)
    warm = max(1, round(steps * stage.warmup))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / warm, max(0.02, (steps - step) / max(1, steps - warm))),
    )
    average = copy.deepcopy(network) if stage.average else None
    checkpoint = _checkpoint(stage, folder)
    step = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        if average is not None:
            average.load_state_dict(state["average"])
        step = state["step"]
        batches.draw_anew(step)  # not once more what it has learned from
        torch.manual_seed(stage.seed + step)
        log.info("%s: resumed at step %d of %d", stage.name, step, steps)
    saved = started = time.monotonic()
    told = step
    running = torch.zeros((), device=device)
    while step < steps:
        network.train()
        for batch in batches.epoch():
            loss = loss_in(network, batch.to(device), stage)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            step += 1
            if average is not None:
                move(average, network, 1 - min(stage.average, (step + 1) / (step + 10)))
            running += loss.detach()
            if step % 50 == 0:
                count = step - told
                pace = (time.monotonic() - started) / count
                log.info(
                    "%s %d/%d loss %.3f %.3f s/step",
                    stage.name, step, steps, float(running) / count, pace,
                )  # fmt: skip
                started, told, running = time.monotonic(), step, torch.zeros((), device=device)
            if step >= steps:
                break
            if time.monotonic() - saved > CHECKPOINT_AGE:
                state = {
                    "network": network.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "average": average.state_dict() if average is not None else {},
                    "step": step,
                }
                with whole(checkpoint) as part:
                    torch.save(state, part)
                saved = time.monotonic()
        kept = average if average is not None else network
        log.info("%s step %d: %s", stage.name, step, json.dumps(evaluate(kept)))
        started = time.monotonic()
    return average if average is not None else network


def keep(network: Network, stage: Stage, file: Path) -> None:
    """Write what a stage has left to `file`; its checkpoint, in the same folder, is done with."""
    save(network.state_dict(), file)
    _checkpoint(stage, file.parent).unlink(missing_ok=True)


def save(tensors: dict[str, torch.Tensor], file: Path) -> None:
    """Write tensors to a file that is there whole or not at all."""
    with whole(file) as part:
        save_file(tensors, part)


def _checkpoint(stage: Stage, folder: Path) -> Path:
    return folder / f"{stage.name}.resume.pt"


def _groups(network: Network, stage: Stage) -> list[dict]:
    """Heads at their own rate; the body's falls by `layer_decay` a layer; embeddings stay frozen.

    Frozen, the words that no training comment uses keep their place beside those that some do.
    """
    encoder: Any = network.encoder
    layers = encoder.encoder.layer
    network.requires_grad_(True)
    encoder.embeddings.requires_grad_(False)
    groups = []
    for depth, layer in enumerate(layers):
        rate = stage.learning_rate * stage.layer_decay ** (len(layers) - 1 - depth)
        groups.append({"params": list(layer.parameters()), "lr": rate})
    heads = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    groups.append({"params": heads, "lr": stage.head_learning_rate})
    return groups


def probabilities(logits: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Of each task, from its logits: ``aspects`` of any shape, the others (n, classes)."""
    return {
        "aspects": logits["aspects"].sigmoid(),
        "sentiment": logits["sentiment"].softmax(1),
        "language": logits["language"].softmax(1),
    }


@torch.no_grad()
def move(network: Network, other: Network, share: float) -> None:
    """Move the weights of `network` by `share` to those of another of its shape."""
    pairs = [
        (own, their)
        for own, their in zip(network.parameters(), other.parameters(), strict=True)
        if their.requires_grad
    ]
    torch._foreach_lerp_([own for own, _ in pairs], [their for _, their in pairs], share)


def encoded(
    network: Network, tokenizer: Tokenizer, texts: list[str], most: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """States of texts, (batch, tokens, width), and the mask, on the network's device."""
    device = next(network.parameters()).device
    _, ids, mask = padded(tokenizer, texts, most)
    ids, mask = ids.to(device), mask.to(device)
    with half_precision(device):
        return network.encode(ids, mask), mask


@torch.inference_mode()
def predict(
    network: Network, tokenizer: Tokenizer, texts: list[str], batch_size: int = 64
) -> dict[str, np.ndarray]:
    """Float32 logits: ``aspects`` (n, 17, 2), ``sentiment`` (n, 4), ``language`` (n, 4)."""
    network.eval()
    order = np.argsort([len(text) for text in texts])
    parts: dict[str, list] = {"aspects": [], "sentiment": [], "language": []}
    for start in range(0, len(texts), batch_size):
        rows = order[start : start + batch_size]
        states, mask = encoded(network, tokenizer, [texts[i] for i in rows], MOST_TOKENS)
        outputs = network.read(states.float(), mask)
        for name, part in parts.items():
            part.append(outputs[name].cpu().numpy())
    back = np.argsort(order)
    logits = {name: np.concatenate(part)[back] for name, part in parts.items()}
    logits["aspects"] = logits["aspects"].reshape(-1, len(ASPECTS), len(SIGNS))
    return logits
