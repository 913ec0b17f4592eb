"""Linkage against the truth and against Splink alone.

``python -m benchmarks.linkage [DATA] [--people 100000 --voters 800000] [--no-speed]``, where DATA holds ``febrl_dataset3.csv.gz`` and
``fake_1000.csv`` (not shipped). The made-up state is drawn anew for each size and seed, and is deleted afterwards. Both runs of a
comparison take place in one session, each in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks import linkage_world
from groundgame.config import ROOT, Settings, load_settings
from groundgame.linkage import link
from groundgame.warehouse.base import open_warehouse

DATA = ROOT.parent / "shared" / "data" / "linkage"
AS_OF = dt.date(2026, 10, 25)
SEED = 11
PEOPLE_SHAPE = "null::varchar as county_code, null::varchar as phone, null::varchar as sex, '1' as content_hash"
SETS = {
    # rec_id is the truth and never a feature; soc_sec_id and the street are left out.
    "febrl_dataset3.csv.gz": f"""
        select trim(rec_id) as person_key, regexp_extract(rec_id, 'rec-([0-9]+)-', 1) as truth,
            trim(given_name) as first_name, trim(surname) as last_name, null::varchar as other_last_name,
            try_cast(left(trim(date_of_birth), 4) as int) as birth_year,
            try_cast(substr(trim(date_of_birth), 5, 2) as int) as birth_month,
            try_cast(substr(trim(date_of_birth), 7, 2) as int) as birth_day,
            trim(suburb) as city, trim(state) as state_abbr, trim(postcode) as zip_code, null::varchar as email, {PEOPLE_SHAPE}
        from read_csv('{{}}', all_varchar = true, header = true, normalize_names = true)""",
    "fake_1000.csv": f"""
        select unique_id as person_key, cluster as truth, first_name, surname as last_name, null::varchar as other_last_name,
            year(try_cast(dob as date)) as birth_year, month(try_cast(dob as date)) as birth_month,
            day(try_cast(dob as date)) as birth_day, city, null::varchar as state_abbr, null::varchar as zip_code, email,
            {PEOPLE_SHAPE}
        from read_csv('{{}}', all_varchar = true, header = true)""",
}
# Splink a second time, with what it takes where nobody stops it: within our limit a quarter of its time goes into spilling.
ROOM = "8GB"
EXACT = "lower(a.first_name) = lower(b.first_name) and lower(a.last_name) = lower(b.last_name)"


def main() -> None:
    """Print quality on the labelled sets, then quality, speed and memory on a made-up state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--voters", type=int, default=800_000)
    parser.add_argument("--memory-limit", default="1500MB", help="what each may take before it spills")
    parser.add_argument("--no-speed", action="store_true")
    arguments = parser.parse_args()
    console = Console(width=140)
    for name, select in SETS.items():
        if (arguments.data / name).exists():
            console.print(_labelled(arguments.data / name, select))
        else:
            console.print(f"skipped: {name} is not in {arguments.data.name}/; give its folder as argument")
    if not arguments.no_speed:
        with tempfile.TemporaryDirectory(prefix="groundgame-linkage-") as folder:
            linkage_world.write(Path(folder), arguments.people, arguments.voters, SEED)
            console.print(_state(Path(folder), arguments))
            console.print(_methods(Path(folder)))


def _labelled(file: Path, select: str) -> Table:
    """Pairwise quality on one labelled file: by pairs, by clusters, and of the exact match."""
    found = Table("method", "precision", "recall", "F1", title=f"{file.name}: records of one person")
    with tempfile.TemporaryDirectory(prefix="groundgame-linkage-") as folder:
        settings = load_settings(home=Path(folder))
        with open_warehouse(settings) as warehouse:
            warehouse.execute("create schema input")
            warehouse.execute(f"create table input.records as {select.format(file)}")
        link.deduplicate(settings, AS_OF, "input.records", has_homes=False)
        both = "from {0} a join {0} b on a.{1} = b.{1} and a.{2} < b.{2}"
        clusters = both.format("linkage.record_clusters", "cluster_id", "record_id")
        born = "a.birth_year = b.birth_year and a.birth_month = b.birth_month and a.birth_day = b.birth_day"
        sources = {
            "exact name and birth date": f"select a.person_key as x, b.person_key as y from input.records a "
            f"join input.records b on {EXACT} and {born} and a.person_key < b.person_key",
            "pairs": "select record_id as x, other_id as y from linkage.record_pairs",
            "clusters": f"select a.record_id as x, b.record_id as y {clusters}",
        }
        truth = f"select a.person_key as x, b.person_key as y {both.format('input.records', 'truth', 'person_key')}"
        with open_warehouse(settings, read_only=True) as warehouse:
            for name, source in sources.items():
                counts = f"""select (select count(*) from ({source}) semi join ({truth}) using (x, y)) as right,
                    (select count(*) from ({source})) as said, (select count(*) from ({truth})) as real"""
                found.add_row(name, *_quality(**warehouse.fetch(counts).to_pylist()[0]))
    return found


def _quality(right: int, said: int, real: int) -> tuple[str, str, str]:
    return f"{right / max(said, 1):.4f}", f"{right / real:.4f}", f"{2 * right / (said + real):.4f}"


def _state(folder: Path, arguments: argparse.Namespace) -> Table:
    """Ours and Splink alone on the same people and voters."""
    title = f"{arguments.people:,} people, {arguments.voters:,} voters, birth years only, 2 threads, {arguments.memory_limit}"
    found = Table("method", "precision", "recall", "F1", "seconds", "peak GiB", title=title)
    seconds = {}
    alone, roomy, limit = "Splink alone", f"Splink alone, {ROOM}", arguments.memory_limit
    jobs = {
        "exact name in ZIP": (exact, limit),
        alone: (splink_alone, limit),
        roomy: (splink_alone, ROOM),
        "groundgame": (ours, limit),
    }
    for name, (job, memory) in jobs.items():
        outcome = _alone(job, folder, memory)
        seconds[name] = outcome["seconds"]
        quality = _quality(outcome["right"], outcome["said"], outcome["real"])
        found.add_row(name, *quality, f"{outcome['seconds']:.1f}", f"{outcome['peak_gib']:.2f}")
    ratios = {name: seconds["groundgame"] / seconds[name] for name in (alone, roomy)}
    found.caption = "\n".join(f"groundgame / {name} = {ratio:.2f} x (<= 0.6)" for name, ratio in ratios.items())
    return found


def _methods(folder: Path) -> Table:
    """How right the links of each key are: one that links on its own should be in .99 at the least."""
    found = Table("found by", "links", "precision", "probability that is told")
    for method, links, right, told in duckdb.sql(f"from '{folder}/methods.parquet' order by 1").fetchall():
        found.add_row(method, f"{links:,}", f"{right:.4f}", f"{told:.4f}")
    return found


def _alone(job: Callable[[Path, str], tuple[float, int, int]], folder: Path, memory_limit: str) -> dict[str, Any]:
    """Run one job in a fresh process; its seconds, counts and peak memory."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measured, (job, folder, memory_limit))


def _measured(job: Callable[[Path, str], tuple[float, int, int]], folder: Path, memory_limit: str) -> dict[str, Any]:
    seconds, right, said = job(folder, memory_limit)
    real = duckdb.sql(f"select count(*) from '{folder}/truth.parquet'").fetchall()[0][0]
    # The kernel's own mark: getrusage would hand down the parent's.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 2**20
    return {"seconds": seconds, "right": right, "said": said, "real": real, "peak_gib": peak}


def _warehouse(folder: Path, name: str, memory_limit: str) -> Settings:
    """A warehouse with both tables; filling it is not part of the time."""
    settings = load_settings(home=folder / name, memory_limit=memory_limit, threads=2)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema input")
        for table in ("people", "voters"):
            warehouse.execute(f"create table input.{table} as from '{folder}/{table}.parquet'")
    return settings


def ours(folder: Path, memory_limit: str) -> tuple[float, int, int]:
    """The whole step as a night runs it for the first time: every person is new."""
    settings = _warehouse(folder, "ours", memory_limit)
    result = link.run(settings, AS_OF, "input.people", "input.voters")
    with open_warehouse(settings, read_only=True) as warehouse:
        right = warehouse.fetch(f"""
            select count(*) from linkage.person_links semi join '{folder}/truth.parquet' using (person_key, voter_id)""")
        warehouse.execute(f"""
            copy (
                select method, count(*) as links, count(t.voter_id) / count(*) as right, avg(probability) as told
                from linkage.person_links left join '{folder}/truth.parquet' t using (person_key, voter_id) group by method
            ) to '{folder}/methods.parquet'""")
    return result.seconds, right.column(0)[0].as_py(), result.rows_out


def exact(folder: Path, memory_limit: str) -> tuple[float, int, int]:
    """First name, last name and ZIP, where one person meets one voter."""
    settings = _warehouse(folder, "exact", memory_limit)
    with open_warehouse(settings) as warehouse:
        started = time.perf_counter()
        warehouse.execute("""
            create table links as
            with pairs as (
                select person_key, voter_id from input.people p join input.voters v using (first_name, last_name, zip_code)
            )
            select * from pairs
            qualify count(*) over (partition by person_key) = 1 and count(*) over (partition by voter_id) = 1""")
        seconds = time.perf_counter() - started
        counts = warehouse.fetch(f"""select (select count(*) from links) as said,
            (select count(*) from links semi join '{folder}/truth.parquet' using (person_key, voter_id)) as right""")
    return seconds, counts["right"][0].as_py(), counts["said"][0].as_py()


def splink_alone(folder: Path, memory_limit: str) -> tuple[float, int, int]:
    """Splink as its guide has it: u by sampling, m by expectation maximisation, the best voter of each person.

    As in ours, the clock runs while Splink is imported, and not while the tables are filled.
    """
    settings = _warehouse(folder, f"splink_{memory_limit}", memory_limit)
    imported = time.perf_counter()
    import splink.comparison_library as library
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    seconds = time.perf_counter() - imported
    with open_warehouse(settings) as warehouse:
        connection = warehouse.connection  # type: ignore[attr-defined]
        started = time.perf_counter()
        shared = "first_name, last_name, birth_year::int as birth_year, city, zip_code, phone, sex"
        for table, key in (("people", "person_key"), ("voters", "voter_id")):
            connection.execute(f"create table splink_{table} as select {key} as unique_id, {shared} from input.{table}")
        api = DuckDBAPI(connection=connection)
        inputs = [api.register(f"splink_{name}", dataset_display_name=name) for name in ("people", "voters")]
        plan = SettingsCreator(
            link_type="link_only",
            comparisons=[
                library.NameComparison("first_name").configure(term_frequency_adjustments=True),
                library.NameComparison("last_name").configure(term_frequency_adjustments=True),
                library.ExactMatch("birth_year"),
                library.ExactMatch("zip_code").configure(term_frequency_adjustments=True),
                library.ExactMatch("phone"),
                library.ExactMatch("sex"),
            ],
            blocking_rules_to_generate_predictions=[
                block_on("phone"),
                block_on("first_name", "last_name", "zip_code"),
                block_on("first_name", "last_name", "birth_year"),
                block_on("last_name", "zip_code", "birth_year"),
                block_on("first_name", "zip_code", "birth_year"),
                block_on("first_name", "last_name", "city"),
            ],
            retain_matching_columns=False,
        )
        linker = Linker(inputs, plan, log_level=None)
        linker.training.estimate_probability_two_random_records_match(
            [block_on("first_name", "last_name", "zip_code", "birth_year"), block_on("phone", "first_name")], recall=0.7
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=SEED)
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("phone"))
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on("first_name", "last_name", "birth_year")
        )
        predicted = linker.inference.predict(threshold_match_probability=0.5)
        connection.execute(f"""
            create table links as select unique_id_l as person_key, unique_id_r as voter_id from {predicted.physical_name}
            qualify row_number() over (partition by unique_id_l order by match_weight desc, unique_id_r) = 1
                and row_number() over (partition by unique_id_r order by match_weight desc, unique_id_l) = 1""")
        seconds += time.perf_counter() - started
        counts = warehouse.fetch(f"""select (select count(*) from links) as said,
            (select count(*) from links semi join '{folder}/truth.parquet' using (person_key, voter_id)) as right""")
    return seconds, counts["right"][0].as_py(), counts["said"][0].as_py()


if __name__ == "__main__":
    main()
