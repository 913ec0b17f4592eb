"""Defaults of every task, and the one place that turns library errors into Airflow's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Asset, AsyncCallback, DeadlineAlert, DeadlineReference, Param
from airflow.sdk.definitions.deadline import VariableInterval
from airflow.sdk.exceptions import AirflowFailException

from dags.shared import alerts
from groundgame.config import load_settings
from groundgame.errors import GroundgameError

# As large as the warehouse has writers: one in the embedded one, so that its tasks take turns.
WAREHOUSE_POOL = "warehouse"
TIMEZONE = load_settings().timezone
START = pendulum.datetime(2025, 1, 1, tz=TIMEZONE)
DEFAULTS: dict[str, Any] = {
    "owner": "groundgame",
    "retries": 2,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "execution_timeout": timedelta(hours=3),
    "pool": WAREHOUSE_POOL,
    "on_failure_callback": alerts.failed,
}
# Late is counted from when the run was queued; airflow.env says how long a night may take.
NIGHT_ENDS = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_QUEUED_AT,
    interval=VariableInterval("night_seconds"),
    callback=AsyncCallback(alerts.late),
)
PARAMS = {
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date",
        title="As of",
        description="The night's date (YYYY-MM-DD). Empty: the run's own date in the campaign's time zone.",
    )
}
VOTER_SCORES = Asset("groundgame://published/voter_scores")


def stage_task(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a library error the task's one-line failure; a refusal (red gate, bad file, bad spec) is not retried."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except GroundgameError as error:
            if error.exit_code in (1, 2):
                raise AirflowFailException(f"{type(error).__name__}: {error}") from error
            raise

    return run
