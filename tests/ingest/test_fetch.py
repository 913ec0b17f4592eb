"""Files from elsewhere: a memory file system, a real HTTP server on loopback, broken downloads, secrets in errors."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.http import HTTPFileSystem

from groundgame.errors import FetchError
from groundgame.ingest import fetch
from groundgame.ingest.run import run
from groundgame.ingest.transport import open_filesystem
from tests.ingest.app_desk import AppDesk, lines, user
from tests.ingest.desk import AS_OF, FILE, Desk, text, voters


def from_uri(uri: str, **files: Any) -> Any:
    """A change of the spec: registrations from one URI, no votes."""

    def change(spec: dict[str, Any]) -> None:
        spec["registrations"]["files"] |= {"uri": uri, "settle_seconds": 0} | files
        del spec["votes"]

    return change


@pytest.fixture
def memory() -> Iterator[Any]:
    filesystem = fsspec.filesystem("memory")
    yield filesystem
    filesystem.store.clear()


class Server(http.server.ThreadingHTTPServer):
    """Serves one folder of bytes; breaks off the first ``breaks`` bodies half way; notes what was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks = 0
        self.asked: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.answer(send_body=False)

    def do_GET(self) -> None:
        self.answer(send_body=True)

    def answer(self, send_body: bool) -> None:
        data = self.server.files.get(self.path.lstrip("/"))
        span = self.headers.get("Range", "")
        if send_body:
            self.server.asked.append((self.path, span))
        if data is None:
            self.send_error(404)
            return
        first, _, last = span.removeprefix("bytes=").partition("-")
        begin, end = int(first or 0), min(int(last or len(data)), len(data) - 1) + 1
        self.send_response(206 if span else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", str(hash(data)))
        self.send_header("Content-Length", str(end - begin))
        if span:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(data)}")
        self.end_headers()
        if not send_body:
            return
        if self.server.breaks and begin:
            self.server.breaks -= 1
            self.wfile.write(data[begin : (begin + end) // 2])
            self.close_connection = True
            return
        self.wfile.write(data[begin:end])

    def log_message(self, *args: Any) -> None:
        """Tests read ``asked`` instead."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()
    HTTPFileSystem.clear_instance_cache()


def test_a_remote_folder_is_downloaded_and_landed_once(
    desk: Desk, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe(f"/drop/{FILE}", text(voters(20)))
    memory.pipe("/drop/readme.md", b"not ours")
    desk.change_spec(from_uri("memory://drop/ncvoter*.txt"))
    assert desk.land().rows_out == 20
    assert (desk.home / "incoming" / "nc" / FILE).is_file()
    monkeypatch.setattr(fetch, "_copy", lambda *args: pytest.fail("an unchanged file is not downloaded again"))
    assert desk.land().rows_in == 0


def test_a_manifest_beside_a_remote_file_is_heeded(desk: Desk, memory: Any) -> None:
    """T5, from afar."""
    memory.pipe(f"/drop/{FILE}", text(voters(20)))
    memory.pipe(f"/drop/{FILE}.sha256", b"0" * 64)
    desk.change_spec(from_uri("memory://drop/ncvoter*.txt"))
    assert desk.refusal().rule == "T5"


def test_a_dangerous_remote_name_never_becomes_a_path(desk: Desk, memory: Any) -> None:
    """T15."""
    memory.pipe("/drop/ncvoter%2e%2e.txt", text(voters(3)))
    desk.change_spec(from_uri("memory://drop/ncvoter*.txt"))
    assert desk.refusal().rule == "T15"
    assert not list(desk.home.rglob("*%2e*"))


def test_a_file_over_http_lands(desk: Desk, server: Server) -> None:
    server.files[FILE] = text(voters(20))
    desk.change_spec(from_uri(f"http://127.0.0.1:{server.server_port}/{FILE}"))
    assert desk.land().rows_out == 20


def test_a_broken_download_resumes_where_it_stopped(
    desk: Desk, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F20: the connection breaks twice in the middle; what arrived is kept."""
    monkeypatch.setattr(fetch, "CHUNK", 1000)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)
    server.files[FILE], server.breaks = text(voters(40)), 2
    desk.change_spec(from_uri(f"http://127.0.0.1:{server.server_port}/{FILE}"))
    assert desk.land().rows_out == 40
    assert (desk.home / "incoming" / "nc" / FILE).read_bytes() == server.files[FILE]
    starts = [span for _, span in server.asked if span.startswith("bytes=0-")]
    assert len(starts) <= 2, "the beginning is not fetched again after each break"


def test_a_file_that_is_not_there_yet_is_no_error(desk: Desk, server: Server) -> None:
    desk.change_spec(from_uri(f"http://127.0.0.1:{server.server_port}/{FILE}"))
    assert desk.land().rows_in == 0


def test_a_server_that_is_down_is_named_without_its_secret(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """F22: the message names source and URI."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)
    desk.change_spec(from_uri("http://127.0.0.1:9/ncvoter.txt", connection="board"))
    with pytest.raises(FetchError) as caught:
        run(desk.settings, "nc", AS_OF, connections=lambda name: {"headers": {"Authorization": "hunter2"}})
    assert "nc: cannot fetch http://127.0.0.1:9/ncvoter.txt" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_connection_that_nobody_gives_is_an_error(desk: Desk) -> None:
    desk.change_spec(from_uri("memory://drop/x.txt", connection="board"))
    with pytest.raises(FetchError, match="needs connection 'board'"):
        desk.land()


def test_a_failing_connection_is_named_without_its_message() -> None:
    """F22, F30: drivers put user names and keys into their messages."""

    def broken(name: str) -> dict[str, Any]:
        raise RuntimeError("password hunter2 is wrong")

    with pytest.raises(FetchError) as caught:
        open_filesystem("nc", "memory://drop", "board", broken)
    assert "connection 'board': RuntimeError" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_unknown_sftp_host_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F22: only keys in known_hosts open a session."""
    paramiko = pytest.importorskip("paramiko")
    from groundgame.ingest.transport import transport_options

    monkeypatch.setenv("HOME", str(tmp_path))
    policy = transport_options("sftp")["host_key_policy"]
    key = paramiko.ECDSAKey.generate()
    with pytest.raises(paramiko.SSHException, match="not in known_hosts"):
        policy.missing_host_key(None, "files.example.org", key)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(
        f"files.example.org {key.get_name()} {key.get_base64()}\n", encoding="utf-8"
    )
    policy.missing_host_key(None, "files.example.org", key)


def test_a_missing_inbox_is_no_error(desk: Desk) -> None:
    desk.inbox.rmdir()
    assert desk.land().rows_in == 0


def test_a_folder_a_day_is_found_and_its_files_keep_apart(app: AppDesk, memory: Any) -> None:
    def change(spec: dict[str, Any]) -> None:
        for name in spec.keys() - {"kind", "name", "users"}:
            del spec[name]
        spec["users"]["files"] |= {"uri": "memory://drop/graph_*/users.jsonl", "settle_seconds": 0}

    app.change_spec(change)
    for day in ("20261002", "20261009", "other"):
        folder = f"/drop/graph_{day}" if day != "other" else "/drop/other_20261009"
        memory.pipe(f"{folder}/users.jsonl", lines([user(int(day[-1]) if day != "other" else 5)]))
    app.land()
    assert [(str(row["_snapshot_date"]), row["user_id"]) for row in app.table("users")] == [
        ("2026-10-02", "1002"),
        ("2026-10-09", "1009"),
    ]
    assert [row["file_name"] for row in app.loaded()] == ["graph_20261002/users.jsonl", "graph_20261009/users.jsonl"]
