"""Model folders: written once under a name made of their content, checked file by file before use, one of them the champion.

``models/<score>/<version>/`` holds model.txt, calibration.json, encoding.json, card.json, card.html and manifest.json;
``models/<score>/champion.json`` points at the one in use. Nothing here judges a model or loads LightGBM.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.durable import sync
from groundgame.errors import ModelRejected
from models_py.calibrate import Calibrator
from models_py.effect_scale import EffectScale
from models_py.encode import Encoding

MODEL, CALIBRATION, ENCODING, CARD, PAGE, MANIFEST = (
    "model.txt",
    "calibration.json",
    "encoding.json",
    "card.json",
    "card.html",
    "manifest.json",
)
# The page is drawn from the card, so the name depends on what the model does and claims, not on how it is drawn.
NAMED_BY = (MODEL, CALIBRATION, ENCODING, CARD)


@dataclass(frozen=True)
class Pointer:
    """What champion.json says: a version and the hash of its manifest."""

    version: str
    manifest_sha256: str


@dataclass(frozen=True)
class StoredModel:
    """A model folder whose every file has been checked."""

    score: str
    version: str
    path: Path
    manifest_sha256: str
    encoding: Encoding
    calibrator: Calibrator | EffectScale
    card: dict[str, Any]


def lightgbm_version() -> str:
    """The installed LightGBM, without importing it."""
    return importlib.metadata.version("lightgbm")


def json_bytes(values: object) -> bytes:
    """JSON with one byte form for equal values."""
    return (json.dumps(values, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def version_name(score: str, as_of: dt.date, files: dict[str, bytes]) -> str:
    """``<score>-<yyyymmdd>-<sha8>``: equal content has an equal name."""
    digest = hashlib.sha256()
    for name in NAMED_BY:
        digest.update(hashlib.sha256(files[name]).digest())
    return f"{score}-{as_of:%Y%m%d}-{digest.hexdigest()[:8]}"


def save(settings: Settings, score: str, version: str, files: dict[str, bytes]) -> Path:
    """Write a model folder whole or not at all; an existing one of the same name and content is kept."""
    folder = settings.models_dir / score
    folder.mkdir(parents=True, exist_ok=True)
    for litter in folder.glob(".writing-*"):
        shutil.rmtree(litter)
    writing = folder / f".writing-{version}"
    writing.mkdir()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest = {"score": score, "version": version, "lightgbm": lightgbm_version(), "files": hashes}
    for name, content in {**files, MANIFEST: json_bytes(manifest)}.items():
        _write(writing / name, content)
    target = folder / version
    if target.exists():
        # Left by a run that was ended between writing and promoting, or damaged since: the fresh bytes replace it.
        shutil.rmtree(target)
    writing.replace(target)
    sync(folder)
    return target


def find(settings: Settings, score: str, as_of: dt.date, fingerprint: str) -> str | None:
    """The undamaged version that was trained for the same date from the same inputs, if there is one."""
    for card in sorted((settings.models_dir / score).glob(f"{score}-{as_of:%Y%m%d}-*/{CARD}")):
        try:
            stored = load(settings, score, card.parent.name)
        except ModelRejected:
            continue  # a damaged folder is trained again
        if stored.card["fingerprint"] == fingerprint:
            return stored.version
    return None


def champion(settings: Settings, score: str) -> Pointer | None:
    """The version in use; None before the first promotion.

    Raises:
        ModelRejected: the pointer file is there but unreadable.
    """
    file = settings.models_dir / score / "champion.json"
    if not file.is_file():
        return None
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        return Pointer(str(values["version"]), str(values["manifest_sha256"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelRejected(
            score, "champion.json", [f"unreadable pointer ({type(error).__name__}); train again"]
        ) from error


def promote(settings: Settings, stored: StoredModel) -> None:
    """Make a version the champion, atomically."""
    folder = settings.models_dir / stored.score
    pointer = {"version": stored.version, "manifest_sha256": stored.manifest_sha256}
    writing = folder / ".champion.json.writing"
    _write(writing, json_bytes(pointer))
    writing.replace(folder / "champion.json")
    sync(folder)


def retire(settings: Settings, score: str) -> None:
    """Take a score out of use; its versions stay in their folders."""
    pointer = settings.models_dir / score / "champion.json"
    if pointer.exists():
        pointer.unlink()
        sync(pointer.parent)


def load(settings: Settings, score: str, version: str, manifest_sha256: str | None = None) -> StoredModel:
    """Check every file of a model folder by its hash and read the small ones; model.txt is left to the child process.

    Raises:
        ModelRejected: lists all that is wrong: missing, truncated or changed files, another LightGBM.
    """
    path = settings.models_dir / score / version
    manifest_bytes = _read(path / MANIFEST)
    if manifest_bytes is None:
        raise ModelRejected(score, version, [f"{MANIFEST} is missing"])
    actual = hashlib.sha256(manifest_bytes).hexdigest()
    if manifest_sha256 not in (None, actual):
        raise ModelRejected(score, version, [f"{MANIFEST} is not the one that was promoted"])
    try:
        manifest = json.loads(manifest_bytes)
        problems = _problems(path, manifest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelRejected(score, version, [f"{MANIFEST} is unreadable ({type(error).__name__})"]) from error
    if problems:
        raise ModelRejected(score, version, problems)
    encoding = Encoding.from_dict(json.loads((path / ENCODING).read_text(encoding="utf-8")))
    card = json.loads((path / CARD).read_text(encoding="utf-8"))
    if untrue := _untrue(card, encoding, manifest):
        raise ModelRejected(score, version, untrue)
    scale = json.loads((path / CALIBRATION).read_text(encoding="utf-8"))
    calibrator = EffectScale.from_dict(scale) if "effect" in scale else Calibrator.from_dict(scale)
    return StoredModel(score, version, path, actual, encoding, calibrator, card)


def _untrue(card: dict[str, Any], encoding: Encoding, manifest: dict[str, Any]) -> list[str]:
    """What the card says and the files do not, and what it must say and does not."""
    deployed, recipe, data = (card.get(part, {}) for part in ("deployed", "recipe", "data"))
    claims = {
        "features in order": (deployed.get("features"), list(encoding.features)),
        "hash of model.txt": (deployed.get("model_txt_sha256"), manifest["files"][MODEL]),
        "LightGBM": (recipe.get("lightgbm"), manifest["lightgbm"]),
    }
    problems = [
        f"{CARD} tells another {name} than the files" for name, (said, is_so) in claims.items() if said != is_so
    ]
    missing = {"snapshot": data.get("snapshot_sha256"), "seed": recipe.get("seed"), "spec": recipe.get("spec_sha256")}
    return problems + [f"{CARD} tells no {name}" for name, said in missing.items() if said in (None, "")]


def _problems(path: Path, manifest: dict[str, Any]) -> list[str]:
    problems = [f"{name} is not listed in {MANIFEST}" for name in NAMED_BY if name not in manifest["files"]]
    for name, expected in manifest["files"].items():
        content = _read(path / name)
        if content is None:
            problems.append(f"{name} is missing")
        elif hashlib.sha256(content).hexdigest() != expected:
            problems.append(f"{name} was changed after training ({len(content)} bytes)")
    if manifest["lightgbm"] != lightgbm_version():
        problems.append(f"made by LightGBM {manifest['lightgbm']}, installed is {lightgbm_version()}; train again")
    return problems


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
