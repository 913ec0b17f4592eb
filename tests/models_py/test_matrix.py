"""Which rows are read, in which order and coding."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import ModelRejected, SpecError
from groundgame.warehouse.base import open_warehouse
from models_py.encode import Encoding, literal
from models_py.matrix import TrainingRows, _hex_to_integers, read_training_rows, universe_condition
from models_py.spec import ScoreSpec, load_spec
from tests.models_py.world import AS_OF


def read(
    settings: Settings, spec: ScoreSpec | None = None, as_of: dt.date = AS_OF, **universe: list[str]
) -> TrainingRows:
    with open_warehouse(settings) as warehouse:
        return read_training_rows(warehouse, spec or load_spec(settings, "turnout"), as_of, universe or None, 5)


def smaller(settings: Settings, rows: int) -> ScoreSpec:
    spec = load_spec(settings, "turnout")
    return spec.model_copy(update={"sample": spec.sample.model_copy(update={"rows_per_election": rows})})


def test_two_readings_are_equal_to_the_bit(untrained: Settings) -> None:
    assert read(untrained).snapshot_sha256() == read(untrained).snapshot_sha256()


def test_rows_are_the_scorable_voters_of_past_elections_with_their_label(untrained: Settings) -> None:
    rows = read(untrained)
    with open_warehouse(untrained) as warehouse:
        expected = warehouse.fetch(
            """select target_election_id, count(*) as n, count(v.voter_id) as voted from marts.feat_voters f
            left join marts.fct_votes v on v.voter_id = f.voter_id and v.election_id = f.target_election_id
            where as_of_role = 'training' and is_scorable and (status is null or status in ('active', 'inactive'))
            group by all order by 1"""
        ).to_pylist()
    assert [election.name for election in rows.elections] == [row["target_election_id"] for row in expected]
    for position, row in enumerate(expected):
        assert (rows.election == position).sum() == row["n"]
        assert rows.label[rows.election == position].sum() == row["voted"]


def test_the_sample_takes_whole_households_and_keeps_near_its_cap(untrained: Settings) -> None:
    everyone, sample = read(untrained), read(untrained, smaller(untrained, 10_000))
    sizes = np.bincount(sample.election)
    assert sizes == pytest.approx([10_000] * 4, rel=0.05)
    last = everyone.election == 3
    keys, counts = np.unique(everyone.household[last], return_counts=True)
    sampled, sampled_counts = np.unique(sample.household[sample.election == 3], return_counts=True)
    assert (counts[np.isin(keys, sampled)] == sampled_counts).all()


def test_elections_on_or_after_as_of_are_not_read(untrained: Settings) -> None:
    rows = read(untrained, as_of=dt.date(2024, 11, 5))
    assert max(election.date for election in rows.elections) < dt.date(2024, 11, 5)


def test_no_known_election_is_a_rejected_model(untrained: Settings) -> None:
    with pytest.raises(ModelRejected, match="no past election with a complete history"):
        read(untrained, as_of=dt.date(2012, 1, 1))


def test_a_label_may_ask_for_a_kind_of_vote(untrained: Settings, scores_dir: Path) -> None:
    path = scores_dir / "turnout.yml"
    text = path.read_text(encoding="utf-8").replace(
        "any vote in the target election\n", 'an early vote\n  votes: {voting_method: ["early"]}\n'
    )
    path.write_text(text, encoding="utf-8")
    spec = load_spec(load_settings(home=untrained.home, scores_dir=scores_dir, threads=1), "turnout")
    assert 0.2 < read(untrained, spec).label.sum() / read(untrained).label.sum() < 0.8


def test_a_feature_that_is_no_column_is_named_with_the_nearest(untrained: Settings, scores_dir: Path) -> None:
    path = scores_dir / "turnout.yml"
    text = path.read_text(encoding="utf-8").replace("{name: age,", "{name: agee,").replace("[age]", "[agee]")
    path.write_text(text, encoding="utf-8")
    settings = load_settings(home=untrained.home, scores_dir=scores_dir, threads=1)
    with pytest.raises(SpecError, match=r"features.agee: is no column .* did you mean 'age'"):
        read(settings)


def test_unknown_values_and_unseen_categories_are_nan(untrained: Settings) -> None:
    encoding = Encoding(("party", "age"), {"party": ("democratic", "o'hara")})
    with open_warehouse(untrained) as warehouse:
        table = warehouse.fetch(
            f"""select {encoding.select()} from (values ('democratic', 30), ('o''hara', null), ('new', 1), (null, 2))
            as t(party, age)"""
        )
    assert str(table.schema.types) == "[DataType(float), DataType(float)]"
    np.testing.assert_array_equal(table["party"].to_numpy(), np.float32([0, 1, np.nan, np.nan]))
    np.testing.assert_array_equal(table["age"].to_numpy(), np.float32([30, np.nan, 1, 2]))


def test_a_universe_is_told_by_status_and_arm_only() -> None:
    spec = load_spec(load_settings(), "turnout")
    assert "f.is_scorable" in universe_condition(spec.universe)
    assert "experiment_arm in ('Control')" in universe_condition(spec.universe, {"experiment_arm": ["Control"]})
    with pytest.raises(SpecError, match="cannot tell a universe"):
        universe_condition(spec.universe, {"religion": ["any"]})


def test_household_keys_are_read_from_their_hex_digits() -> None:
    import pyarrow as pa

    column = pa.array(["x" * 16, "00000000000000ff", "fedcba9876543210"])[1:]
    assert _hex_to_integers(column).tolist() == [0xFF, 0xFEDCBA9876543210]


def test_text_in_sql_is_quoted() -> None:
    assert literal("o'hara") == "'o''hara'"
