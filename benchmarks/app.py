"""What the app gives, against the truth that the pipeline never reads: who was found, and whether the right friends are asked.

``python -m benchmarks.app HOME TRUTH``: HOME of a finished night with an app, TRUTH the synthetic state's ``truth`` folder.
With ``--rebuild`` the way from friend edges to asks is built once more first, and its seconds are told.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from groundgame.config import Settings, load_settings
from groundgame.warehouse import dbt
from groundgame.warehouse.base import open_warehouse

KINDS = (
    "is_nickname",
    "is_moved",
    "is_household_mate",
    "is_maiden",
    "is_typo",
    "is_partial_birthday",
    "is_no_birthday",
    "is_duplicate_account",
)
# Users who agreed to be looked for and are on the file as a voter whom linkage may see, each with what was found for them.
ASKED = """
create table asked as
select t.*, 'NC-' || t.voter_id as true_voter, l.voter_id as found_voter, x.voter_id as exact_voter, v.voter_id is not null as is_findable
from read_parquet(?) as t
join warehouse.marts.dim_app_users as u on u.person_key = 'graph:' || t.user_id and u.has_matching_consent
left join warehouse.linkage.person_links as l on l.person_key = u.person_key
left join exact as x on x.person_key = u.person_key
left join warehouse.vault.voters_to_match as v on v.voter_id = 'NC-' || t.voter_id
"""
# The plain rule to beat: first name, last name and city are the same, and nobody else's.
EXACT = """
create table exact as
select p.person_key, min(v.voter_id) as voter_id
from warehouse.vault.people_to_match as p
join warehouse.vault.voters_to_match as v
    on upper(p.first_name) = v.first_name and upper(p.last_name) = v.last_name and upper(p.city) = v.city
where not p.is_friend
group by p.person_key having count(*) = 1
"""
GAIN = """
with asks as (
    select f.*, a.ask from warehouse.marts.friend_asks as a
    join read_parquet(?) as f on a.person_key = 'graph:' || f.user_id and a.voter_id = 'NC-' || f.friend_voter_id
),
friends as (
    select f.* from read_parquet(?) as f
    where f.friend_voter_id is not null and 'graph:' || f.user_id in (select person_key from warehouse.marts.friend_asks)
)
select
    (select avg(true_gain_vote) from asks where ask <> 'register') as asked,
    (select avg(true_gain_vote) from friends) as anybody,
    (select count(*) from warehouse.marts.friend_asks) as asks,
    (select count(*) from asks) as right_friend
"""
# Pairs of ids on the roll that are one person, and those that the night found.
DUPLICATES = """
with listed as (
    select v.voter_id, t.person_id from read_parquet(?) as t
    join warehouse.vault.voters_to_match as v on v.voter_id = 'NC-' || t.voter_id
),
true_pairs as (
    select a.voter_id, b.voter_id as other_voter_id
    from listed as a join listed as b on a.person_id = b.person_id and a.voter_id < b.voter_id
)
select
    (select count(*) from true_pairs) as true_pairs,
    count(*) as found,
    count(t.voter_id) as right_pairs
from warehouse.marts.voter_duplicates as d left join true_pairs as t using (voter_id, other_voter_id)
"""
ASKS_MODELS = ("int_friends__listed", "int_friends__linked", "friend_asks")


def main() -> None:
    """Precision and recall by kind beside the exact match, then the gain of the asks beside that of random friends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--rebuild", action="store_true", help="time the way from friend edges to asks")
    arguments = parser.parse_args()
    console = Console(width=120)
    if arguments.rebuild:
        _rebuild(load_settings(home=arguments.home), console)
    connection = duckdb.connect()
    path = load_settings(home=arguments.home).warehouse_path
    connection.execute(f"attach '{path}' as warehouse (read_only)")
    connection.execute(EXACT)
    connection.execute(ASKED, [str(arguments.truth / "app_users.parquet")])
    table = Table("app users", "findable", "precision", "recall", "exact match: precision", "recall")
    for name, condition in (("all", "true"), *((kind[3:], kind) for kind in KINDS)):
        table.add_row(name, *_figures(connection, condition))
    console.print(table)
    friends = str(arguments.truth / "app_friends.parquet")
    asked, anybody, asks, right = connection.execute(GAIN, [friends, friends]).fetchone() or (0, 1, 0, 0)
    console.print(
        f"{asks:,} asks, {right / max(asks, 1):.1%} of them about the friend that is meant · mean true gain of a vote ask "
        f"{asked:.4f} against {anybody:.4f} of any friend on the same lists: {asked / anybody:.2f} times"
    )
    voters = str(arguments.truth / "voters.parquet")
    true_pairs, found, right_pairs = connection.execute(DUPLICATES, [voters]).fetchone() or (0, 0, 0)
    console.print(
        f"registered twice: {found:,} pairs found, {true_pairs:,} true ones · precision {right_pairs / max(found, 1):.2f} · "
        f"recall {right_pairs / max(true_pairs, 1):.2f}"
    )


def _rebuild(settings: Settings, console: Console) -> None:
    built = dbt.build(settings, "asks", select=ASKS_MODELS)
    with open_warehouse(settings, read_only=True) as warehouse:
        edges = warehouse.fetch("select count(*) from raw.app_friend_edges").column(0)[0].as_py()
    seconds = {name: built.details["nodes"][name] for name in ASKS_MODELS}
    parts = " · ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    console.print(
        f"{edges:,} friend edges to {built.details['rows']['friend_asks']:,} asks: {sum(seconds.values()):.1f} s ({parts}); "
        f"with dbt's start and the tests {built.seconds:.1f} s"
    )


def _figures(connection: duckdb.DuckDBPyConnection, condition: str) -> list[str]:
    row = connection.execute(f"""
        select
            count(*) filter (where is_findable),
            count(*) filter (where found_voter = true_voter) / nullif(count(found_voter), 0),
            count(*) filter (where found_voter = true_voter and is_findable) / nullif(count(*) filter (where is_findable), 0),
            count(*) filter (where exact_voter = true_voter) / nullif(count(exact_voter), 0),
            count(*) filter (where exact_voter = true_voter and is_findable) / nullif(count(*) filter (where is_findable), 0)
        from asked where {condition}""").fetchone()
    count, *shares = row or (0,)
    return [f"{count:,}", *("–" if share is None else f"{share:.3f}" for share in shares)]


if __name__ == "__main__":
    main()
