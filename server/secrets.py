"""``make secrets``: random secrets for a new server, one file each. What is there already is never overwritten."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

NAMES = (
    "admin_password",
    "api_secret_key",
    "jwt_secret",
    "metadata_password",
    "warehouse_admin_password",
    "warehouse_password",
)
CONNECTIONS = """\
# Airflow connections by name: where sources are fetched from, and where alerts go.
# Delete the line with the braces when you name the first one.
# county_sftp: sftp://login:password@files.example.org:22
# alerts: {conn_type: http, host: "https://chat.example.org/hooks/..."}   # receives {"text": "one line"}
{}
"""


def write_secrets(folder: Path) -> list[str]:
    """Write what is missing; returns the names written.

    The folder is its owner's alone. The files inside are readable, because each container reads its own ones under another user id.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = {name: secrets.token_urlsafe(32) for name in NAMES}
    wanted |= {"fernet_key": base64.urlsafe_b64encode(os.urandom(32)).decode(), "connections.yml": CONNECTIONS}
    missing = [name for name in wanted if not (folder / name).exists()]
    for name in missing:
        (folder / name).touch(mode=0o644)
        (folder / name).write_text(wanted[name], encoding="utf-8")
    return missing


if __name__ == "__main__":
    sys.stdout.write(f"written to secrets/: {', '.join(write_secrets(Path('secrets'))) or 'nothing, all are there'}\n")
