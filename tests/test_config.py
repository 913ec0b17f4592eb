"""Settings come from defaults, file and environment, in that order, and a typo stops before any work."""

from pathlib import Path

import pytest

from groundgame.config import load_settings
from groundgame.errors import SpecError


def test_environment_wins_over_file_and_argument_wins_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "groundgame.toml"
    file.write_text('keep_runs = 5\nmemory_limit = "1GB"\n')
    monkeypatch.setenv("GROUNDGAME_KEEP_RUNS", "7")
    settings = load_settings(file, home=tmp_path / "home")
    assert (settings.keep_runs, settings.memory_limit) == (7, "1GB")
    assert settings.home == tmp_path / "home"


@pytest.mark.parametrize("place", ["file", "environment"])
def test_unknown_key_names_the_nearest(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F32: a typo is an error with the nearest key, wherever it stands."""
    file = tmp_path / "groundgame.toml"
    file.write_text("keep_run = 5\n" if place == "file" else "")
    if place == "environment":
        monkeypatch.setenv("GROUNDGAME_KEEP_RUN", "5")
    with pytest.raises(SpecError, match=r"keep_run: unknown key · did you mean 'keep_runs'"):
        load_settings(file)


def test_wrong_type_names_the_field(tmp_path: Path) -> None:
    file = tmp_path / "groundgame.toml"
    file.write_text('memory_limit = "lots"\n')
    with pytest.raises(SpecError, match="memory_limit"):
        load_settings(file)


def test_missing_settings_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nowhere\.toml: file: does not exist"):
        load_settings(tmp_path / "nowhere.toml")
