"""The pages behind Airflow's login: nobody else gets one, and nothing but a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


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
    assert client.get("/field.html").text == client.get("/field-east.html").text == "field-east.html"
    for name in ("/field-state.html", "/field-west.html"):
        assert client.get(name).status_code == 403, name
    for path in (
        "/field-access.json",
        "/../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/.index.html.writing",
        "/other.html",
    ):
        assert client.get(path).status_code == 404, path
