"""Open file systems by URI, with timeouts and without trust: a server that stalls or changed its key is an error.

Options and secrets come from the caller's connections; nothing here reads them from anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec

from groundgame.errors import FetchError

Connections = Callable[[str], dict[str, Any]]
CONNECT_SECONDS, READ_SECONDS = 30, 60


def open_filesystem(source: str, uri: str, connection: str | None, connections: Connections | None) -> tuple[Any, str]:
    """The fsspec file system of a URI and the path in it.

    Raises:
        FetchError: the connection is unknown or the file system cannot be opened; names the connection, not its secret.
    """
    protocol = fsspec.utils.get_protocol(uri)
    options = transport_options(protocol)
    if connection is not None:
        if connections is None:
            raise FetchError(source, uri, f"needs connection {connection!r}, but no connections are given")
        try:
            options |= connections(connection)
        except Exception as error:
            raise FetchError(source, uri, f"connection {connection!r}: {type(error).__name__}") from error
    try:
        filesystem, path = fsspec.url_to_fs(uri, **options)
    except Exception as error:
        # Messages of drivers may hold user names or keys: only the kind of the error is passed on.
        raise FetchError(source, uri, f"cannot connect ({type(error).__name__})") from error
    if protocol in ("sftp", "ssh"):
        filesystem.ftp.get_channel().settimeout(READ_SECONDS)
    return filesystem, path


def transport_options(protocol: str) -> dict[str, Any]:
    """Timeouts and trust of a protocol, before the connection's own options."""
    if protocol in ("http", "https"):
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
        return {"client_kwargs": {"timeout": timeout}, "skip_instance_cache": True}
    if protocol in ("sftp", "ssh"):
        return {"host_key_policy": _known_hosts_only(), "timeout": CONNECT_SECONDS, "skip_instance_cache": True}
    if protocol == "s3":
        config = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
        return {"config_kwargs": config, "skip_instance_cache": True}
    return {}


def _known_hosts_only() -> Any:
    """A policy that accepts a server only by the key that ``~/.ssh/known_hosts`` has for it."""
    import paramiko  # type: ignore[import-untyped]

    class KnownHostsOnly(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            path = Path.home() / ".ssh" / "known_hosts"
            known = paramiko.HostKeys(str(path)) if path.is_file() else paramiko.HostKeys()
            if not known.check(hostname, key):
                raise paramiko.SSHException(f"host key of {hostname} is not in known_hosts, or has changed")

    return KnownHostsOnly()
