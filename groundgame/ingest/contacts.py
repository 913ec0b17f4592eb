"""E-mail addresses, phone numbers and birthdays as people type them, in one form each; what cannot be one is null.

Pure functions on single texts; ``app_rows`` calls each distinct text once.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from groundgame.ingest.dates import TOKENS
from groundgame.sources.spec import DateRule

PLAIN_EMAIL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
LOCAL_LENGTH, EMAIL_LENGTH = 64, 254
QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f-\uffff]|\\[\x20-\x7e])*"')
SPACES_AT = re.compile(r"\s*@\s*")
EXTENSION = re.compile(r"(?i)\s*(?:;?\s*ext(?:ension|n)?\.?|x|#|;ext=)\s*\d{1,6}\s*$")
OLDEST = 115


def email(text: str) -> str | None:
    """An address in lower case with an ASCII domain, or None.

    The tag after a plus stays: relays tell people apart by nothing else. No name server is asked.
    """
    local, _, domain = SPACES_AT.sub("@", text.strip().strip("<>")).rpartition("@")
    if len(local) >= 2 and local[0] == local[-1] == '"':
        plain = re.sub(r"\\(.)", r"\1", local[1:-1])
        if re.fullmatch(PLAIN_EMAIL, f"{plain.lower()}@example.com"):
            local = plain  # quotes that say nothing
        elif not QUOTED_LOCAL.fullmatch(local):
            return None
    try:
        domain = domain.lower() if domain.isascii() else domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    found = f"{local.lower()}@{domain}"
    pattern = PLAIN_EMAIL if not local.startswith('"') else ".*" + PLAIN_EMAIL[PLAIN_EMAIL.index("@") :]
    fits = re.fullmatch(pattern, found) and len(local) <= LOCAL_LENGTH and len(found) <= EMAIL_LENGTH
    return found if fits and all(len(label) <= 63 for label in domain.split(".")) else None


def phone(text: str) -> str | None:
    """The ten digits of a North American number, or None: seven digits are half a number, other countries are not called."""
    text = EXTENSION.sub("", text.strip())
    if re.search("[A-Za-z]", text) or (text.startswith("+") and not text.startswith("+1")):
        return None
    digits = "".join(char for char in text if char in "0123456789")
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    if len(digits) != 10 or digits[0] in "01" or digits[3] in "01" or set(digits) == {"9"}:
        return None
    return digits


class Birthday(NamedTuple):
    """What a text says: ``YYYY-MM-DD``, ``--MM-DD``, ``YYYY`` or None, the rule against it, and the ages that it allows."""

    text: str | None
    rule: str = ""
    oldest: int | None = None
    youngest: int | None = None


class BirthdayReader:
    """Reads the birthdays of one file by their declared formats; a format may lack the year, or be the year alone.

    Ages are those on day ``on``. Values repeat, so each distinct text is read once.
    """

    def __init__(self, rule: DateRule, on: dt.date) -> None:
        self.rule, self.on = rule, on
        pieces = [re.split(r"(%[A-Za-z])", form) for form in rule.formats]
        self.formats = [
            re.compile("".join(TOKENS[p] if p in TOKENS else re.escape(p) for p in parts)) for parts in pieces
        ]
        self.known = {"": Birthday(None)}

    def read(self, text: str) -> Birthday:
        """Read one trimmed text."""
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = self._read(text)
        return found

    def _read(self, text: str) -> Birthday:
        if text in self.rule.sentinels or text in self.rule.masks:
            return Birthday(None, "V8")
        for form in self.formats:
            if match := form.fullmatch(text):
                parts = match.groupdict()
                return self._checked(*(int(parts.get(key) or 0) for key in ("Y", "m", "d")))
        return Birthday(None, "V13")

    def _checked(self, year: int, month: int, day: int) -> Birthday:
        if year and not month:
            age = self.on.year - year
            return Birthday(str(year), "", age, age - 1) if 0 <= age <= OLDEST else Birthday(None, "V10")
        try:
            date = dt.date(year or 2000, month, day)  # a leap year: the 29th of February is a birthday
        except ValueError:
            return Birthday(None, "V12" if (month, day) == (2, 29) else "V13")
        if not year:
            return Birthday(f"--{month:02d}-{day:02d}")
        age = self.on.year - year - ((month, day) > (self.on.month, self.on.day))
        if date > self.on:
            return Birthday(None, "V7")
        return Birthday(date.isoformat(), "", age, age) if age <= OLDEST else Birthday(None, "V10")
