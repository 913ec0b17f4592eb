"""What reports of the field become: contacts of voters, answers, and nothing that was written about anybody."""

from __future__ import annotations

from tests.dbt.conftest import Built


def test_contacts_are_of_voters_on_the_file_and_the_others_are_counted(built: Built) -> None:
    contacts = {row["contact_key"]: row for row in built.rows("select * from marts.fct_contacts")}
    assert set(contacts) == {f"van:{number}" for number in (*range(8), 10, 13, 14)}
    assert (contacts["van:0"]["voter_id"], contacts["van:0"]["support_level"]) == ("NC-C100", 2)
    assert contacts["van:1"]["node_path"] == "/NC/R1/T1/O1/V1/"
    assert contacts["van:13"]["node_path"] == "/unplaced/LOST/"
    assert [key for key, row in contacts.items() if row["is_repeated"]] == ["van:10"]
    assert built.rows("select contact_key, reason from intermediate.int_contacts__unmatched order by 1") == [
        {"contact_key": "van:11", "reason": "not in the crosswalk"},
        {"contact_key": "van:12", "reason": "not on the voter file"},
    ]


def test_a_hidden_voter_answered_nothing_that_a_model_could_learn(built: Built) -> None:
    answers = built.rows("select * from intermediate.int_canvass__support_answers order by voter_id, answered_on")
    assert {row["voter_id"] for row in answers} == {"NC-C100", "NC-C102", "NC-C104", "NC-C106", "NC-C109"}
    assert {row["support_level"] for row in answers} == {2}


def test_what_a_canvasser_wrote_of_somebody_is_in_no_table(built: Built) -> None:
    for schema in ("intermediate", "marts"):
        columns = built.rows(
            f"select table_name, column_name from information_schema.columns where table_schema = '{schema}'"
            " and data_type = 'VARCHAR' and (table_name like '%contact%' or table_name like '%field%')"
        )
        assert columns
        for column in columns:
            sql = f"select count(*) as n from {schema}.{column['table_name']} where {column['column_name']} like '%555-0142%'"
            assert built.rows(sql) == [{"n": 0}], column


def test_the_work_of_everybody_below_is_a_nodes_progress(built: Built) -> None:
    done = {
        row["node_id"]: (row["to_date_count"], row["target_count"])
        for row in built.rows("select * from marts.field_progress where is_latest and metric = 'doors'")
    }
    # Eight doors, a tablet that sent twice, a number that is nobody's, a hidden voter and a stop; not what LOST did.
    assert done == {"O1": (7, 10), "T1": (7, 10), "O2": (4, 10), "R1": (11, 10), "NC": (11, 10)}
    ranks = built.rows("select node_id, state_rank from marts.field_leaderboard where level = 'organizer' order by 2")
    assert [(row["node_id"], row["state_rank"]) for row in ranks] == [("O1", 1), ("O2", 2)]


def test_who_said_stop_is_not_called(built: Built) -> None:
    assert built.rows("select voter_id, may_be_called, may_be_visited from marts.contact_permissions") == [
        {"voter_id": "NC-C109", "may_be_called": False, "may_be_visited": True}
    ]


def test_a_note_with_a_phone_in_it_is_withheld_and_others_stay_as_they_were_written(built: Built) -> None:
    notes = built.rows("select node_id, text, is_withheld from marts.field_notes order by node_id")
    assert notes == [
        {"node_id": "O1", "text": "<b>Five doors</b> & counting", "is_withheld": False},
        {"node_id": "O2", "text": None, "is_withheld": True},
    ]
