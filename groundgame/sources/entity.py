"""What a raw entity is: the shape of a table that landing writes. Which there are is in ``entities`` and ``field_entities``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Entity:
    """A raw table: its ``name`` in schema raw, all ``fields`` in order, which are ``personal`` and which identify a ``key``.

    ``required`` are never blank, ``ids`` never floats, ``times`` are moments, of which those that are ``planned`` may be yet to come,
    and ``local_times`` names the field in which landing writes what the campaign's clock showed then. Equal rows of a key count once
    in a file, under rule ``once``; ``on_conflict`` says what becomes of those that differ from the first. ``is_of_others``: the lines
    speak of people who never signed up, and are kept nowhere else.
    """

    name: str
    fields: tuple[str, ...]
    key: tuple[str, ...]
    personal: frozenset[str]
    kind: str = "voter_file"
    required: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    planned: frozenset[str] = frozenset()
    local_times: Mapping[str, str] = field(default_factory=dict)
    once: str = ""
    on_conflict: Literal["refuse", "keep", "drop"] = "keep"
    is_of_others: bool = False
