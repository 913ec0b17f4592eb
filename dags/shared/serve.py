"""``make up``: Airflow with its UI on this machine, scheduler and all, on 127.0.0.1."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from dags.shared import local_airflow
from groundgame.config import load_settings


def main() -> None:
    """Make the metadata, tell where to log in, then become ``airflow standalone``."""
    settings = load_settings()
    port = os.environ.get("AIRFLOW_PORT", "8080")
    os.environ.setdefault("AIRFLOW__API__PORT", port)
    # The task processes report to the API server; the address has to follow the port.
    os.environ.setdefault("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", f"http://127.0.0.1:{port}/execution/")
    os.environ.setdefault("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "admin:admin")
    environment = local_airflow.configure(settings)
    passwords = Path(environment["AIRFLOW_HOME"]) / "simple_auth_manager_passwords.json.generated"
    if not passwords.exists():
        passwords.touch(mode=0o600)
        passwords.write_text(f'{{"admin": "{secrets.token_urlsafe(12)}"}}', encoding="utf-8")
    local_airflow.migrate(settings)
    print(f"Airflow: http://127.0.0.1:{port} · user admin · password in {passwords}", flush=True)  # noqa: T201
    program = Path(sys.executable).with_name("airflow")
    os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    os.execv(program, [str(program), "standalone"])  # noqa: S606


if __name__ == "__main__":
    main()
