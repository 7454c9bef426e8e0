"""A model that fits in a test: 300 pieces, two narrow layers, random weights, the real graph."""

from __future__ import annotations

import functools
import json

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from cxnlp.calibration import Calibration
from cxnlp.encoder import Encoder
from cxnlp.model import Model
from cxnlp.training import base, export
from cxnlp.training.convolutions import Convolutions
from cxnlp.training.network import Network

WORDS = (
    "de het een en is niet maar wacht vriendelijk traag snel geholpen telefoon winkel uur in "
    "the a and was not but friendly slow quick helped phone shop hour wait minutes good goed"
).split()


@functools.cache
def tokenizer() -> str:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-:;😀"
    pieces = [[mark, 0.0] for mark in base.SPECIALS] + [["▁", -4.0]]
    pieces += [["▁" + word, -6.0 - at / 100] for at, word in enumerate(WORDS)]
    pieces += [[letter, -9.0 - at / 100] for at, letter in enumerate(letters)]
    post = {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "<s>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "</s>", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {
            "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
            "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]},
        },
    }
    added = [
        {
            "id": at,
            "content": mark,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for at, mark in enumerate(base.SPECIALS)
    ]
    return json.dumps(base.definition(pieces, added, post))


@functools.cache
def network() -> Network:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=Tokenizer.from_str(tokenizer()).get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
    )
    made = Network(BertModel(config, add_pooling_layer=False)).eval()
    with torch.no_grad():
        for name, weights in made.named_parameters():
            if name.startswith("head.") and name.endswith("weight"):
                weights.mul_(40)  # decisions that differ from text to text
            elif ".LayerNorm." in name and name.endswith("weight"):
                weights.uniform_(0.5, 1.5)  # so that a graph without any of these is another one
            elif ".layer." in name and name.endswith("bias"):
                weights.normal_(std=0.3)
            elif ".layer." in name:
                weights.mul_(6)
        made.head.value.bias.zero_()
    return made


@functools.cache
def graph() -> bytes:
    return export.build(network(), pad=1).SerializeToString()


def convolutions() -> Network:
    """Three layers over 64 words."""
    torch.manual_seed(0)
    encoder = Convolutions(64, 24, 16, ((-2, -1, 0, 1, 2), (-2, 0, 2), (-4, 0, 4)))
    with torch.no_grad():
        for layer in encoder.layers:
            layer.bias.normal_(std=0.5)  # so that a graph without one is another one
    return Network(encoder).eval()


def int8(network: Network) -> bytes:
    """The graph of a network of 40 words or more, quantised on invented comments."""
    draw = np.random.default_rng(0)
    batches = [draw.integers(4, 40, (16, 24)) for _ in range(8)]
    samples = export.sampler(export.build(network, 1), batches, pad=1)
    return export.build(network, 1, samples).SerializeToString()


def calibration() -> Calibration:
    return Calibration(
        1.0, 0.0, np.eye(10, 4, dtype=np.float32), 1.0, np.full((17, 2), 0.6, np.float32)
    )


@functools.cache
def model() -> Model:
    return Model(Encoder(tokenizer(), graph()), calibration(), {"name": "tiny"})
