"""How feature columns become float32: the one mapping that training writes down and scoring repeats.

Names, order and category codes of the columns belong here, and the SQL that applies them; reading rows does not.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from groundgame.errors import ModelRejected, SpecError
from models_py.spec import ScoreSpec

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

FEATURES_TABLE = "marts.feat_voters"
# More values than this is an identifier, not a category: it would be learned by heart.
MAX_CATEGORIES = 255


def literal(value: object) -> str:
    """A value as an SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"


@dataclass(frozen=True)
class Encoding:
    """The columns of a matrix in order; ``categories`` holds each categorical column's values, coded by position."""

    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]

    @property
    def categorical(self) -> list[int]:
        """Positions of the categorical columns."""
        return [index for index, name in enumerate(self.features) if name in self.categories]

    def keep(self, names: Sequence[str]) -> Encoding:
        """The same coding with fewer columns, in the order of this one."""
        kept = tuple(name for name in self.features if name in set(names))
        return Encoding(kept, {name: values for name, values in self.categories.items() if name in kept})

    def select(self, prefix: str = "") -> str:
        """The select list that yields every column as a 4-byte float; unknown values and categories are NaN.

        The engine does the casting, in parallel, so that columns reach Python ready to be used without a copy.
        """
        return ", ".join(f"{self._expression(name, prefix)} as {name}" for name in self.features)

    def _expression(self, name: str, prefix: str) -> str:
        column = f"{prefix}{name}"
        if name in self.categories:
            codes = " ".join(f"when {literal(value)} then {code}" for code, value in enumerate(self.categories[name]))
            column = f"case {column} {codes} end" if codes else "null"
        return f"coalesce(cast({column} as real), cast('NaN' as real))"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, stored in the model folder."""
        return {"features": list(self.features), "categories": {k: list(v) for k, v in self.categories.items()}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Encoding:
        """Inverse of ``to_dict``."""
        categories = {name: tuple(codes) for name, codes in values["categories"].items()}
        return cls(tuple(values["features"]), categories)


def feature_columns(warehouse: Warehouse) -> list[str]:
    """Columns of the feature table; empty when it does not exist."""
    schema, table = FEATURES_TABLE.split(".")
    sql = "select column_name from information_schema.columns where table_schema = ? and table_name = ? order by 1"
    return warehouse.fetch(sql, [schema, table]).column(0).to_pylist()


def check_columns(warehouse: Warehouse, spec: ScoreSpec) -> None:
    """Every column that the spec names must be one of the feature table.

    Raises:
        SpecError: names the first that is not, with the nearest that is.
        ModelRejected: there is no feature table yet.
    """
    known = feature_columns(warehouse)
    if not known:
        raise ModelRejected(spec.score, "challenger", [f"{FEATURES_TABLE} does not exist; build the marts first"])
    for name in (*(feature.name for feature in spec.features), spec.count_column):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"columns of {FEATURES_TABLE}: {', '.join(known)}"
            raise SpecError(f"{spec.score}.yml", f"features.{name}", f"is no column of {FEATURES_TABLE}", hint)


def learn_encoding(warehouse: Warehouse, spec: ScoreSpec, universe_sql: str) -> Encoding:
    """Read the categories that occur in the training universe, sorted, so that codes never depend on row order."""
    categories: dict[str, tuple[str, ...]] = {}
    for feature in spec.features:
        if feature.kind != "categorical":
            continue
        sql = (
            f"select distinct cast({feature.name} as varchar) as value from {FEATURES_TABLE} f "
            f"where {universe_sql} and {feature.name} is not null order by value"
        )
        values = warehouse.fetch(sql).column(0).to_pylist()
        if len(values) > MAX_CATEGORIES:
            raise SpecError(
                f"{spec.score}.yml", f"features.{feature.name}", f"has {len(values)} values, not a category"
            )
        categories[feature.name] = tuple(values)
    return Encoding(tuple(feature.name for feature in spec.features), categories)
