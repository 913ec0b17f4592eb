"""Read a spec that is one YAML file and goes by the file's name: a score, an experiment. What it may say is its own model's concern."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from groundgame.errors import SpecError
from groundgame.sources.strict_yaml import read_yaml

Spec = TypeVar("Spec", bound=BaseModel)


def read_named(path: Path, model: type[Spec], name_field: str, **known: str) -> Spec:
    """Read and check one spec; ``known`` are fields that do not come from the file.

    Raises:
        SpecError: names the file, the first wrong field and the problem; or the spec's name is not the file's.
    """
    try:
        spec = model.model_validate({**read_yaml(path), **known})
    except ValidationError as error:
        first = error.errors()[0]
        raise SpecError(path.name, ".".join(str(part) for part in first["loc"]) or name_field, first["msg"]) from error
    if (name := getattr(spec, name_field)) != path.stem:
        raise SpecError(path.name, name_field, f"is {name!r}, the file is named {path.stem!r}")
    return spec
