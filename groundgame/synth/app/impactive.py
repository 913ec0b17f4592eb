"""``contacts_export``: address books as a later relational tool exports them, one CSV per date with what is new in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.synth import homes
from groundgame.synth.app import cast as casts
from groundgame.synth.app import contacts
from groundgame.synth.app.accounts import Accounts, foreign
from groundgame.synth.app.calendar import Exports
from groundgame.synth.app.cast import Cast
from groundgame.synth.app.graph import Edges
from groundgame.synth.app.labels import Labels
from groundgame.synth.app.places import labels as cities
from groundgame.synth.app.text import TextFile, coded, digits, joined, only
from groundgame.synth.block import Block
from groundgame.synth.tables import Ints, table

COLUMNS = (
    *("id", "campaign_id", "assigned_user_id", "outvote_user_id", "first_name", "last_name", "full_name", "email"),
    *("phone", "address", "unit_number", "city", "state_abbrev", "zip_code", "selected_voterbase_id", "van_id"),
    *("dwid_id", "pdi_id", "voter_first_name", "voter_last_name", "can_vbm", "automatic_vbm", "reg_confirmed"),
    *("vbm_confirmed", "reported_registered", "taggings", "customizations", "invited", "contact_type", "created_at"),
    *("updated_at", "exported_at"),
)
CAMPAIGN = "7104"
USER_SHARE, FRIEND_SHARE = 0.12, 0.3  # who lets the app read the address book, and who stands in it
PHONE_SHARE, EMAIL_SHARE, ADDRESS_SHARE, ZIP_SHARE, CITY_SHARE = 0.86, 0.4, 0.12, 0.3, 0.3
MATCHED_SHARE = 0.35  # of registered contacts: the tool's own match to its vendor's file
TAGS = ("", "volunteer", '"volunteer, early"', "friend", '"family, strong support"', "coworker")
FIRST_ID = 40_000_001
VOTERBASE = 2_862_933_555_777_941_757  # scatters the ids of the vendor's file


class ImpactiveFiles:
    """One CSV per export date."""

    def __init__(self, folder: Path, exports: Exports) -> None:
        self._files = [TextFile(folder / f"contacts_export_{date:%Y%m%d}.csv") for date in exports.dates]
        self._stamps = [f"{date:%Y-%m-%d} 05:00:00 UTC" for date in exports.dates]
        for file in self._files:
            file.write(",".join(COLUMNS) + "\n")
        self._next, self._users = FIRST_ID, 1

    @property
    def rows(self) -> int:
        """Contacts written so far."""
        return sum(file.lines for file in self._files)

    def append(
        self,
        rng: np.random.Generator,
        block: Block,
        cast: Cast,
        accounts: Accounts,
        labels: Labels,
        edges: Edges,
        exports: Exports,
    ) -> tuple[pa.Array, Ints]:
        """Write a block's contacts; hands back their ids and whom (cast row) each one really is."""
        found = contacts.pick(rng, accounts, edges, exports, USER_SHARE, FRIEND_SHARE)
        found = found.take(np.argsort(found.export, kind="stable"))
        ids = contacts.serial(self._next, len(found))
        self._next += len(found)
        columns = self._columns(rng, block, cast, accounts, labels, found, ids)
        self._users += len(accounts)
        for at, file in enumerate(self._files):
            here = np.flatnonzero(found.export == at)
            rows = pa.array(here)
            values = [columns[name].take(rows) if name in columns else _blank(len(here)) for name in COLUMNS[:-1]]
            stamp = pa.array([self._stamps[at]]).take(pa.array(np.zeros(len(here), np.int8)))
            line = pc.binary_join_element_wise(*(pc.fill_null(value, "") for value in [*values, stamp]), ",")
            file.append(joined(line, "\n"))
        return ids, found.friend

    def close(self) -> None:
        """Finish the files."""
        for file in self._files:
            file.close()

    def _columns(
        self,
        rng: np.random.Generator,
        block: Block,
        cast: Cast,
        accounts: Accounts,
        labels: Labels,
        found: contacts.Contacts,
        ids: pa.Array,
    ) -> dict[str, pa.Array]:
        """Every column that is not always empty, by name."""
        size, friend, at = len(found), found.friend, pa.array(found.friend)
        first, last = labels.first.take(at), labels.last.take(at)
        owner = digits(accounts.account_of[found.owner] + self._users)
        registered = cast.is_listed[friend]
        matched = registered & (rng.random(size) < MATCHED_SHARE)
        address, zips = _addresses(block, cast, friend)
        address = only(address, (cast.kind[friend] == casts.VOTER) & (rng.random(size) < ADDRESS_SHARE))
        stripped = [pc.replace_substring_regex(pc.utf8_lower(text), "[^a-z]", "") for text in (first, last)]
        own = joined(*stripped, digits(rng.integers(1, 999, size)), "@example.org")
        yes = pa.array(["true", "false"])
        return {
            "id": ids,
            "campaign_id": _same(CAMPAIGN, size),
            "assigned_user_id": owner,
            "outvote_user_id": owner,
            "first_name": first,
            "last_name": last,
            "full_name": labels.name.take(at),
            "email": only(own, rng.random(size) < EMAIL_SHARE),
            "phone": only(contacts.phones(rng, size), rng.random(size) < PHONE_SHARE),
            "address": address,
            "city": only(
                coded([name.split(",")[0] for name in cities()], cast.city[friend]), rng.random(size) < CITY_SHARE
            ),
            "state_abbrev": only(_same("NC", size), cast.county[friend] < 100),
            "zip_code": only(zips, (cast.kind[friend] == casts.VOTER) & (rng.random(size) < ZIP_SHARE)),
            "selected_voterbase_id": only(
                joined("NC-", digits(foreign(accounts.number_of[friend], VOTERBASE))), matched
            ),
            "voter_first_name": only(pc.utf8_upper(first), matched),
            "voter_last_name": only(pc.utf8_upper(last), matched),
            "can_vbm": _same("true", size),
            "reg_confirmed": yes.take(pa.array((~matched).astype(np.int8))),
            "reported_registered": only(yes.take(pa.array((~registered).astype(np.int8))), rng.random(size) < 0.2),
            "taggings": coded(list(TAGS), rng.integers(0, len(TAGS), size)),
            "customizations": _same("{}", size),
            "invited": yes.take(pa.array((rng.random(size) > 0.1).astype(np.int8))),
            "contact_type": _same("AddressBook", size),
            "created_at": _stamped(found.created),
            "updated_at": _stamped(found.updated),
        }


def _same(text: str, size: int) -> pa.Array:
    return pa.array([text]).take(pa.array(np.zeros(size, np.int8)))


def _blank(size: int) -> pa.Array:
    return _same("", size)


def _stamped(milliseconds: Ints) -> pa.Array:
    return joined(pc.strftime(pa.array(milliseconds // 1000, pa.timestamp("s")), "%Y-%m-%d %H:%M:%S"), " UTC")


def _addresses(block: Block, cast: Cast, rows: Ints) -> tuple[pa.Array, pa.Array]:
    """Street line and ZIP of the voters among the rows; what stands there for the others is not shown."""
    at = block.electorate.lives.home[cast.record[rows]]
    spacing = np.zeros(len(rows), np.int8)
    street = homes.street_lines(block.electorate.homes, at, spacing, homes.street_names())
    zips = table("zip_codes")["zip_code"].tolist()
    zip_index = block.electorate.places.zip_index[block.electorate.homes.precinct[at]]
    return street.cast(pa.string()), coded(zips, zip_index)
