"""Templates and files: every value is escaped, every page is written whole, and a page that is no longer made goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from groundgame.gates.spec import number

SECTIONS = (
    ("index.html", "Tonight"),
    ("field.html", "Field"),
    ("districts.html", "Districts"),
    ("models.html", "Models"),
)
TEMPLATES = Path(__file__).parent / "templates"
# The pages need no script and load nothing: what a page would say against that is refused by the browser.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def environment() -> Environment:
    """The templates, with the few words that they share."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["n"] = _shown
    made.filters["points"] = lambda share, digits=1: "–" if share is None else f"{100 * share:.{digits}f}"
    made.filters["signed"] = lambda value: "0" if not value else f"{value:+,}"
    made.globals |= {"policy": POLICY, "sections": SECTIONS}
    return made


def _shown(value: float | str | None) -> str:
    """A count for people; a word that stands for one stays."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else number(value)


class Site:
    """A folder of pages that is being written."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.templates = folder, environment()
        self.written: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def page(self, name: str, template: str, **facts: Any) -> None:
        """Render a template into the page of this name."""
        self.keep(name, self.templates.get_template(template).render(page=name, **facts))

    def keep(self, name: str, text: str) -> None:
        """Write a page as it is; a reader never sees half of it."""
        draft = self.folder / f".{name}.writing"
        draft.write_text(text, encoding="utf-8")
        draft.replace(self.folder / name)
        self.written.add(name)

    def remove_others(self, pattern: str) -> None:
        """Remove the pages of a pattern that were not written this time, such as those of a county that is no more."""
        for file in self.folder.glob(pattern):
            if file.name not in self.written:
                file.unlink()
