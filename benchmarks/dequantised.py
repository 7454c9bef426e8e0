"""The committed int8 weights as float32 in a `transformers` model and pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertModel, Pipeline, PreTrainedTokenizerFast

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


def network(stored: StoredModel) -> Network:
    """Rebuild the network of a model folder from its graph, each int8 weight times its scale."""
    graph = onnx.load_from_string(stored.network).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers = sum(name.endswith("query.weight") for name in arrays)
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


class FeedbackPipeline(Pipeline):
    """What a user of `transformers` would write: tokenizer, encoder, heads, as a pipeline."""

    def __init__(self, made: Network, stored: StoredModel, **options: Any) -> None:
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(stored.folder / "tokenizer.json"),
            pad_token="<pad>",
            model_max_length=256,
        )
        super().__init__(model=made.encoder, tokenizer=tokenizer, device="cpu", **options)
        self.network = made

    def _sanitize_parameters(self, **options: Any) -> tuple[dict, dict, dict]:
        return {}, {}, {}

    def preprocess(self, text: str) -> dict[str, torch.Tensor]:
        return self.tokenizer(text, return_tensors="pt", truncation=True)

    def _forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        mask = inputs["attention_mask"]
        states = self.model(input_ids=inputs["input_ids"], attention_mask=mask).last_hidden_state
        outputs = self.network.read(states, mask.bool())
        return {name: outputs[name] for name in ("aspects", "sentiment", "language")}

    def postprocess(self, outputs: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
        return {name: values[0].numpy() for name, values in outputs.items()}
