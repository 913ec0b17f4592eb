"""What difference the experiments made: the ledger's arms joined to who voted. Read by the mart ``impact_report``.

Every declared experiment is measured on and after its analysis date and every arm is told, also when it did nothing or harm.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.config import Settings
from groundgame.experiments.estimate import Effect, effect_of
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

if TYPE_CHECKING:
    import pandas as pd

RENAMED = {
    "voters": "voters_count",
    "control_voters": "control_voters_count",
    "clusters": "clusters_count",
    "share": "voted_share",
    "control_share": "control_voted_share",
    "effect": "effect_share",
    "low": "effect_low_share",
    "high": "effect_high_share",
}


def measure(settings: Settings, as_of: dt.date) -> dict[str, list[Effect]]:
    """Measure every experiment whose analysis date has come and whose election's history is complete.

    Returns:
        The effects by experiment. A rerun replaces what this night had written.
    """
    with open_warehouse(settings) as warehouse:
        found = warehouse.fetch(
            "select experiment_id, control_arm, election_date, election_type from ops.experiments e"
            " where analysis_date <= ? and registered_as_of_date <= ? and exists (select 1 from marts.dim_elections d"
            " where d.election_date = e.election_date and d.election_type = e.election_type and d.is_history_complete)"
            " order by experiment_id",
            [as_of, as_of],
        ).to_pylist()
        effects = {one["experiment_id"]: effects_of(outcomes(warehouse, one), one["control_arm"]) for one in found}
        for one in found:
            _write(warehouse, one, as_of, effects[one["experiment_id"]])
    return effects


def outcomes(warehouse: Warehouse, experiment: dict[str, Any]) -> pd.DataFrame:
    """One row per assigned voter, with arm, stratum, cluster and whether she voted.

    Who left the roll without voting is a non-voter in every arm. Who became confidential is out in every arm: her votes are in no
    table, and to take them for none would be an outcome that nobody had.
    """
    return warehouse.fetch(
        """
        with voted as (
            select v.voter_id from marts.fct_votes v inner join marts.dim_elections e on v.election_id = e.election_id
            where e.election_date = ? and e.election_type = ?
            union
            select v.voter_id from intermediate.int_votes__left v
            inner join marts.dim_elections e on v.election_id = e.election_id
            where e.election_date = ? and e.election_type = ?
        )
        select a.voter_id, a.arm, a.stratum, a.cluster_key, case when voted.voter_id is null then 0 else 1 end as outcome
        from ops.experiment_assignments a
        left join voted on a.voter_id = voted.voter_id
        left join intermediate.int_voters__hidden h on a.voter_id = h.voter_id
        where a.experiment_id = ? and h.voter_id is null
        order by a.voter_id""",
        [*[experiment["election_date"], experiment["election_type"]] * 2, experiment["experiment_id"]],
    ).to_pandas()


def effects_of(rows: pd.DataFrame, control: str) -> list[Effect]:
    """Each arm against control, in the order of their names; none where nobody is in control, which leaves nothing to compare with."""
    stratum = np.unique(rows["stratum"].to_numpy(dtype=str), return_inverse=True)[1]
    cluster = np.unique(rows["cluster_key"].to_numpy(dtype=str), return_inverse=True)[1]
    outcome = rows["outcome"].to_numpy(dtype=np.float64)
    arms = rows["arm"].to_numpy(dtype=str)
    effects: list[Effect] = []
    if control not in arms:
        return effects
    for arm in sorted(set(arms) - {control}):
        chosen = (arms == arm) | (arms == control)
        effects.append(effect_of(arm, outcome[chosen], arms[chosen] == arm, stratum[chosen], cluster[chosen]))
    return effects


def _write(warehouse: Warehouse, experiment: dict[str, Any], as_of: dt.date, effects: list[Effect]) -> None:
    with warehouse.transaction():
        name = experiment["experiment_id"]
        warehouse.execute(
            "delete from ops.experiment_effects where experiment_id = ? and as_of_date = ?", [name, as_of]
        )
        for effect in effects:
            values = {RENAMED.get(key, key): value for key, value in dataclasses.asdict(effect).items()}
            ops.record(
                warehouse,
                "experiment_effects",
                experiment_id=name,
                as_of_date=as_of,
                control_arm=experiment["control_arm"],
                **values,
            )
