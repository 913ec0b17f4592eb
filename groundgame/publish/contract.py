"""What readers may rely on: the published tables and columns, under a semantic version. Kept in ``dbt_project/published.yml``.

A new table or column raises the minor version. One that goes, or changes its type, raises the major version, and it must have been
marked ``deprecated`` in the version before (``config.meta`` of the column or model), so that nobody's query breaks without a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from groundgame.errors import SpecError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C where PyYAML has it
# Features of past nights are large and mean nothing without their model; a model's YAML may name more tables that stay inside.
INSIDE = frozenset({"feat_voters"})
FILE = "published.yml"


@dataclass(frozen=True)
class Column:
    """A column as its YAML describes it."""

    name: str
    data_type: str
    description: str
    deprecated: str = ""  # what to use instead; empty for a column that stays


@dataclass(frozen=True)
class Table:
    """A published mart."""

    name: str
    subject: str  # the folder under models/marts
    description: str
    deprecated: str
    columns: tuple[Column, ...]

    def types(self) -> dict[str, str]:
        """Type by column."""
        return {column.name: column.data_type for column in self.columns}


@dataclass(frozen=True)
class Frozen:
    """The version that readers know: type by column by table, and what of it is announced to go."""

    version: tuple[int, int, int] = (1, 0, 0)
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    deprecated: tuple[str, ...] = ()  # table or table.column

    def named(self) -> str:
        """The version as it is written."""
        return ".".join(map(str, self.version))


def published_tables(dbt_project: Path) -> list[Table]:
    """The marts that readers see, sorted by name."""
    found = []
    for file, model in _models(dbt_project / "models" / "marts"):
        if model["name"] in INSIDE or _meta(model).get("published") is False:
            continue
        columns = tuple(
            Column(c["name"], c["data_type"], " ".join(c["description"].split()), _meta(c).get("deprecated", ""))
            for c in model["columns"]
        )
        description = " ".join(model["description"].split())
        found.append(Table(model["name"], file.parent.name, description, _meta(model).get("deprecated", ""), columns))
    return sorted(found, key=lambda table: table.name)


def unpublished(dbt_project: Path) -> frozenset[str]:
    """Models that stay in the warehouse: feature rows, and every one with ``published: false`` in the meta of its YAML."""
    return INSIDE | {
        model["name"] for _, model in _models(dbt_project / "models") if _meta(model).get("published") is False
    }


def _models(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(folder.rglob("*.yml")):
        # Plain YAML, as dbt reads it: the project is the house's own, not a sender's. A hundred files cost seconds without libyaml.
        for model in (yaml.load(file.read_text(encoding="utf-8"), LOADER) or {}).get("models") or []:  # noqa: S506
            yield file, model


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    return {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}


def frozen(dbt_project: Path) -> Frozen:
    """The version in ``published.yml``; an empty first one where there is none."""
    file = dbt_project / FILE
    if not file.exists():
        return Frozen()
    said = yaml.load(file.read_text(encoding="utf-8"), LOADER)  # noqa: S506
    major, minor, patch = map(int, said["version"].split("."))
    return Frozen((major, minor, patch), said["tables"], tuple(said["deprecated"]))


def next_version(before: Frozen, tables: list[Table]) -> Frozen:
    """The version that these tables make after ``before``; the same one when nothing a reader sees has changed.

    Raises:
        SpecError: a table or column goes, or changes its type, without having been deprecated.
    """
    now = {table.name: table.types() for table in tables}
    announced = tuple(
        sorted(
            [table.name for table in tables if table.deprecated]
            + [f"{table.name}.{column.name}" for table in tables for column in table.columns if column.deprecated]
        )
    )
    gone = [name for name in before.tables if name not in now]
    for table, columns in before.tables.items():
        gone += [f"{table}.{name}" for name, kind in columns.items() if table in now and now[table].get(name) != kind]
    sudden = [name for name in gone if not {name, name.partition(".")[0]} & set(before.deprecated)]
    if sudden:
        raise SpecError(
            FILE,
            sudden[0],
            "goes or changes its type and readers were not told",
            "mark it deprecated in its YAML (config: {meta: {deprecated: what to use instead}}) and publish that version first",
        )
    major, minor, patch = before.version
    if gone:
        return Frozen((major + 1, 0, 0), now, announced)
    # Tables that appear are news, and so is a warning; a better description is neither.
    if before.tables and (now != before.tables or announced != before.deprecated):
        return Frozen((major, minor + 1, 0), now, announced)
    return Frozen((major, minor, patch), now, announced)
