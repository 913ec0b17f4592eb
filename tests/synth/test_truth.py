"""The truth beside the files agrees with them and with itself."""

from __future__ import annotations

import datetime as dt

from tests.synth.conftest import Written


def test_every_voter_of_every_file_has_a_truth(state: Written) -> None:
    assert state.truth["voter_id"].is_unique
    for frame in state.registrations.values():
        assert frame["ncid"].isin(state.truth["voter_id"]).all()


def test_propensities_are_calibrated(state: Written) -> None:
    truth = state.truth
    assert set(truth["next_general_date"]) == {dt.date(2026, 11, 3)}
    assert abs(truth["true_turnout_propensity"].mean() - truth["voted_next_general"].mean()) < 0.012
    assert truth["true_turnout_propensity"].between(0, 1).all()
    high = truth[truth["true_turnout_propensity"].between(0.6, 0.8)]
    assert abs(high["voted_next_general"].mean() - 0.7) < 0.05


def test_a_letter_lifts_as_many_as_its_true_effect_says_and_keeps_nobody_away(state: Written) -> None:
    truth = state.truth
    voted, if_sent = truth["voted_next_general"], truth["voted_next_general_if_sent_letter"]
    assert if_sent[voted].all()
    assert 0.02 < truth["true_effect_of_letter"].mean() < 0.08
    assert abs((if_sent.mean() - voted.mean()) - truth["true_effect_of_letter"].mean()) < 0.006
    assert not if_sent[truth["true_turnout_propensity"].eq(0)].any()


def test_last_general_propensity_agrees_with_the_history(state: Written) -> None:
    voted = state.truth["voter_id"].isin(state.history.loc[state.history["election_lbl"].eq("11/05/2024"), "ncid"])
    assert abs(state.truth["true_turnout_propensity_last_general"].mean() - voted.mean()) < 0.012


def test_who_cannot_vote_does_not(state: Written) -> None:
    out = state.latest.loc[state.latest["status_cd"].isin(["R", "D"]), "ncid"]
    known = state.truth[state.truth["voter_id"].isin(out)]
    assert (known["true_turnout_propensity"] == 0).all()
    assert not known["voted_next_general"].any()


def test_some_people_have_two_records(state: Written) -> None:
    shared = state.truth[state.truth["person_id"].duplicated(keep=False)]
    assert 4 <= len(shared) < 0.02 * len(state.truth)
    names = state.latest.set_index("ncid")[["first_name", "middle_name", "birth_year"]]
    both = shared[shared["voter_id"].isin(names.index)].groupby("person_id")["voter_id"].agg(list)
    pairs = [pair for pair in both if len(pair) == 2]
    assert pairs
    assert all(names.loc[pair[0]].equals(names.loc[pair[1]]) for pair in pairs)


def test_support_follows_party(state: Written) -> None:
    party = state.latest.set_index("ncid")["party_cd"]
    known = state.truth[state.truth["voter_id"].isin(party.index)]
    means = known["true_support"].groupby(known["voter_id"].map(party)).mean()
    assert means["REP"] < 0.25 < means["UNA"] < 0.7 < means["DEM"]
