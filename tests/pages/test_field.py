"""The field's pages: each person opens her own subtree and nothing else, and what others wrote stays text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from groundgame.pages import field
from groundgame.pages.site import Site
from tests.browser import DESKTOP, PHONE, problems
from tests.pages import field_world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the made-up program."""
    folder = tmp_path_factory.mktemp("field")
    with field_world.warehouse() as connection:
        rows = {name: connection.execute(sql).to_arrow_table().to_pylist() for name, sql in field.QUERIES.items()}
    field.write(rows, Site(folder))
    return folder


def page(node_id: str) -> str:
    return field.page_file(node_id)


def test_director_lead_and_organizer_open_exactly_their_subtree(folder: Path) -> None:
    everything = {node["node_id"]: node["node_path"] for node in field_world.nodes()}
    for login, own in (("dana", "NC"), ("tess", "T00"), ("olga", "O110")):
        given = {node: field.openable(folder, login, page(node)) for node in everything}
        below = {node for node, path in everything.items() if f"/{own}/" in path}
        above = {node for node, path in everything.items() if everything[own].startswith(path)} - below
        # Her way up ends with her own page; of what is beside it she gets nothing.
        wanted = {node: page(node) if node in below else page(own) if node in above else None for node in everything}
        assert given == wanted
        assert field.openable(folder, login, "field.html") == page(own)
    for name in ("field.html", page("NC"), page("O110")):
        assert field.openable(folder, "stranger", name) is None
    assert field.openable(folder, "dana", "field-access.json") is None


def test_a_page_tells_of_nobody_beside_its_node(folder: Path) -> None:
    text = (folder / page("T00")).read_text()
    assert "Organizer 000" in text and "note of O001" in text
    assert "Organizer 010" not in text and "note of O010" not in text and "Organizer 1" not in text
    assert "1 hour waits" in text and "wait for a review" not in (folder / page("T11")).read_text()


def test_voters_are_counted_roundly_and_never_by_the_handful(folder: Path) -> None:
    team, state = ((folder / page(node)).read_text() for node in ("T00", "NC"))
    assert '<td class="n">1,230</td>' in state and "1,234" not in state
    assert '<td class="n">190</td><td class="n">32</td><td class="n">50</td><td class="n">–</td>' in team


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_can_be_read_and_run_nothing(folder: Path, browser: Any, size: tuple[int, int]) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
    shown = context.new_page()
    heard: list[str] = []
    shown.on("console", lambda message: heard.append(message.text))
    for name in ("field.html", page("R0"), page("T00"), page("O001")):
        shown.goto((folder / name).as_uri())
        assert problems(shown) == [] and shown.title() != "owned"
        assert shown.locator("script").count() == 0
    assert shown.locator("h1").text_content() == field_world.SCRIPT
    shown.get_by_role("link", name="North Carolina").click()
    shown.get_by_role("link", name="West", exact=True).click()
    assert shown.locator("h1").text_content() == "West" and heard == []
    context.close()
