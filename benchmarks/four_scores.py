"""``python -m benchmarks.four_scores``: a state with all four scores: their training, and a night's scoring against LightGBM alone.

The uplift needs an experiment that found something. Its arms are dealt here after the election, by who voted, and so that an effect
seems to be there: good for a clock, and for nothing else.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
from pathlib import Path

from benchmarks import scoring
from benchmarks.figures import Figure, show
from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.synth.field.write import write_field
from groundgame.synth.state import write_state
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse

AS_OF = dt.date(2026, 10, 25)
ELECTION = dt.date(2024, 11, 5)
SEED = 20121106
EXPERIMENT = "gotv_for_the_clock"
DEALT = f"""
    insert into ops.experiment_assignments
        (experiment_id, spec_sha256, voter_id, unit_key, cluster_key, stratum, arm, assigned_as_of_date)
    with people as (
        select f.voter_id, f.household_id, f.age > 50 as is_old, v.voter_id is not null as has_voted
        from marts.feat_voters f
        left join (
            select distinct voter_id from marts.fct_votes inner join marts.dim_elections using (election_id)
            where dim_elections.election_date = date '{ELECTION}'
        ) v on f.voter_id = v.voter_id
        where f.as_of_role = 'training' and f.target_election_date = date '{ELECTION}'
    ),
    homes as (
        select household_id, sum(case when not is_old then 0 when has_voted then 1 else -1 end) as lean
        from people group by household_id
    )
    select '{EXPERIMENT}', 'clock', voter_id, household_id, household_id, '',
        case when hash(household_id || 'arm') % 1000 < 500 + 150 * sign(lean) then 'letter' else 'control' end, date '{ELECTION}'
    from people inner join homes using (household_id)
"""


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voters", type=int, default=1_000_000)
    parser.add_argument(
        "--contacts", type=int, default=200_000, help="attempts of a field program, which support is learned from"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groundgame-bench-") as folder:
        settings = load_settings(home=Path(folder) / "home", inbox=Path(folder) / "inbox")
        write_state(settings.inbox_dir, arguments.voters, SEED)
        write_field(settings.inbox_dir, SEED, arguments.contacts, voters=arguments.voters)
        figures = [*train(settings), *scoring.run(settings, AS_OF, bound="<= 1.0")]
    show(f"{arguments.voters:,} voters, {settings.threads} threads", figures)


def train(settings: Settings) -> list[Figure]:
    """A first night, which trains what it has labels for, and the uplift after it."""
    trained = [result for result in stages.night(settings, AS_OF) if result.stage == "train"]
    plant(settings)
    trained.append(stages.train(settings, "gotv_uplift", AS_OF))
    kept_back = [
        f"{result.name}: {result.details['unpublished']}" for result in trained if "unpublished" in result.details
    ]
    if kept_back:
        raise SystemExit("; ".join(kept_back))
    stages.score(settings, "gotv_uplift", AS_OF)
    note = ", ".join(f"{result.name} {result.seconds:.0f} s" for result in trained)
    return [Figure("training all scores", sum(result.seconds for result in trained) / 60, "min", "<= 10", note)]


def plant(settings: Settings) -> None:
    """The experiment for the clock, in the ledger."""
    with open_warehouse(settings) as warehouse:
        ops.record(
            warehouse,
            "experiments",
            experiment_id=EXPERIMENT,
            spec_sha256="clock",
            spec=json.dumps({"arms": {"control": {}, "letter": {}}}),
            hypothesis="For the clock",
            level="household",
            control_arm="control",
            election_date=ELECTION,
            election_type="general",
            start_date=ELECTION - dt.timedelta(days=30),
            analysis_date=ELECTION + dt.timedelta(days=60),
            registered_as_of_date=ELECTION - dt.timedelta(days=31),
        )
        warehouse.execute(DEALT)


if __name__ == "__main__":
    main()
