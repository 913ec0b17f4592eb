"""Serve the pages folder to whoever is logged in to Airflow. What is on a page was decided when it was written."""

from __future__ import annotations

import re
from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from groundgame.config import load_settings
from groundgame.pages.field import openable
from groundgame.pages.site import POLICY

# A name and no path: nothing outside the folder can be asked for. In small letters, so that a page has one name on any disk.
NAME = re.compile(r"[a-z0-9_-]+\.html")
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
User = Annotated[Any, Depends(get_user)]


def page_server() -> FastAPI:
    """The application that Airflow's API server mounts."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def start(_: User) -> Response:
        return RedirectResponse("index.html")

    @app.get("/{name}")
    def page(name: str, user: User) -> Response:
        folder = load_settings().pages_dir
        if not NAME.fullmatch(name):
            return _refusal(404, "There is no such page.")
        if name.startswith("field") and not _owns_laptop(user):
            hers = openable(folder, user.get_name(), name)
            if hers is None:
                return _refusal(403, "The field's pages are for those who lead a part of it: each sees her own.")
            if hers != name:
                return RedirectResponse(hers)
        file = folder / name
        if not file.is_file():
            return _refusal(404, "There is no such page; the nightly DAG writes them at its end.")
        return Response(file.read_bytes(), media_type="text/html; charset=utf-8", headers=HEADERS)

    return app


def _owns_laptop(user: Any) -> bool:
    """Whether it is the administrator of a laptop's own Airflow: the files lie in her own folder. A server has another auth manager."""
    return isinstance(user, SimpleAuthManagerUser) and (user.role or "").lower() == "admin"


def _refusal(status: int, sentence: str) -> Response:
    return PlainTextResponse(sentence, status, headers=HEADERS)
