"""One block of people goes through the app: chosen, named, befriended, recorded; each step draws from a stream of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from groundgame.synth.app import accounts as signups
from groundgame.synth.app import asks, cast, consents, graph, labels, profiles
from groundgame.synth.app.accounts import Accounts
from groundgame.synth.app.calendar import Exports, Stream
from groundgame.synth.app.cast import Cast
from groundgame.synth.app.empower import EmpowerFiles
from groundgame.synth.app.graph import Edges, Pages
from groundgame.synth.app.impactive import ImpactiveFiles
from groundgame.synth.app.labels import Labels
from groundgame.synth.app.profiles import Profiles, UserLines
from groundgame.synth.app.text import JsonLines
from groundgame.synth.app.truth import Identity, TruthFiles
from groundgame.synth.block import Block
from groundgame.synth.numbers import Numbers
from groundgame.synth.tables import Ints

GRAPH_FILES = ("users", "friends", "friend_shared", "actions", "consent")
# Accounts that are exported again because they changed, and lists of friends that are read again, per later export.
CHANGED_SHARE, REREAD_SHARE = 0.05, 0.04
STREAMS = 14  # one per step that draws, in the order of the steps
ACCOUNTS_AT_ONCE = 20_000  # pages are built for so many at a time, to bound memory


class AppWriter:
    """Keeps all files of the app open while blocks come in; ``append`` must be called in the order of the blocks."""

    def __init__(
        self, folder: Path, exports: Exports, seed: int, on: int, latest: dt.date, mean: float, most: int
    ) -> None:
        app = folder / "app"
        self.exports, self.seed, self.on, self.latest, self.mean, self.most = exports, seed, on, latest, mean, most
        self._graph = [
            {name: JsonLines(app / f"graph_{date:%Y%m%d}" / f"{name}.jsonl") for name in GRAPH_FILES}
            for date in exports.dates
        ]
        self._impactive = ImpactiveFiles(app / "impactive", exports)
        self._empower = EmpowerFiles(app / "empower", exports)
        self._truth = TruthFiles(folder / "truth")
        self._actions, self._consents = Stream(exports), Stream(exports)
        self._people = self._strangers = self._edges = 0

    def append(self, block: Block, numbers: Numbers, quota: int, at: int) -> None:
        """Write ``quota`` accounts of the block's people, and all that belongs to them."""
        if quota > 0:
            self._write(block, numbers, quota, at)
        self._people += block.size

    def close(self) -> dict[str, int]:
        """Finish the files; lines written by subject."""
        counts = {name: sum(files[name].lines for files in self._graph) for name in GRAPH_FILES}
        counts |= {"friendships": self._edges, "impactive": self._impactive.rows, "empower": self._empower.rows}
        for files in self._graph:
            for file in files.values():
                file.close()
        self._impactive.close()
        self._empower.close()
        self._truth.close()
        return counts

    def _write(self, block: Block, numbers: Numbers, quota: int, at: int) -> None:
        streams = np.random.SeedSequence([self.seed, 4, at]).spawn(STREAMS)
        rngs = iter([np.random.default_rng(stream) for stream in streams])
        people = cast.build(next(rngs), block, self.on, self.latest, self._strangers)
        self._strangers += int((people.kind != cast.VOTER).sum())
        people, accounts = signups.build(next(rngs), people, quota, self.exports, self.on, at, self.seed)
        named = labels.build(next(rngs), people, self.on)
        shown = profiles.build(next(rngs), people, self.on)
        edges = graph.build(next(rngs), people, accounts, self.on, self.mean, self.most)
        self._edges += len(edges)
        who = Identity(people, accounts, numbers, self._people)
        self._truth.users(who, people, accounts, named, shown)
        self._users(rngs, people, accounts, named, shown, edges)
        without, after = asks.chances(people, edges.friend, edges.closeness)
        self._truth.friends(who, edges, after - without)
        self._events(rngs, people, accounts, edges, after)
        found = self._impactive.append(next(rngs), block, people, accounts, named, edges, self.exports)
        self._truth.contacts(who, "impactive", *found)
        found = self._empower.append(next(rngs), people, accounts, named, edges, self.exports)
        self._truth.contacts(who, "empower", *found)

    def _users(
        self,
        rngs: Iterator[np.random.Generator],
        people: Cast,
        accounts: Accounts,
        named: Labels,
        shown: Profiles,
        edges: Edges,
    ) -> None:
        """Users, their pages of friends, and what friends share: in each export what is new, and what was read again."""
        rng = next(rngs)
        lines = UserLines(rng, people, accounts, named, shown)
        pages = Pages(next(rngs), accounts, named, edges)
        never = len(self.exports.dates)
        seen = np.full(len(people), never)  # the export in which each of the cast first is a friend
        np.minimum.at(seen, edges.friend, accounts.export[accounts.account_of[edges.user]])
        sharing, shared = profiles.shared_lines(next(rngs), people, accounts, shown, np.flatnonzero(seen < never))
        for number, cut in enumerate(self.exports.cuts.tolist()):
            files = self._graph[number]
            fresh = np.flatnonzero(accounts.export == number)
            known = np.flatnonzero(accounts.export < number)
            files["users"].append(lines.of(fresh))
            changed = known[rng.random(len(known)) < CHANGED_SHARE]
            files["users"].append(lines.of(changed, cut))
            self._pages(files["friends"], pages, fresh, with_later=False)
            self._pages(files["friends"], pages, known[rng.random(len(known)) < REREAD_SHARE], with_later=True)
            files["friend_shared"].append(shared.take(pa.array(np.flatnonzero(seen[sharing] == number))))

    def _pages(self, file: JsonLines, pages: Pages, picked: Ints, with_later: bool) -> None:
        for start in range(0, len(picked), ACCOUNTS_AT_ONCE):
            file.append(pages.of(picked[start : start + ACCOUNTS_AT_ONCE], with_later))

    def _events(
        self, rngs: Iterator[np.random.Generator], people: Cast, accounts: Accounts, edges: Edges, after: np.ndarray
    ) -> None:
        """Actions and consent, each as its stream delivers it."""
        acted = asks.build(next(rngs), accounts, edges, people.is_listed, after, self.exports)
        delivered = self._actions.deliver(next(rngs), acted.occurred)
        revised = np.zeros(len(acted.user), dtype=bool)
        revised[delivered.event[delivered.revision == 2]] = True
        self._spread("actions", delivered.export, asks.action_lines(acted, delivered, revised, accounts))
        given = consents.build(next(rngs), people, accounts, self.exports)
        delivered = self._consents.deliver(next(rngs), given.occurred, revised_share=0.0)
        self._spread("consent", delivered.export, consents.consent_lines(given, delivered, people, accounts))

    def _spread(self, name: str, export: Ints, lines: pa.Array) -> None:
        for number, files in enumerate(self._graph):
            files[name].append(lines.take(pa.array(np.flatnonzero(export == number))))
