"""What a stage makes sure of before its work: which night the warehouse holds, and that the tables it reads are there.

Only what several stages ask, or what belongs to none of the rooms below alone. Imports of rooms stay inside the functions, as in
``groundgame.stages``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from groundgame.config import Settings
from groundgame.errors import GroundgameError, WarehouseError
from groundgame.sources.catalog import load_catalog


def study(settings: Settings) -> dict[str, Any]:
    """The study block of the source in use, if one is a study: it fixes the label and the universe."""
    studies = [spec.study for spec in load_catalog(settings).values() if spec.study is not None]
    if len(studies) > 1:
        raise GroundgameError("more than one source is a study; give each its own --sources folder and home")
    return studies[0].model_dump() if studies else {}


def open_night(settings: Settings, as_of: dt.date, training: bool) -> None:
    """Tell the warehouse which night it is to be built for, and of which label a study asks."""
    from groundgame.warehouse import ops
    from groundgame.warehouse.base import open_warehouse

    chosen = study(settings)
    with open_warehouse(settings) as warehouse:
        ops.set_run_parameters(
            warehouse,
            as_of,
            training,
            label_election_date=chosen.get("label_election_date"),
            label_election_type=chosen.get("label_election_type"),
        )


def has_app(settings: Settings) -> bool:
    """Whether users of any app were ever landed here."""
    from groundgame.warehouse.base import open_warehouse

    with open_warehouse(settings) as warehouse:
        return bool(warehouse.fetch("select 1 from raw.app_users limit 1").num_rows)


def measure_experiments(settings: Settings, as_of: dt.date) -> None:
    """The effects of experiments whose analysis date has come; what needs pandas is not loaded where there is none."""
    from groundgame.warehouse.base import open_warehouse

    with open_warehouse(settings) as warehouse:
        is_due = warehouse.fetch("select 1 from ops.experiments where analysis_date <= ? limit 1", [as_of]).num_rows
    if is_due:
        from groundgame.experiments.impact import measure

        measure(settings, as_of)


def open_links(settings: Settings) -> None:
    """The tables that linkage fills, empty where it never ran: the marts read them, and an installation need not have an app."""
    from groundgame.linkage import ledger
    from groundgame.warehouse.base import open_warehouse

    with open_warehouse(settings) as warehouse:
        ledger.create(warehouse)


def check_night(settings: Settings, as_of: dt.date) -> None:
    """Refuse to mix two nights: the warehouse must have been built for the same date."""
    from groundgame.warehouse.base import open_warehouse

    with open_warehouse(settings) as warehouse:
        dates = warehouse.fetch("select as_of_date from ops.run_parameters").column(0).to_pylist()
    if dates != [as_of]:
        built = dates[0].isoformat() if dates else "no night"
        raise WarehouseError(
            "check the night", f"the warehouse holds {built}, not {as_of}; build staging for {as_of} first"
        )
