"""Accounts that an app reports as deleted: forgotten on the night that reports them, all of them in one pass.

What is gone is the account: its landed lines, links, lists, asks, actions and consents, in every layer and every published run. Who the
person is on the voter file stays, for that is public record and was not the app's. The tombstones keep the accounts out from then on.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from groundgame.config import Settings
from groundgame.errors import WarehouseError
from groundgame.privacy import ledger, tombstones
from groundgame.privacy.forget import Reissue, Reload, Work
from groundgame.privacy.keys import key_path, make_key, subject_key
from groundgame.privacy.landed import source_of
from groundgame.privacy.subject import SEPARATORS, Subject
from groundgame.result import Result
from groundgame.sources.entities import ENTITIES
from groundgame.warehouse.base import open_warehouse

# In the place of a person's id, which has no blank: one request stands for all accounts of a night.
BATCH = "deleted accounts"
REASON = "deleted in the app"


def is_due(settings: Settings) -> bool:
    """Whether a landed file reports a deleted account, or a night was killed while it removed some."""
    return bool(told(settings) or ((settings.home / ledger.NOTES).exists() and _begun(settings)))


def told(settings: Settings) -> list[Subject]:
    """Every account that a landed file reports as deleted; none once they are forgotten, since their lines are gone then."""
    found = set()
    for file in sorted((settings.raw_dir / ENTITIES["users"].name).rglob("part-*.parquet")):
        found |= {Subject("app_user", source_of(file), local_id) for local_id in _deleted_in(file)}
    return sorted(found, key=lambda account: account.text)


def _deleted_in(file: Path) -> set[str]:
    """The bare ids of a file's deleted accounts; a file that tells of none is not read."""
    source = source_of(file)
    with pq.ParquetFile(file) as reader:
        at = reader.schema_arrow.get_field_index("deleted_at")
        groups = [reader.metadata.row_group(number) for number in range(reader.num_row_groups)]
        if at < 0 or all(g.column(at).statistics and g.column(at).statistics.null_count == g.num_rows for g in groups):
            return set()
        rows = reader.read(["user_id", "deleted_at"])
    ids = pc.unique(pc.utf8_trim_whitespace(rows.filter(pc.is_valid(rows.column("deleted_at"))).column("user_id")))
    return {text.removeprefix(source + SEPARATORS["app_user"]) for text in ids.drop_null().to_pylist()}


def _begun(settings: Settings) -> list[Subject]:
    """The accounts of a night that was killed; their lines may be gone already where their other rows are not."""
    return ledger.read_note(ledger.note_path(settings, subject_key(make_key(settings), BATCH)))


def forget_deleted(settings: Settings, as_of: dt.date, reissue: Reissue, reload: Reload) -> Result:
    """Forget all deleted accounts at once. The caller holds the publisher's lock, and on a server is alone.

    Killed anywhere, the accounts stay out already and the next call completes it; with nothing to forget it changes nothing.

    Returns:
        Accounts in, rows removed out.

    Raises:
        WarehouseError: the key is lost, the warehouse is busy, or rows came back while they were removed; run it again.
    """
    if ledger.is_key_lost(settings):
        raise WarehouseError("forget", f"{key_path(settings).name} is gone but tombstones are there; restore it first")
    key = make_key(settings)
    hashed = subject_key(key, BATCH)
    note = ledger.note_path(settings, hashed)
    accounts = list(dict.fromkeys([*_begun(settings), *told(settings)]))
    if not accounts:
        return Result("forget", BATCH)
    ledger.write_note(note, accounts)
    work = Work(settings, accounts, key, are_accounts=True)
    with open_warehouse(settings) as warehouse:
        request = ledger.open_request(warehouse, hashed)
    if request is None:
        before = work.counts()
        with open_warehouse(settings) as warehouse:
            request = ledger.begin(warehouse, key, hashed, accounts, as_of, REASON, before)
    else:
        with open_warehouse(settings) as warehouse:
            ledger.lay(warehouse, key, accounts, as_of)  # some may have been reported since
    tombstones.touch(settings)
    work.remove(reissue, reload, request.counts)
    with open_warehouse(settings) as warehouse:
        ledger.finish(warehouse, request, hashed, as_of, REASON)
    note.unlink(missing_ok=True)
    return Result("forget", BATCH, rows_in=len(accounts), rows_out=sum(request.counts.values()))
