"""Serve the pages folder to whoever is logged in to Airflow. What is on a page was decided when it was written."""

from __future__ import annotations

import re
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import RedirectResponse, Response

from groundgame.config import load_settings
from groundgame.pages.site import POLICY

# A name and no path: nothing outside the folder can be asked for.
NAME = re.compile(r"[A-Za-z0-9_-]+\.html")
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}


def page_server() -> FastAPI:
    """The application that Airflow's API server mounts."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def start(_: Annotated[Any, Depends(get_user)]) -> Response:
        return RedirectResponse("index.html")

    @app.get("/{name}")
    def page(name: str, _: Annotated[Any, Depends(get_user)]) -> Response:
        file = load_settings().pages_dir / name
        if not NAME.fullmatch(name) or not file.is_file():
            raise HTTPException(404, "There is no such page; the nightly DAG writes them at its end.")
        return Response(file.read_bytes(), media_type="text/html; charset=utf-8", headers=HEADERS)

    return app
