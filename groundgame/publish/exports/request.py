"""What somebody asks for: which list, what for, who lets it out, and which voters are on it. Nothing here reads a row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from groundgame.errors import SpecError

Purpose = Literal["turnout", "persuasion", "registration", "volunteers", "survey", "advertising", "score_upload"]
PURPOSES: tuple[str, ...] = get_args(Purpose)
# Asks everybody in an experiment, control too.
SURVEY: Purpose = "survey"
RECIPIENT_NAMES = ("walk_list", "call_list", "meta_audience", "zip_aggregates", "van_scores")
_CONDITION = re.compile(r"^(?P<column>[a-z][a-z0-9_]*)\s*(?P<operator>>=|<=|=)\s*(?P<value>.+)$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Condition:
    """One condition on a published column of a voter; a voter whose value is unknown does not meet it."""

    column: str
    operator: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.column}{self.operator}{','.join(self.values)}"

    def sql(self, expression: str) -> tuple[str, list[object]]:
        """The condition over a column's expression, with its parameters."""
        if self.operator != "=":
            return f"{expression} {self.operator} ?", [float(self.values[0])]
        return f"cast({expression} as varchar) in ({', '.join('?' for _ in self.values)})", list(self.values)


@dataclass(frozen=True)
class Request:
    """One export as it was asked for.

    Attributes:
        recipient: the name of a list, one of ``RECIPIENT_NAMES``.
        purpose: one of ``PURPOSES``; each recipient takes some of them.
        approved_by: the person who lets it out.
        only: conditions on columns of dim_voters and voter_scores.
        experiment: the experiment of an arm, or of a survey.
        arm: for a list that treats one arm of it; empty for a survey, which asks all arms alike and tells nobody which is which.
    """

    recipient: str
    purpose: str
    approved_by: str
    only: tuple[Condition, ...] = ()
    experiment: str = ""
    arm: str = ""

    @property
    def criteria(self) -> str:
        """Who is on the list, in one line for the ledger."""
        parts = [str(one) for one in self.only]
        if self.experiment:
            parts.append(f"arm={self.experiment}:{self.arm}" if self.arm else f"experiment={self.experiment}")
        return " and ".join(parts) or "everybody"


def make_request(
    recipient: str,
    purpose: str | None,
    approved_by: str | None,
    only: Iterable[str] = (),
    arm: str | None = None,
    experiment: str | None = None,
) -> Request:
    """Check what can be checked without a warehouse.

    Args:
        recipient: the name of a list.
        purpose: what for.
        approved_by: the person who lets it out.
        only: conditions as text, see ``Condition``.
        arm: ``experiment:arm``, for a list that treats one arm.
        experiment: whose arms a survey asks.

    Raises:
        SpecError: no purpose, nobody who approves, a condition that cannot be read, a survey of no experiment.
    """
    if not purpose or purpose not in PURPOSES:
        raise SpecError("export", "purpose", "says what the list is for", f"one of {', '.join(PURPOSES)}")
    if not approved_by or not approved_by.strip():
        raise SpecError("export", "approved_by", "nobody lets this list out", "name the person who does")
    drawn, name = _drawn(purpose, arm or "", experiment or "")
    return Request(recipient, purpose, approved_by.strip(), tuple(_condition(text) for text in only), drawn, name)


def _drawn(purpose: str, arm: str, experiment: str) -> tuple[str, str]:
    """The experiment and the arm of it that a list is for."""
    if (purpose == SURVEY) != bool(experiment):
        raise SpecError("export", "experiment", "a survey asks the arms of one experiment", "name both or neither")
    if experiment and arm:
        raise SpecError("export", "arm", "a survey asks all arms alike", "leave the arm out")
    if not arm:
        return experiment, ""
    drawn, _, name = arm.partition(":")
    if not drawn or not name:
        raise SpecError("export", "arm", "is not experiment:arm", "for example mail_2026:letter")
    return drawn, name


def _condition(text: str) -> Condition:
    found = _CONDITION.match(text.strip())
    if found is None:
        raise SpecError(
            "export",
            "only",
            "a condition cannot be read",
            "write turnout_score>=30, county_code=32 or party=democratic",
        )
    operator = found["operator"]
    values = (
        tuple(value.strip() for value in found["value"].split(",")) if operator == "=" else (found["value"].strip(),)
    )
    if operator != "=" and not _NUMBER.fullmatch(values[0]):
        raise SpecError("export", found["column"], f"{operator} takes a number", "write turnout_score>=30")
    return Condition(found["column"], operator, values)
