"""Who somebody in the field is, as the landed hierarchies tell: all that is hers, and nothing of whoever else had her place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from groundgame.config import Settings, load_settings
from groundgame.privacy import hierarchy
from groundgame.privacy.keys import pseudonym
from groundgame.privacy.subject import Subject, parse

AS_OF = dt.date(2026, 10, 25)
Node = tuple[str, str, str | None, str | None]


class Tree:
    """Hierarchies as they landed, one a day."""

    def __init__(self, home: Path) -> None:
        self.settings: Settings = load_settings(home=home)

    def draw(self, day: int, nodes: list[Node], accounts: list[tuple[str, str, str]]) -> None:
        date = dt.date(2026, 10, day)
        names = ("node_id", "level_code", "node_name", "login")
        self.land("field_nodes", date, dict(zip(names, zip(*nodes, strict=True), strict=True)))
        names = ("tool", "account_id", "node_id")
        self.land(
            "field_accounts",
            date,
            dict(zip(names, zip(*accounts, strict=True) if accounts else ((), (), ()), strict=True)),
        )

    def land(self, entity: str, date: dt.date, columns: dict[str, tuple[str | None, ...]]) -> None:
        folder = self.settings.raw_dir / entity / "source=program" / f"snapshot_date={date}" / "file_id=0"
        folder.mkdir(parents=True)
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        table = table.append_column("_source", pa.array(["program"] * table.num_rows, pa.string()))
        table = table.append_column("_snapshot_date", pa.array([date] * table.num_rows, pa.date32()))
        pq.write_table(table, folder / "part-0.parquet")

    def of(self, subject: str, *kinds: str) -> set[str]:
        """What is found of somebody, as ``name local_id``; days of notes left out unless they are asked for."""
        found = hierarchy.linked(self.settings, parse(subject), AS_OF)
        wanted = kinds or ("account", "node", "holder", "login", "signature")
        return {f"{one.name} {one.local_id}".strip() for one in found if one.kind in wanted}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


MAYA = {"van 1", "openfield 11", "O1 Maya Hart", "Maya Hart", "maya"}


def test_a_number_and_a_place_lead_to_all_that_is_hers(tree: Tree) -> None:
    tree.draw(
        1,
        [("O1", "organizer", "Maya Hart", "Maya"), ("O2", "organizer", "Sam Bell", "sam")],
        [("VAN", "1", "O1"), ("openfield", "11", "O1"), ("van", "2", "O2")],
    )
    assert tree.of("van#1") == tree.of("openfield#11") == tree.of("node#O1") == MAYA
    assert tree.of("van#99") == {"van 99"}, "unknown: her number alone"
    assert tree.of("node#O9") == set()


def test_who_had_the_place_before_and_who_has_it_after_are_others(tree: Tree) -> None:
    tree.draw(1, [("O1", "organizer", "Tess Reyes", "tess")], [("van", "7", "O1")])
    tree.draw(5, [("O1", "organizer", "Maya Hart", "maya")], [("van", "1", "O1"), ("openfield", "11", "O1")])
    tree.draw(9, [("O1", "organizer", "Sam Bell", "sam")], [("van", "2", "O1")])
    assert tree.of("van#1") == MAYA
    assert tree.of("node#O1") == tree.of("van#2") == {"van 2", "O1 Sam Bell", "Sam Bell", "sam"}
    days = sorted(text for text in tree.of("van#1", "note") if text != "O1")
    assert (days[0], days[-1]) == ("O1 2026-10-01", "O1 2026-10-08"), "from who came before to who came after"
    assert max(tree.of("van#2", "note")) == f"O1 {AS_OF}" and min(tree.of("van#7", "note") - {"O1"}) < "O1 2025-11"


def test_a_number_that_was_handed_on_is_of_who_has_it_now(tree: Tree) -> None:
    tree.draw(1, [("O1", "organizer", "Tess Reyes", "tess")], [("van", "1", "O1")])
    tree.draw(5, [("O1", "organizer", "Maya Hart", "maya")], [("van", "1", "O1"), ("openfield", "11", "O1")])
    assert tree.of("van#1") == MAYA


def test_a_login_that_goes_with_the_place_is_nobodys_and_joins_nobody(tree: Tree) -> None:
    tree.draw(1, [("O1", "organizer", "Maya Hart", "organizer1")], [("van", "1", "O1")])
    tree.draw(5, [("O1", "organizer", "Sam Bell", "organizer1")], [("van", "2", "O1")])
    assert tree.of("van#1") == {"van 1", "O1 Maya Hart", "Maya Hart"}
    assert tree.of("node#O1") == {"van 2", "O1 Sam Bell", "Sam Bell"}
    assert tree.of("van#1", "alias") == {"organizer1 hart", "organizer1 maya"}, "beside her name it is hers"


def test_she_is_followed_through_the_tree_by_number_and_login(tree: Tree) -> None:
    tree.draw(1, [("V3", "volunteer", None, None)], [("van", "1", "V3"), ("mobilize", "8", "V3")])
    tree.draw(
        5,
        [("O1", "organizer", "Maya Hart", "maya"), ("V3", "volunteer", None, None)],
        [("van", "1", "O1"), ("openfield", "11", "O1")],
    )
    tree.draw(
        9, [("T1", "team", "Blue Ridge team", "maya"), ("O1", "organizer", "Maya Lind", "MAYA")], [("van", "1", "T1")]
    )
    assert tree.of("mobilize#8") == MAYA | {"mobilize 8", "node V3", "O1 Maya Lind", "Maya Lind"}, (
        "a team's name is a place's"
    )


def test_a_place_of_a_volunteer_is_hers_unless_others_had_it(tree: Tree) -> None:
    tree.draw(
        1,
        [("V1", "volunteer", None, None), ("V2", "volunteer", "Ann Sato", None)],
        [("van", "1", "V1"), ("van", "2", "V2")],
    )
    tree.draw(
        5,
        [("V1", "volunteer", None, None), ("V2", "volunteer", "Ezra Diaz", None)],
        [("van", "4", "V1"), ("van", "3", "V2")],
    )
    assert tree.of("node#V1") == {"node V1", "van 1", "van 4"}
    assert tree.of("node#V2") == {"van 3", "V2 Ezra Diaz", "Ezra Diaz"}


def test_a_volunteers_place_that_others_have_while_her_number_stands_elsewhere_is_not_hers(tree: Tree) -> None:
    tree.draw(1, [("V1", "volunteer", None, None)], [("van", "1", "V1")])
    tree.draw(
        5, [("V1", "volunteer", None, None), ("V5", "volunteer", None, None)], [("van", "9", "V1"), ("van", "1", "V5")]
    )
    assert tree.of("van#1") == {"van 1", "node V5"}
    assert tree.of("van#9") == {"van 9"}, "who had it first is another person, and the place is nobody's alone"


def test_a_place_whose_last_holder_is_forgotten_is_nobodys(tree: Tree) -> None:
    tree.draw(1, [("O1", "organizer", None, None)], [("van", pseudonym(bytes(32), "van#1"), "O1")])
    assert hierarchy.linked(tree.settings, parse("node#O1"), AS_OF) == []


def test_who_signs_is_found_however_she_writes_herself(tree: Tree) -> None:
    tree.draw(1, [("O1", "organizer", "Maya Hart", None)], [])
    tree.land("field_goals", AS_OF, {"set_by": ("HART, Maya", "maya", None)})
    found = hierarchy.linked(tree.settings, parse("node#O1"), AS_OF)
    assert Subject("signature", "", "HART, Maya") in found and Subject("signature", "", "maya") not in found
