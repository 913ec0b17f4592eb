"""Is one of the server's parts alive? ``python server/health.py scheduler``; exit code 0 or 1.

Standard library only and no import of Airflow: compose runs it twice a minute for every container.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

DAY_AND_A_BIT = 26 * 3600


def problem(part: str) -> str:
    """What is wrong with a part; empty when nothing is. Heartbeats are Airflow's own, as its API server reports them."""
    if part == "upkeep":
        done = Path(os.environ["AIRFLOW__LOGGING__BASE_LOG_FOLDER"]) / "upkeep.done"
        fresh = done.exists() and time.time() - done.stat().st_mtime < DAY_AND_A_BIT
        return "" if fresh else "no upkeep for a day"
    base = os.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].removesuffix("/execution/")
    try:
        with urllib.request.urlopen(f"{base}/api/v2/monitor/health", timeout=8) as answer:  # noqa: S310  compose sets the address
            status = json.load(answer)[part]["status"]
    except OSError as error:
        return f"the API server does not answer: {error}"
    return "" if status == "healthy" else f"{part}: {status}"


if __name__ == "__main__":
    sys.exit(problem(sys.argv[1]) or None)
