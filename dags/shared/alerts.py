"""One clear line to whoever is on duty: a task has failed for good, or a night is late. Never a personal value.

The line goes to ``alerts.log`` in Airflow's log folder and, where there is a connection ``alerts``, to the address that its host names
(anything that takes ``{"text": ...}``: Slack, Mattermost, Teams). That an alert cannot be delivered fails nothing; it is logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
CONNECTION = "alerts"


def failed(context: Mapping[str, Any]) -> None:
    """A task has failed for good. A library error says why; another error's text could hold anything, so its type must do."""
    from airflow.sdk.exceptions import AirflowFailException

    task, error = context["ti"], context.get("exception")
    reason = str(error) if isinstance(error, AirflowFailException) else f"{type(error).__name__}, see the task's log"
    line = f"FAILED {task.dag_id}.{task.task_id} in {task.run_id}: {' '.join(reason.split())}"
    deliver(line, _address())


async def late(context: Mapping[str, Any], **_: Any) -> None:
    """A night's deadline has passed; runs in the triggerer."""
    run = context["dag_run"]
    line = f"LATE {run['dag_id']} in {run['dag_run_id']}: not finished in time; readers keep the last published run"
    await asyncio.to_thread(deliver, line, await _address_async())


def deliver(line: str, address: str | None) -> None:
    """Write the line down, and send it where somebody listens."""
    from airflow.configuration import conf

    log.error(line)
    folder = Path(conf.get_mandatory_value("logging", "base_log_folder"))
    with (folder / "alerts.log").open("a", encoding="utf-8") as kept:
        kept.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")
    if not address:
        return
    body, headers = json.dumps({"text": line}).encode(), {"Content-Type": "application/json"}
    try:
        request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310  an admin's own address
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except (OSError, ValueError) as error:
        log.warning("the alert was not delivered: %s", type(error).__name__)


def _address() -> str | None:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(CONNECTION).host
    except AirflowNotFoundException:
        return None


async def _address_async() -> str | None:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return (await Connection.async_get(CONNECTION)).host
    except AirflowNotFoundException:
        return None
