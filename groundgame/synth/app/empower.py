"""``empower``: organizers, the people they keep in touch with, and every attempt, as one JSON document per date.

The three lists of a document grow at the same time, so each waits in a file of its own until the document is closed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa

from groundgame.synth.app import contacts
from groundgame.synth.app.accounts import Accounts, foreign
from groundgame.synth.app.calendar import DAY_MS, Exports
from groundgame.synth.app.cast import Cast
from groundgame.synth.app.graph import Edges
from groundgame.synth.app.labels import Labels
from groundgame.synth.app.places import labels as cities
from groundgame.synth.app.text import SCHEMA_VERSION, TextFile, coded, digits, joined, only, plain, quoted
from groundgame.synth.tables import Ints, draw

LISTS = ("profiles", "ctaResults", "outreachEntries")
ORGANIZER_SHARE, FRIEND_SHARE = 0.02, 0.35  # few users organize, and they keep a third of their friends in the tool
LEADER_SHARE = 0.1  # of organizers: nobody stands above them
RELATIONSHIPS = ("friend", "family", "coworker", "neighbor", "classmate", "other")
RELATIONSHIP_WEIGHTS = np.array([50, 20, 12, 8, 6, 4.0])
MODES = ("text", "call", "inPerson", "email")
OUTREACH_PER_CONTACT, RESPONSE_SHARE, RESULT_SHARE = 0.8, 0.46, 0.35
CTAS, ANSWERS = 4, ("Yes", "No", "Maybe", "Already voted")
NOTES = ("", "left a message", "will vote early 👍", "wants a yard sign", "new number")
EMPOWER = 3_202_034_522_624_059_733  # scatters the ids of this tool


class EmpowerFiles:
    """One document per export date, each put together from its three lists on closing."""

    def __init__(self, folder: Path, exports: Exports) -> None:
        self._paths = [folder / f"empower_{date:%Y%m%d}.json" for date in exports.dates]
        self._cuts = exports.cuts
        self._parts = [{name: TextFile(path.with_suffix(f".{name}.part")) for name in LISTS} for path in self._paths]

    @property
    def rows(self) -> int:
        """Objects written so far."""
        return sum(file.lines for part in self._parts for file in part.values())

    def append(
        self, rng: np.random.Generator, cast: Cast, accounts: Accounts, labels: Labels, edges: Edges, exports: Exports
    ) -> tuple[pa.Array, Ints]:
        """Add a block's organizers and contacts; hands back the contacts' eids and whom (cast row) each one really is."""
        found = contacts.pick(rng, accounts, edges, exports, ORGANIZER_SHARE, FRIEND_SHARE)
        organizers = np.unique(found.owner)
        first = np.full(len(cast), len(exports.dates))
        np.minimum.at(first, found.owner, found.export)
        leaders = organizers[rng.random(len(organizers)) < LEADER_SHARE]
        leaders = leaders if len(leaders) else organizers[:1]
        users = joined("e", digits(foreign(accounts.number_of, EMPOWER)))
        eids = joined(users.take(pa.array(found.owner)), "c", digits(found.friend))
        if len(organizers):
            above = leaders[rng.integers(0, len(leaders), len(organizers))]
            lines = _organizers(
                cast, accounts, users, labels, organizers, np.where(np.isin(organizers, leaders), -1, above)
            )
            self._put("profiles", first[organizers], lines)
            self._put("profiles", found.export, _profiles(rng, cast, users, labels, found, eids))
            self._attempts(rng, users, found, eids)
        return eids, found.friend

    def close(self) -> None:
        """Put the documents together."""
        for path, part, cut in zip(self._paths, self._parts, self._cuts.tolist(), strict=True):
            with path.open("wb") as document:
                document.write(f'{{"schema_version":"{SCHEMA_VERSION}","exportedMts":{cut}'.encode())
                for name, file in part.items():
                    file.close()
                    document.write(f',\n"{name}":['.encode())
                    with file.path.open("rb") as lines:
                        lines.seek(1)  # every object brings a comma before it, the first one too
                        shutil.copyfileobj(lines, document)
                    document.write(b"]")
                    file.path.unlink()
                document.write(b"}\n")

    def _put(self, name: str, export: Ints, lines: pa.Array) -> None:
        for at, part in enumerate(self._parts):
            part[name].append(lines.take(pa.array(np.flatnonzero(export == at))))

    def _attempts(self, rng: np.random.Generator, users: pa.Array, found: contacts.Contacts, eids: pa.Array) -> None:
        """Attempts to reach contacts, and the answers of those who did answer."""
        contact = np.repeat(np.arange(len(found)), rng.poisson(OUTREACH_PER_CONTACT, len(found)))
        when = found.updated[contact] + (rng.exponential(4 * DAY_MS, len(contact))).astype(np.int64)
        export = np.searchsorted(self._cuts, when, side="right")
        answered = rng.random(len(contact)) < RESPONSE_SHARE
        owner, target = users.take(pa.array(found.owner[contact])), eids.take(pa.array(contact))
        lines = joined(
            ',\n{"organizerEid":"', owner, '"',
            quoted("targetEid", target),
            quoted("outreachContactMode", coded(list(MODES), rng.integers(0, len(MODES), len(contact)))),
            plain("outreachDidGetResponse", pa.array(["false", "true"]).take(pa.array(answered.astype(np.int8)))),
            plain("outreachCreatedMts", digits(when)), "}",
        )  # fmt: skip
        self._put("outreachEntries", export, lines)
        kept = np.flatnonzero(answered & (rng.random(len(contact)) < RESULT_SHARE / RESPONSE_SHARE))
        answer = rng.integers(0, len(ANSWERS), len(kept))
        lines = joined(
            quoted("profileEid", target.take(pa.array(kept)), ",\n{"),
            plain("ctaId", digits(1 + rng.integers(0, CTAS, len(kept)))),
            plain("contactedMts", digits(when[kept])),
            ',"answers":["', coded(list(ANSWERS), answer), '"],"answerIdsByPromptId":{"1":[', digits(answer + 1), "]}",
            quoted("notes", coded(list(NOTES), rng.integers(0, len(NOTES), len(kept)))), "}",
        )  # fmt: skip
        self._put("ctaResults", export[kept], lines)


def _organizers(cast: Cast, accounts: Accounts, users: pa.Array, labels: Labels, rows: Ints, above: Ints) -> pa.Array:
    at = pa.array(rows)
    parent = only(users.take(pa.array(np.maximum(above, 0))), above >= 0)
    installed = digits(accounts.installed_at[accounts.account_of[rows]])
    return joined(
        ',\n{"eid":"', users.take(at), '"',
        quoted("parentEid", parent), ',"role":"organizer"',
        quoted("firstName", labels.first.take(at)), quoted("lastName", labels.last.take(at)),
        quoted("city", coded(cities(), cast.city[rows])), ',"activeCtaIds":[1,2]',
        plain("createdMts", installed), plain("updatedMts", installed), "}",
    )  # fmt: skip


def _profiles(
    rng: np.random.Generator, cast: Cast, users: pa.Array, labels: Labels, found: contacts.Contacts, eids: pa.Array
) -> pa.Array:
    at, size = pa.array(found.friend), len(found)
    relationship = coded(list(RELATIONSHIPS), draw(rng, RELATIONSHIP_WEIGHTS, size))
    return joined(
        quoted("eid", eids, ",\n{"),
        ',"parentEid":"', users.take(pa.array(found.owner)), '","role":"contact"',
        quoted("firstName", labels.first.take(at)), quoted("lastName", labels.last.take(at)),
        quoted("phone", only(contacts.phones(rng, size), rng.random(size) < 0.8)),
        quoted("city", only(coded(cities(), cast.city[found.friend]), rng.random(size) < 0.5)),
        quoted("relationship", only(relationship, rng.random(size) < 0.85)),
        ',"activeCtaIds":[1]', plain("createdMts", digits(found.created)), plain("updatedMts", digits(found.updated)), "}",
    )  # fmt: skip
