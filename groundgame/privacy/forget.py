"""Forget a person: out of every layer tonight, and kept out of everything that lands later.

Order: note the ids · intent and tombstones · kept lines · landed files · tables · published runs · tables or build file written anew ·
look again · done.
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
from groundgame.privacy import landed, ledger, tables, tombstones
from groundgame.privacy.keys import key_path, make_key, subject_key
from groundgame.privacy.search import Found, find_subject
from groundgame.privacy.subject import Subject, parse, prefixes
from groundgame.result import Result
from groundgame.warehouse.base import open_warehouse
from groundgame.warehouse.compact import compact
from groundgame.warehouse.duckdb import DuckDBWarehouse
from groundgame.warehouse.steady import NOTE

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

Counts = dict[str, int]
Find = Callable[["Warehouse"], Counts]
# The parts of the rooms above, given by whoever calls: only publication writes what readers see, only ingest loads landed files.
Reissue = Callable[[Settings, Find, Find], None]
Reload = Callable[[Settings], None]
BUILD = "warehouse:"
# A build that was under way may write back what it read before; it holds the file, so once more is enough.
ROUNDS = 3
SHORTEST_SEARCHED = 6  # a shorter bare id would be found in any report, as a number of something


def forget(
    settings: Settings,
    subject: str,
    as_of: dt.date,
    reason: str,
    reissue: Reissue,
    reload: Reload,
    verify: bool = False,
) -> Result:
    """Remove a person and all ids linked to hers; leave a keyed tombstone for each. Nothing found is a result too: she stays out.

    The caller holds the publisher's lock, and on a server is alone.

    Raises:
        SpecError: the subject is no id, or the reason is empty or holds the id.
        WarehouseError: the key is lost, the warehouse is busy, or rows came back while they were removed; run it again.
    """
    person = parse(subject)
    if not reason.strip() or person.local_id in reason:
        raise SpecError("forget", "reason", "is empty or holds the id", "say how the request came, not who wrote it")
    if ledger.is_key_lost(settings):
        raise WarehouseError("forget", f"{key_path(settings).name} is gone but tombstones are there; restore it first")
    key = make_key(settings)
    hashed = subject_key(key, person.text)
    note = ledger.note_path(settings, hashed)
    with open_warehouse(settings) as warehouse:
        people = ledger.read_note(note) or tables.linked(warehouse, person)
        request, was_forgotten = ledger.open_request(warehouse, hashed), ledger.is_forgotten(warehouse, hashed)
    work = Work(settings, people)
    if request is None:
        before = work.counts()
        if was_forgotten and not before and not note.exists():
            return _result(settings, "", {}, people, "already forgotten", verify)
        ledger.write_note(note, people)
        with open_warehouse(settings) as warehouse:
            request = ledger.begin(warehouse, key, hashed, people, as_of, reason, before)
    tombstones.touch(settings)
    work.remove(
        reissue, reload, dirty={place.removeprefix(BUILD) for place in request.counts if place.startswith(BUILD)}
    )
    with open_warehouse(settings) as warehouse:
        ledger.finish(warehouse, request, hashed, as_of, reason)
    note.unlink(missing_ok=True)
    return _result(settings, request.request_id, request.counts, people, "forgotten", verify)


class Work:
    """The removal of some subjects from one installation; ``are_accounts``: of apps alone, whom no kept table counts."""

    def __init__(self, settings: Settings, people: Sequence[Subject], are_accounts: bool = False) -> None:
        self.settings, self.people, self.prefixes, self.are_accounts = (
            settings,
            people,
            prefixes(settings),
            are_accounts,
        )
        self.is_server = settings.engine != "duckdb"  # where tables and published runs share a database
        # Read while the landed rows are still there; kept lines are cleaned before them.
        self.words = landed.personal_words(settings, people, self.prefixes)

    def find(self, warehouse: Warehouse) -> Counts:
        return tables.count(warehouse, self.people)

    def drop(self, warehouse: Warehouse) -> Counts:
        return tables.remove(warehouse, self.people)

    def counts(self) -> Counts:
        """Rows and lines that name the subjects, by place."""
        found = landed.count_lines(self.settings, self.people, self.prefixes, self.words)
        found |= landed.count(self.settings, self.people, self.prefixes)
        with open_warehouse(self.settings) as warehouse:
            found |= {f"{BUILD}{table}": number for table, number in self.find(warehouse).items()}
            if self.is_server:
                found |= {f"published:{table}": number for table, number in self.find_published(warehouse).items()}
        for file in sorted((self.settings.published_dir / "runs").glob("*.duckdb")):
            with duckdb.connect(str(file), read_only=True) as engine:
                rows = self.find(DuckDBWarehouse(engine))
            name = file.relative_to(self.settings.home)
            found |= {f"{name}:{table}": number for table, number in rows.items()}
        return found

    def find_published(self, warehouse: Warehouse) -> Counts:
        return tables.count(warehouse, self.people, of_runs=self.is_server)

    def drop_published(self, warehouse: Warehouse) -> Counts:
        return tables.remove(warehouse, self.people, of_runs=self.is_server)

    def remove(self, reissue: Reissue, reload: Reload, dirty: set[str]) -> None:
        """Remove until a second look finds nothing; ``dirty`` tables still hold the bytes of what was deleted from them."""
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
            for name in landed.count_lines(self.settings, self.people, self.prefixes, self.words):
                file = self.settings.home / name
                landed.rewrite(file, landed.line_mask(file, self.people, self.prefixes, self.words), level=None)
            for name in landed.count(self.settings, self.people, self.prefixes):
                file = self.settings.home / name
                blanked = landed.mentions(file, self.people, self.prefixes)
                landed.rewrite(file, landed.row_mask(file, self.people, self.prefixes), blanked=blanked)


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
    """Every place under home or in the inbox where an id of the person stands as a word."""
    texts = {person.text for person in people}
    texts |= {person.local_id for person in people if len(person.local_id) >= SHORTEST_SEARCHED}
    return find_subject(settings, *sorted(texts), is_whole=True)


def _result(
    settings: Settings, request_id: str, counts: Mapping[str, int], people: Sequence[Subject], state: str, verify: bool
) -> Result:
    details = {"state": state, "request_id": request_id, "ids": len(people), "removed": dict(counts)}
    verdict = "pass"
    if verify:
        found = still_there(settings, people)
        details["still_in"] = [str(item) for item in found if not item.is_original]
        # What a sender wrote is the sender's; it is read again only when it changes, and the tombstone keeps her out then.
        details["original_files"] = [str(item) for item in found if item.is_original]
        verdict = "fail" if details["still_in"] else "pass"
    return Result("forget", "", rows_out=sum(counts.values()), verdict=verdict, details=details)
