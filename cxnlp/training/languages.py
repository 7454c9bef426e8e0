"""The head of the languages, fitted anew to an encoder that has gone on learning.

Few comments are in other languages than Dutch and English. A network that goes on learning reads
hardly any of them, and what it calls another language drifts.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from datasets import Dataset
from tokenizers import Tokenizer
from torch.nn import functional

from cxnlp.taxonomy import LANGUAGES
from cxnlp.training.fit import encoded
from cxnlp.training.network import Network

log = logging.getLogger("cxnlp.training")

#: Of each language, at most so many comments are read, and so many tokens of each.
MOST_COMMENTS, MOST_TOKENS = 3000, 96
BATCH_SIZE = 64
EPOCHS = 6
#: Of the first batch; it falls to zero.
RATE = 1e-3


def refit(network: Network, tokenizer: Tokenizer, labelled: Dataset, seed: int) -> None:
    """Fit what reads the language from a network's states, and nothing else of the network.

    It begins as it is, and reads as many comments of each language, as far as there are so many.
    Where a language has none nothing is done, for it would be unlearned.
    """
    network.eval()
    draw = np.random.default_rng(seed)
    language = np.array(labelled["language"])
    of_each = [np.flatnonzero(language == index) for index in range(len(LANGUAGES))]
    if not all(map(len, of_each)):
        return
    rows = np.concatenate([draw.permutation(rows)[:MOST_COMMENTS] for rows in of_each])
    texts = list(labelled.select(rows)["text"])
    order = np.argsort([len(text) for text in texts])
    batches = []
    for start in range(0, len(rows), BATCH_SIZE):
        taken = order[start : start + BATCH_SIZE]
        with torch.no_grad():
            states, mask = encoded(network, tokenizer, [texts[i] for i in taken], MOST_TOKENS)
        wanted = torch.from_numpy(language[rows[taken]]).to(mask.device)
        batches.append((states.bfloat16(), mask, wanted))
    steps = [int(at) for _ in range(EPOCHS) for at in draw.permutation(len(batches))]
    optimiser = torch.optim.Adam(network.head.parameters())  # rows without a gradient stay
    right = 0
    for step, at in enumerate(steps):
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / len(steps))
        states, mask, wanted = batches[at]
        said = network.read(states.float(), mask)["language"]
        functional.cross_entropy(said, wanted).backward()
        optimiser.step()
        optimiser.zero_grad()
        right += int((said.argmax(dim=1) == wanted).sum())
    share = right / (EPOCHS * len(rows))
    log.info("languages: %d comments read, %.4f right while it learned", len(rows), share)
