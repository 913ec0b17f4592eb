"""The synthetic state looks like the real one where the reference tables say how that looks; voting is learnable but not easy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from groundgame.synth.tables import shapes, table
from tests.synth.conftest import SNAPSHOTS, Written

COLUMNS = {"party": "party_cd", "race": "race_code", "ethnicity": "ethnic_code", "sex": "gender_code"}


@pytest.fixture(scope="module")
def registrants(state: Written) -> pd.DataFrame:
    """Active and inactive adults of the newest file."""
    frame = state.latest[state.latest["status_cd"].isin(["A", "I"])]
    frame = frame.assign(age=SNAPSHOTS[-1].year - frame["birth_year"].astype(int))
    return frame[frame["age"] >= 18]


@pytest.mark.parametrize("column", list(COLUMNS))
def test_shares_follow_the_reference(registrants: pd.DataFrame, column: str) -> None:
    wanted = table("cells").groupby(column)["share"].sum()
    found = registrants[COLUMNS[column]].value_counts(normalize=True).reindex(wanted.index, fill_value=0)
    assert (found - wanted).abs().max() < 0.02


def test_ages_follow_the_reference(registrants: pd.DataFrame) -> None:
    wanted = table("cells").groupby("age_from")["share"].sum()
    bands = pd.cut(registrants["age"], [17, 25, 40, 65, 130], labels=wanted.index).value_counts(normalize=True)
    assert np.abs(bands.sort_index().to_numpy() - wanted.to_numpy()).max() < 0.03


def test_counties_have_their_size(registrants: pd.DataFrame) -> None:
    counties = table("counties").set_index("county_name")["registered_share"]
    found = registrants["county_desc"].value_counts(normalize=True).reindex(counties.index, fill_value=0)
    assert (found - counties).abs().max() < 0.012
    assert (found > 0).all()


def test_party_and_race_go_together(registrants: pd.DataFrame) -> None:
    cells = table("cells")
    wanted = (
        cells[cells["race"].eq("B") & cells["party"].eq("DEM")]["share"].sum()
        / cells[cells["race"].eq("B")]["share"].sum()
    )
    found = registrants.loc[registrants["race_code"].eq("B"), "party_cd"].eq("DEM").mean()
    assert abs(found - wanted) < 0.03


def test_households_have_real_sizes(registrants: pd.DataFrame) -> None:
    street = registrants["res_street_address"].str.split().str.join(" ")
    sizes = registrants.groupby(["res_city_desc", street]).size().clip(upper=5).value_counts(normalize=True)
    wanted = shapes()["household_size"]
    assert abs(sizes[1] - wanted["1"]) < 0.05
    assert abs(sizes[2] - wanted["2"]) < 0.05


def test_households_are_alike(registrants: pd.DataFrame) -> None:
    street = registrants["res_street_address"].str.split().str.join(" ")
    groups = registrants.groupby(["res_city_desc", street])
    pairs = registrants[groups["ncid"].transform("size").eq(2)]
    first, second = pairs.groupby(["res_city_desc", street]).nth(0), pairs.groupby(["res_city_desc", street]).nth(1)
    assert np.mean(first["last_name"].to_numpy() == second["last_name"].to_numpy()) > 0.4
    assert np.mean(first["race_code"].to_numpy() == second["race_code"].to_numpy()) > 0.75
    assert np.mean(np.abs(first["age"].to_numpy() - second["age"].to_numpy()) < 10) > 0.5


def test_fill_rates_follow_the_reference(state: Written) -> None:
    filled = shapes()["filled"]
    assert abs(state.latest["middle_name"].ne("").mean() - filled["midl_name"]) < 0.01
    assert abs(state.latest["birth_state"].ne("").mean() - filled["birth_place"]) < 0.02
    assert abs(state.latest["drivers_lic"].eq("Y").mean() - filled["drivers_lic_yes"]) < 0.02


@pytest.mark.parametrize(
    ("snapshot", "election", "low", "high"),
    [
        (3, "11/05/2024 GENERAL", 0.67, 0.78),
        (2, "11/08/2022 GENERAL", 0.45, 0.57),
        (2, "03/05/2024 PRIMARY", 0.15, 0.27),
    ],
)
def test_turnout_has_the_level_of_its_kind(
    state: Written, snapshot: int, election: str, low: float, high: float
) -> None:
    active = state.registrations[SNAPSHOTS[snapshot]]
    active = active.loc[active["status_cd"].eq("A"), "ncid"]
    voted = state.history.loc[state.history["election_desc"].eq(election), "ncid"]
    assert low < active.isin(voted).mean() < high


def test_turnout_rises_with_age_and_falls_at_the_end(state: Written, registrants: pd.DataFrame) -> None:
    truth = state.truth.set_index("voter_id")["voted_next_general"]
    voted = registrants["ncid"].map(truth).astype(float)
    bands = voted.groupby(pd.cut(registrants["age"], [17, 25, 40, 65, 78, 120], labels=False)).mean()
    assert bands[0] < bands[1] < bands[2] < bands[3]
    assert bands[4] < bands[3]


def test_parties_vote_in_the_usual_order(state: Written, registrants: pd.DataFrame) -> None:
    truth = state.truth.set_index("voter_id")["voted_next_general"]
    rates = registrants["ncid"].map(truth).astype(float).groupby(registrants["party_cd"]).mean()
    assert rates["UNA"] < rates["DEM"]
    assert rates["UNA"] < rates["REP"]


def test_the_world_is_not_easy(state: Written, registrants: pd.DataFrame) -> None:
    history = state.history.drop_duplicates(["ncid", "election_lbl"])
    wide = history.assign(voted=1).pivot_table(index="ncid", columns="election_lbl", values="voted", fill_value=0)
    features = wide.reindex(registrants["ncid"], fill_value=0).to_numpy(dtype=float)
    age = registrants["age"].to_numpy() / 50
    features = np.column_stack(
        [features, age, age**2, registrants["status_cd"].eq("I"), registrants["party_cd"].eq("UNA")]
    )
    truth = state.truth.set_index("voter_id").loc[registrants["ncid"]]
    label = truth["voted_next_general"].to_numpy()
    half = np.arange(len(label)) % 2 == 0
    model = LogisticRegression(max_iter=1000).fit(features[half], label[half])
    reached = roc_auc_score(label[~half], model.predict_proba(features[~half])[:, 1])
    best = roc_auc_score(label, truth["true_turnout_propensity"])
    assert 0.78 < reached < 0.87
    assert reached + 0.03 < best < 0.93
