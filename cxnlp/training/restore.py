"""The network of a model folder, to train on or to compare with: its int8 weights as float32."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertModel

from cxnlp.errors import CxnlpError
from cxnlp.store import StoredModel
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
    """Rebuild a transformer from the graph of its folder, each int8 weight times its scale.

    It says what the folder's model says, but for the rounding of the activations. It has no head
    for weak labels, which no graph keeps.

    Raises
    ------
    CxnlpError
        For a model that is no transformer.
    """
    graph = onnx.load_from_string(stored.network).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers = sum(name.endswith("query.weight") for name in arrays)
    if not layers:
        raise CxnlpError(f"{stored.folder} holds no transformer; name one, such as accurate.")
    heads = next(a.i for n in graph.node for a in n.attribute if a.name == "num_heads")
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
    made = Network(BertModel(config, add_pooling_layer=False)).eval()
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
    half = len(arrays["head.bias"]) // 2
    state["head.query.weight"] = arrays["head.weight"].T[:half]
    state["head.value.weight"] = arrays["head.weight"].T[half:]
    state["head.query.bias"] = arrays["head.bias"][:half]
    state["head.value.bias"] = arrays["head.bias"][half:]
    made.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return made
