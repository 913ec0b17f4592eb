"""The server whole: people with duties, two nights on LocalExecutor, a hold, an alert. One start for all that is claimed."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from groundgame.config import Settings, load_settings
from groundgame.publish.read import query
from groundgame.warehouse.base import open_warehouse
from tests import server
from tests.browser import DESKTOP, PHONE, problems
from tests.compose.stack import Stack

pytestmark = pytest.mark.server
NIGHTLY = "/api/v2/dags/nightly"
PEOPLE = {"eve": "Engineer", "ann": "Approver", "vic": "Viewer"}
PASSWORD = "only-for-this-test"  # noqa: S105
FORGET, FORGOTTEN = "/api/v2/dags/forget", "NC-ZZ000000"
PAST_NIGHT, HELD_NIGHT = "2026-10-25", "2026-11-10"


@pytest.fixture(scope="module")
def heard() -> Iterator[tuple[str, list[bytes]]]:
    """Somebody who listens for alerts: the address, and what arrived."""
    arrived: list[bytes] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    listener = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listener.server_port}/", arrived
    listener.shutdown()
    listener.server_close()


@pytest.fixture(scope="module")
def stack(postgres_server: str, small_state: Path, tmp_path_factory: pytest.TempPathFactory, heard) -> Iterator[Stack]:
    """Every process of the compose file, healthy by its own health checks."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("create role airflow login")
        connection.execute("create database airflow owner airflow")
    server.new_database(postgres_server, "groundgame")
    folder = tmp_path_factory.mktemp("server")
    inbox = folder / "inbox"
    shutil.copytree(small_state / "nc", inbox / "nc")
    # Half a minute is too short for any night, so its deadline passes.
    address = postgres_server.split("@")[1].rpartition("/")[0]
    stack = Stack(folder, address, inbox, extra={"AIRFLOW_VAR_NIGHT_SECONDS": "30"})
    (folder / "secrets" / "connections.yml").write_text(f"alerts: {{conn_type: http, host: '{heard[0]}'}}\n")
    with stack.up():
        yield stack


@pytest.fixture(scope="module")
def tokens(stack: Stack) -> dict[str, str]:
    """A token for each person, made by the admin through the auth manager."""
    admin = stack.log_in("admin", (stack.folder / "secrets" / "admin_password").read_text())
    tokens = {"admin": admin}
    for person, role in PEOPLE.items():
        body = {"username": person, "first_name": person, "last_name": role, "email": f"{person}@localhost"}
        body |= {"password": PASSWORD, "roles": [{"name": role}]}
        status, answer = stack.ask("POST", "/auth/fab/v1/users", body, admin)
        assert status == 200, answer
        tokens[person] = stack.log_in(person, PASSWORD)
    return tokens


def warehouse_of(stack: Stack) -> Settings:
    """The settings that the server's tasks have."""
    uri = f"postgresql://{stack.environment('scheduler')['PGUSER']}@{stack.postgres}/groundgame"
    return load_settings(home=stack.folder / "home", inbox=stack.inbox, engine="postgres", warehouse_uri=uri)


def wait_for(what: Callable[[], Any], seconds: float, every: float = 1.0) -> Any:
    """The first answer that is not empty."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(every)
    return answer


def runs(stack: Stack, token: str, kind: str) -> list[dict[str, Any]]:
    """Runs of the nightly DAG that were started in one way, the newest first."""
    _, answer = stack.ask("GET", f"{NIGHTLY}/dagRuns?run_type={kind}&order_by=-run_after", token=token)
    return answer["dag_runs"]


@pytest.fixture(scope="module")
def night(stack: Stack, tokens: dict[str, str]) -> dict[str, Any]:
    """A past night that an engineer has backfilled, when it is over."""
    engineer = tokens["eve"]
    wait_for(lambda: stack.ask("GET", NIGHTLY, token=engineer)[0] == 200, 60)
    dates = {"from_date": f"{PAST_NIGHT}T04:00:00Z", "to_date": f"{PAST_NIGHT}T12:00:00Z"}
    status, answer = stack.ask(
        "POST", "/api/v2/backfills", {"dag_id": "nightly", "max_active_runs": 1, **dates}, engineer
    )
    assert status == 200, answer
    assert stack.ask("PATCH", NIGHTLY, {"is_paused": False}, engineer)[0] == 200
    # Letting the DAG go starts last night's run, whose date is not the test's to choose: the engineer stops it.
    for scheduled in wait_for(lambda: runs(stack, engineer, "scheduled"), 60):
        path = f"{NIGHTLY}/dagRuns/{quote(scheduled['dag_run_id'])}"
        assert stack.ask("PATCH", path, {"state": "failed"}, engineer)[0] == 200
    return wait_for(lambda: next((one for one in runs(stack, engineer, "backfill") if one["end_date"]), None), 900)


def test_nobody_gets_in_without_logging_in(stack: Stack, tokens: dict[str, str]) -> None:
    for path in ("/api/v2/dags", "/api/v2/connections", "/ui/config", "/auth/fab/v1/users"):
        assert stack.ask("GET", path)[0] in (401, 403), path
    assert stack.ask("POST", "/auth/token", {"username": "eve", "password": "guessed"})[0] == 401


def test_each_person_may_do_her_duty_and_no_more(stack: Stack, tokens: dict[str, str]) -> None:
    new_run = ("POST", f"{NIGHTLY}/dagRuns", {"logical_date": None})
    for person in ("vic", "ann"):
        assert stack.ask("GET", f"{NIGHTLY}/dagRuns", token=tokens[person])[0] == 200
        assert stack.ask(*new_run, tokens[person])[0] == 403
    assert stack.ask("PATCH", NIGHTLY, {"is_paused": True}, tokens["vic"])[0] == 403
    for person in PEOPLE:
        for path in ("/api/v2/connections", "/api/v2/variables", "/api/v2/config", "/auth/fab/v1/users"):
            assert stack.ask("GET", path, token=tokens[person])[0] == 403, (person, path)


def test_the_pool_holds_as_many_writers_as_the_warehouse_takes(stack: Stack, tokens: dict[str, str]) -> None:
    assert stack.ask("GET", "/api/v2/pools/warehouse", token=tokens["vic"])[1]["slots"] == 8


def test_prepared_again_it_is_the_same_and_tasks_are_no_administrators(stack: Stack) -> None:
    done = stack.run("prepare")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "prepared: pool of 8" in done.stdout and "user admin kept" in done.stdout
    with open_warehouse(warehouse_of(stack)) as warehouse:
        facts = warehouse.fetch("select rolname, rolsuper, rolcreaterole from pg_roles where rolname = session_user")
    assert facts.to_pylist() == [{"rolname": "nights", "rolsuper": False, "rolcreaterole": False}]


def test_a_past_night_that_an_engineer_backfills_ends_green(stack: Stack, tokens: dict[str, str], night) -> None:
    path = f"{NIGHTLY}/dagRuns/{quote(night['dag_run_id'])}"
    tasks = stack.ask("GET", f"{path}/taskInstances", token=tokens["vic"])[1]["task_instances"]
    assert night["state"] == "success", {task["task_id"]: task["state"] for task in tasks}
    assert next(task["state"] for task in tasks if task["task_id"] == "publish") == "success"
    status, log = stack.ask("GET", f"{path}/taskInstances/publish/logs/1", token=tokens["vic"])
    assert status == 200 and f"run_id {PAST_NIGHT.replace('-', '')}" in str(log)
    assert query(warehouse_of(stack), "select as_of_date from run_status")[0][0].as_py().isoformat() == PAST_NIGHT


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_viewer_opens_the_pages_from_the_menu(
    stack: Stack, tokens: dict[str, str], night, browser: Any, size: tuple[int, int]
) -> None:
    base = f"http://127.0.0.1:{stack.port}"
    assert stack.ask("GET", "/campaign/index.html")[0] == 401
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_cookies([{"name": "_token", "value": tokens["vic"], "url": base}])
    page = context.new_page()
    page.goto(base)
    page.get_by_text("Tonight", exact=True).first.click(timeout=60_000)
    inside = page.frame_locator("iframe")
    assert PAST_NIGHT in inside.locator("h1").text_content(timeout=60_000)
    for link, title in (("Districts", "Districts"), ("Models", "Models")):
        inside.get_by_role("link", name=link, exact=True).click()
        inside.locator("h1", has_text=title).wait_for()
        frame = next(frame for frame in page.frames if frame.parent_frame and "/campaign/" in frame.url)
        assert problems(frame) == []
    context.close()


def test_a_night_past_its_deadline_is_told_in_one_line(stack: Stack, night, heard) -> None:
    told = f"LATE nightly in {night['dag_run_id']}"
    wait_for(lambda: told in "".join(file.read_text() for file in (stack.folder / "logs").glob("alerts.log")), 60)
    wait_for(lambda: any(told.encode() in one for one in heard[1]), 10)


def test_a_night_that_a_gate_holds_is_published_when_an_approver_says_so(
    stack: Stack, tokens: dict[str, str], night
) -> None:
    """After an election scores are about the next one, and look like nothing that was published before: the gate holds."""
    status, run = stack.ask(
        "POST", f"{NIGHTLY}/dagRuns", {"logical_date": None, "conf": {"as_of": HELD_NIGHT}}, tokens["eve"]
    )
    assert status == 200 and run["triggering_user_name"] == "eve", run
    path = f"{NIGHTLY}/dagRuns/{quote(run['dag_run_id'])}"

    def asked() -> bool:
        details = stack.ask("GET", f"{path}/hitlDetails", token=tokens["ann"])[1].get("hitl_details")
        # The question is there a moment before its task has laid itself to sleep; nobody answers as fast as a test does.
        state = stack.ask("GET", f"{path}/taskInstances/approval.ask", token=tokens["ann"])[1].get("state")
        return bool(details) and state == "awaiting_input"

    wait_for(asked, 900)
    # The scheduler has to hear that the asking process ended before its task may go on: Airflow takes an answer within the
    # same second for a task that died. A person reads longer than this.
    time.sleep(6)
    decision = f"{path}/taskInstances/approval.ask/-1/hitlDetails"
    answer = {"chosen_options": ["Approve"], "params_input": {}}
    for person in ("vic", "eve"):
        assert stack.ask("PATCH", decision, answer, tokens[person])[0] == 403, person
    assert stack.ask("PATCH", decision, answer, tokens["ann"])[0] == 200
    wait_for(lambda: stack.ask("GET", path, token=tokens["vic"])[1]["end_date"], 120)
    assert stack.ask("GET", path, token=tokens["vic"])[1]["state"] == "success"
    with open_warehouse(warehouse_of(stack), read_only=True) as warehouse:
        rows = warehouse.fetch("select approved_by, run_id from ops.approvals").to_pylist()
    assert [row["approved_by"] for row in rows] == ["ann"]
    assert rows[0]["run_id"].startswith(HELD_NIGHT.replace("-", ""))


def test_lineage_tells_of_the_night_and_never_of_who_is_forgotten(stack: Stack, tokens: dict[str, str], night) -> None:
    """Forgetting ends green on the server's warehouse, and her id is in no file beside the logs."""
    body = {"logical_date": None, "conf": {"as_of": PAST_NIGHT, "subject": FORGOTTEN}}
    assert stack.ask("PATCH", FORGET, {"is_paused": False}, tokens["eve"])[0] == 200
    status, run = stack.ask("POST", f"{FORGET}/dagRuns", body, tokens["eve"])
    assert status == 200, run
    path = f"{FORGET}/dagRuns/{quote(run['dag_run_id'])}"
    wait_for(lambda: stack.ask("GET", path, token=tokens["vic"])[1]["end_date"], 300)
    assert stack.ask("GET", path, token=tokens["vic"])[1]["state"] == "success"
    with open_warehouse(warehouse_of(stack)) as warehouse:
        assert warehouse.fetch("select state from ops.forget_requests")["state"].to_pylist() == ["intent", "done"]
    events = [json.loads(line) for line in (stack.folder / "logs" / "lineage.log").read_text().splitlines()]
    told = {(event["job"]["name"], event["eventType"]) for event in events}
    assert {("nightly", "COMPLETE"), ("nightly.publish", "COMPLETE")} <= told
    assert not [name for name, _ in told if not name.startswith(("nightly", "train"))]
    kept = [file for file in (stack.folder / "logs").rglob("*.log") if FORGOTTEN in file.read_text(errors="replace")]
    assert kept == []


def test_upkeep_runs_on_the_servers_own_metadata(stack: Stack, night) -> None:
    assert not stack.is_healthy("upkeep")
    done = stack.run("upkeep", [*stack.services["upkeep"]["command"], "--once"])
    assert done.returncode == 0 and "upkeep: history before" in done.stdout, done.stderr[-2000:]
    assert stack.is_healthy("upkeep")
    assert (stack.folder / "logs" / "alerts.log").exists()
    assert not (stack.folder / "logs" / "lineage.log").exists() and list((stack.folder / "logs").glob("lineage-*.log"))
