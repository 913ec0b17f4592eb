"""Make text comparable without changing what a person reads: composed accents, plain digits, no invisible characters.

Works on one line at a time; only suspicious lines come here.
"""

from __future__ import annotations

import re
import unicodedata

# Invisible in print: zero-width and soft hyphen, bidirectional controls, a byte order mark inside the text.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
FULL_WIDTH = re.compile("[\uff01-\uff5e]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
C1 = re.compile("[\x80-\x9f]")
# UTF-8 read as Latin-1 or CP1252: a lead byte's character followed by continuation bytes' characters.
CONTINUATION = "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
MOJIBAKE = re.compile(
    f"[\u00c2-\u00df]{CONTINUATION}|[\u00e0-\u00ef]{CONTINUATION}{{2}}|[\u00f0-\u00f4]{CONTINUATION}{{3}}"
)


def repair_mojibake(text: str) -> str:
    """Undo one round of UTF-8 read as Latin-1 or CP1252, wherever the pieces decode."""
    return MOJIBAKE.sub(lambda match: _redecoded(match[0]), text)


def _redecoded(piece: str) -> str:
    for encoding in ("latin-1", "cp1252"):
        try:
            return piece.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return piece


def normalise(text: str) -> tuple[str, list[str]]:
    """The text with S5, S20 and S21 repaired, and the rules that had something to repair."""
    rules = []
    repaired = repair_mojibake(text)
    if repaired != text:
        rules.append("S5")
    plain = FULL_WIDTH.sub(lambda match: chr(ord(match[0]) - 0xFEE0), SPACES.sub(" ", INVISIBLE.sub("", repaired)))
    if plain != repaired:
        rules.append("S20")
    composed = unicodedata.normalize("NFC", plain)
    if composed != plain:
        rules.append("S21")
    return composed, rules
