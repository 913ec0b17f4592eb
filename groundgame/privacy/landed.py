"""A person's rows in landed Parquet and her lines in the vault of kept lines: counted, and rewritten without her.

A file is rewritten under a temporary name, synced and renamed: a reader sees it with her or without her, never in half.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from groundgame.config import Settings
from groundgame.durable import into_place
from groundgame.errors import WarehouseError
from groundgame.locked import held
from groundgame.privacy import workers
from groundgame.privacy.subject import MENTION_COLUMNS, SUBJECT_COLUMNS, Kind, Subject, columns_of, mentions_of
from groundgame.privacy.tombstones import Tombstones
from groundgame.sources.field_entities import FIELD_ENTITIES

# As landing writes them: what is rewritten differs from a file that never held the rows in nothing else.
ROW_GROUP, COMPRESSION, LEVEL = 131_072, "zstd", 1
LOCK = "rewriting.lock"
WORDS = re.compile(r"\w+")
PERSONAL_WORDS = ("last_name", "first_name", "street_address")
Mask = Callable[[pa.Table], pa.Array | pa.ChunkedArray]
Change = Callable[[pa.Table], pa.Table]
FIELD_FOLDERS = frozenset(entity.name for entity in FIELD_ENTITIES.values())


def raw_files(settings: Settings) -> list[Path]:
    """Every landed file, whether the ledger knows it or not: a crash may have left one that no view reads."""
    return sorted(settings.raw_dir.rglob("part-*.parquet"))


def source_of(file: Path) -> str:
    """The source in a file's folder (``source=nc``)."""
    return next((part.partition("=")[2] for part in file.parts[::-1] if part.startswith("source=")), "")


def rewriting(settings: Settings, wait_seconds: float = 600.0) -> AbstractContextManager[None]:
    """Hold while landed files are read and rewritten: two who do so at once would each write back what the other removed.

    Raises:
        WarehouseError: another living process is at it for longer than the wait; names its id.
    """
    return held(
        settings.raw_dir / LOCK,
        wait_seconds,
        lambda owner: WarehouseError("rewrite landed files", f"process {owner} is at it; run it again later"),
    )


def row_mask(file: Path, subjects: Sequence[Subject], prefixes: Mapping[str, str]) -> Mask:
    """Which rows of a landed file name a subject."""

    def mask(table: pa.Table) -> pa.Array | pa.ChunkedArray:
        found = pa.chunked_array([pa.repeat(pa.scalar(False), table.num_rows)])
        for column in _columns_for(table.column_names, subjects):
            theirs = _naming(file, column, SUBJECT_COLUMNS[column], subjects, prefixes)
            found = pc.or_(found, theirs(table))
        return found

    return mask


def mentions(file: Path, subjects: Sequence[Subject], prefixes: Mapping[str, str]) -> dict[str, Mask]:
    """For each column of a landed file that names people in somebody else's row: in which rows it names a subject."""
    columns = mentions_of(pq.read_schema(file).names)
    return {column: _naming(file, column, MENTION_COLUMNS[column], subjects, prefixes) for column in columns}


def _naming(file: Path, column: str, kind: Kind, subjects: Sequence[Subject], prefixes: Mapping[str, str]) -> Mask:
    """Which rows name a subject of one kind in one column."""
    theirs = (subject.forms(source_of(file), prefixes) for subject in subjects if subject.kind == kind)
    forms = pa.array(sorted(set().union(*theirs)), pa.string())
    return lambda table: pc.is_in(pc.utf8_trim_whitespace(table.column(column)), value_set=forms)


def without(file: Path, subjects: Sequence[Subject], prefixes: Mapping[str, str], of_workers: Tombstones) -> Change:
    """The rows of a landed file without the subjects: their own go, in those of others nothing names them, a worker's work stays."""
    mask, blanked = row_mask(file, subjects, prefixes), mentions(file, subjects, prefixes)

    def change(table: pa.Table) -> pa.Table:
        rows = table
        for column, named in blanked.items():
            values = pc.if_else(named(table), None, table.column(column))
            rows = rows.set_column(rows.column_names.index(column), table.schema.field(column), values)
        return workers.without(rows.filter(pc.invert(mask(table))), source_of(file), of_workers)

    return change


def worker_mask(file: Path, of_workers: Tombstones) -> Mask:
    """Which rows of a landed file name a worker."""

    def mask(table: pa.Table) -> pa.Array | pa.ChunkedArray:
        edited = workers.edit(table, source_of(file), of_workers)
        return pa.repeat(pa.scalar(False), table.num_rows) if edited is None else edited.is_changed

    return mask


def without_lines(mask: Mask) -> Change:
    """The lines of a file without those of a mask."""
    return lambda table: table.filter(pc.invert(mask(table)))


def line_mask(
    file: Path,
    subjects: Sequence[Subject],
    prefixes: Mapping[str, str],
    people: Sequence[set[str]],
    of_workers: Tombstones,
) -> Mask:
    """Which kept lines are a subject's: those with her id as a word, or with her name and address."""
    source = source_of(file)
    forms = sorted(set().union(*(subject.forms(source, prefixes) for subject in subjects)))
    # Looked up by a word of the form before it is looked for in full: a night may bring thousands of ids.
    by_word: dict[str, list[re.Pattern[str]]] = {}
    for form in forms:
        word = max(WORDS.findall(form), key=len, default="")
        by_word.setdefault(word, []).append(re.compile(rf"(?<!\w){re.escape(form)}(?!\w)"))

    def has_id(text: str) -> bool:
        words = {*WORDS.findall(text), ""} & by_word.keys()
        return any(form.search(text) for word in words for form in by_word[word])

    is_of_field = any(part in FIELD_FOLDERS for part in file.parts)
    tools = sorted({subject.name for subject in subjects if subject.kind == "account"})

    def mask(table: pa.Table) -> pa.Array | pa.ChunkedArray:
        texts = table.column("text").to_pylist()
        hits = [has_id(text) or any(all(word in text for word in words) for words in people) for text in texts]
        hers = workers.are_hers(texts, tools, of_workers) if is_of_field else hits
        return pc.or_(pa.array(hits, pa.bool_()), pa.array(hers, pa.bool_()))

    return mask


def personal_words(settings: Settings, subjects: Sequence[Subject], prefixes: Mapping[str, str]) -> list[set[str]]:
    """Names with street addresses of the subjects as landed: by these a line whose id is damaged is known."""
    people: list[set[str]] = []
    for file in raw_files(settings):
        names = pq.read_schema(file).names
        naming = _columns_for(names, subjects)
        if not naming or not set(PERSONAL_WORDS) <= set(names):
            continue
        mask = row_mask(file, subjects, prefixes)
        wanted = [*naming, *PERSONAL_WORDS]
        for batch in pq.ParquetFile(file).iter_batches(ROW_GROUP, columns=wanted):
            rows = pa.Table.from_batches([batch])
            for row in rows.filter(mask(rows)).select(PERSONAL_WORDS).to_pylist():
                words = {value.strip() for value in row.values() if value and value.strip()}
                if len(words) == len(PERSONAL_WORDS) and words not in people:
                    people.append(words)
    return people


def _columns_for(names: Sequence[str], subjects: Sequence[Subject]) -> list[str]:
    """Those of a file's columns that may name a subject: no voter file is read for an account."""
    kinds = {subject.kind for subject in subjects}
    return [column for column in columns_of(names) if SUBJECT_COLUMNS[column] in kinds]


def count_rows(file: Path, mask: Mask, columns: Sequence[str]) -> int:
    """How many rows a mask finds, reading the given columns alone."""
    if not columns:
        return 0
    found = 0
    with pq.ParquetFile(file) as reader:
        for batch in reader.iter_batches(ROW_GROUP, columns=list(columns)):
            found += pc.sum(mask(pa.Table.from_batches([batch]))).as_py() or 0
    return found


def rewrite(file: Path, change: Change, level: int | None = LEVEL) -> None:
    """Replace a file by one with its rows changed, some of them gone: row groups of the same size, order kept."""
    draft = file.with_name(f".{file.name}.forget.tmp")
    try:
        with pq.ParquetFile(file) as reader:
            schema = reader.schema_arrow
            with pq.ParquetWriter(draft, schema, compression=COMPRESSION, compression_level=level) as writer:
                held = schema.empty_table()
                for batch in reader.iter_batches(ROW_GROUP):
                    held = pa.concat_tables([held, change(pa.Table.from_batches([batch]))])
                    while held.num_rows >= ROW_GROUP:
                        writer.write_table(held.slice(0, ROW_GROUP), row_group_size=ROW_GROUP)
                        held = held.slice(ROW_GROUP)
                if held.num_rows:
                    writer.write_table(held, row_group_size=ROW_GROUP)
        into_place(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def count(
    settings: Settings, subjects: Sequence[Subject], prefixes: Mapping[str, str], of_workers: Tombstones
) -> dict[str, int]:
    """Rows that name a subject, as whose they are or beside it, by landed file."""
    counts = {}
    for file in raw_files(settings):
        names = pq.read_schema(file).names
        number = count_rows(file, row_mask(file, subjects, prefixes), _columns_for(names, subjects))
        number += sum(count_rows(file, mask, [name]) for name, mask in mentions(file, subjects, prefixes).items())
        if of_workers.hashes and any(part in FIELD_FOLDERS for part in file.parts):
            number += count_rows(file, worker_mask(file, of_workers), workers.columns_of(names))
        if number:
            counts[str(file.relative_to(settings.home))] = number
    return counts


def count_lines(
    settings: Settings,
    subjects: Sequence[Subject],
    prefixes: Mapping[str, str],
    people: Sequence[set[str]],
    of_workers: Tombstones,
) -> dict[str, int]:
    """Kept lines of a subject, by file."""
    counts = {}
    for file in sorted(settings.kept_lines_dir.rglob("*.parquet")):
        mask = line_mask(file, subjects, prefixes, people, of_workers)
        if number := count_rows(file, mask, ["text"]):
            counts[str(file.relative_to(settings.home))] = number
    return counts
