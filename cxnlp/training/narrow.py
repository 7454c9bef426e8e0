"""Feed-forward layers with fewer neurons, for whose loss those that are left make up."""

from __future__ import annotations

import copy
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import BertModel

from cxnlp.errors import CxnlpError
from cxnlp.training.fit import padded
from cxnlp.training.network import Network

#: Added to what a neuron has in common with itself, as a share of the mean of all.
RIDGE = 1e-3


def narrowed(
    network: Network, width: int, tokenizer: Tokenizer, texts: list[str], most_tokens: int
) -> Network:
    """A copy of a transformer whose feed-forward layers have `width` neurons each.

    They are left out one by one: always the neuron without which the layer's output on the tokens
    of `texts` changes least, once the weights of the others make up for it (Hassibi and Stork
    1993, "Optimal Brain Surgeon"; layer by layer, Frantar and Alistarh 2022, "Optimal Brain
    Compression").

    Raises
    ------
    CxnlpError
        Where the layers have fewer.
    """
    _check(network, width)
    made = copy.deepcopy(network).eval()
    common = _in_common(made, tokenizer, texts, most_tokens)
    layers = _layers(made)
    chosen = [
        _without(shared, layer.output.dense.weight.data.double().T, width)
        for shared, layer in zip(common, layers, strict=True)
    ]
    resize(made, width, [kept for kept, _ in chosen])
    for layer, (_, weight) in zip(layers, chosen, strict=True):
        layer.output.dense.weight.data.copy_(weight.T)
    return made.train(network.training)


def resize(network: Network, width: int, kept: list[torch.Tensor] | None = None) -> None:
    """Leave the feed-forward layers of a transformer only these neurons, by default the first.

    Raises
    ------
    CxnlpError
        Where they have fewer.
    """
    _check(network, width)
    for depth, layer in enumerate(_layers(network)):
        rows = torch.arange(width) if kept is None else kept[depth]
        wide, narrow = layer.intermediate.dense, layer.output.dense
        wide.weight, wide.bias, narrow.weight = (
            nn.Parameter(weight.detach().clone())
            for weight in (wide.weight[rows], wide.bias[rows], narrow.weight[:, rows])
        )
        wide.out_features = narrow.in_features = width
    network.encoder.config.intermediate_size = width


def _check(network: Network, width: int) -> None:
    most = network.encoder.config.intermediate_size
    if not 0 < width <= most:
        raise CxnlpError(f"wide: at most {most}, as it was; not {width}.")


def _layers(network: Network) -> list[Any]:
    assert isinstance(network.encoder, BertModel)
    return list(network.encoder.encoder.layer)


def _in_common(
    network: Network, tokenizer: Tokenizer, texts: list[str], most_tokens: int
) -> list[torch.Tensor]:
    """Of each layer, the products of any two neurons over all tokens, (neurons, neurons)."""
    layers = _layers(network)
    size = network.encoder.config.intermediate_size
    common = [torch.zeros(size, size, dtype=torch.float64) for _ in layers]

    def add(depth: int, fired: torch.Tensor) -> None:
        rows = fired[0].double()
        common[depth].addmm_(rows.T, rows)

    hooks = [
        layer.output.dense.register_forward_pre_hook(
            lambda _, inputs, depth=depth: add(depth, *inputs)
        )
        for depth, layer in enumerate(layers)
    ]
    with torch.inference_mode():
        for text in texts:  # one by one, so that no padding is counted
            _, ids, mask = padded(tokenizer, [text], most_tokens)
            network.encode(ids, mask)
    for hook in hooks:
        hook.remove()
    return common


def _without(
    common: torch.Tensor, weight: torch.Tensor, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The neurons that are left, (width,) int64, and their weights, (width, outputs).

    `common` is of `_in_common`, `weight` (neurons, outputs), both float64.
    """
    common = common + RIDGE * common.diagonal().mean() * torch.eye(len(common)).double()
    inverse, weight = torch.linalg.inv(common), weight.clone()
    left = torch.arange(len(weight))
    for _ in range(len(weight) - width):
        harm = weight.square().sum(1) / inverse.diagonal()
        least = int(harm[left].argmin())
        out = left[least]
        left = left[torch.arange(len(left)) != least]
        share = inverse[:, out] / inverse[out, out]
        weight -= share[:, None] * weight[out]
        inverse -= share[:, None] * inverse[out]
    return left, weight[left]
