"""Who may become champion: F28 and the rules of the YAML, one by one."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from groundgame.config import load_settings
from models_py.promotion import Rival, comparable_basis, decide
from models_py.spec import load_spec

SPEC = load_spec(load_settings(), "turnout")


def around(figure: float | None) -> list[float | None]:
    return [None, None] if figure is None else [figure - 0.005, figure + 0.005]


def card(**changes: Any) -> dict[str, Any]:
    """A card of a good model; ``changes`` overwrite its metrics."""
    mine = {"auc": 0.80, "ece": 0.01, "log_loss": 0.50, "brier": 0.17, "worst_decile_gap": 0.02, **changes}
    return {
        "judged": {
            "election": "nc-2024",
            "spread": 0.2,
            "leaks": {},
            "metrics": {
                "model": mine,
                "model_level_known": {"ece": mine["ece"]},
                "logistic": {"auc": 0.78},
                "count_of_votes": {"auc": 0.74},
            },
            "intervals": {
                "model": {"auc": around(mine["auc"]), "log_loss": around(mine["log_loss"])},
                "model_level_known": {"ece": around(mine["ece"])},
                "logistic": {"auc_behind": around((mine["auc"] or 0) - 0.78)},
                "count_of_votes": {"auc_behind": around((mine["auc"] or 0) - 0.74)},
            },
        },
        "deployed": {"spread": 0.2},
        "data": {"elections": [{"election": "nc-2022"}, {"election": "nc-2024"}]},
    }


def test_first_good_model_is_promoted() -> None:
    assert decide(SPEC, card(), None).is_promoted


def test_a_column_that_exists_only_after_the_outcome_is_refused_by_name() -> None:
    leaking = card()
    leaking["judged"]["leaks"] = {"ballot_sent": "tells the outcome by itself (AUC 0.998)"}
    decision = decide(SPEC, leaking, None)
    assert decision.is_refused and decision.reason.startswith("ballot_sent tells the outcome by itself")


def test_what_was_learned_from_newer_answers_is_used_unless_it_is_worse_beyond_doubt() -> None:
    def met(log_loss: float) -> bool:
        return decide(SPEC, card(), Rival("v1", log_loss, "as judged on answers", is_same_rows=False)).is_promoted

    assert met(0.498) and not met(0.49)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"auc": None}, "not a number"),
        ({"log_loss": float("nan")}, "not a number"),
        ({"auc": 0.995}, "the outcome is among the features"),
        ({"auc": 0.60}, "under the floor"),
        ({"ece": 0.05}, "over the limit"),
        ({"auc": 0.77}, "does not beat logistic"),
        ({"auc": 0.73}, "does not beat count_of_votes"),
    ],
)
def test_unfit_models_are_refused_even_without_a_champion(changes: dict[str, Any], reason: str) -> None:
    decision = decide(SPEC, card(**changes), None)
    assert not decision.is_promoted and decision.is_refused
    assert reason in decision.reason


def test_a_miss_within_the_interval_is_a_tie_and_passes() -> None:
    assert decide(SPEC, card(auc=0.778, ece=0.022), None).is_promoted


@pytest.mark.parametrize("part", ["judged", "deployed"])
def test_a_constant_model_is_refused(part: str) -> None:
    constant = copy.deepcopy(card())
    constant[part]["spread"] = 0.0
    assert "same score" in decide(SPEC, constant, None).reason


@pytest.mark.parametrize(("log_loss", "is_promoted"), [(0.51, True), (0.50, False), (0.49, False)])
def test_a_challenger_must_beat_the_champion_and_a_tie_does_not(log_loss: float, is_promoted: bool) -> None:
    decision = decide(SPEC, card(), Rival("turnout-1", log_loss, "on the same rows"))
    assert decision.is_promoted is is_promoted
    assert "turnout-1" in decision.reason


def test_a_champion_that_cannot_be_used_is_replaced_and_one_that_cannot_be_compared_stays() -> None:
    assert decide(SPEC, card(), Rival("turnout-1", None, "unusable: model.txt is missing")).is_promoted
    assert not decide(SPEC, card(), Rival("turnout-1", None, "was trained on nc-2024: not comparable")).is_promoted


def test_a_champion_is_rescored_only_on_an_election_that_it_was_not_trained_on() -> None:
    champion, challenger = card(), card()
    assert comparable_basis(champion, challenger) == "recorded"
    challenger["judged"]["election"] = "nc-2026"
    assert comparable_basis(champion, challenger) == "rescore"
    challenger["judged"]["election"] = "nc-2022"
    assert comparable_basis(champion, challenger) == "none"
