"""Look at suspicious JSON lines one by one: refuse them with a reason, or hand back a clean text of the same object.

The slow half of the JSON reader. It repairs texts inside an object and judges nothing else about it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from groundgame.ingest import characters
from groundgame.ingest.blocks import Block
from groundgame.ingest.careful import KEPT_CHARACTERS
from groundgame.ingest.findings import Findings, Normalised, Refused
from groundgame.ingest.scan import Lines

JSON_LINE_LIMIT = 1 << 20  # bytes of one line; a page of five thousand friends needs a third of it
DEPTH_LIMIT = 32  # lists and objects inside each other; real exports need five
KEY_TWICE = ("S15", "a key stands twice in one object")
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
# Half of a pair that makes one character, or a character that no text may hold (A19).
BROKEN = re.compile("[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
RAW_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass
class CarefulJson:
    """Reads single lines of one block."""

    block: Block
    lines: Lines
    findings: Findings = field(default_factory=Findings)

    def read(self, indices: list[int]) -> dict[int, str]:
        """Clean texts by index of their line; the other lines are refused or dropped."""
        found = {}
        for index in indices:
            text = self._judge(index)
            if text is not None:
                found[index] = text
        return found

    def refuse(self, index: int, rule: str, reason: str, column: str = "") -> None:
        """Refuse a line."""
        line = self.block.first_line + index
        self.findings.refused.append(Refused(line, column, rule, reason, kept_text(self.lines.raw(index))))

    def _judge(self, index: int) -> str | None:
        raw = self.lines.raw(index)
        if not raw.strip():
            self.findings.dropped["blank"] += 1
            return None
        fault, found = self._read(raw, index)
        if fault is not None:
            self.refuse(index, *fault)
            return None
        rules: set[tuple[str, str]] = set()
        text = json.dumps(_clean(found, "", rules), ensure_ascii=False)
        line = self.block.first_line + index
        # What stood there is not kept: nobody knows yet whether the person is of age.
        self.findings.normalised += [Normalised(line, column, rule, "") for column, rule in sorted(rules)]
        return text

    def _read(self, raw: bytes, index: int) -> tuple[tuple[str, str] | None, Any]:
        """The rule and reason against a line, or its object."""
        if self.block.overlong or len(raw) > JSON_LINE_LIMIT:
            return ("A9", f"line is longer than {JSON_LINE_LIMIT} bytes"), None
        if depth(raw) > DEPTH_LIMIT:
            return ("A9", f"lists and objects are nested deeper than {DEPTH_LIMIT}"), None
        if RAW_CONTROL.search(raw):
            return ("S6", "control character in the line"), None
        try:
            text = raw.decode("utf-8")
            return None, json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        except UnicodeDecodeError as error:
            if self.findings.first_bad_byte is None:
                self.findings.first_bad_byte = self.block.offset + int(self.lines.starts[index]) + error.start
            return ("S4", f"byte {error.start + 1} of the line is not utf-8"), None
        except _KeyTwice:
            return KEY_TWICE, None
        except (ValueError, RecursionError):
            return ("A8", "the line is no whole JSON object"), None


def kept_text(raw: bytes) -> str:
    """As much of a line as the vault keeps."""
    return raw[:KEPT_CHARACTERS].decode("utf-8", "backslashreplace")


def depth(raw: bytes) -> int:
    """How deep lists and objects are nested, counted without descending into them."""
    data = np.frombuffer(STRINGS.sub(b"", raw), np.uint8)
    opens, closes = (data == 0x7B) | (data == 0x5B), (data == 0x7D) | (data == 0x5D)
    return int(np.cumsum(opens.astype(np.int64) - closes).max(initial=0))


class _KeyTwice(Exception):
    """An object that says two things under one name."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _KeyTwice
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _clean(value: Any, path: str, rules: set[tuple[str, str]]) -> Any:
    """The value with its texts normalised, and null for texts that are broken; ``rules`` takes what was done where."""
    if isinstance(value, dict):
        items = {key: item for key, item in value.items() if not BROKEN.search(key)}
        if len(items) < len(value):
            rules.add((path, "A19"))
        return {key: _clean(item, f"{path}.{key}".lstrip(".")[:60], rules) for key, item in items.items()}
    if isinstance(value, list):
        return [_clean(item, path, rules) for item in value]
    if not isinstance(value, str):
        return value
    if BROKEN.search(value):
        rules.add((path, "A19"))
        return None
    text, met = characters.normalise(value)
    rules.update((path, rule) for rule in met)
    return text
