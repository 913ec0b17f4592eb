"""Election days of the synthetic state: when, of which kind, and how many of the active voters come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# Days on which North Carolina's primaries of the past were held; other years get the month's first Tuesday after a Monday.
PRIMARY_DAYS = {2014: (5, 6), 2016: (3, 15), 2018: (5, 8), 2020: (3, 3), 2022: (5, 17), 2024: (3, 5), 2026: (3, 3)}
# Share of active registrants who vote, near the state's own figures; the kind's figure serves other years.
TURNOUT: dict[str | tuple[int, str], float] = {
    "presidential": 0.735,
    "midterm": 0.515,
    "primary": 0.21,
    "municipal": 0.12,
    (2014, "midterm"): 0.475,
    (2018, "midterm"): 0.535,
    (2020, "presidential"): 0.755,
    (2016, "primary"): 0.26,
    (2020, "primary"): 0.25,
    (2024, "primary"): 0.23,
    (2018, "primary"): 0.18,
    (2025, "municipal"): 0.10,
}


@dataclass(frozen=True)
class Election:
    """One election day; ``kind`` is presidential, midterm, primary or municipal."""

    date: dt.date
    kind: str

    @property
    def is_general(self) -> bool:
        """A federal general election."""
        return self.kind in {"presidential", "midterm"}

    @property
    def label(self) -> str:
        """The day as the history file writes it."""
        return f"{self.date:%m/%d/%Y}"

    @property
    def description(self) -> str:
        """Like ``11/08/2016 GENERAL``."""
        return f"{self.label} {'GENERAL' if self.is_general else self.kind.upper()}"

    @property
    def turnout(self) -> float:
        """Expected share of active registrants who vote."""
        return TURNOUT.get((self.date.year, self.kind), TURNOUT[self.kind])


def tuesday_after_monday(year: int, month: int) -> dt.date:
    """The Tuesday after the first Monday of a month."""
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(7 - first.weekday()) % 7 + 1)


def general(year: int) -> Election:
    """The federal general election of an even year."""
    return Election(tuesday_after_monday(year, 11), "midterm" if year % 4 else "presidential")


def primary(year: int) -> Election:
    """The primary of an even year."""
    if year in PRIMARY_DAYS:
        return Election(dt.date(year, *PRIMARY_DAYS[year]), "primary")
    return Election(tuesday_after_monday(year, 3), "primary")


def next_general(as_of: dt.date) -> Election:
    """The first federal general election on or after ``as_of``."""
    year = as_of.year + as_of.year % 2
    found = general(year)
    return found if found.date >= as_of else general(year + 2)


def default_elections(as_of: dt.date, years: int = 12) -> list[Election]:
    """Years of primaries and generals in even years and municipal elections in odd ones, all before ``as_of``."""
    found = []
    for year in range(as_of.year - years, as_of.year + 1):
        if year % 2 == 0:
            found += [primary(year), general(year)]
        else:
            found.append(Election(tuesday_after_monday(year, 11), "municipal"))
    return sorted((one for one in found if one.date < as_of), key=lambda one: one.date)


def default_snapshots(as_of: dt.date) -> list[dt.date]:
    """A Saturday some ten days before each of the latest four generals, and the last Saturday before ``as_of``."""
    past = [one.date for one in default_elections(as_of) if one.is_general][-4:]
    days = [day - dt.timedelta(days=day.weekday() + 9) for day in past]
    return [*days, as_of - dt.timedelta(days=(as_of.weekday() + 2) % 7 or 7)]
