"""Forget a person: out of every layer tonight, and kept out of everything that lands later.

Order: note the ids · intent and tombstones · kept lines · landed files · tables · published runs · tables or build file written anew ·
look again · the same in the field's warehouse, and its pages, where she works there · done.
Killed anywhere, the person stays out already, ``doctor`` names the request, and the same call completes it. Totals that were counted
with her (a precinct's voters, a household's votes) are counted anew by the next night, not here.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb

from groundgame.config import Settings
from groundgame.errors import SpecError, WarehouseError
from groundgame.privacy import hierarchy, landed, ledger, tables, tombstones
from groundgame.privacy.keys import is_pseudonym, key_path, make_key, subject_key
from groundgame.privacy.search import Found, find_subject
from groundgame.privacy.subject import (
    FREE_COLUMNS,
    ID_KINDS,
    WORKER_COLUMNS,
    Subject,
    field_tools,
    is_telling,
    parse,
    plain,
    prefixes,
)
from groundgame.privacy.tombstones import Tombstones
from groundgame.result import Result
from groundgame.warehouse.base import is_there, open_warehouse
from groundgame.warehouse.compact import compact
from groundgame.warehouse.duckdb import DuckDBWarehouse
from groundgame.warehouse.steady import NOTE

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

Counts = dict[str, int]
Find = Callable[["Warehouse"], Counts]
# The parts of the rooms above, given by whoever calls: only publication writes what readers see, only ingest loads landed files, only
# pages are drawn by pages.
Reissue = Callable[[Settings, Find, Find], None]
Reload = Callable[[Settings], None]
Redraw = Callable[[Settings], None]
# A build that was under way may write back what it read before; it holds the file, so once more is enough.
ROUNDS = 3
SHORTEST_SEARCHED = 6  # a shorter bare id would be found in any report, as a number of something
# Where a worker's words are looked for. What a node is called is counted with the node: others may be called the same.
SEARCHED_COLUMNS = frozenset(WORKER_COLUMNS.keys() - {"node_name"}).union(FREE_COLUMNS)


def forget(
    settings: Settings,
    subject: str,
    as_of: dt.date,
    reason: str,
    reissue: Reissue,
    reload: Reload,
    redraw: Redraw,
    verify: bool = False,
) -> Result:
    """Remove a person and all ids linked to hers; leave a keyed tombstone for each. Nothing found is a result too: she stays out.

    What somebody did who works in the field stays, under a keyed pseudonym in the place of her numbers.
    The caller holds the publisher's lock, and on a server is alone; of a worker no batch of the field is under way.

    Raises:
        SpecError: the subject is no id or a pseudonym, a place of the hierarchy that nobody has, or a number of a tool that is not
            used; or the reason is empty or holds the id.
        WarehouseError: the key is lost, the warehouse is busy, or rows came back while they were removed; run it again.
    """
    person = parse(subject)
    if not reason.strip() or person.local_id in reason:
        raise SpecError("forget", "reason", "is empty or holds the id", "say how the request came, not who wrote it")
    if is_pseudonym(person.local_id):
        raise SpecError("forget", "subject", "stands for somebody who is forgotten", "write the number that it was")
    if ledger.is_key_lost(settings):
        raise WarehouseError("forget", f"{key_path(settings).name} is gone but tombstones are there; restore it first")
    key = make_key(settings)
    hashed = subject_key(key, person.text)
    note = ledger.note_path(settings, hashed)
    with open_warehouse(settings) as warehouse:
        people = ledger.read_note(note) or _linked(settings, warehouse, person, as_of)
        request = ledger.open_request(warehouse, hashed)
        was_forgotten = ledger.is_forgotten(warehouse, hashed) or ledger.was_asked_for(warehouse, hashed)
    if not people:
        if was_forgotten:
            return _result(settings, "", {}, people, "already forgotten", [] if verify else None)
        raise SpecError(
            "forget", "subject", "is a place that nobody has", "write her number in a tool: tool#account_id"
        )
    if person.kind == "account" and people == [person] and not was_forgotten:
        _check_tool(settings, person.name)
    works = [Work(place, people, key) for place in _warehouses(settings, people)]
    if request is None:
        before = {name: number for work in works for name, number in work.counts().items()}
        if was_forgotten and not before and not note.exists():
            return _result(settings, "", {}, people, "already forgotten", works if verify else None)
        ledger.write_note(note, people)
        with open_warehouse(settings) as warehouse:
            request = ledger.begin(warehouse, key, hashed, people, as_of, reason, before)
    tombstones.touch(settings)
    for work in works:
        work.remove(reissue, reload, request.counts)
    if any(one.is_worker for one in people):
        redraw(settings)
    with open_warehouse(settings) as warehouse:
        ledger.finish(warehouse, request, hashed, as_of, reason)
    note.unlink(missing_ok=True)
    return _result(settings, request.request_id, request.counts, people, "forgotten", works if verify else None)


def _linked(settings: Settings, warehouse: Warehouse, person: Subject, as_of: dt.date) -> list[Subject]:
    """All that is known of the same person; the hierarchy tells of a worker, linkage and crosswalks of anybody else."""
    return hierarchy.linked(settings, person, as_of) if person.is_worker else tables.linked(warehouse, person)


def _check_tool(settings: Settings, tool: str) -> None:
    """A number that nobody knows is kept out, but not of a tool that nobody uses: it was written wrong, and she would stay."""
    if tool not in (known := field_tools(settings)):
        raise SpecError("forget", "subject", "is of no tool of the field", f"tools: {', '.join(known)}")


def _warehouses(settings: Settings, people: Sequence[Subject]) -> list[Settings]:
    """Those of the installation that may name them: the field's batches build of what workers report, and know no voter."""
    field = settings.of_field()
    return [settings, *([field] if any(one.is_worker for one in people) and is_there(field) else [])]


class Work:
    """The removal of some subjects from one warehouse and all files; ``are_accounts``: of apps alone, whom no kept table counts."""

    def __init__(self, settings: Settings, people: Sequence[Subject], key: bytes, are_accounts: bool = False) -> None:
        self.settings, self.people, self.key, self.prefixes = settings, people, key, prefixes(settings)
        self.are_accounts = are_accounts
        self.is_server = settings.engine != "duckdb"  # where tables and published runs share a database
        self.build = f"{settings.place}:"
        self.published = "published:" if settings.place == "warehouse" else f"published {settings.place}:"
        hashes = frozenset(subject_key(key, one.text) for one in people if one.is_worker)
        self.of_workers = Tombstones(key, hashes)
        # Read while the landed rows are still there; kept lines are cleaned before them.
        self.words = landed.personal_words(settings, people, self.prefixes)

    def find(self, warehouse: Warehouse) -> Counts:
        return tables.count(warehouse, self.people, self.key)

    def drop(self, warehouse: Warehouse) -> Counts:
        return tables.remove(warehouse, self.people, self.key)

    def lines(self) -> Counts:
        """Kept lines of the subjects, by file."""
        return landed.count_lines(self.settings, self.people, self.prefixes, self.words, self.of_workers)

    def rows(self) -> Counts:
        """Landed rows that name the subjects, by file."""
        return landed.count(self.settings, self.people, self.prefixes, self.of_workers)

    def counts(self) -> Counts:
        """Rows and lines that name the subjects, by place."""
        found = self.lines() | self.rows()
        with open_warehouse(self.settings) as warehouse:
            found |= {f"{self.build}{table}": number for table, number in self.find(warehouse).items()}
            if self.is_server:
                found |= {
                    f"{self.published}{table}": number for table, number in self.find_published(warehouse).items()
                }
        for file in sorted((self.settings.published_dir / "runs").glob("*.duckdb")):
            with duckdb.connect(str(file), read_only=True) as engine:
                rows = self.find(DuckDBWarehouse(engine))
            name = file.relative_to(self.settings.home)
            found |= {f"{name}:{table}": number for table, number in rows.items()}
        return found

    def find_published(self, warehouse: Warehouse) -> Counts:
        return tables.count(warehouse, self.people, self.key, of_runs=self.is_server)

    def drop_published(self, warehouse: Warehouse) -> Counts:
        return tables.remove(warehouse, self.people, self.key, of_runs=self.is_server)

    def remove(self, reissue: Reissue, reload: Reload, begun_with: Counts) -> None:
        """Remove until a second look finds nothing; tables that are ``begun_with`` still hold the bytes of what was deleted from them."""
        dirty = {place.removeprefix(self.build) for place in begun_with if place.startswith(self.build)}
        for _ in range(ROUNDS):
            self._remove_files()
            reload(self.settings)
            with open_warehouse(self.settings) as warehouse:
                dirty |= self.drop(warehouse).keys()
                if not self.are_accounts:
                    # Tables that are kept from night to night are to be built anew: they were counted with her.
                    warehouse.execute(f"delete from {NOTE}")
            reissue(self.settings, self.find_published, self.drop_published)
            if dirty:
                write_anew(self.settings, dirty)
            if not (left := self.counts()):
                return
        raise WarehouseError("forget", f"rows came back in {len(left)} places while they were removed; run it again")

    def _remove_files(self) -> None:
        for folder in (self.settings.review_dir, self.settings.exports_dir):  # names, and made again on demand
            shutil.rmtree(folder, ignore_errors=True)
        with landed.rewriting(self.settings):
            for name in self.lines():
                file = self.settings.home / name
                mask = landed.line_mask(file, self.people, self.prefixes, self.words, self.of_workers)
                landed.rewrite(file, landed.without_lines(mask), level=None)
            for name in self.rows():
                file = self.settings.home / name
                landed.rewrite(file, landed.without(file, self.people, self.prefixes, self.of_workers))


def write_anew(settings: Settings, dirty: set[str]) -> None:
    """Deleted rows stay in the build file's free blocks, or in a server's tables, until they are written anew."""
    if settings.engine == "postgres":
        from groundgame.warehouse.postgres import rewrite

        with open_warehouse(settings) as warehouse:
            rewrite(warehouse, sorted(dirty))
        return
    path = settings.warehouse_path
    compact(path, path.stem, settings.memory_limit, settings.threads)


def still_there(settings: Settings, people: Sequence[Subject]) -> list[Found]:
    """Every place under home or in the inbox where an id of the person stands as a word; of a worker her names, logins and places too."""
    texts = {person.text for person in people if not person.is_worker}
    texts |= {one.local_id for one in people if not one.is_worker and len(one.local_id) >= SHORTEST_SEARCHED}
    found = find_subject(settings, *sorted(texts), is_whole=True)
    workers = [one for one in people if one.is_worker and len(one.local_id) >= SHORTEST_SEARCHED]
    if not workers:
        return found
    # Who else bears her name in the hierarchy is another person: each place was looked through with the name that was hers there.
    borne = hierarchy.names(settings)
    words = {one.local_id for one in workers if one.kind == "node"}
    words |= {one.local_id for one in workers if one.kind in ("holder", "login") and is_telling(one.local_id)}
    words = {text for text in words if plain(text) not in borne}
    numbers = {one.local_id for one in workers if one.kind == "account"}
    found += find_subject(settings, *sorted(words), is_whole=True, columns=SEARCHED_COLUMNS)
    return found + [
        item
        for item in find_subject(settings, *sorted(numbers), is_whole=True, columns=frozenset())
        if item.is_original
    ]


def _result(
    settings: Settings,
    request_id: str,
    counts: Mapping[str, int],
    people: Sequence[Subject],
    state: str,
    works: Sequence[Work] | None,
) -> Result:
    """The outcome; given ``works``, everything is searched once more."""
    ids = sum(one.kind in ID_KINDS for one in people)
    details = {"state": state, "request_id": request_id, "ids": ids, "removed": dict(counts)}
    verdict = "pass"
    if works is not None:
        found = still_there(settings, people)
        left = {str(item) for item in found if not item.is_original}
        left |= {name for work in works if work.of_workers.hashes for name in work.counts()}
        details["still_in"] = sorted(left)
        # What a sender wrote is the sender's; it is read again only when it changes, and the tombstone keeps her out then.
        details["original_files"] = sorted({str(item) for item in found if item.is_original})
        verdict = "fail" if details["still_in"] else "pass"
    return Result("forget", "", rows_out=sum(counts.values()), verdict=verdict, details=details)
