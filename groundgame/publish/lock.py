"""One publisher at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager

from groundgame.config import Settings
from groundgame.errors import PublishRefused
from groundgame.locked import held

LOCK = "publisher.lock"
# A switch takes seconds; whoever waits longer than this is told who is at work instead.
WAIT_SECONDS = 10.0


def publisher_lock(settings: Settings, what: str, wait_seconds: float = WAIT_SECONDS) -> AbstractContextManager[None]:
    """Hold the publisher's lock while the block runs.

    Raises:
        PublishRefused: another living process publishes; names its id.
    """
    return held(
        settings.published_dir / LOCK,
        wait_seconds,
        lambda owner: PublishRefused(what, [f"another publisher is already running (process {owner})"]),
    )
