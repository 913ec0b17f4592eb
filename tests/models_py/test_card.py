"""The card is one offline page with figures, and without a person."""

from __future__ import annotations

import re

import pytest

from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from models_py import registry


def page(settings: Settings) -> str:
    pointer = registry.champion(settings, "turnout")
    assert pointer is not None
    return (settings.models_dir / "turnout" / pointer.version / registry.PAGE).read_text(encoding="utf-8")


def test_the_page_loads_nothing_from_anywhere(trained: Settings) -> None:
    html = page(trained)
    assert not re.search(r"<(script|link|img|iframe)|@import|url\((?!#)|(?:src|href)=\"(?!#)", html)
    assert html.count("<svg ") == 3
    assert len(html) < 200_000


def test_the_page_follows_dark_mode_in_its_drawings_too(trained: Settings) -> None:
    html = page(trained)
    assert "prefers-color-scheme: dark" in html
    drawings = "".join(re.findall(r"<svg .*?</svg>", html, flags=re.DOTALL))
    assert "var(--ink)" in drawings and "var(--accent)" in drawings
    assert not re.search(r"#(?!clip|m|DejaVu|p)[0-9a-f]{6}\b", re.sub(r"(?:href|id)=\"[^\"]*\"", "", drawings))


def test_the_page_says_how_it_was_judged_and_names_both_models(trained: Settings) -> None:
    html = page(trained)
    pointer = registry.champion(trained, "turnout")
    assert pointer is not None
    card = registry.load(trained, "turnout", pointer.version).card
    for text in (
        "of which it saw nothing",
        "the same recipe fitted again on all elections",
        card["deployed"]["sha256"],
        *card["judged"]["model_sha256"],
        card["data"]["snapshot_sha256"],
        "logistic regression",
        "sort by votes_count",
    ):
        assert text in html


def test_the_card_and_the_ledger_tell_how_right_the_model_is_about_each_group(trained: Settings) -> None:
    with open_warehouse(trained) as warehouse:
        found = warehouse.fetch("select * from ops.score_slices").to_pylist()
    kinds = {row["slice_kind"] for row in found}
    assert {"race", "sex", "age", "county"} <= kinds
    for kind in kinds:
        whole = [row for row in found if row["slice_kind"] == kind]
        voters = sum(row["voters_count"] for row in whole)
        assert sum(row["gap_share"] * row["voters_count"] for row in whole) / voters == pytest.approx(0, abs=0.01)
    assert all(row["voters_count"] >= 200 and row["margin_share"] < 0.1 for row in found)
    assert "Is it as right about all of them?" in page(trained)


def test_no_file_of_a_model_holds_a_voter_or_a_household(trained: Settings) -> None:
    with open_warehouse(trained) as warehouse:
        people = warehouse.fetch("select voter_id, household_id from marts.feat_voters limit 2000")
    values = {value for column in people.columns for value in column.to_pylist()}
    for path in (trained.models_dir / "turnout").rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not values & set(re.findall(r"[\w-]+", text))
        assert not re.search(r"NC-\d{8}|house-\d", text)
