"""The installation's secret and the keyed hashes made with it: HMAC-SHA256, in Python for one id and in DuckDB for millions.

A plain hash of a voter id is no secret (there are a few million to try); a keyed one is, as long as the key file is.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path

from groundgame.config import Settings
from groundgame.errors import WarehouseError

KEY_BYTES = 32
BLOCK_BYTES = 64
FORGET, EXPERIMENTS = "forget", "experiments"
# Of another domain than the hashes of the ledger: a pseudonym that is read in a table leads to no tombstone.
PSEUDONYM_DOMAIN = "pseudonym\x1f"
PSEUDONYM = re.compile(r"forgotten-[0-9a-f]{12}")


def key_path(settings: Settings, purpose: str = FORGET) -> Path:
    """Where a key is; each purpose has its own, so that one kind of hash never tells about another.

    Who holds that of the forgotten and a list of ids can tell who was forgotten; who loses it lets the forgotten back in.
    """
    return settings.home / f"{purpose}.key"


def read_key(settings: Settings, purpose: str = FORGET) -> bytes | None:
    """The key, or None when it was never needed here: nobody was forgotten, no experiment assigned."""
    path = key_path(settings, purpose)
    if not path.exists():
        return None
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise WarehouseError(f"read {path.name}", "the key is damaged; restore it from a backup")
    return key


def make_key(settings: Settings, purpose: str = FORGET) -> bytes:
    """The key; made on first use. It appears whole or not at all, and never replaces another."""
    path = key_path(settings, purpose)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, secrets.token_bytes(KEY_BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process made it first; that one counts
        finally:
            draft.unlink()
    key = read_key(settings, purpose)
    if key is None:
        raise WarehouseError(f"make {path.name}", "the key vanished")
    return key


def subject_key(key: bytes, text: str) -> str:
    """The keyed hash of one id, 64 hex digits."""
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def pseudonym(key: bytes, text: str) -> str:
    """What stands in the place of an id whose work still counts: the same for the same id, and nobody's without the key."""
    return f"forgotten-{subject_key(key, PSEUDONYM_DOMAIN + text)[:12]}"


def is_pseudonym(text: str) -> bool:
    """Whether an id stands in the place of a forgotten one."""
    return PSEUDONYM.fullmatch(text) is not None


def hmac_parameters(key: bytes) -> list[bytes]:
    """Values for the two marks in ``hmac_sql``: the key mixed with the outer and the inner pad of RFC 2104."""
    padded = key.ljust(BLOCK_BYTES, b"\0")
    return [bytes(byte ^ pad for byte in padded) for pad in (0x5C, 0x36)]


def hmac_sql(expression: str) -> str:
    """``subject_key`` of a text expression as DuckDB computes it; takes ``hmac_parameters`` as two parameters."""
    return f"sha256(?::blob || unhex(sha256(?::blob || encode({expression}))))"
