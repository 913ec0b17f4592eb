"""The pages of a night from disk, in a real browser: each opens by itself, fits a phone, can be read, and runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from groundgame import stages
from groundgame.config import Settings
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse
from tests.browser import DESKTOP, PHONE, problems
from tests.conftest import AS_OF

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def pages(published_home: Path) -> list[Path]:
    """The pages that the night itself has written, one county for all."""
    files = sorted((published_home / "pages").glob("*.html"))
    return [file for file in files if not file.name.startswith("county-")] + [published_home / "pages/county-1.html"]


def test_a_night_writes_its_pages_and_they_load_nothing(pages: list[Path]) -> None:
    names = {file.name for file in pages}
    assert {"index.html", "field.html", "districts.html", "models.html", "gates.html", "county-1.html"} < names
    for file in pages:
        text = file.read_text()
        assert "http://" not in text.replace('xmlns="http://www.w3.org', "").replace('xlink="http://www.w3.org', "")
        assert "https://" not in text and "<script" not in text and "NC-" not in text, file.name
        assert "Content-Security-Policy" in text or file.name.startswith("card-")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_can_be_read_from_disk(pages: list[Path], browser: Any, size: tuple[int, int]) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, offline=True)
        page = context.new_page()
        heard: list[str] = []
        page.on("console", lambda message, heard=heard: heard.append(message.text))
        for file in pages:
            page.goto(file.as_uri())
            # The card and the gates' report are drawn by their own rooms.
            if not file.name.startswith(("card-", "gates")):
                assert (file.name, scheme, problems(page)) == (file.name, scheme, [])
        assert heard == []
        context.close()


def test_the_pages_are_walked_by_keyboard_and_by_links(pages: list[Path], browser: Any) -> None:
    page = browser.new_page()
    page.goto((pages[0].parent / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.get_by_role("link", name="Districts").click()
    assert page.locator("h1").text_content() == "Districts"
    page.locator("tbody a").first.click()
    assert page.locator("td.bar svg").count() > 1
    page.get_by_role("link", name="Models").click()
    page.get_by_role("link", name="The whole card").click()
    assert "AUC" in page.locator("dl").first.text_content()
    page.close()


def test_what_others_wrote_is_shown_as_they_wrote_it(home: Settings, browser: Any) -> None:
    """V38: a script in a file's name, a refusal, an approval, a county, a universe."""
    with open_warehouse(home) as warehouse:
        run = ops.run_id(warehouse, AS_OF)
        refused = {"source": SCRIPT, "file_name": f"{SCRIPT}.zip", "rule": "T1", "problem": SCRIPT, "sha256": "0"}
        ops.record(warehouse, "refused_files", entity="votes", refused_at=ops.utc_now(), **refused)
        ops.record(warehouse, "approvals", run_id=run, holds="[]", approved_by=SCRIPT, reason=SCRIPT, approved_at=None)
        warehouse.execute("drop view intermediate.int_voters__targeted")
        warehouse.execute(
            "create table intermediate.int_voters__targeted as select ? as universe, voter_id"
            " from marts.voter_scores where turnout_score >= 40",
            [SCRIPT],
        )
    import duckdb

    with duckdb.connect(str((home.published_dir / "current.duckdb").resolve())) as connection:
        connection.execute("update marts.dim_voters set county_name = ?, precinct_name = ?", [SCRIPT, SCRIPT])
    stages.pages(home, AS_OF)
    page = browser.new_page()
    for name in ("index.html", "districts.html", "county-1.html"):
        page.goto((home.pages_dir / name).as_uri())
        assert name == "index.html" or page.get_by_text("Universes").count() == 1
        assert page.title() != "owned" and "<script>" in page.locator("main").text_content()
        assert page.locator("script, img").count() == 0
    page.close()
