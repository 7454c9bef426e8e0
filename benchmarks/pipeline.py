"""The committed weights in a `transformers` pipeline, as one would write it without cxnlp."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import Pipeline, PreTrainedTokenizerFast

from cxnlp.store import StoredModel
from cxnlp.training.fit import MOST_TOKENS
from cxnlp.training.network import Network


class FeedbackPipeline(Pipeline):
    """What a user of `transformers` would write: tokenizer, encoder, heads, as a pipeline."""

    def __init__(self, made: Network, stored: StoredModel, **options: Any) -> None:
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(stored.folder / "tokenizer.json"),
            pad_token="<pad>",
            model_max_length=MOST_TOKENS,
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
