"""Specs refuse what they cannot mean, and say where."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from groundgame.config import ROOT, load_settings
from groundgame.errors import SpecError
from groundgame.sources.catalog import load_catalog, load_spec
from groundgame.sources.entities import ENTITIES
from tests.ingest.desk import SPANS, fixed_width

NC = ROOT / "groundgame" / "sources" / "voter_files" / "nc.yml"
PLAIN = yaml.safe_load(NC.read_text(encoding="utf-8"))
FIXED = copy.deepcopy(PLAIN)
fixed_width(FIXED)
RECORD = "registrations.layouts.0.record"


def write(folder: Path, spec: dict[str, Any] | str, name: str = "nc.yml") -> Path:
    path = folder / name
    path.write_text(spec if isinstance(spec, str) else json.dumps(spec, default=str), encoding="utf-8")
    return path


def refused(folder: Path, keys: str, value: Any, base: dict[str, Any] = PLAIN) -> SpecError:
    """The error of the shipped spec (or of a change of it) with one value changed; ``keys`` is a dotted path."""
    spec = copy.deepcopy(base)
    *path, last = keys.split(".")
    block: Any = spec
    for key in path:
        block = block[int(key)] if isinstance(block, list) else block[key]
    block[last] = value
    with pytest.raises(SpecError) as caught:
        load_spec(write(folder, spec))
    assert caught.value.exit_code == 2
    assert str(folder / "nc.yml") in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "path",
    [
        *sorted((ROOT / "groundgame" / "sources").rglob("*.yml")),
        *sorted((ROOT / "benchmarks" / "studies").rglob("*.yml")),
    ],
)
def test_every_shipped_spec_loads(path: Path) -> None:
    spec = load_spec(path)
    assert spec.name == path.stem
    for name, entity in spec.entities().items():
        for layout in entity.layouts:
            assert set(layout.columns) <= set(ENTITIES[name].fields)


def test_an_unknown_key_is_answered_with_the_nearest(tmp_path: Path) -> None:
    error = refused(tmp_path, "registrations.files.snapshot_dates", [])
    assert (error.field, error.hint) == ("registrations.files.snapshot_dates", "did you mean 'snapshot_date'?")


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        ("registrations.layouts.0.columns.surname", "last_name", "no such field ['surname']"),
        ("registrations.dates.zip_code", {"formats": ["%Y"]}, "not dates: ['zip_code']"),
        ("registrations.dates", {}, "no format declared for ['registered_date']"),
        ("codes.party.DEM", "Democrats!", "decodes to unknown value"),
        ("codes.status.A", "alive", "decodes to unknown value"),
        ("codes.partie", {}, "no such coded field"),
        ("registrations.files.county_in_name", "ncvoter(.*)", "needs a group"),
        ("registrations.files.members", "ncvoter(", "not a regular expression"),
        ("registrations.files.uri", "{inbocks}/nc.zip", "unknown placeholder"),
        ("registrations.files.uri", "{inbox}/*/nc.zip", "in the file name only"),
        ("registrations.files.snapshot_date", [{}], "exactly one of"),
        ("registrations.text.delimiter", '"', "cannot be a quote"),
        ("registrations.voter_id", "line", "voter_id"),
        ("registrations.dates.registered_date", {"formats": ["%m/%d/%y"]}, "belong together"),
        ("registrations.layouts.0.optional", ["phones"], "without a column"),
        ("registrations.text.header", False, "needs positions"),
        ("registrations.expect.patterns", {"voter_id": r"(?!0)\d+"}, "look-around"),
        ("votes.history", None, "required"),
        ("votes.history.types", [], "needs types"),
        ("votes.history.shape", "wide", "needs column"),
        ("state_abbr", "nc", "pattern"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field(tmp_path: Path, keys: str, value: Any, said: str) -> None:
    assert said in str(refused(tmp_path, keys, value))


@pytest.mark.parametrize(
    ("keys", "value", "field", "said"),
    [
        (f"{RECORD}.spans.first_name", [34, 55], RECORD, "[34, 55] overlaps last_name, which ends at 35"),
        (f"{RECORD}.spans.county_id", [461, 464], RECORD, "beyond the record's width of 463"),
        (f"{RECORD}.spans.county_id", [462, 462], RECORD, "spans.county_id: [462, 462] holds nothing"),
        (f"{RECORD}.spans.Last_Name", [100, 101], RECORD, "one name"),
        (f"{RECORD}.spans.county_id", ["461", 463], f"{RECORD}.spans.county_id.0", "valid integer"),
        (f"{RECORD}.spans", {**SPANS, "ncid": None}, f"{RECORD}.spans.ncid", "valid tuple"),
        (f"{RECORD}.widths", 463, f"{RECORD}.widths", "did you mean 'width'?"),
        (
            "registrations.layouts.0.columns.zip_code",
            "zip",
            "registrations.layouts.0",
            "record.spans: none for zip_code",
        ),
        ("registrations.layouts.0.positions", ["ncid"], "registrations.layouts.0", "give one"),
        ("registrations.text.delimiter", ",", "registrations.text", "has no delimiter"),
        ("registrations.text.format", "delimited", "registrations", "belong together"),
        ("registrations.expect.patterns", {}, "registrations", "expect.patterns: a fixed-width file needs one"),
        ("registrations.expect.patterns", {"county_code": r"\d{2}"}, "registrations", "needs one for voter_id"),
    ],
)
def test_a_wrong_fixed_width_layout_is_refused_with_its_field(
    tmp_path: Path, keys: str, value: Any, field: str, said: str
) -> None:
    error = refused(tmp_path, keys, value, FIXED)
    assert error.field == field
    assert said in str(error)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("codes:\n  party: {NO: no_party}\n", "code NO is not quoted"),
        ('codes:\n  party: {"NO": no}\n', "bare no is ambiguous"),
        ("codes:\n  party: {DEM: democratic}\n", "code DEM is not quoted"),
        ("codes:\n  race: {012: white}\n", "code 012 is not quoted"),
        ("history_lag_days: 012\n", "bare 012 is ambiguous"),
        ("confidentiality:\n  - {column: x, values: [Y]}\n", "code Y is not quoted"),
        ("title: Yes\n", "bare Yes is ambiguous"),
        ("history_lag_days: 1:30\n", "bare 1:30 is ambiguous"),
        ("name: nc\nname: oh\n", "stands twice"),
        ("- nc\n", "is not a mapping"),
        ("name: [nc\n", "yaml"),
    ],
)
def test_yaml_that_would_be_guessed_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(write(tmp_path, text))
    assert said in str(caught.value)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_spec(NC).name = "oh"  # type: ignore[misc]


def test_the_digest_follows_what_decides_the_rows_and_nothing_else(tmp_path: Path) -> None:
    before = load_spec(NC).digest("registrations")
    moved, recoded = copy.deepcopy(PLAIN), copy.deepcopy(PLAIN)
    moved["registrations"]["files"]["uri"] = "s3://elsewhere/nc/ncvoter*.zip"
    recoded["codes"]["party"]["NEW"] = "newcomers"
    assert load_spec(write(tmp_path, moved)).digest("registrations") == before
    assert load_spec(write(tmp_path, recoded)).digest("registrations") != before


def test_the_catalog_finds_every_source_by_name(tmp_path: Path) -> None:
    settings = load_settings(sources_dir=ROOT / "groundgame" / "sources")
    assert {"nc", "oh"} <= set(load_catalog(settings))
    assert list(load_catalog(settings.model_copy(update={"sources": ["oh"]}))) == ["oh"]
    with pytest.raises(SpecError, match="did you mean 'oh'"):
        load_catalog(settings.model_copy(update={"sources": ["ohi"]}))


def test_a_name_taken_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, PLAIN)
    write(tmp_path, PLAIN, "nc_again.yml")
    with pytest.raises(SpecError, match="'nc' is taken"):
        load_catalog(load_settings(sources_dir=tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        load_spec(tmp_path / "nowhere.yml")


def test_reading_the_catalog_stays_cheap() -> None:
    """DAG files read it when they are parsed: nothing heavy may come along."""
    code = (
        "import sys; from groundgame.sources.catalog import load_catalog; from groundgame.config import load_settings; "
        "load_catalog(load_settings()); "
        "print([m for m in ('pandas', 'pyarrow', 'duckdb', 'fsspec', 'numpy', 'airflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
