"""Feed-forward layers that lose neurons."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import tiny
import torch
from tokenizers import Tokenizer

from cxnlp.errors import CxnlpError
from cxnlp.store import StoredModel
from cxnlp.training.fit import padded
from cxnlp.training.narrow import narrowed, resize
from cxnlp.training.network import Network
from cxnlp.training.restore import taken_up

TOKENIZER = Tokenizer.from_str(tiny.tokenizer())
TEXTS = [
    " ".join(tiny.WORDS[(at * step) % len(tiny.WORDS)] for at in range(3, 20))
    for step in range(1, 40)
]


def _states(network: Network) -> torch.Tensor:
    _, ids, mask = padded(TOKENIZER, TEXTS, 64)
    with torch.inference_mode():
        return network.encode(ids, mask)[mask]


def test_neurons_that_say_what_others_say_are_not_missed() -> None:
    network = copy.deepcopy(tiny.network())
    for layer in network.encoder.encoder.layer:
        for rows in (layer.intermediate.dense.weight, layer.intermediate.dense.bias):
            rows.data[1::2] = rows.data[::2]
    wanted = _states(network)
    made = narrowed(network, 32, TOKENIZER, TEXTS, 64)
    assert made.encoder.config.intermediate_size == 32
    assert made.encoder.encoder.layer[0].output.dense.weight.shape == (32, 32)
    difference = (_states(made) - wanted).abs().mean()
    assert difference < 0.02 * wanted.abs().mean()
    assert torch.equal(_states(network), wanted)  # which is left as it was
    resize(network, 32)  # leaves out as many, and nothing makes up for them
    assert (_states(network) - wanted).abs().mean() > 10 * difference


def test_it_is_true_to_the_whole_where_every_neuron_counts() -> None:
    network = tiny.network()
    wanted = _states(network)
    cut = copy.deepcopy(network)
    resize(cut, 48)
    made = narrowed(network, 48, TOKENIZER, TEXTS, 64)
    wrong, worse = ((_states(each) - wanted).square().mean() for each in (made, cut))
    assert wrong < 0.3 * worse


def test_no_neuron_is_added() -> None:
    for width in (0, 65):
        with pytest.raises(CxnlpError, match=f"wide: at most 64, as it was; not {width}"):
            resize(copy.deepcopy(tiny.network()), width)


def test_a_student_goes_on_from_a_narrow_network() -> None:
    narrow = narrowed(tiny.network(), 40, TOKENIZER, TEXTS, 64)
    stored = StoredModel(Path(), {}, tiny.int8(narrow), tiny.tokenizer())
    student = taken_up(copy.deepcopy(tiny.network()), tiny.tokenizer(), stored)
    found, wanted = _states(student), _states(narrow)
    assert (found - wanted).abs().mean() < 0.05 * wanted.abs().mean()
