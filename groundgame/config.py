"""The settings of one installation: environment first, then ``groundgame.toml``, then defaults.

Only plain values belong here; connections and secrets stay in the environment or in Airflow.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from groundgame.errors import SpecError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "GROUNDGAME_"


class Settings(BaseSettings):
    """Where things are and how much of the machine they may take. Paths are made absolute on loading."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Path = Field(
        Path(".groundgame"), description="all state of this installation: warehouse, raw files, models, publications"
    )
    inbox: Path | None = Field(None, description="where local source files arrive; default: HOME/inbox")
    sources_dir: Path = Field(
        ROOT / "groundgame" / "sources", description="folder of source specs (searched recursively)"
    )
    sources: list[str] = Field(
        default_factory=list, description="names of the sources in use; empty: every spec that has files"
    )
    scores_dir: Path = Field(ROOT / "models_py" / "scores", description="folder of score specs")
    experiments_dir: Path | None = Field(None, description="folder of experiment specs; default: HOME/experiments")
    pages: Path | None = Field(None, description="where the pages that people look at go; default: HOME/pages")
    dbt_project_dir: Path = Field(ROOT / "dbt_project", description="the dbt project")
    place: Literal["warehouse", "field"] = Field(
        "warehouse", description="which of the home's warehouses: the night's, or that of the field's batches"
    )
    engine: Literal["duckdb", "postgres"] = Field("duckdb", description="warehouse engine")
    warehouse_uri: SecretStr = Field(
        SecretStr("postgresql://"),
        description="where Postgres is; default: libpq's own environment (PGHOST, PGSERVICE, PGPASSFILE, ...)",
    )
    threads: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1), ge=1)
    memory_limit: str = Field(
        "2GB", pattern=r"^\d+(\.\d+)?(MB|GB)$", description="the engine spills to disk above this"
    )
    timezone: str = Field("America/New_York", description="the campaign's clock: a night's date is the date there")
    keep_runs: int = Field(3, ge=1, description="published runs kept for rollback")
    van_score_ids: dict[str, int] = Field(
        default_factory=dict, description="the score slot in VAN of each score, by its name"
    )
    suppression_max_age_days: int = Field(
        7, ge=0, description="how old the list of people who must not be contacted may be when lists are exported"
    )
    seed: int = Field(20121106, description="seed of everything that draws")

    @property
    def warehouse_path(self) -> Path:
        """The build warehouse: written by the pipeline alone, never opened by consumers."""
        return self.home / f"{self.place}.duckdb"

    def of_field(self) -> Settings:
        """The same installation, at the place where the field's batches build and publish: no night waits for them."""
        return self.model_copy(update={"place": "field"})

    def _of_place(self, folder: Path) -> Path:
        return folder if self.place == "warehouse" else folder / self.place

    @property
    def raw_dir(self) -> Path:
        """Landed Parquet: ``raw/<entity>/source=/snapshot_date=/file_id=/part-0.parquet``."""
        return self.home / "raw"

    @property
    def kept_lines_dir(self) -> Path:
        """Refused and normalised lines with their text. Personal data: part of the vault."""
        return self.home / "kept_lines"

    @property
    def models_dir(self) -> Path:
        """One folder per score and version, and the champion pointer."""
        return self.home / "models"

    @property
    def published_dir(self) -> Path:
        """``runs/<run_id>.duckdb`` and ``current.duckdb``, the one path that consumers open."""
        return self._of_place(self.home / "published")

    @property
    def reports_dir(self) -> Path:
        """Gate reports, one folder per run."""
        return self._of_place(self.home / "reports")

    @property
    def pages_dir(self) -> Path:
        """The pages that people look at: counts and shares only."""
        return self.pages or self.home / "pages"

    @property
    def review_dir(self) -> Path:
        """The page and the answers of a review of links. Personal data: part of the vault."""
        return self.home / "review"

    @property
    def exports_dir(self) -> Path:
        """Lists for walkers, callers and other tools. Personal data: part of the vault; gone with the next night."""
        return self.home / "exports"

    @property
    def inbox_dir(self) -> Path:
        """Where ``{inbox}`` in a source's URI points."""
        return self.inbox or self.home / "inbox"

    @property
    def experiments_folder(self) -> Path:
        """One YAML per experiment; an installation without experiments has no such folder."""
        return self.experiments_dir or self.home / "experiments"


def load_settings(config_file: Path | None = None, **overrides: Any) -> Settings:
    """Read settings; explicit overrides win over the environment, which wins over the file.

    Raises:
        SpecError: an unknown key (with the nearest known one) or a value of the wrong type.
    """
    file = config_file or Path("groundgame.toml")
    where = "settings"
    values: dict[str, Any] = {}
    if file.is_file():
        where = str(file)
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise SpecError(where, "toml", str(error)) from error
    elif config_file is not None:
        raise SpecError(str(config_file), "file", "does not exist")
    known = Settings.model_fields
    from_env = {key[len(PREFIX) :].lower() for key in os.environ if key.startswith(PREFIX)}
    for key in (*values, *overrides, *sorted(from_env)):
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise SpecError(where, key, "unknown key", f"did you mean {near[0]!r}?" if near else "")
    # pydantic-settings ranks init values above the environment, so the file's values that the environment sets are dropped here.
    values = {key: value for key, value in values.items() if key not in from_env}
    values.update({key: value for key, value in overrides.items() if value is not None})
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise SpecError(where, ".".join(str(part) for part in first["loc"]), first["msg"]) from error
    paths = {name: value.expanduser().resolve() for name, value in settings if isinstance(value, Path)}
    return settings.model_copy(update=paths)
