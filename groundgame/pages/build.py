"""Build the pages of an installation: after every night, whether it went out or not, and by hand."""

from __future__ import annotations

import datetime as dt

from groundgame.config import Settings
from groundgame.pages import districts, field, models, tonight
from groundgame.pages.site import Site
from groundgame.result import Result


def build(settings: Settings, as_of: dt.date) -> Result:
    """Write all pages into the pages folder: the night's own state, and what readers have now."""
    site = Site(settings.pages_dir)
    found = tonight.facts(settings, as_of)
    report = settings.reports_dir / found["run_id"] / "gates.html"
    if report.is_file():
        site.keep("gates.html", report.read_text(encoding="utf-8"))
    about = {"as_of": found["served"].get("as_of_date") if found["served"] else None}
    site.page("index.html", "tonight.html.j2", section="index.html", has_report=report.is_file(), **found)
    if found["served"]:
        districts.write(settings, site, about)
    else:
        site.page("districts.html", "nothing.html.j2", section="districts.html", title="Districts")
    models.write(settings, site, about)
    field.write_latest(settings, site)
    site.remove_others("*.html")
    return Result(
        "pages", "", rows_out=len(site.written), details={"folder": str(site.folder), "state": found["state"]}
    )


def build_field(settings: Settings) -> None:
    """Write the field's pages alone, after a batch that has published."""
    field.write_latest(settings, Site(settings.pages_dir))
