"""Find and load source specs. Cheap to import (pydantic and yaml): DAGs read the catalog when they are parsed."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.sources import history, layouts, spec, text
from groundgame.sources.spec import SourceSpec
from groundgame.sources.strict_yaml import read_yaml


def load_spec(path: Path) -> SourceSpec:
    """Read one source's YAML.

    Raises:
        SpecError: names the file, the field, the problem, and for an unknown key the nearest known one.
    """
    try:
        facts = path.stat()
    except OSError as error:
        raise SpecError(str(path), "file", "cannot be read", str(error.strerror)) from error
    return _load(path, facts.st_mtime_ns, facts.st_size)


@functools.lru_cache(maxsize=256)
def _load(path: Path, _mtime_ns: int, _size: int) -> SourceSpec:
    """A spec is frozen, and each stage asks for all of them: one that did not change is read once."""
    values = read_yaml(path)
    try:
        return SourceSpec.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "spec"
        raise SpecError(str(path), field, first["msg"].removeprefix("Value error, "), _hint(first)) from error


def load_catalog(settings: Settings) -> dict[str, SourceSpec]:
    """The sources in use by name: every YAML under ``settings.sources_dir``, or those that ``settings.sources`` names.

    Raises:
        SpecError: a YAML is wrong, a name is taken twice, or a wanted source has no YAML.
    """
    found: dict[str, SourceSpec] = {}
    paths = sorted(settings.sources_dir.rglob("*.yml")) if settings.sources_dir.is_dir() else []
    for path in paths:
        source = load_spec(path)
        if source.name in found:
            raise SpecError(str(path), "name", f"{source.name!r} is taken by another file of {settings.sources_dir}")
        found[source.name] = source
    for name in settings.sources:
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {sorted(found)}"
            raise SpecError(str(settings.sources_dir), "sources", f"no source is named {name!r}", hint)
    wanted = settings.sources or sorted(found)
    return {name: found[name] for name in wanted}


def _hint(error: Any) -> str:
    if error["type"] == "string_type":
        return "codes and names are quoted strings"
    if error["type"] != "extra_forbidden":
        return ""
    near = difflib.get_close_matches(str(error["loc"][-1]), sorted(set(_known_keys())), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def _known_keys() -> Iterator[str]:
    for module in (spec, layouts, text, history):
        for model in vars(module).values():
            if isinstance(model, type) and issubclass(model, BaseModel):
                yield from model.model_fields
