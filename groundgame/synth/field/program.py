"""Who works for the campaign: a tree of regions, teams, organizers and volunteers, and the precincts that each organizer has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from groundgame.synth.tables import Ints

CONTACTS_PER_ORGANIZER = 1_500
FEWEST_ORGANIZERS, MOST_ORGANIZERS = 8, 400
ORGANIZERS_PER_TEAM, TEAMS_PER_REGION = 4, 5
VOLUNTEERS = 8  # per organizer
OWN_SHARE = 0.15  # of the contacts organizers make themselves
FIRST = ("Maya", "Sam", "Ines", "Theo", "Ruth", "Omar", "Lena", "Jules", "Nora", "Ezra", "Tess", "Amir", "Gwen", "Milo")
LAST = ("Hart", "Okafor", "Lind", "Reyes", "Novak", "Bell", "Sato", "Quinn", "Abbott", "Farah", "Diaz")
PLACES = ("Blue Ridge", "Foothills", "Piedmont", "Triangle", "Sandhills", "Coastal Plain", "Outer Banks", "Capital")
# Numbers of a tool are not ours: each counts from a place of its own.
FIRST_ACCOUNT = {"van": 300_001, "openfield": 4_001, "mobilize": 8_800_001}


@dataclass(frozen=True)
class Program:
    """``teams`` and ``regions`` of each organizer, by number; ``organizer_of`` each precinct of the state."""

    organizers: int
    team_of: Ints
    region_of_team: Ints
    organizer_of: Ints

    @property
    def teams(self) -> int:
        """How many there are."""
        return len(self.region_of_team)

    @property
    def regions(self) -> int:
        """How many there are."""
        return int(self.region_of_team[-1]) + 1

    @property
    def workers(self) -> int:
        """Organizers and volunteers: who has an account in the tools."""
        return self.organizers * (1 + VOLUNTEERS)

    def worker(self, rng: np.random.Generator, organizer: Ints, day: Ints, hour: Ints) -> Ints:
        """Who of an organizer's people makes each of some contacts: the organizer (0 to ...), or the volunteer of that day's shift."""
        which = (day * 3 + (hour - 9) // 4 + organizer) % VOLUNTEERS
        volunteers: Ints = self.organizers + organizer * VOLUNTEERS + which
        return np.where(rng.random(len(organizer)) < OWN_SHARE, organizer, volunteers)

    def nodes(self) -> list[dict[str, str | None]]:
        """The tree as the campaign's own file has it."""
        found: list[dict[str, str | None]] = [_node("NC", None, "state", "North Carolina", "state.director")]
        for at in range(self.regions):
            found.append(_node(f"R{at + 1}", "NC", "region", f"{PLACES[at % len(PLACES)]} region", f"region{at + 1}"))
        for at, region in enumerate(self.region_of_team.tolist()):
            place = PLACES[region % len(PLACES)]
            found.append(_node(f"T{at + 1}", f"R{region + 1}", "team", f"{place} team {at + 1}", f"team{at + 1}"))
        for at, team in enumerate(self.team_of.tolist()):
            found.append(_node(f"O{at + 1}", f"T{team + 1}", "organizer", organizer_name(at), f"organizer{at + 1}"))
        for at in range(self.organizers * VOLUNTEERS):
            found.append(_node(f"V{at + 1}", f"O{at // VOLUNTEERS + 1}", "volunteer", None, None))
        return found

    def node_ids(self) -> list[str]:
        """The node of each worker, organizers first."""
        volunteers = self.workers - self.organizers
        return [f"O{at + 1}" for at in range(self.organizers)] + [f"V{at + 1}" for at in range(volunteers)]

    def accounts(self) -> list[dict[str, str]]:
        """Everybody's numbers in the tools."""
        return [
            {"tool": tool, "account_id": str(first + at), "node_id": node}
            for tool, first in FIRST_ACCOUNT.items()
            for at, node in enumerate(self.node_ids())
        ]


def build(contacts: int, precincts: int) -> Program:
    """As many organizers as the contacts need; neighbouring precincts belong to one organizer."""
    wanted = min(MOST_ORGANIZERS, max(FEWEST_ORGANIZERS, contacts // CONTACTS_PER_ORGANIZER))
    organizers = min(wanted, precincts)
    team_of = np.arange(organizers) // ORGANIZERS_PER_TEAM
    teams = int(team_of[-1]) + 1
    region_of_team = np.arange(teams) * max(2, -(-teams // TEAMS_PER_REGION)) // teams
    return Program(organizers, team_of, region_of_team, np.arange(precincts) * organizers // precincts)


def organizer_name(at: int) -> str:
    """A made-up name; the same number has the same name."""
    return f"{FIRST[at % len(FIRST)]} {LAST[at // len(FIRST) % len(LAST)]}"


def _node(node: str, parent: str | None, level: str, name: str | None, login: str | None) -> dict[str, str | None]:
    return {"id": node, "parent_id": parent, "level": level, "name": name, "login": login}
