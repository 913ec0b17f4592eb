"""Friends, asks and consent: alike and unequal, truthful in their gain, and a ledger that makes sense."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from groundgame.synth.app.asks import ASKS
from groundgame.synth.app.consents import SCOPES
from tests.synth.app.conftest import App


def pairs(app: App) -> pd.DataFrame:
    """Friendships of two people on the file, with county, age and party of both."""
    voter = app.friends["user_id"].map(app.who["voter_id"])
    known = pd.DataFrame({"user": voter, "friend": app.friends["friend_voter_id"]}).dropna()
    facts = app.registered[["county_id", "party_cd", "birth_year"]].assign(
        birth_year=lambda frame: frame["birth_year"].astype(int)
    )
    return known.join(facts.add_suffix("_user"), on="user").join(facts.add_suffix("_friend"), on="friend")


def test_lists_have_the_mean_asked_for_and_a_heavy_tail(app: App) -> None:
    degree = app.friends.groupby("user_id").size().reindex(app.who.index, fill_value=0)
    assert 20 < degree.mean() < 30
    assert degree.quantile(0.99) > 5 * degree.median()
    assert degree.max() > 10 * degree.median()
    assert degree.max() <= 600


def test_friends_are_alike_in_county_age_and_party(app: App) -> None:
    found = pairs(app)
    rng = np.random.default_rng(1)
    for column, least in (("county_id", 4.0), ("party_cd", 1.15)):
        ours, theirs = (found[column + end].to_numpy() for end in ("_user", "_friend"))
        assert (ours == theirs).mean() > least * (ours == rng.permutation(theirs)).mean()
    ages, others = (found["birth_year" + end].to_numpy() for end in ("_user", "_friend"))
    assert np.abs(ages - others).mean() < 0.8 * np.abs(ages - rng.permutation(others)).mean()


def test_families_are_friends(app: App) -> None:
    household = pd.read_parquet(app.folder / "truth" / "voters.parquet").set_index("voter_id")["true_household_id"]
    found = pairs(app)
    at_home = found["user"].map(household).eq(found["friend"].map(household))
    assert 0.3 < at_home.groupby(found["user"]).any().mean() < 0.8


def test_friends_are_voters_others_and_users_themselves(app: App) -> None:
    assert 0.5 < app.friends["friend_voter_id"].notna().mean() < 0.85
    assert app.friends["friend_voter_id"].dropna().isin(app.registered.index).all()
    assert app.friends["friend_id"].isin(app.who.index).mean() > 0.1
    users = app.friends[app.friends["friend_id"].isin(app.who.index)]
    assert set(zip(users["user_id"], users["friend_id"], strict=True)) == set(
        zip(users["friend_id"], users["user_id"], strict=True)
    )


def test_lists_agree_with_the_truth_but_for_rare_oddities(app: App) -> None:
    listed = app.listed_friends
    selves = listed["user_id"].eq(listed["friend_id"])
    assert selves.groupby(listed["user_id"]).any().mean() < 0.003
    assert 0.0005 < listed.duplicated(["user_id", "friend_id", "export"]).mean() < 0.005
    seen = set(zip(listed.loc[~selves, "user_id"], listed.loc[~selves, "friend_id"], strict=True))
    true = set(zip(app.friends["user_id"], app.friends["friend_id"], strict=True))
    assert len(true) == len(app.friends)
    assert seen <= true
    assert len(seen) > 0.95 * len(true)
    names = listed.drop_duplicates("friend_id").set_index("friend_id")["name"]
    shown = app.users.drop_duplicates("id").set_index("id")["name"]
    assert names.loc[names.index.intersection(shown.index)].eq(shown.loc[names.index.intersection(shown.index)]).all()


def test_friends_share_little(app: App) -> None:
    shared = app.lines("friend_shared")
    assert shared["friend_id"].is_unique
    assert shared["friend_id"].isin(app.friends["friend_id"]).all()
    assert 0.08 < len(shared) / app.friends["friend_id"].nunique() < 0.16
    assert shared[["religion", "political"]].notna().mean().max() < 0.2
    assert shared[["birthday", "location", "religion", "political"]].notna().any(axis=1).all()


def test_an_ask_gains_most_where_little_was_certain(app: App) -> None:
    known = app.friends[app.friends["friend_voter_id"].notna()]
    before = known["friend_voter_id"].map(app.propensity)
    gain = known["true_gain_vote"]
    assert gain[before.between(0.3, 0.7)].mean() > 2 * gain[before.gt(0.95)].mean()
    assert 0.02 < gain.mean() < 0.12
    assert (known["true_gain_register"] == 0).all()
    assert app.friends.loc[app.friends["friend_voter_id"].isna(), "true_gain_vote"].eq(0).all()
    assert app.friends["true_gain_register"].max() > 0.05
    assert app.friends["true_gain_persuade"].min() < 0  # asking a firm opponent costs


def test_asked_friends_act_as_the_truth_says(app: App) -> None:
    asked = (
        app.actions[app.actions["type"].eq("asked")].sort_values("revision").drop_duplicates("event_id", keep="last")
    )
    asked = asked.merge(app.friends, on=["user_id", "friend_id"], how="left", validate="many_to_one")
    assert asked["true_gain_vote"].notna().all()
    votes = asked[asked["ask"].eq("vote") & asked["outcome"].notna() & asked["friend_voter_id"].notna()]
    expected = votes["friend_voter_id"].map(app.propensity) + votes["true_gain_vote"]
    done = votes["outcome"].eq("done")
    assert len(votes) > 1_000
    assert done.mean() == pytest.approx(expected.mean(), abs=0.04)
    assert done[expected.gt(0.6)].mean() > done[expected.lt(0.4)].mean() + 0.3


def test_actions_have_what_their_type_needs(app: App) -> None:
    events = app.actions
    asked = events["type"].eq("asked")
    assert set(events["type"]) == {"shared", "asked", "pledged", "donated", "volunteered"}
    assert set(events.loc[asked, "ask"]) == set(ASKS)
    assert events.loc[asked, "friend_id"].notna().all()
    assert events.loc[~asked, ["friend_id", "ask", "outcome"]].isna().all(axis=None)
    assert events["amount"].notna().eq(events["type"].eq("donated")).all()
    installed = pd.to_datetime(app.users.drop_duplicates("id").set_index("id")["installed_at"]).astype("int64") // 10**6
    assert (events["occurred_at"] >= events["user_id"].map(installed)).all()


def test_consent_is_given_before_it_is_taken_back(app: App) -> None:
    events = app.consent.drop_duplicates("event_id").sort_values(["user_id", "scope", "occurred_at"])
    assert set(events["scope"]) == set(SCOPES)
    history = events.groupby(["user_id", "scope"])["action"].agg(list)
    assert all(seen == ["granted", "revoked", "granted"][: len(seen)] for seen in history)
    assert 0.015 < history.map(len).ge(2).mean() < 0.06


def test_some_consent_to_a_part_few_to_nothing(app: App) -> None:
    granted = app.consent[app.consent["action"].eq("granted")].drop_duplicates(["user_id", "scope"])
    scopes = granted.groupby("scope")["user_id"].nunique() / len(app.who)
    assert scopes["contact"] > scopes["matching"] > scopes["modeling"] > scopes["friends"] > 0.5
    counts = granted.groupby("user_id").size().reindex(app.who.index, fill_value=0)
    assert 0.2 < counts.eq(4).mean() < 0.5
    assert 0.001 < counts.eq(0).mean() < 0.03


def test_country_follows_where_the_user_lives(app: App) -> None:
    country = app.consent.drop_duplicates("user_id").set_index("user_id")["country"]
    abroad = app.who["kind"].reindex(country.index).eq("abroad")
    assert country[~abroad].eq("US").all()
    assert country[abroad].isin(["GB", "IE", "DE", "FR", "ES"]).all()
