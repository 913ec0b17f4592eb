"""A model folder is checked file by file before anything in it is used (F27)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from groundgame.config import Settings
from groundgame.errors import ModelRejected
from models_py import registry


def folder(settings: Settings) -> Path:
    pointer = registry.champion(settings, "turnout")
    assert pointer is not None
    return settings.models_dir / "turnout" / pointer.version


@pytest.mark.parametrize(
    "name", [registry.MODEL, registry.CALIBRATION, registry.ENCODING, registry.CARD, registry.PAGE]
)
@pytest.mark.parametrize("damage", ["missing", "truncated", "tampered"])
def test_a_damaged_file_is_named(trained: Settings, name: str, damage: str) -> None:
    file = folder(trained) / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "truncated" else content.replace(b"1", b"2", 1))
    with pytest.raises(ModelRejected, match=f"{name} (is missing|was changed)"):
        registry.load(trained, "turnout", file.parent.name)


def test_a_manifest_rewritten_to_fit_a_tampered_model_is_not_the_promoted_one(trained: Settings) -> None:
    path = folder(trained)
    pointer = registry.champion(trained, "turnout")
    assert pointer is not None
    manifest = json.loads((path / registry.MANIFEST).read_text(encoding="utf-8"))
    manifest["files"][registry.MODEL] = "0" * 64
    (path / registry.MANIFEST).write_bytes(registry.json_bytes(manifest))
    with pytest.raises(ModelRejected, match="not the one that was promoted"):
        registry.load(trained, "turnout", path.name, pointer.manifest_sha256)


@pytest.mark.parametrize(
    ("part", "key", "value", "told"),
    [
        ("deployed", "features", ["age"], "tells another features in order"),
        ("deployed", "model_txt_sha256", "0" * 64, r"tells another hash of model\.txt"),
        ("recipe", "lightgbm", "1.0", "tells another LightGBM"),
        ("recipe", "seed", None, "tells no seed"),
        ("data", "snapshot_sha256", "", "tells no snapshot"),
    ],
)
def test_a_card_that_tells_something_else_than_the_files_is_refused(
    trained: Settings, part: str, key: str, value: object, told: str
) -> None:
    path = folder(trained)
    files = {name: (path / name).read_bytes() for name in (*registry.NAMED_BY, registry.PAGE)}
    card = json.loads(files[registry.CARD])
    card[part][key] = value
    registry.save(trained, "turnout", path.name, {**files, registry.CARD: registry.json_bytes(card)})
    with pytest.raises(ModelRejected, match=told):
        registry.load(trained, "turnout", path.name)


def test_a_model_of_another_lightgbm_is_refused(trained: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "lightgbm_version", lambda: "9.9.9")
    with pytest.raises(ModelRejected, match=r"made by LightGBM .*, installed is 9\.9\.9"):
        registry.load(trained, "turnout", folder(trained).name)


def test_a_missing_folder_and_an_unreadable_pointer_are_refused(trained: Settings) -> None:
    shutil.rmtree(folder(trained))
    with pytest.raises(ModelRejected, match=r"manifest\.json is missing"):
        registry.load(trained, "turnout", "turnout-20261025-00000000")
    (trained.models_dir / "turnout" / "champion.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelRejected, match="unreadable pointer"):
        registry.champion(trained, "turnout")


def test_an_interrupted_write_leaves_no_model_and_is_cleaned_by_the_next(untrained: Settings) -> None:
    litter = untrained.models_dir / "turnout" / ".writing-turnout-x"
    litter.mkdir(parents=True)
    (litter / registry.MODEL).write_text("half", encoding="utf-8")
    assert registry.champion(untrained, "turnout") is None
    files = dict.fromkeys((*registry.NAMED_BY, registry.PAGE), b"{}")
    registry.save(untrained, "turnout", "turnout-y", files)
    assert not litter.exists()
    assert sorted(path.name for path in (untrained.models_dir / "turnout").iterdir()) == ["turnout-y"]
