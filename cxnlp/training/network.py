"""The network: a BERT encoder and one label-attention head for every task."""

from __future__ import annotations

import torch
from torch import nn
from transformers import BertModel
from transformers.models.bert.modeling_bert import BertSelfAttention

from cxnlp.taxonomy import ASPECTS, LANGUAGES, SENTIMENTS, SIGNS
from cxnlp.training.convolutions import Convolutions

#: Columns of the head, in this order: aspects by sign, sentiments, languages.
WIDTHS = (len(ASPECTS) * len(SIGNS), len(SENTIMENTS), len(LANGUAGES))


class LabelAttention(nn.Module):
    """Per label, a learned query attends over the tokens and reads a logit where it looks.

    Label attention after Mullenbach et al. (2018), "Explainable prediction of medical codes",
    with the value projected straight to one number a token, so that attention times value is
    what each token contributes and the attention's peak is the evidence.
    """

    def __init__(self, width: int, labels: int, prior: float = 0.0) -> None:
        super().__init__()
        self.query = nn.Linear(width, labels)
        self.value = nn.Linear(width, labels)
        nn.init.normal_(self.query.weight, std=0.02)
        nn.init.normal_(self.value.weight, std=0.02)
        nn.init.constant_(self.value.bias, prior)

    def forward(
        self, states: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(batch, tokens, width), (batch, tokens) bool -> logits (batch, labels), log attention."""
        scores = self.query(states).masked_fill(~mask[..., None], -1e4)
        attention = scores.log_softmax(dim=1)
        return (attention.exp() * self.value(states)).sum(dim=1), attention


class Dropout(nn.Module):
    """Dropout whose mask is a window, drawn anew, of one pool of random ones.

    On two cores, drawing as many random numbers as there are states took a third of the training.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self._pools: dict[torch.dtype, torch.Tensor] = {}

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Any shape -> the same shape."""
        if not self.training or not self.share:
            return states
        size = states.numel()
        pool = self._pools.get(states.dtype)
        if pool is None or len(pool) < 2 * size:
            kept = torch.rand(max(2 * size, 1 << 22)) >= self.share
            pool = self._pools[states.dtype] = kept.to(states.dtype) / (1 - self.share)
        start = int(torch.randint(len(pool) - size, ()))
        return states * pool[start : start + size].view(states.shape)


def hasten(encoder: BertModel) -> None:
    """Make a BERT train faster on a CPU: a cheap `Dropout`, and none of its attention.

    Nor is that attention fused, which takes a third longer there.
    """
    encoder.set_attn_implementation("eager")
    cheap = Dropout(encoder.config.hidden_dropout_prob)
    for part in list(encoder.modules()):
        if isinstance(part, BertSelfAttention):
            part.dropout.p = 0.0
        elif isinstance(getattr(part, "dropout", None), nn.Dropout):
            part.dropout = cheap


def place(network: Network) -> None:
    """Move a network to a CUDA GPU where there is one; else `hasten` its BERT."""
    if torch.cuda.is_available():
        network.to("cuda")
    elif isinstance(network.encoder, BertModel):
        hasten(network.encoder)


class Network(nn.Module):
    """Encoder, the heads that are exported, and a head for weak labels that is not."""

    def __init__(self, encoder: BertModel | Convolutions, weak_labels: int = 0) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.head = LabelAttention(width, sum(WIDTHS))
        nn.init.constant_(self.head.value.bias[: WIDTHS[0]], -3.0)
        self.weak_head = LabelAttention(width, weak_labels) if weak_labels else None

    def encode(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state

    def read(self, states: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """(batch, tokens, width) -> logits by task, and log attention of the aspects.

        ``aspects`` (batch, 17 * 2), ``sentiment`` (batch, 4), ``language`` (batch, 4),
        ``attention`` (batch, tokens, 17 * 2), and ``weak`` (batch, weak labels) if there are any.
        """
        logits, attention = self.head(states, mask)
        aspects, sentiment, language = logits.split(WIDTHS, dim=1)
        outputs = {
            "aspects": aspects,
            "sentiment": sentiment,
            "language": language,
            "attention": attention[..., : WIDTHS[0]],
        }
        if self.weak_head is not None:
            outputs["weak"] = self.weak_head(states, mask)[0]
        return outputs
