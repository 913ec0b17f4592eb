"""docker-compose.yml run natively: the same entrypoint, commands, settings and health checks, on free loopback ports.

Nothing of the compose file is repeated here. What differs is where things are: host names become loopback ports, and the
containers' folders become folders of a test.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.secrets import write_secrets
from tests.conftest import ROOT

PROGRAMS = Path(sys.executable).parent
LONG_LIVED = ("api-server", "dag-processor", "scheduler", "triggerer")


def compose_config(*profiles: str, env_file: Path = ROOT / ".env.example") -> dict[str, Any]:
    """The compose file as Compose itself reads it, with the shipped example of a .env."""
    options = [part for profile in profiles for part in ("--profile", profile)]
    command = [PROGRAMS / "docker-compose", "--env-file", env_file, *options, "config", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass
class Stack:
    """The compose services of one test, under one folder."""

    folder: Path
    postgres: str  # host:port of a Postgres with a role and a database `airflow`, and a database `groundgame`
    inbox: Path
    extra: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = compose_config()["services"]
        self.health_port, self.log_port, self.trigger_port = free_port(), free_port(), free_port()
        for name in ("home", "logs", "airflow"):
            (self.folder / name).mkdir()
        write_secrets(self.folder / "secrets")

    def translate(self, text: str) -> str:
        """Put the test's places where the containers' are; Compose writes a dollar twice."""
        places = {
            "/run/secrets": self.folder / "secrets",
            "/var/log/airflow": self.folder / "logs",
            "/srv/groundgame": self.folder / "home",
            "/srv/pages": self.folder / "pages",
            "/opt/groundgame": ROOT,
            "api-server:8080": f"127.0.0.1:{self.port}",
            "metadata:5432": self.postgres,
            "0.0.0.0": "127.0.0.1",  # noqa: S104
            "$$": "$",
        }
        for container, native in places.items():
            text = text.replace(container, str(native))
        return text

    def environment(self, service: str) -> dict[str, str]:
        """The service's environment, and what the image's own would be."""
        values = {name: self.translate(value) for name, value in self.services[service]["environment"].items()}
        host, _, port = self.postgres.partition(":")
        return values | {
            "PGHOST": host,
            "PGPORT": port,
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(self.trigger_port),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(self.log_port),
            "GROUNDGAME_HOME": str(self.folder / "home"),
            "GROUNDGAME_INBOX": str(self.inbox),
            **self.extra,
        }

    def run(self, service: str, command: list[str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a service's command to its end, or another command in its environment."""
        return subprocess.run(
            ["server/entrypoint", *(command or self.services[service]["command"])],
            cwd=ROOT,
            env=self.environment(service),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def is_healthy(self, service: str) -> bool:
        """Ask the service's own health check."""
        kind, *command = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(service, command).returncode == 0

    @contextlib.contextmanager
    def up(self, seconds: float = 120) -> Iterator[Stack]:
        """Prepare, start what lives long, and wait until every health check is content."""
        prepared = self.run("prepare")
        assert prepared.returncode == 0, prepared.stdout[-3000:] + prepared.stderr[-3000:]
        try:
            for service in LONG_LIVED:
                self.processes[service] = self._start(service)
            deadline = time.monotonic() + seconds
            waiting = list(LONG_LIVED)
            while waiting := [service for service in waiting if not self.is_healthy(service)]:
                assert time.monotonic() < deadline, f"not healthy: {waiting}"
                time.sleep(1)
            yield self
        finally:
            self.stop()

    def _start(self, service: str) -> subprocess.Popen[bytes]:
        command = ["server/entrypoint", *self.services[service]["command"]]
        with (self.folder / f"{service}.log").open("wb") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment(service), stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        """End every process and what it started."""
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
        for process in self.processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """One request to the API server; returns status and decoded answer."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                text, status = answer.read(), answer.status
        except urllib.error.HTTPError as error:
            text, status = error.read(), error.code
        return status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    def log_in(self, user: str, password: str) -> str:
        """A token of a user, as the auth manager gives it."""
        status, answer = self.ask("POST", "/auth/token", {"username": user, "password": password})
        assert status == 201, answer
        return answer["access_token"]
