"""Read YAML without YAML's surprises: a bare NO is not false, a bare 012 is not ten, a key may not come twice.

Only the syntax belongs here; what a spec may say is in ``groundgame.sources.spec``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from groundgame.errors import SpecError

# Under these keys stand a sender's own codes: map keys, or list items, that must be quoted.
QUOTED_MAPS = frozenset({"status", "party", "race", "ethnicity", "sex", "voting_method", "election_types"})
QUOTED_LISTS = frozenset({"masks", "sentinels", "values", "voted", "not_voted", "not_votes", "zip_prefixes"})
AMBIGUOUS = re.compile(r"^(?:[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|[-+]?0[0-9_]+|[-+]?\d[\d_]*(?::\d+)+)$")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C where PyYAML has it: ten times faster
    """A safe loader that refuses what it could only guess."""

    where = ""

    def refuse(self, node: yaml.Node, problem: str, hint: str) -> SpecError:
        return SpecError(self.where, f"line {node.start_mark.line + 1}", problem, hint)

    def check(self, node: yaml.Node, parent_key: str = "") -> None:
        """Walk the node tree once, before values are built."""
        if isinstance(node, yaml.ScalarNode):
            if not node.style and AMBIGUOUS.match(node.value):
                raise self.refuse(node, f"bare {node.value} is ambiguous in YAML", f'write "{node.value}" in quotes')
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                if parent_key in QUOTED_LISTS:
                    self._check_quoted(item)
                self.check(item)
        elif isinstance(node, yaml.MappingNode):
            self._check_mapping(node, parent_key)

    def _check_mapping(self, node: yaml.MappingNode, parent_key: str) -> None:
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise self.refuse(key, f"key {name!r} stands twice", "keep one of them")
            seen.add(name)
            if parent_key in QUOTED_MAPS and isinstance(value, yaml.ScalarNode):
                self._check_quoted(key)
            self.check(key)
            self.check(value, name)

    def _check_quoted(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.ScalarNode) and node.style not in ('"', "'"):
            raise self.refuse(node, f"code {node.value} is not quoted", f'write "{node.value}" in quotes')


def read_yaml(path: Path) -> dict[str, Any]:
    """Parse one YAML file into plain values.

    Raises:
        SpecError: the file is missing, is no YAML mapping, repeats a key or leaves a code unquoted; names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(str(path), "file", "cannot be read", str(error.strerror)) from error
    loader = _Loader(text)
    loader.where = str(path)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise SpecError(str(path), "file", "is not a mapping of keys to values")
        loader.check(node)
        values: dict[str, Any] = loader.construct_document(node)
        return values
    except yaml.YAMLError as error:
        raise SpecError(str(path), "yaml", " ".join(str(error).split())) from error
    finally:
        loader.dispose()
