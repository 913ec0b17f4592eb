"""What dbt gives to macros as ``adapter``, for linting without dbt: DuckDB's dialect file answers.

sqlfluff loads the modules of this folder (``library_path`` in ``.sqlfluff``) under their own names.
"""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Template

DIALECT = Path(__file__).resolve().parent.parent / "macros" / "dialect" / "duckdb.sql"


def dispatch(name: str) -> Callable[..., str]:
    """The macro of the linted dialect that answers to a name."""
    return getattr(Template(DIALECT.read_text(encoding="utf-8")).module, f"duckdb__{name}")
