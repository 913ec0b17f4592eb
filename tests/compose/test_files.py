"""The server's files as they are: Compose takes them, and each service is fenced in, watched and pinned."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.secrets import write_secrets
from tests.compose.stack import PROGRAMS, compose_config
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Every service, also those of the profiles."""
    return compose_config("postgres", "tools")["services"]


@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
        ("hadolint", "Dockerfile"),
    ],
    ids=lambda command: command[0],
)
def test_the_files_are_well_formed(command: tuple[str, ...]) -> None:
    done = subprocess.run([PROGRAMS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_fenced_in_and_watched(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name
        assert service["logging"]["options"] == {"max-file": "5", "max-size": "20m"}, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["healthcheck"].get("test") or service["restart"] == "no", name
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", [])), name
        assert re.search(r":\d+\.\d+", service["image"]), name


def test_only_what_runs_tasks_sees_voters_or_the_warehouse(services: dict[str, Any]) -> None:
    see_voters = {name for name, each in services.items() if "state" in {v.get("source") for v in each["volumes"]}}
    reach_warehouse = {name for name, each in services.items() if "warehouse" in each["networks"]}
    assert see_voters == {"prepare", "scheduler", "backup"}
    assert reach_warehouse == {"prepare", "scheduler", "backup", "warehouse"}


def test_no_setting_holds_a_secret(services: dict[str, Any], tmp_path: Path) -> None:
    """A setting whose name speaks of a secret names a file or a command that reads one."""
    speaks = re.compile("PASSWORD|SECRET_KEY|JWT_SECRET|FERNET|SQL_ALCHEMY_CONN")
    for name, service in services.items():
        named = {key for key in service["environment"] if speaks.search(key)}
        assert all(key.endswith(("_FILE", "_CMD")) for key in named), name
    assert write_secrets(tmp_path / "secrets") and not write_secrets(tmp_path / "secrets")
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_the_image_runs_unprivileged_on_an_exact_base() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert re.fullmatch(r"ARG BASE=python:3\.\d+\.\d+-slim-\w+", next(line for line in lines if "BASE=" in line))
    assert [line for line in lines if line.startswith("USER")] == ["USER 50000"]
    assert (ROOT / "server" / "entrypoint").stat().st_mode & 0o111
