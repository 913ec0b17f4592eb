"""Who the users are: the truth agrees with the files, and every quirk is about as frequent as it should be."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pandas as pd
import pytest

from groundgame.synth.app import labels
from tests.synth.app.conftest import App


def plain(texts: pd.Series) -> pd.Series:
    """Letters only, in capitals, without accents."""
    bare = texts.map(lambda text: unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode())
    return bare.str.upper().str.replace(r"[^A-Z]", "", regex=True)


def of_voters(app: App) -> pd.DataFrame:
    """First lines of users who are on the file, beside their registration."""
    first = app.users.drop_duplicates("id").set_index("id")
    known = app.who[app.who["voter_id"].notna()]
    return first.join(known, how="inner").join(app.registered, on="voter_id", suffixes=("", "_on_file"))


def test_voters_among_the_users_are_on_the_file(app: App) -> None:
    known = app.who.loc[app.who["voter_id"].notna()]
    assert known["voter_id"].isin(app.registered.index).all()
    truth = pd.read_parquet(app.folder / "truth" / "voters.parquet").set_index("voter_id")["person_id"]
    assert known["voter_id"].map(truth).eq(known["person_id"]).all()
    assert app.who.loc[app.who["kind"].ne("voter"), "voter_id"].isna().all()
    assert 0.75 < app.who["voter_id"].notna().mean() < 0.9


def test_names_agree_unless_a_flag_says_why_not(app: App) -> None:
    found = of_voters(app)
    clean = found[~(found["is_nickname"] | found["is_typo"] | found["is_maiden"])]
    assert len(clean) > 1_500
    assert plain(clean["first_name"]).eq(plain(clean["first_name_on_file"])).all()
    assert plain(clean["last_name"]).eq(plain(clean["last_name_on_file"])).all()
    short = found[found["is_nickname"] & ~found["is_typo"]]
    assert plain(short["first_name"]).ne(plain(short["first_name_on_file"])).mean() > 0.98
    wrong = found[found["is_typo"]]
    ours, theirs = (plain(wrong["first_name" + end] + wrong["last_name" + end]) for end in ("", "_on_file"))
    assert ours.ne(theirs).mean() > 0.95


def test_birthdays_agree_with_the_year_on_file(app: App) -> None:
    found = of_voters(app)
    assert found.loc[found["is_no_birthday"], "birthday"].isna().all()
    assert found.loc[found["is_partial_birthday"], "birthday"].str.len().eq(5).all()
    full = found[~found["is_no_birthday"] & ~found["is_partial_birthday"]]
    assert full["birthday"].str[-4:].eq(full["birth_year"]).all()


def test_cities_agree_unless_the_user_has_moved(app: App) -> None:
    found = of_voters(app)
    found = found[found["location"].notna() & found["res_city_desc"].ne("")]
    city = found["location"].map(lambda place: place["name"].split(",")[0].upper())
    assert city[~found["is_moved"]].eq(found.loc[~found["is_moved"], "res_city_desc"]).all()
    assert city[found["is_moved"]].ne(found.loc[found["is_moved"], "res_city_desc"]).all()


@pytest.mark.parametrize(
    ("flag", "low", "high"),
    [
        ("is_nickname", 0.05, 0.15),
        ("is_moved", 0.025, 0.08),
        ("is_household_mate", 0.003, 0.02),
        ("is_partial_birthday", 0.19, 0.25),
        ("is_no_birthday", 0.12, 0.165),
        ("is_maiden", 0.025, 0.07),
        ("is_typo", 0.007, 0.018),
        ("is_duplicate_account", 0.010, 0.014),
    ],
)
def test_every_quirk_is_about_as_frequent_as_in_reality(app: App, flag: str, low: float, high: float) -> None:
    assert low < app.who[flag].mean() < high


def test_few_are_abroad_minors_or_children(app: App) -> None:
    shares = app.who["kind"].value_counts(normalize=True)
    assert shares["abroad"] == pytest.approx(0.004, abs=0.001)
    assert shares["teen"] == pytest.approx(0.015, abs=0.003)
    assert shares["child"] == pytest.approx(0.0015, abs=0.001)
    assert shares["unregistered"] == pytest.approx(0.10, abs=0.01)
    users = app.users.drop_duplicates("id").set_index("id")
    born = users["birthday"].str[6:].replace("", None).dropna().astype(int)
    kind = app.who["kind"].reindex(born.index)
    assert born[kind.eq("child")].min() >= 2013
    assert born[kind.eq("teen")].between(2008, 2013).all()
    abroad = users.loc[app.who["kind"].reindex(users.index).eq("abroad"), "locale"]
    assert not abroad.eq("en_US").any()


def test_a_son_bears_his_fathers_name_and_a_namesake_that_of_somebody_else(app: App) -> None:
    kinds = app.who.index[app.who["kind"].isin(["household_mate", "namesake"])]
    shown = app.users[app.users["id"].isin(kinds)].drop_duplicates("id").set_index("id")
    clean = shown[~app.who.loc[shown.index, ["is_nickname", "is_maiden", "is_typo"]].any(axis=1)]
    on_file = set(plain(app.registered["first_name"] + app.registered["last_name"]))
    assert len(clean) > 15
    assert plain(clean["first_name"] + clean["last_name"]).isin(on_file).all()


def test_a_second_account_is_the_same_person_under_another_id(app: App) -> None:
    again = app.who[app.who["is_duplicate_account"]]
    firsts = app.who[~app.who["is_duplicate_account"]]
    assert firsts["person_id"].is_unique
    assert again["person_id"].isin(firsts["person_id"]).all()


def test_some_names_hold_accents_and_emoji(app: App) -> None:
    assert 0.003 < app.users["name"].str.contains(r"[\u2600-\u27bf\U0001f000-\U0001faff]").mean() < 0.012
    assert app.users["name"].str.contains("[áéíóúñÁ]").mean() > 0.005
    assert app.users["name"].str.islower().mean() == pytest.approx(0.02, abs=0.01)


def test_the_app_is_young_and_leans_to_its_own_party(app: App) -> None:
    party = of_voters(app)["party_cd"].value_counts(normalize=True)
    everybody = app.registered["party_cd"].value_counts(normalize=True)
    assert party["DEM"] > 1.5 * everybody["DEM"]
    assert party["REP"] < 0.6 * everybody["REP"]
    ages = 2026 - of_voters(app)["birth_year"].astype(int)
    assert ages.median() < (2026 - app.registered["birth_year"].astype(int)).median() - 5


def test_changed_accounts_are_exported_again_with_a_newer_time(app: App) -> None:
    again = app.users[app.users["id"].duplicated(keep=False)].sort_values("export", kind="stable")
    times = pd.to_datetime(again["updated_time"]).groupby(again["id"]).agg(list)
    assert len(times) > 100
    assert all(earlier < later for seen in times for earlier, later in pairwise(seen))


def test_slips_and_titles() -> None:
    assert {labels.slip("Jordan", where, how) for where in (0.0, 0.5) for how in (0.1, 0.5, 0.9)} == {
        *("Jrdan", "Joordan", "Jrodan", "Joran", "Jorddan", "Joradn"),
    }
    assert labels.slip("Amy", 0.5, 0.5) == "Amyy"
    names = ("MCDONALD", "O'BRIEN", "DE LA CRUZ", "MC ALISTERSON")
    assert [labels.title(name) for name in names] == ["McDonald", "O'Brien", "De la Cruz", "McAlisterson"]
