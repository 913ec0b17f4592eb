"""The pages in Airflow's menu: what is in the pages folder, for whoever is logged in."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/campaign"


class LazyPages:
    """The web application, made at the first request: every task process loads this file, and none needs a web framework."""

    def __init__(self) -> None:
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request (ASGI)."""
        if self.app is None:
            from dags.shared.page_server import page_server

            self.app = page_server()
        await self.app(scope, receive, send)


def view(name: str, file: str, **more: Any) -> dict[str, Any]:
    """An entry of the menu; the address has no leading slash, so that it follows Airflow's own base address."""
    return {
        "name": name,
        "href": f"{PREFIX.removeprefix('/')}/{file}",
        "destination": "nav",
        "url_route": name.lower(),
        **more,
    }


class PagesPlugin(AirflowPlugin):
    """What Airflow reads."""

    name = "campaign_pages"
    fastapi_apps = [{"app": LazyPages(), "url_prefix": PREFIX, "name": "campaign pages"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        view("Tonight", "index.html", nav_top_level=True),
        view("Field", "field.html"),
        view("Districts", "districts.html"),
        view("Models", "models.html"),
    ]
