"""What the app's exports become: inside consent, and nothing outside of it."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Built


def test_only_adults_with_a_consent_in_force_are_users(built: Built) -> None:
    users = {row["person_key"]: row for row in built.rows("select * from marts.dim_app_users")}
    assert set(users) == {"graph:YES", "graph:ALONE"}
    assert (users["graph:YES"]["voter_id"], users["graph:YES"]["link_method"]) == ("NC-V1", "email")
    assert users["graph:ALONE"]["has_friends_consent"] is False and users["graph:ALONE"]["friends_count"] == 0
    assert users["graph:YES"]["friends_count"] == 8  # not oneself


def test_an_action_counts_once_as_corrected_and_not_before_consent(built: Built) -> None:
    assert built.rows("select event_key, revision, outcome, is_about_friend from marts.fct_app_actions") == [
        {"event_key": "graph:1", "revision": 2, "outcome": "told 2", "is_about_friend": True}
    ]


def test_five_friends_at_most_are_asked_and_never_a_confidential_one(built: Built) -> None:
    asks = built.rows("select * from marts.friend_asks order by person_key, ask_rank")
    assert {row["person_key"] for row in asks} == {"graph:YES"}
    assert [row["ask_rank"] for row in asks] == [1, 2, 3, 4, 5]
    assert "NC-SECRET" not in {row["voter_id"] for row in asks}
    assert all(row["expires_date"] > row["as_of_date"] for row in asks)


@pytest.mark.parametrize("table", ["dim_app_users", "fct_app_actions", "friend_asks"])
def test_no_mart_tells_more_of_a_friend_than_the_ask(built: Built, table: str) -> None:
    columns = built.rows(f"select column_name as name from (describe marts.{table})")
    assert not {row["name"] for row in columns} & {
        "friend_name",
        "full_name",
        "first_name",
        "last_name",
        "birthday",
        "city",
        "religion",
        "political_views",
        "email",
        "phone",
        "friend_key",
        "friend_id",
        "turnout_score",
    }
