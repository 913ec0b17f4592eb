"""Models: every score's model in use with its drawings and the numbers under them, and the cards of the versions before it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.pages.site import Site

VERSION = re.compile(r"[a-z0-9_-]+")
# Cards of older versions stay in the model folder.
SHOWN_VERSIONS = 10


def write(settings: Settings, site: Site, about: dict[str, Any]) -> None:
    """Write ``models.html``, and beside it the cards that it leads to."""
    scores = []
    for folder in sorted(path for path in settings.models_dir.glob("*") if path.is_dir()):
        versions = _versions(folder)
        for one in versions:
            page = folder / one["version"] / "card.html"
            if page.is_file():
                one["page"] = f"card-{one['version']}.html"
                site.keep(one["page"], page.read_text(encoding="utf-8"))
        used = _version_in_use(folder)
        champion = next((one for one in versions if one["version"] == used), None)
        scores.append({"name": folder.name, "versions": versions, "used": champion, "plots": _plots(champion)})
    site.page("models.html", "models.html.j2", section="models.html", about=about, scores=scores)
    site.remove_others("card-*.html")


def _versions(folder: Path) -> list[dict[str, Any]]:
    """The cards of one score, newest first."""
    found = []
    for file in folder.glob("*/card.json"):
        if VERSION.fullmatch(file.parent.name):
            card = json.loads(file.read_text(encoding="utf-8"))
            found.append({"version": file.parent.name, "card": card, "page": None})
    used = _version_in_use(folder)
    newest = sorted(found, key=lambda one: (one["card"]["as_of"], one["version"]), reverse=True)
    return [one for n, one in enumerate(newest) if n < SHOWN_VERSIONS or one["version"] == used]


def _version_in_use(folder: Path) -> str | None:
    file = folder / "champion.json"
    return str(json.loads(file.read_text(encoding="utf-8"))["version"]) if file.is_file() else None


def _plots(used: dict[str, Any] | None) -> dict[str, str]:
    """The drawings of the card itself, of the model in use."""
    from models_py.plots import calibration_plot, gain_plot, slices_plot

    if used is None:
        return {}
    judged, deployed = used["card"]["judged"], used["card"]["deployed"]
    plots = {}
    if judged.get("deciles"):  # an older card does not say what they did
        plots["calibration"] = calibration_plot(judged["deciles"], used["card"].get("did", "did"))
    if deployed.get("gain"):
        plots["gain"] = gain_plot(deployed["gain"])
    if judged.get("slices"):
        plots["slices"] = slices_plot(judged["slices"])
    return plots
