"""What an experiment may declare."""

from __future__ import annotations

import pytest

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.experiments.spec import load_experiment
from tests.experiments.village import ANSWERS, SPEC, declare


def test_the_hash_of_a_spec_is_of_what_it_says_and_stays_what_it_was(settings: Settings) -> None:
    """The ledger of an experiment that runs holds the hash of an earlier release."""
    frozen = "c473e787e4c066849b2bac1776a87179278aa5673b834bb3f98dfd5fb516d513"
    for same in (SPEC, SPEC + "\n# a comment\n", SPEC.replace("outcome: {", "outcome: {kind: votes, ")):
        declare(settings, same)
        assert load_experiment(settings, "letter").sha256 == frozen
    declare(settings, ANSWERS)
    assert load_experiment(settings, "letter").sha256 != frozen


@pytest.mark.parametrize(
    ("line", "changed", "problem"),
    [
        ("kind: answers", "kind: anwsers", "anwsers"),
        ("from_date: 2026-10-12", "from_date: 2026-10-10", "from_date must come after start_date"),
        ("until_date: 2026-10-18", "until_date: 2026-10-11", "until_date comes before from_date"),
        ("analysis_date: 2026-10-20", "analysis_date: 2026-10-18", "analysis_date must come after until_date"),
        ("3: 0.5, ", "", "undecided has answered too"),
        ("5: 0.02", "5: -0.02", "greater than or equal to 0"),
        ('contact_types: ["call"]', 'contact_types: ["dream"]', "'door', 'call', 'text' or 'app'"),
        ("baseline: {share: 0.5, icc: 0.1}", "baseline: {column: midterm_1}", "no column tells what will be answered"),
    ],
)
def test_answers_that_cannot_be_compared_are_refused_by_name(
    settings: Settings, line: str, changed: str, problem: str
) -> None:
    assert line in ANSWERS
    declare(settings, ANSWERS.replace(line, changed))
    with pytest.raises(SpecError, match=problem):
        load_experiment(settings, "letter")
