"""Search an installation for texts, everywhere: the proof that a forgotten person is gone, or where she still is.

Reads only. Tables and Parquet are searched by column, every file also byte by byte, archives unpacked.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import duckdb

from groundgame.config import Settings
from groundgame.privacy import tables
from groundgame.warehouse.base import is_there, open_warehouse

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

CHUNK = 1 << 22
ENCODINGS = ("utf-8", "latin-1", "utf-16-le")
# Compressed or binary: a short word may stand there by chance, so a search for whole words relies on the columns.
BINARY = frozenset({".duckdb", ".parquet", ".zip", ".gz"})


@dataclass(frozen=True)
class Found:
    """A place that holds one of the texts. ``is_original``: a file as the sender wrote it, which is not ours to change."""

    place: str
    is_original: bool

    def __str__(self) -> str:
        return self.place


@dataclass(frozen=True)
class Wanted:
    """The texts in the forms that the places need."""

    texts: tuple[str, ...]
    is_whole: bool
    columns: frozenset[str] | None = None

    def looks_in(self, column: str) -> bool:
        """Whether a column of text is to be searched."""
        return self.columns is None or column in self.columns

    @property
    def sql(self) -> str:
        """A regular expression for the engine, which knows no look-around."""
        any_text = "|".join(re.escape(text) for text in self.texts)
        return rf"(^|\W)({any_text})(\W|$)" if self.is_whole else any_text

    @property
    def raw(self) -> re.Pattern[bytes]:
        """The same for bytes, in each encoding."""
        forms = {text.encode(code, "ignore") for text in self.texts for code in ENCODINGS}
        any_form = b"|".join(re.escape(form) for form in sorted(forms) if form)
        return re.compile(rb"(?<!\w)(?:" + any_form + rb")(?!\w)" if self.is_whole else any_form)


def find_subject(
    settings: Settings, *texts: str, is_whole: bool = False, columns: frozenset[str] | None = None
) -> list[Found]:
    """Every place under home, and in the inbox, that holds one of some texts.

    Args:
        settings: the installation.
        texts: ids, names, addresses; case counts.
        is_whole: find them as whole words only, as short ids need it.
        columns: those of tables and Parquet files to look in; default: all. Other files are always looked through.
    """
    wanted = Wanted(tuple(text for text in texts if text), is_whole, columns)
    found: set[Found] = set()
    if not wanted.texts:
        return []
    for top in {settings.home, settings.inbox_dir}:
        for file in sorted(path for path in top.rglob("*") if path.is_file() and not path.is_symlink()):
            name = str(file.relative_to(top)) if top == settings.home else f"inbox/{file.relative_to(top)}"
            is_original = any(file.is_relative_to(place) for place in _originals(settings))
            found.update(Found(place, is_original) for place in _places(settings, file, name, wanted))
    if settings.engine != "duckdb":
        for one in filter(is_there, (settings, settings.of_field())):
            found.update(Found(f"{one.place}:{place}", False) for place in _on_server(one, wanted))
    return sorted(found, key=lambda item: item.place)


def _on_server(settings: Settings, wanted: Wanted) -> Iterator[str]:
    """Tables of a server, published runs too, and what its planner remembers of their values."""
    with open_warehouse(settings, read_only=True) as warehouse:
        for table, every in tables.text_columns(warehouse).items():
            names = [name for name in every if wanted.looks_in(name)]
            if not names:
                continue
            tests = ", ".join(f'bool_or("{name}" ~ ?) as "{name}"' for name in names)
            hits = warehouse.fetch(f"select {tests} from {table}", [wanted.sql] * len(names)).to_pylist()[0]
            yield from (f"{table}.{name}" for name, is_there in hits.items() if is_there)
        remembered = warehouse.fetch(
            "select schemaname || '.' || tablename || '.' || attname as name, attname from pg_stats"
            " where concat(most_common_vals::text, ' ', histogram_bounds::text) ~ ? order by 1",
            [wanted.sql],
        ).to_pylist()
        yield from (f"statistics of {row['name']}" for row in remembered if wanted.looks_in(row["attname"]))


def _originals(settings: Settings) -> tuple[Path, Path]:
    return settings.inbox_dir, settings.home / "incoming"


def _places(settings: Settings, file: Path, name: str, wanted: Wanted) -> Iterator[str]:
    if wanted.raw.search(file.name.encode()):
        yield f"{Path(name).parent}/ (a file's name)"
    if file.suffix == ".duckdb":
        with _open(settings, file) as warehouse:
            for table in _tables(warehouse):
                yield from (f"{name}:{table}.{column}" for column in _columns(warehouse, table, wanted))
    elif file.suffix == ".parquet":
        with duckdb.connect() as engine:
            from groundgame.warehouse.duckdb import DuckDBWarehouse

            rows = "read_parquet('" + str(file).replace("'", "''") + "', hive_partitioning = false)"
            yield from (f"{name}:{column}" for column in _columns(DuckDBWarehouse(engine), rows, wanted))
    elif zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    if _holds(stream, wanted):
                        yield f"{name}/{member.filename}"
    elif file.suffix == ".gz":
        with gzip.open(file) as stream:
            if _holds(stream, wanted):
                yield name
    if not (wanted.is_whole and file.suffix in BINARY):
        with file.open("rb") as stream:
            if _holds(stream, wanted):
                yield f"{name} (bytes)" if file.suffix in BINARY else name


@contextlib.contextmanager
def _open(settings: Settings, file: Path) -> Iterator[Warehouse]:
    if file == settings.warehouse_path:
        with open_warehouse(settings, read_only=True) as warehouse:
            yield warehouse
        return
    from groundgame.warehouse.duckdb import DuckDBWarehouse

    with duckdb.connect(str(file), read_only=True) as engine:
        yield DuckDBWarehouse(engine)


def _tables(warehouse: Warehouse) -> Sequence[str]:
    sql = "select schema_name || '.\"' || table_name || '\"' as name from duckdb_tables() order by 1"
    return warehouse.fetch(sql).column(0).to_pylist()


def _columns(warehouse: Warehouse, rows: str, wanted: Wanted) -> list[str]:
    """The text columns that hold a text, in one pass over the rows."""
    types = warehouse.fetch(f"describe select * from {rows}").to_pylist()
    names = [
        row["column_name"]
        for row in types
        if ("VARCHAR" in row["column_type"] or "JSON" in row["column_type"]) and wanted.looks_in(row["column_name"])
    ]
    if not names:
        return []
    tests = ", ".join(f'bool_or(regexp_matches("{name}"::varchar, ?))' for name in names)
    hits = warehouse.fetch(f"select {tests} from {rows}", [wanted.sql] * len(names))
    return [name for name, column in zip(names, hits.columns, strict=True) if column[0].as_py()]


def _holds(stream: IO[bytes] | gzip.GzipFile, wanted: Wanted) -> bool:
    """Whether a stream holds a text; chunks overlap, so that none is cut in two unseen."""
    overlap = 4 * max(len(text) for text in wanted.texts) + 1
    pattern, tail = wanted.raw, b""
    while chunk := stream.read(CHUNK):
        if pattern.search(tail + chunk):
            return True
        tail = chunk[-overlap:]
    return False
