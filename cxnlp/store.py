"""Model folders: `manifest.json`, the network, the tokenizer, the card. No pickle, no network.

The manifest holds everything that is not an array: names and order of the labels, calibration,
figures, and the sha256 of the network and of the tokenizer.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from cxnlp import taxonomy
from cxnlp.calibration import Calibration
from cxnlp.errors import ModelError
from cxnlp.whole import whole

FORMAT = 2
MANIFEST, NETWORK, TOKENIZER, CARD = "manifest.json", "model.onnx", "tokenizer.json", "README.md"
#: In a wheel the models lie inside the package, in a clone beside it.
_HERE = Path(__file__).resolve().parent
HOMES = (_HERE / "models", _HERE.parent / "models")


@dataclasses.dataclass(frozen=True)
class StoredModel:
    """What a model folder holds, checked but not yet put to work."""

    folder: Path
    manifest: dict[str, Any]
    network: bytes
    tokenizer: str


def find(name: str | Path) -> Path:
    """The folder of a model that is shipped under `name`, or the folder `name` itself.

    ``"fast"`` is the shipped one, and ``"./fast"`` or ``"fast/"`` a folder of that name.
    """
    if not isinstance(name, str | Path):
        raise TypeError(f"model is {name!r}; give its name or its folder")
    homes = HOMES if Path(name).name == str(name) else ()
    shipped = [home / name for home in homes if (home / name / MANIFEST).is_file()]
    if isinstance(name, str) and shipped:
        return shipped[0]
    if (Path(name) / MANIFEST).is_file():
        return Path(name)
    if shipped:
        raise ModelError(f"A Path is that of a folder; load({str(name)!r}) is the shipped model.")
    known = ", ".join(shipped_names()) or "the shipped models (none)"
    raise ModelError(f"No model {str(name)!r}: not one of {known}, nor a folder with a {MANIFEST}.")


def shipped_names() -> list[str]:
    """The names of the models that are shipped."""
    return sorted({path.parent.name for home in HOMES for path in home.glob(f"*/{MANIFEST}")})


def read(name: str | Path) -> StoredModel:
    """Read and check a model folder.

    Raises
    ------
    ModelError
        For a missing or changed file, an unknown format, or another taxonomy than this version's.
    """
    folder = find(name)
    manifest = read_manifest(folder)
    contents = {}
    for file in (NETWORK, TOKENIZER):
        try:
            contents[file] = (folder / file).read_bytes()
        except FileNotFoundError:
            raise ModelError(f"{folder} lacks {file}; fetch the folder anew.") from None
        except OSError as error:
            raise ModelError(f"{folder / file} cannot be read: {error}") from None
        if hashlib.sha256(contents[file]).hexdigest() != manifest["files"].get(file):
            raise ModelError(
                f"{folder / file} is not the file that {MANIFEST} describes (its sha256 differs); "
                "it is damaged or was changed. Fetch the folder anew."
            )
    try:
        tokenizer = contents[TOKENIZER].decode("utf-8")
    except UnicodeDecodeError:
        raise ModelError(f"{folder / TOKENIZER} is not UTF-8; fetch the folder anew.") from None
    return StoredModel(folder, manifest, contents[NETWORK], tokenizer)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check what a model folder says of itself; raises as `read` does."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{folder / MANIFEST} is not JSON ({error}); fetch it anew.") from None
    if not isinstance(manifest, dict):
        raise ModelError(f"{folder / MANIFEST} is no manifest of a model; fetch it anew.")
    if manifest.get("format") != FORMAT:
        raise ModelError(
            f"{folder} has model format {manifest.get('format')!r}; this cxnlp reads format "
            f"{FORMAT}. Install the cxnlp version that wrote it, or train it anew."
        )
    ours = label_names()
    labels = manifest.get("labels")
    theirs = {key: labels.get(key) if isinstance(labels, dict) else None for key in ours}
    if theirs != ours:
        odd = ", ".join(key for key in ours if theirs[key] != ours[key])
        raise ModelError(f"{folder} was trained on other labels ({odd}); train it anew.")
    lacking = [key for key in ("files", "calibration") if key not in manifest]
    if lacking:
        raise ModelError(f"{folder / MANIFEST} lacks {' and '.join(lacking)}; fetch it anew.")
    try:
        manifest["files"].keys()
        Calibration.from_json(manifest["calibration"])
        for figure in manifest.get("figures", []):
            figure["data"], figure["command"], figure["report"]["overall"].items()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder / MANIFEST} is damaged ({error!r}); fetch it anew.") from None
    return manifest


def write(
    folder: str | Path, manifest: dict[str, Any], network: bytes, tokenizer: str, card: str
) -> None:
    """Write a model folder; format, labels and checksums are added to the manifest.

    Each file is there as it was or as it will be, never in part, and those that stay are not
    written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {NETWORK: network, TOKENIZER: tokenizer.encode("utf-8")}
    manifest = {
        "format": FORMAT,
        **manifest,
        "labels": label_names(),
        "files": {file: hashlib.sha256(data).hexdigest() for file, data in contents.items()},
    }
    contents[CARD] = card.encode("utf-8")
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    contents[MANIFEST] = text.encode("utf-8")  # the last: it describes the others
    for file, data in contents.items():
        if not (folder / file).is_file() or (folder / file).read_bytes() != data:
            with whole(folder / file) as part:
                part.write_bytes(data)


def label_names() -> dict[str, Any]:
    """Names and order of the labels, as a manifest states them."""
    return {
        "version": taxonomy.VERSION,
        "aspects": list(taxonomy.ASPECTS),
        "signs": list(taxonomy.SIGNS),
        "sentiments": list(taxonomy.SENTIMENTS),
        "languages": list(taxonomy.LANGUAGES),
    }
