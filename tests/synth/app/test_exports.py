"""The exports themselves: names, shapes, trailers, the same bytes again; and what arrives late, twice or corrected."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from groundgame.errors import SpecError
from groundgame.synth import state
from groundgame.synth.app.block import GRAPH_FILES
from groundgame.synth.app.calendar import NUMBERS_PER_EXPORT
from groundgame.synth.app.impactive import COLUMNS
from groundgame.synth.app.write import write_app
from groundgame.synth.state import AS_OF, write_state
from tests.synth.app.conftest import DATES, USERS, App, objects
from tests.synth.test_files import hashes

DAY_MS = 86_400_000


def cut(export: pd.Series) -> pd.Series:
    """Epoch milliseconds at which the exports of these numbers end."""
    cuts = [int(dt.datetime.combine(date, dt.time(), dt.UTC).timestamp() * 1000) for date in DATES]
    return export.map(dict(enumerate(cuts)))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_app(tmp_path / name, seed, 300, voters=900)
    first, again, other = (hashes(tmp_path / name) for name in "abc")
    assert len(first) == 3 * (len(GRAPH_FILES) + 2) + 3
    assert first == again
    big = [name for name in first if Path(name).stem in {"users", "friends", "actions", "consent", "app_friends"}]
    assert len(big) == 3 * 4 + 1
    assert all(first[name] != other[name] for name in big)


def test_a_processor_with_fewer_instructions_draws_the_same_people(tmp_path: Path) -> None:
    """numpy sums and sorts by other paths there; what the truth tells of probabilities may differ in the last bit, the exports may not."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]  # type: ignore[index]
    if not found:
        pytest.skip("numpy knows no instructions of this processor that it could do without")
    for name, without in (("all", ""), ("few", " ".join(found))):
        program = (
            "import pathlib\nfrom groundgame.synth.app.write import write_app\n"
            f"write_app(pathlib.Path({str(tmp_path / name)!r}), 3, 2_000, voters=20_000)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"NPY_DISABLE_CPU_FEATURES": without},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-500:]
    with_all, with_few = hashes(tmp_path / "all"), hashes(tmp_path / "few")
    assert with_all.keys() == with_few.keys()
    assert [name for name in with_all if with_all[name] != with_few[name] and not name.startswith("truth")] == []


def test_the_state_is_the_same_with_and_without_an_app(tmp_path: Path) -> None:
    write_state(tmp_path, 600, seed=3)
    before = hashes(tmp_path)
    write_app(tmp_path, 3, 100, voters=600)
    after = hashes(tmp_path)
    assert {name: after[name] for name in before} == before
    assert {Path(name).parts[0] for name in after} == {"nc", "truth", "app"}


def test_blocks_share_no_person_account_or_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "BLOCK", 500)
    result = write_app(tmp_path, 5, 300, voters=1_500)
    written = App(tmp_path)
    assert result.rows_out == len(written.who) == written.users["id"].nunique() == 300
    assert written.who.index.is_unique
    assert written.who.loc[~written.who["is_duplicate_account"], "person_id"].is_unique
    firsts = written.actions[written.actions["revision"].eq(1)].drop(columns="export").astype(str).drop_duplicates()
    assert firsts["event_id"].is_unique
    assert written.contacts["contact_id"].is_unique


def test_every_graph_file_ends_with_a_trailer_that_counts(app: App) -> None:
    for date in DATES:
        folder = app.folder / "app" / f"graph_{date:%Y%m%d}"
        assert {path.stem for path in folder.iterdir()} == set(GRAPH_FILES)
        for path in folder.iterdir():
            lines, trailer = objects(path)
            assert trailer == {"trailer": True, "lines": len(lines), "schema_version": "1"}
            assert lines, path.name


def test_accounts_of_all_exports_are_as_many_as_asked_for(app: App) -> None:
    assert app.users["id"].nunique() == len(app.who) == USERS
    assert set(app.users["id"]) == set(app.who.index)
    assert (app.users.groupby("export").size() > 100).all()


def test_a_user_has_the_shape_of_the_graph(app: App) -> None:
    allowed = {"id", "name", "first_name", "last_name", "gender", "birthday", "location", "hometown", "email"}
    allowed |= {"religion", "political", "locale", "updated_time", "installed_at", "export"}
    assert set(app.users.columns) == allowed
    assert app.users["id"].str.fullmatch(r"1\d{14}").all()
    assert app.users["birthday"].dropna().str.fullmatch(r"\d\d/\d\d(/\d{4})?").all()
    assert app.users["location"].dropna().map(lambda city: set(city) == {"id", "name"}).all()
    for column in ("updated_time", "installed_at"):
        assert app.users[column].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000").all()
    installed = pd.to_datetime(app.users["installed_at"]).astype("int64") // 10**6
    assert (installed < cut(app.users["export"])).all()


def test_no_address_or_phone_can_be_anybodys(app: App) -> None:
    mail = app.users["email"].dropna().str.rpartition("@")[2]
    assert set(mail) <= {"example.com", "example.org", "example.net", "mail.example.net", "proxymail.example.net"}
    for path in (app.folder / "app").rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"@(?!(\w+\.)?example\.(com|org|net))", text), path.name
        assert not re.search(r"https?://(?!graph\.example\.com)", text), path.name
    phones = [
        row["phone"] for path in (app.folder / "app" / "impactive").iterdir() for row in rows(path) if row["phone"]
    ]
    assert len(phones) > 500
    assert all(re.search(r"5550?1\d\d$|55501\d\d$", re.sub(r"\D", "", phone)) for phone in phones)


def test_lists_of_friends_come_in_pages(app: App) -> None:
    pages = app.lines("friends")
    assert pages["data"].map(len).max() == 25
    several = pages.groupby(["user_id", "export"])["paging"].agg(list)
    assert (several.map(len) > 1).mean() > 0.2
    assert all("next" not in paging[-1] and all("next" in page for page in paging[:-1]) for paging in several)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_impactive_rows_have_the_columns_of_the_export(app: App) -> None:
    files = sorted((app.folder / "app" / "impactive").iterdir())
    assert [path.name for path in files] == [f"contacts_export_{date:%Y%m%d}.csv" for date in DATES]
    found = pd.DataFrame([row for path in files for row in rows(path)])
    assert tuple(found.columns) == COLUMNS
    assert len(COLUMNS) == 32
    assert set(found["id"]) == set(app.contacts.loc[app.contacts["source"].eq("impactive"), "contact_id"])
    assert found["id"].is_unique


def test_empower_documents_agree_with_themselves(app: App) -> None:
    paths = sorted((app.folder / "app" / "empower").iterdir())
    assert [path.name for path in paths] == [f"empower_{date:%Y%m%d}.json" for date in DATES]
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    profiles = pd.DataFrame([one for document in found for one in document["profiles"]])
    assert profiles["eid"].is_unique
    assert profiles["parentEid"].dropna().isin(profiles["eid"]).all()
    people = profiles[profiles["role"].eq("contact")]
    assert set(people["eid"]) == set(app.contacts.loc[app.contacts["source"].eq("empower"), "contact_id"])
    for document in found:
        assert {one["targetEid"] for one in document["outreachEntries"]} <= set(people["eid"])
        assert all(one["outreachCreatedMts"] < document["exportedMts"] for one in document["outreachEntries"])
        assert {one["profileEid"] for one in document["ctaResults"]} <= set(people["eid"])


def test_ids_of_one_tool_are_not_those_of_another(app: App) -> None:
    text = "".join(path.read_text() for path in (app.folder / "app" / "empower").iterdir())
    assert not set(re.findall(r"\d{15}", text)) & set(app.friends["friend_id"])


def test_numbers_of_an_export_are_above_those_before(app: App) -> None:
    for events in (app.actions, app.consent):
        first = events.groupby("event_id")["export"].min()
        assert (first.index // NUMBERS_PER_EXPORT - 1 == first).mean() > 0.99  # the first line may itself be displaced
        assert (events["occurred_at"] < cut(events["export"])).all()


def test_some_events_are_late_repeated_out_of_order_or_corrected(app: App) -> None:
    events = app.actions
    later = events[events["export"].gt(0) & events["revision"].eq(1)]
    late = cut(later["export"] - 1) - later["occurred_at"]
    assert 0.02 < late.gt(0).mean() < 0.10
    assert late.max() < 31 * DAY_MS + 7 * DAY_MS
    plain = events.drop(columns="export").astype(str)
    assert 0.005 < plain.duplicated().mean() < 0.02
    assert plain.drop_duplicates().groupby(["event_id", "revision"]).size().max() == 1
    corrected = events.loc[events["revision"].eq(2), "event_id"]
    assert 0.01 < corrected.nunique() / events["event_id"].nunique() < 0.03
    both = plain[plain["event_id"].isin(corrected.astype(str))].drop_duplicates()
    assert both.groupby("event_id")["revision"].agg(set).map(lambda seen: seen == {"1", "2"}).all()
    first = events[events["export"].eq(0)]
    assert 0.05 < (first["event_id"].diff() < 0).mean() < 0.6


def test_an_app_beside_another_state_is_refused(tmp_path: Path) -> None:
    write_state(tmp_path, 600, seed=3)
    before = hashes(tmp_path)
    for seed, voters in ((4, 600), (3, 700)):
        with pytest.raises(SpecError, match="another state"):
            write_app(tmp_path, seed, 100, voters=voters)
    assert hashes(tmp_path) == before


def test_the_smallest_app_is_whole(tmp_path: Path) -> None:
    write_app(tmp_path, 2, 20, voters=100, mean_friends=3)
    written = App(tmp_path)
    assert len(written.who) == written.users["id"].nunique() == 20
    for path in (tmp_path / "app" / "empower").iterdir():
        assert set(json.loads(path.read_text())) == {
            *("schema_version", "exportedMts", "profiles", "ctaResults", "outreachEntries"),
        }


@pytest.mark.parametrize(
    "wrong",
    [
        {"users": 3},
        {"users": 900},
        {"exports": [dt.date(2026, 10, 1)]},
        {"exports": [dt.date(2026, 10, 1), AS_OF]},
        {"mean_friends": 0.5},
    ],
)
def test_arguments_that_make_no_app_are_named(tmp_path: Path, wrong: dict) -> None:
    arguments = {"users": 100, **wrong}
    with pytest.raises(SpecError, match=next(iter(wrong))):
        write_app(tmp_path, 1, voters=1_000, **arguments)
    assert not list(tmp_path.iterdir())
