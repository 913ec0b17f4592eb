"""What experiments ask of lists: one arm treated, all arms asked afterwards, and control left alone till its outcome is over."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from groundgame.errors import SpecError
from groundgame.publish.exports.request import SURVEY, Request
from groundgame.warehouse.base import Warehouse

# How a list reaches people, in the words of an experiment's outcome.
CONTACT_TYPES = {"visit": "door", "call": "call"}


def drawn(warehouse: Warehouse, request: Request, channel: str, as_of: dt.date) -> tuple[str, list[object]]:
    """A join that leaves of ``v`` the voters of the experiment that a request names, with its parameters; empty where it names none.

    Raises:
        SpecError: the experiment was never assigned, its control arm would be treated, or it does not ask this way on this day.
    """
    if not request.experiment:
        return "", []
    rows = warehouse.fetch("select * from ops.experiments where experiment_id = ?", [request.experiment]).to_pylist()
    if not rows:
        problem = f"no experiment {request.experiment} was assigned"
        raise SpecError("export", "experiment", problem, "groundgame experiment assign")
    join = " inner join ops.experiment_assignments as drawn on v.voter_id = drawn.voter_id and drawn.experiment_id = ?"
    if request.purpose == SURVEY:
        _check_survey(rows[0], CONTACT_TYPES[channel], as_of)
        return join, [request.experiment]
    if rows[0]["control_arm"] == request.arm:
        problem = f"{request.arm} is the control arm of {request.experiment}"
        raise SpecError("export", "arm", problem, "nobody in it is contacted")
    return f"{join} and drawn.arm = ?", [request.experiment, request.arm]


def _check_survey(experiment: dict[str, Any], contact_type: str, as_of: dt.date) -> None:
    """Both arms are asked alike, in the way and on the days that were declared: else control is contacted for nothing."""
    name = experiment["experiment_id"]
    if experiment["outcome_kind"] != "answers":
        raise SpecError("export", "experiment", f"{name} compares votes: nobody in it is asked", "name another purpose")
    ways = json.loads(experiment["spec"])["outcome"]["contact_types"]
    if contact_type not in ways:
        problem = f"{name} does not count answers by {contact_type}"
        raise SpecError("export", "recipient", problem, f"it counts those by {', '.join(ways)}")
    first, last = experiment["answers_from_date"], experiment["answers_until_date"]
    if not first <= as_of <= last:
        raise SpecError("export", "as_of", f"{name} counts no answer of {as_of}", f"ask from {first} until {last}")


def held_out(request: Request, as_of: dt.date) -> tuple[str, list[object]]:
    """A query, with its parameters: voters in the control arm of an experiment whose outcome is not over.

    Whoever contacts them spoils the comparison; only a survey asks those of its own experiment, as it asks the treated.
    """
    query = (
        "select drawn.voter_id from ops.experiment_assignments as drawn"
        " inner join ops.experiments as declared on drawn.experiment_id = declared.experiment_id"
        " where drawn.arm = declared.control_arm and coalesce(declared.election_date, declared.answers_until_date) >= ?"
    )
    if request.purpose == SURVEY:
        return f"{query} and drawn.experiment_id <> ?", [as_of, request.experiment]
    return query, [as_of]
