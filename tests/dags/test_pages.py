"""The pages behind Airflow's login: nobody else gets one, and nothing but a page."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from groundgame.pages import field
from groundgame.pages.site import Site
from tests.browser import DESKTOP, PHONE, problems
from tests.pages import field_world


def test_a_page_needs_a_login_and_a_path_leads_nowhere(
    airflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    from dags.shared.page_server import page_server

    (tmp_path / "index.html").write_text("<h1>Tonight</h1>")
    (tmp_path.parent / "secret.html").write_text("a secret")
    monkeypatch.setenv("GROUNDGAME_PAGES", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "only for this test" * 4)
    manager, client = create_auth_manager(), TestClient(page_server())
    assert client.get("/index.html").status_code == 401
    assert client.get("/index.html", headers={"Authorization": "Bearer guessed"}).status_code in (401, 403)
    client.cookies.set("_token", manager.generate_jwt(SimpleAuthManagerUser(username="vic", role="viewer")))
    page = client.get("/")
    assert page.text == "<h1>Tonight</h1>" and "default-src 'none'" in page.headers["content-security-policy"]
    pages = {"field-state.html": "/NC/", "field-east.html": "/NC/E/", "field-west.html": "/NC/W/"}
    access = {"leads": {"vic": [["field-east.html", "/NC/E/"]]}, "pages": pages}
    (tmp_path / "field-access.json").write_text(json.dumps(access))
    for name in pages:
        (tmp_path / name).write_text(name)
    for name in ("/field.html", "/field-state.html", "/field-east.html"):  # her own is where her way up ends
        assert client.get(name).text == "field-east.html", name
    for name in ("/field-west.html", "/field-unknown.html"):
        assert client.get(name).status_code == 403, name
    client.cookies.set("_token", manager.generate_jwt(SimpleAuthManagerUser(username="owner", role="admin")))
    for name in pages:  # whose laptop it is
        assert client.get(f"/{name}").text == name, name
    client.cookies.set("_token", manager.generate_jwt(SimpleAuthManagerUser(username="vic", role="viewer")))
    for path in (
        "/field-access.json",
        "/../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/.index.html.writing",
        "/other.html",
    ):
        assert client.get(path).status_code == 404, path


@pytest.fixture
def served(
    airflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Callable[[str], str]]]:
    """The field's pages of a made-up program, where Airflow mounts them: their address, and a token for a login."""
    import uvicorn
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi import FastAPI

    from dags.shared.page_server import page_server

    with field_world.warehouse() as connection:
        rows = {name: connection.execute(sql).to_arrow_table().to_pylist() for name, sql in field.QUERIES.items()}
    field.write(rows, Site(tmp_path))
    monkeypatch.setenv("GROUNDGAME_PAGES", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "only for this test" * 4)
    manager, app = create_auth_manager(), FastAPI()
    app.mount("/campaign", page_server())
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield (
        f"http://127.0.0.1:{port}",
        lambda login: manager.generate_jwt(SimpleAuthManagerUser(username=login, role="viewer")),
    )
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_each_level_of_the_hierarchy_clicks_through_her_own_pages(
    served: tuple[str, Callable[[str], str]], browser: Any, size: tuple[int, int]
) -> None:
    base, token = served
    walks = {"dana": ["North Carolina", "West", "T10", "O100"], "tess": ["T00", "O001"], "olga": ["O110"]}
    names = {node["node_id"]: node["node_name"] for node in field_world.nodes()}
    for login, (top, *below) in walks.items():
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        page = context.new_page()
        refused = page.goto(f"{base}/campaign/field.html")
        assert refused is not None and refused.status == 401
        context.add_cookies([{"name": "_token", "value": token(login), "url": base}])
        page.goto(f"{base}/campaign/field.html")
        for step in (top, *below):
            if step != top:
                page.get_by_role("link", name=names.get(step, step), exact=True).first.click()
            assert page.locator("h1").text_content() == names.get(step, step), (login, step)
            assert problems(page) == [], (login, step)
        # Where the links to what is above lead: her way up ends with her.
        page.goto(f"{base}/campaign/{field.page_file('NC')}")
        assert page.locator("h1").text_content() == names.get(top, top), login
        beside = page.goto(f"{base}/campaign/{field.page_file('T10')}")
        assert beside is not None and beside.status == (200 if login == "dana" else 403)
        context.close()
