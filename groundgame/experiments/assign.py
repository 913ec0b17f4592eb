"""Draw the arms of one experiment, before any list goes out: by a keyed hash, once, for good.

Who is drawn and what the ledger says about it belongs here; the figures are in ``checks``.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.experiments import checks
from groundgame.experiments.spec import Condition, ExperimentSpec, VotesOutcome, load_experiment
from groundgame.privacy.keys import EXPERIMENTS, key_path, make_key
from groundgame.result import Result
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

if TYPE_CHECKING:
    import pandas as pd

FEATURES_TABLE = "marts.feat_voters"
COVARIATES = ("age", "votes_count", "general_vote_share", "vote_share", "household_size", "years_registered")
# Columns of ops.experiments and what of an outcome is in them; the other sort of outcome leaves them empty.
OUTCOME_COLUMNS = {
    "election_date": "election_date",
    "election_type": "election_type",
    "answers_from_date": "from_date",
    "answers_until_date": "until_date",
}
UNIT_COLUMNS = {"voter": "voter_id", "household": "household_id", "precinct": "precinct_id"}


def assign(settings: Settings, name: str, as_of: dt.date) -> Result:
    """Give every voter of the universe who has none an arm, and note what can be found with it.

    Args:
        settings: the installation; the night of ``as_of`` must be built up to the marts.
        name: an experiment in the installation's folder of experiments.
        as_of: the night whose voters are drawn.

    Raises:
        SpecError: the spec is wrong or was changed since, the experiment has begun, or there are too few voters.
    """
    spec = load_experiment(settings, name)
    with open_warehouse(settings) as warehouse:
        _refuse_late(warehouse, spec, as_of)
        is_new = _is_new(warehouse, spec)
        if not is_new and not key_path(settings, EXPERIMENTS).exists():
            raise SpecError(f"{name}.yml", "experiment", "its key is gone", "restore experiments.key from a backup")
        voters = _voters(warehouse, spec, as_of)
        known = _known(warehouse, spec)
        drawn = _draw(spec, voters, known, make_key(settings, EXPERIMENTS))
        everyone = voters.merge(_together(known, drawn), on="voter_id")
        counts = {arm: int((everyone["arm"] == arm).sum()) for arm in spec.arms}
        thin = [arm for arm, count in counts.items() if count < checks.FEWEST_IN_ARM]
        if thin:
            problem = f"{thin[0]} would have {counts[thin[0]]} voters; {checks.FEWEST_IN_ARM} are the least"
            raise SpecError(f"{name}.yml", "universe", problem, "widen it, or give the arm a larger share")
        noted = _checks(spec, everyone)
        with warehouse.transaction():
            _write(warehouse, spec, as_of, drawn, noted, is_new)
    held = [check for check in noted if check.verdict == "hold"]
    return Result(
        stage="assign",
        name=name,
        rows_in=len(voters),
        rows_out=len(drawn),
        verdict="hold" if held else "pass",
        details={
            **{f"{arm}_voters": count for arm, count in counts.items()},
            **{_label(check): check.value for check in noted if check.check_name != "balance"},
            "largest_imbalance": max((abs(c.value) for c in noted if c.check_name == "balance"), default=0.0),
            "held": [_label(check) for check in held],
        },
    )


def _refuse_late(warehouse: Warehouse, spec: ExperimentSpec, as_of: dt.date) -> None:
    built = warehouse.fetch("select as_of_date from ops.run_parameters").column(0).to_pylist()
    if built != [as_of]:
        raise SpecError(
            f"{spec.experiment}.yml", "as_of", f"the warehouse is not built for {as_of}", "run that night first"
        )
    # Arms that come with a file were drawn by somebody else, before.
    if spec.assigned_by == "key" and as_of >= spec.start_date:
        problem = f"the experiment starts on {spec.start_date}, nobody joins it on {as_of}"
        raise SpecError(f"{spec.experiment}.yml", "start_date", problem, "assign before lists go out")


def _is_new(warehouse: Warehouse, spec: ExperimentSpec) -> bool:
    """Whether nobody was assigned yet.

    Raises:
        SpecError: somebody was, under another spec.
    """
    hashes = (
        warehouse.fetch("select spec_sha256 from ops.experiments where experiment_id = ?", [spec.experiment])
        .column(0)
        .to_pylist()
    )
    if hashes and hashes != [spec.sha256]:
        raise SpecError(
            f"{spec.experiment}.yml",
            "experiment",
            "was changed after its voters were assigned",
            "restore it, or declare another experiment under a new name",
        )
    return not hashes


def _voters(warehouse: Warehouse, spec: ExperimentSpec, as_of: dt.date) -> pd.DataFrame:
    """The universe: one row per voter with unit, cluster, stratum, the file's arm and covariates."""
    columns = (
        warehouse.fetch(
            "select column_name from information_schema.columns where table_schema = 'marts' and table_name = 'feat_voters'"
        )
        .column(0)
        .to_pylist()
    )
    named = [*spec.strata, *(one.column for one in spec.universe), *filter(None, [spec.baseline.column])]
    for column in named:
        if column not in columns:
            raise SpecError(
                f"{spec.experiment}.yml", column, f"is no column of {FEATURES_TABLE}", "see its description"
            )
    stratum = " || '|' || ".join(f"coalesce(cast(f.{column} as varchar), '?')" for column in spec.strata) or "''"
    covariates = [*COVARIATES, *filter(None, [spec.baseline.column])]
    numbers = ", ".join(f"cast(f.{column} as double precision) as {column}" for column in dict.fromkeys(covariates))
    conditions = "".join(f" and {_condition(one)}" for one in spec.universe)
    return warehouse.fetch(
        f"select f.voter_id, coalesce(f.household_id, f.voter_id) as household_id, v.precinct_id,"
        f" {stratum} as stratum, f.experiment_arm, {numbers}"
        f" from {FEATURES_TABLE} f inner join marts.dim_voters v on f.voter_id = v.voter_id"
        f" where {_before_treatment(spec, as_of)} and f.is_scorable{conditions}"
        " order by f.voter_id"
    ).to_pandas()


def _before_treatment(spec: ExperimentSpec, as_of: dt.date) -> str:
    """SQL condition for rows that the treatment cannot have touched: after the election (a study's file) those that end before it."""
    outcome = spec.outcome
    if isinstance(outcome, VotesOutcome) and as_of > outcome.election_date:
        return f"f.as_of_role = 'training' and f.target_election_date = date '{outcome.election_date}'"
    return f"f.as_of_role = 'tonight' and f.as_of_date = date '{as_of}'"


def _condition(one: Condition) -> str:
    column = f"f.{one.column}"
    parts = []
    if one.values:
        texts = ", ".join("'" + value.replace("'", "''") + "'" for value in one.values)
        parts.append(f"cast({column} as varchar) in ({texts})")
    if one.at_least is not None:
        parts.append(f"{column} >= {one.at_least}")
    if one.at_most is not None:
        parts.append(f"{column} <= {one.at_most}")
    return " and ".join(parts)


def _known(warehouse: Warehouse, spec: ExperimentSpec) -> pd.DataFrame:
    return warehouse.fetch(
        "select voter_id, unit_key, cluster_key, stratum, arm from ops.experiment_assignments"
        " where experiment_id = ? order by voter_id",
        [spec.experiment],
    ).to_pandas()


def _draw(spec: ExperimentSpec, voters: pd.DataFrame, known: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """Rows of the ledger for those who are not in it. Who joins an assigned unit (moved in, registered) shares its arm."""
    unit = UNIT_COLUMNS[spec.level]
    fresh = voters[~voters["voter_id"].isin(known["voter_id"]) & voters[unit].notna()].copy()
    fresh["unit_key"] = _keys(key, spec.experiment, spec.level, fresh[unit])
    cluster = "household_id" if spec.level == "voter" else unit
    fresh["cluster_key"] = _keys(
        key, spec.experiment, "cluster" if spec.level == "voter" else spec.level, fresh[cluster]
    )
    if spec.assigned_by == "file":
        fresh["arm"] = fresh["experiment_arm"].map({arm.code: name for name, arm in spec.arms.items()})
        fresh = fresh[fresh["arm"].notna()]
    else:
        fresh["arm"] = _arms(spec, fresh["unit_key"])
    if spec.level != "voter" and len(known):
        # A unit may have been called otherwise when it was drawn: a household goes by the id of its first member.
        held = voters.merge(known.drop(columns="stratum"), on="voter_id").drop_duplicates(unit).set_index(unit)
        for column in ("unit_key", "cluster_key", "arm"):
            fresh[column] = fresh[unit].map(held[column]).fillna(fresh[column])
    return fresh[["voter_id", "unit_key", "cluster_key", "stratum", "arm"]].reset_index(drop=True)


def _keys(key: bytes, experiment: str, what: str, ids: Iterable[str]) -> list[str]:
    """A keyed hash of each id, another one in each experiment; in Python, which is the same beside every engine."""
    made: dict[str, str] = {}
    for one in ids:
        if one not in made:
            made[one] = hmac.digest(key, f"{experiment}|{what}|{one}".encode(), "sha256").hex()
    return [made[one] for one in ids]


def _arms(spec: ExperimentSpec, unit_keys: pd.Series) -> list[str]:
    """The first 48 bits of the hash as a number in [0, 1), on the line of the arms' shares."""
    edges = np.cumsum([arm.share for arm in spec.arms.values()])[:-1]
    place = np.array([int(unit[:12], 16) for unit in unit_keys], dtype=np.float64) / 2**48
    names = list(spec.arms)
    return [names[at] for at in np.searchsorted(edges, place, side="right")]


def _together(known: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([known, drawn], ignore_index=True).drop(columns="stratum")


def _checks(spec: ExperimentSpec, everyone: pd.DataFrame) -> list[checks.Check]:
    names = list(spec.arms)
    arm = everyone["arm"].map({name: code for code, name in enumerate(names)}).to_numpy()
    cluster = np.unique(everyone["cluster_key"].to_numpy(dtype=str), return_inverse=True)[1]
    units = everyone.drop_duplicates("unit_key")["arm"].value_counts()
    shares = {name: one.share for name, one in spec.arms.items()}
    covariates = {
        name: everyone[name].to_numpy(dtype=np.float64) for name in (*COVARIATES, spec.baseline.column or "age")
    }
    noted = [
        checks.sample_ratio({name: int(units.get(name, 0)) for name in names}, shares),
        *checks.balance(covariates, arm, cluster, names, names.index(spec.control)),
    ]
    share, icc = spec.baseline.share, spec.baseline.icc
    if spec.baseline.column is not None:
        past = np.nan_to_num(covariates[spec.baseline.column])
        share = float(past.mean())
        icc = checks.intracluster_correlation(past, cluster) if icc is None else icc
    noted.append(checks.Check("baseline_share", "", "", round(float(share or 0), 6), None, "pass"))
    noted.append(checks.Check("icc", "", "", round(float(icc or 0), 6), None, "pass"))
    sizes = np.bincount(cluster)
    voters = np.bincount(arm, minlength=len(names))
    control = names.index(spec.control)
    for code, name in enumerate(names):
        if code != control:
            pair = int(voters[code]), int(voters[control])
            found = checks.minimum_detectable_effect(
                float(share or 0), float(icc or 0), sizes, *pair, answered_share=spec.outcome.answered_share
            )
            noted.append(checks.Check("minimum_detectable_effect", name, "", round(found, 6), None, "pass"))
    return noted


def _label(check: checks.Check) -> str:
    return " ".join(filter(None, [check.check_name, check.arm, check.covariate]))


def _write(
    warehouse: Warehouse,
    spec: ExperimentSpec,
    as_of: dt.date,
    drawn: pd.DataFrame,
    noted: list[checks.Check],
    is_new: bool,
) -> None:
    import pyarrow as pa

    if is_new:
        ops.record(warehouse, "experiments", **_declared(spec, as_of), registered_at=ops.utc_now())
    if not len(drawn) and not is_new:
        return  # nothing was added: what was noted of these voters stands already
    rows = pa.Table.from_pandas(drawn, preserve_index=False)
    for name, value in (
        ("experiment_id", spec.experiment),
        ("spec_sha256", spec.sha256),
        ("assigned_as_of_date", as_of),
    ):
        rows = rows.append_column(name, pa.array([value] * len(drawn), pa.date32() if name.endswith("date") else None))
    warehouse.append("ops.experiment_assignments", rows)
    for check in noted:
        ops.record(
            warehouse,
            "experiment_checks",
            experiment_id=spec.experiment,
            as_of_date=as_of,
            **vars(check),
            checked_at=ops.utc_now(),
        )


def _declared(spec: ExperimentSpec, as_of: dt.date) -> dict[str, Any]:
    return {
        "experiment_id": spec.experiment,
        "spec_sha256": spec.sha256,
        "spec": spec.model_dump_json(),
        "hypothesis": spec.hypothesis,
        "level": spec.level,
        "control_arm": spec.control,
        "outcome_kind": spec.outcome.kind,
        **{name: getattr(spec.outcome, one, None) for name, one in OUTCOME_COLUMNS.items()},
        "start_date": spec.start_date,
        "analysis_date": spec.analysis_date,
        "registered_as_of_date": as_of,
    }
