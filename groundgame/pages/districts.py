"""Districts: registered voters and how their scores are spread, by county, district and precinct, from what is published."""

from __future__ import annotations

from typing import Any

from groundgame.config import Settings
from groundgame.pages.places import LEVELS, PART, PlaceTables, side_by_side, tables
from groundgame.pages.site import Site
from groundgame.privacy.linked_cells import MIN_PLACE
from groundgame.publish.read import query
from groundgame.publish.switch import status
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse

NOT_SCORED = "not scored"
TARGETED = "intermediate.int_voters__targeted"
IN, NOT_IN = "in it", "not in it"
BANDS = {"0–19": (0, 19), "20–39": (20, 39), "40–59": (40, 59), "60–79": (60, 79), "80–100": (80, 100)}
MEANING = {
    "turnout": "How likely they vote in the next general election: of 100 voters scored 75, 75 should vote.",
    "support": "How likely they support the campaign: of 100 voters scored 75, 75 should.",
}
LEVEL_NAMES = {
    "county": ("Counties", "county"),
    "congressional": ("Congressional districts", "district"),
    "state_senate": ("State senate districts", "district"),
    "state_house": ("State house districts", "district"),
}


def write(settings: Settings, site: Site, about: dict[str, Any]) -> None:
    """Write ``districts.html`` and a page for each county."""
    cuts = {}
    for score in scores(settings):
        table = count(settings, score)
        if table is not None:
            cuts[score] = table
    universes = universe_tables(settings)
    files: dict[str, str] = {}
    for table in cuts.values():
        for row in table.levels["county"]:
            files.setdefault(row.key, f"county-{len(files) + 1}.html")
    shared = {"section": "districts.html", "about": about, "cuts": cuts, "meaning": MEANING, "not_scored": NOT_SCORED}
    beside = {level: side_by_side(universes, level) for level in LEVELS}
    shared |= {"universes": universes}
    site.page("districts.html", "districts.html.j2", levels=LEVEL_NAMES, files=files, beside=beside, **shared)
    for key, file in files.items():
        name = next(r.name for table in cuts.values() for r in table.levels["county"] if r.key == key)
        precincts = {
            score: [row for row in table.levels["precinct"] if row.county == key] for score, table in cuts.items()
        }
        own = {score: next((r for r in table.levels["county"] if r.key == key), None) for score, table in cuts.items()}
        site.page(
            file,
            "county.html.j2",
            county=name,
            beside=[one for one in beside["precinct"] if one[0].county == key],
            precincts=precincts,
            own=own,
            **shared,
        )
    site.remove_others("county-*.html")


def universe_tables(settings: Settings) -> dict[str, PlaceTables]:
    """Of each target universe how many voters of every place are in it; each is hidden on its own, as they overlap.

    Who is in which is known in the warehouse alone: nothing is shown while that holds another run than the published one.
    """
    by = ", ".join(f"v.{column}" for column in PART)
    with open_warehouse(settings, read_only=True) as warehouse:
        built = warehouse.fetch("select as_of_date from ops.run_parameters").column(0).to_pylist()
        is_published = bool(built) and ops.run_id(warehouse, built[0]) == status(settings)["run_id"]
        if not is_published or TARGETED.partition(".")[2] not in warehouse.tables("intermediate"):
            return {}
        names = warehouse.fetch(f"select distinct universe from {TARGETED} order by 1").column(0).to_pylist()
        if not names:
            return {}
        flags = ", ".join(f"max(case when universe = ? then 1 else 0 end) as u{n}" for n in range(len(names)))
        counts = ", ".join(f"count(case when t.u{n} = 1 then 1 end) as u{n}" for n in range(len(names)))
        voters = warehouse.fetch(
            f"select {by}, max(v.county_name) as county_name, max(v.precinct_name) as precinct_name, count(*) as voters, {counts}"
            f" from marts.dim_voters as v left join (select voter_id, {flags} from {TARGETED} group by voter_id) as t"
            f" on v.voter_id = t.voter_id where v.is_registered group by {by} order by {by}",
            names,
        ).to_pandas()
    found = {}
    for n, name in enumerate(names):
        members = voters[f"u{n}"]
        table = tables(voters.assign(**{IN: members, NOT_IN: voters["voters"] - members}), (IN, NOT_IN))
        if table is not None and table.columns == (IN, NOT_IN) and table.state.counts[0]:
            found[name] = table
    return found


def scores(settings: Settings) -> list[str]:
    """The scores of ``voter_scores`` that some voters have, turnout first."""
    columns = [
        name for name in query(settings, "select * from voter_scores limit 0").column_names if name.endswith("_score")
    ]
    if not columns:
        return []
    counts = ", ".join(f"count({column}) as {column}" for column in columns)
    scored = query(settings, f"select {counts} from voter_scores").to_pylist()[0]
    found = [column.removesuffix("_score") for column in columns if scored[column] >= MIN_PLACE]
    return sorted(found, key=lambda name: (name != "turnout", name))


def count(settings: Settings, score: str) -> PlaceTables | None:
    """Voters by part and band of one score, made fit to be shown."""
    value = f"s.{score}_score"
    bands = [
        f'count(case when {value} between {low} and {high} then 1 end) as "{name}"'
        for name, (low, high) in BANDS.items()
    ]
    by = ", ".join(f"v.{column}" for column in PART)
    voters = query(
        settings,
        f"select {by}, max(v.county_name) as county_name, max(v.precinct_name) as precinct_name,"
        f' count(case when {value} is null then 1 end) as "{NOT_SCORED}", {", ".join(bands)}'
        f" from dim_voters as v left join voter_scores as s on v.voter_id = s.voter_id"
        f" where v.is_registered group by {by} order by {by}",
    ).to_pandas()
    # A handful without a score would stand out as the difference of two totals: then only those with one are counted.
    without = int(voters[NOT_SCORED].sum())
    names = (NOT_SCORED, *BANDS) if without == 0 or without >= MIN_PLACE else tuple(BANDS)
    return tables(voters, names)
