"""The network of a model folder, to train on or to compare with: its int8 weights as float32."""

from __future__ import annotations

import re

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertModel

from cxnlp.errors import CxnlpError
from cxnlp.store import StoredModel
from cxnlp.training.convolutions import Convolutions
from cxnlp.training.narrow import resize
from cxnlp.training.network import Network

PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mixed": "attention.output.dense",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
}


def restored(stored: StoredModel) -> Network:
    """Rebuild a network from the graph of its folder, each int8 weight times its scale.

    It says what the folder's model says, but for the rounding of the activations. It has no head
    for weak labels, which no graph keeps.
    """
    graph = onnx.load_from_string(stored.network).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    heads = [a.i for n in graph.node for a in n.attribute if a.name == "num_heads"]
    made, state = _transformer(arrays, heads[0]) if heads else _convolutions(arrays)
    weight = arrays["head.weight"] * arrays.get("head.weight_scale", np.float32(1))
    for part, weights, bias in zip(
        ("query", "value"), np.split(weight.T, 2), np.split(arrays["head.bias"], 2), strict=True
    ):
        state[f"head.{part}.weight"], state[f"head.{part}.bias"] = weights, bias
    made.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return made.eval()


def _transformer(
    arrays: dict[str, np.ndarray], heads: int
) -> tuple[Network, dict[str, np.ndarray]]:
    """A network of the shape of these constants, and their weights by its names."""
    layers = sum(name.endswith("query.weight") for name in arrays)
    words = arrays["words"].astype(np.float32) * arrays["words.scale"]
    wide = arrays["layer.0.wide.weight"].shape
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=wide[0],
        intermediate_size=wide[1],
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=len(arrays["places"]),
        layer_norm_eps=1e-12,
        pad_token_id=arrays["pad"].item(),
    )
    state = {
        "encoder.embeddings.word_embeddings.weight": words,
        "encoder.embeddings.position_embeddings.weight": arrays["places"],
        "encoder.embeddings.token_type_embeddings.weight": np.zeros((2, wide[0]), np.float32),
        "encoder.embeddings.LayerNorm.weight": arrays["states.0.gain"],
        "encoder.embeddings.LayerNorm.bias": arrays["states.0.shift"],
    }
    for depth in range(layers):
        here, there = f"layer.{depth}", f"encoder.encoder.layer.{depth}"
        for part, name in PARTS.items():
            stem = f"{here}.query" if part in ("key", "value") else f"{here}.{part}"
            weight = arrays[f"{here}.{part}.weight"] * arrays[f"{here}.{part}.weight_scale"]
            smooth = arrays.get(f"{stem}.smooth", np.ones(len(weight), np.float32))
            state[f"{there}.{name}.weight"] = (weight * smooth[:, None]).T
            state[f"{there}.{name}.bias"] = arrays[f"{here}.{part}.bias"]
        for output, name in (
            (f"{here}.middle", "attention.output"),
            (f"states.{depth + 1}", "output"),
        ):
            state[f"{there}.{name}.LayerNorm.weight"] = arrays[f"{output}.gain"]
            state[f"{there}.{name}.LayerNorm.bias"] = arrays[f"{output}.shift"]
    return Network(BertModel(config, add_pooling_layer=False)), state


def _convolutions(arrays: dict[str, np.ndarray]) -> tuple[Network, dict[str, np.ndarray]]:
    """The same of a fast model."""
    given = {
        int(name.split(".")[2]): array
        for name, array in arrays.items()
        if re.fullmatch(r"layer\.0\.-?\d+\.weight", name)
    }
    state = {
        "encoder.words.weight": arrays["words.int8"] * arrays["words.int8.scale"],
        "encoder.own.weight": arrays["own.weight"].T,
        "encoder.layers.0.weight": np.concatenate(list(given.values())).T,
        "encoder.layers.0.bias": arrays["layer.0.bias"],
    }
    near = [tuple(given)]
    for depth in range(1, sum(name.endswith(".sides") for name in arrays) + 1):
        here, there = f"layer.{depth}", f"encoder.layers.{depth}"
        near.append(tuple((arrays[f"{here}.sides"] - arrays[f"{here}.pads"][1]).tolist()))
        scale = arrays[f"{here}.relu.weight_scale"]
        state[f"{there}.weight"] = (arrays[f"{here}.relu.weight"] * scale).T
        reads = arrays[f"states.{depth - 1}.scale"]
        state[f"{there}.bias"] = (arrays[f"{here}.relu.bias"] * scale * reads).astype(np.float32)
    count, word_width = state["encoder.words.weight"].shape
    width = len(state["encoder.own.weight"])
    return Network(Convolutions(count, word_width, width, tuple(near))), state


def taken_up(student: Network, tokenizer: str, stored: StoredModel) -> Network:
    """The student, which reads what this tokenizer gives, with the weights of a model of its shape.

    Where that has narrower feed-forward layers the student's are made so.

    Raises
    ------
    CxnlpError
        For a model of another shape or tokenizer.
    """
    start = restored(stored)
    if isinstance(start.encoder, BertModel) and isinstance(student.encoder, BertModel):
        widths = [each.encoder.config.intermediate_size for each in (student, start)]
        resize(student, min(widths))
    mine, theirs = (
        ({name: array.shape for name, array in network.state_dict().items()},
         getattr(network.encoder, "near", None))
        for network in (student, start)
    )  # fmt: skip
    if mine != theirs or stored.tokenizer != tokenizer:
        raise CxnlpError(
            "start: the recipe makes a network of another shape; name a model that was made with "
            "these layers and this teacher, or none."
        )
    student.load_state_dict(start.state_dict())
    return student
