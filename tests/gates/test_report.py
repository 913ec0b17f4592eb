"""The report page: offline, escaped, and honest about what is open."""

from __future__ import annotations

import datetime as dt
import re

from groundgame.gates.report import render, sparkline
from groundgame.gates.spec import STAGES

AS_OF = dt.date(2026, 3, 1)


def row(verdict: str, **facts: object) -> dict[str, object]:
    return {
        "stage": "landing",
        "table_name": "raw.t",
        "rule": "rows",
        "expected": "at least 1, else fail",
        "verdict": verdict,
        "reason": "because",
        "shown": "12",
        "trend": [],
        "line": "",
        **facts,
    }


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = render("20260301-abc", AS_OF, [row("pass", line="3.0,3.0 93.0,21.0", trend=[1.0, 2.0])])
    assert not re.search(r"<script|https?:|src=|href=\"(?!#)|url\(|@import", page)
    assert "prefers-color-scheme: dark" in page and "<polyline" in page


def test_every_text_is_escaped() -> None:
    page = render("run", AS_OF, [row("fail", reason="<img src=x onerror=alert(1)>", rule="<b>")])
    assert "<img" not in page and "<b>" not in page and "&lt;img" in page


def test_the_worst_verdict_leads_and_stages_not_judged_are_open() -> None:
    page = render("run", AS_OF, [row("pass"), row("hold", table_name="raw.u"), row("skip", rule="x")])
    assert "<title>hold · gates of 2026-03-01</title>" in page
    assert page.count("not judged yet") == len(STAGES) - 1
    assert page.index("Needs a look") < page.index("raw.t")


def test_a_sparkline_needs_two_nights_and_survives_equal_values() -> None:
    assert sparkline([]) == "" and sparkline([3.0]) == ""
    assert sparkline([5.0, 5.0]) == "3.0,12.0 93.0,12.0"
    assert sparkline([0.0, 10.0]) == "3.0,21.0 93.0,3.0"
