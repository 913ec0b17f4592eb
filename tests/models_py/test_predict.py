"""Tonight's scores: who gets one, what it means, and what happens when the model may not be used."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
from typing import Any

import numpy as np
import pytest

from groundgame.config import Settings
from groundgame.errors import ModelRejected
from groundgame.warehouse.base import open_warehouse
from models_py import predict, registry
from models_py.calibrate import Calibrator
from models_py.predict import PREDICTIONS_COLUMNS, score
from models_py.spec import load_spec
from tests.models_py.world import AS_OF


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with open_warehouse(settings) as warehouse:
        return warehouse.fetch(sql).to_pylist()


def content(settings: Settings) -> list[dict[str, Any]]:
    return rows(settings, "select * from scores.predictions order by voter_id, as_of_date")


def test_every_scorable_active_or_inactive_voter_gets_one_score_and_nobody_else(trained: Settings) -> None:
    result = score(trained, "turnout", AS_OF)
    (row,) = rows(
        trained,
        """select count(*) as n, count(distinct p.voter_id) as voters, min(p.score) as low, max(p.score) as high,
            count(*) filter (not f.is_scorable or f.status in ('removed', 'denied') or f.age < 18) as unlawful
        from scores.predictions p join marts.feat_voters f
            on f.voter_id = p.voter_id and f.as_of_role = 'tonight' and f.as_of_date = p.as_of_date""",
    )
    (expected,) = rows(
        trained,
        """select count(*) as n from marts.feat_voters
        where as_of_role = 'tonight' and is_scorable and status in ('active', 'inactive')""",
    )
    assert row["n"] == row["voters"] == expected["n"] == result.rows_out
    assert row["unlawful"] == 0
    assert 0 <= row["low"] < row["high"] <= 100


def test_the_score_is_the_calibrated_probability_in_points(trained: Settings) -> None:
    score(trained, "turnout", AS_OF)
    (row,) = rows(
        trained, "select max(abs(score - 100 * score_raw)) as gap, avg(score_raw) as level from scores.predictions"
    )
    assert row["gap"] <= 0.5
    (past,) = rows(
        trained,
        """select avg((v.voter_id is not null)::int) as share from marts.feat_voters f left join marts.fct_votes v
            on v.voter_id = f.voter_id and v.election_id = f.target_election_id
        where f.target_election_id = 'nc-2022-11-05-general' and f.is_scorable""",
    )
    assert row["level"] == pytest.approx(past["share"], abs=0.03), "a midterm is scored at the level of a midterm"
    assert Calibrator({}, "").points(np.array([0.0, 0.004, 0.746, 1.0])).tolist() == [0, 0, 75, 100]


def test_scoring_again_replaces_its_own_partition_with_the_same_rows(trained: Settings) -> None:
    score(trained, "turnout", AS_OF)
    before = content(trained)
    with open_warehouse(trained) as warehouse:
        warehouse.execute(
            "insert into scores.predictions select 'x', 'support', as_of_date, 0.5, 50, 's', null, null, null from ops.run_parameters"
        )
        warehouse.execute(
            "insert into scores.predictions values ('y', 'turnout', date '2026-10-24', 0.5, 50, 't', null, null, null)"
        )
    score(trained, "turnout", AS_OF)
    kept = [row for row in content(trained) if row["voter_id"] not in ("x", "y")]
    assert kept == before
    assert len(content(trained)) == len(before) + 2


def test_the_last_week_is_kept_whole_and_of_earlier_nights_the_first_of_each_month(trained: Settings) -> None:
    nights = [AS_OF - dt.timedelta(days=days) for days in (*range(1, 40), -1)]
    with open_warehouse(trained) as warehouse:
        warehouse.execute(f"create table if not exists scores.predictions ({PREDICTIONS_COLUMNS})")
        for name in ("turnout", "support"):
            for night in nights:
                warehouse.execute(
                    "insert into scores.predictions values ('y', ?, ?, 0.5, 50, 't', null, null, null)", [name, night]
                )
    for _ in range(2):
        score(trained, "turnout", AS_OF)
        left = rows(trained, "select distinct score_name as name, as_of_date as night from scores.predictions")
        kept = sorted(row["night"] for row in left if row["name"] == "turnout")
        assert len([row for row in left if row["name"] == "support"]) == len(nights)
        last = [AS_OF - dt.timedelta(days=days) for days in range(6, -2, -1)]
        assert kept == [*sorted({min(n for n in nights if n.month == m) for m in (9, 10)} - set(last)), *last]


def test_what_stops_half_way_is_told_as_it_is_and_leaves_the_previous_scores(
    trained: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(trained, "turnout", AS_OF)
    before = content(trained)
    calibrated, blocks = predict._calibrated, itertools.count(1)

    def gone(*arguments: Any) -> Any:
        if next(blocks) == 3:
            raise MemoryError("no room for the third block")
        return calibrated(*arguments)

    monkeypatch.setattr(predict, "BLOCK_ROWS", 2_048)
    monkeypatch.setattr(predict, "_calibrated", gone)
    with pytest.raises(MemoryError, match="third block"):
        score(trained, "turnout", AS_OF)
    assert next(blocks) == 4, "there were blocks before it"
    assert content(trained) == before
    score(trained, "turnout", AS_OF)
    assert content(trained) == before


def test_every_voter_is_told_what_moves_the_score_and_never_the_race(trained: Settings) -> None:
    result = score(trained, "turnout", AS_OF)
    said = rows(
        trained,
        "select reason_1, count(*) as n, avg(score) as level from scores.predictions group by 1 order by 1",
    )
    assert result.details["reasons"]["rows"] > 0
    assert result.details["reasons"]["first"] >= result.details["reasons"]["all"] > 0.99, "but for ties"
    level = {row["reason_1"]: row["level"] for row in said}
    assert level["votes in general elections more than most"] > level["votes in general elections less than most"] + 10
    known = {word for reason in load_spec(trained, "turnout").reasons for word in (reason.raises, reason.lowers)}
    assert set(level) - {None} <= known
    (none,) = rows(trained, "select count(*) filter (reason_1 is null) / count(*) as share from scores.predictions")
    assert none["share"] < 0.01


def test_without_a_champion_nothing_is_scored(untrained: Settings) -> None:
    with pytest.raises(ModelRejected, match="no model has been promoted yet"):
        score(untrained, "turnout", AS_OF)


def rehash(settings: Settings, **changed: bytes) -> None:
    """Change files and make every hash fit, as a careful tamperer would."""
    pointer = registry.champion(settings, "turnout")
    assert pointer is not None
    path = settings.models_dir / "turnout" / pointer.version
    files = {name: (path / name).read_bytes() for name in (*registry.NAMED_BY, registry.PAGE)} | changed
    card = json.loads(files[registry.CARD])
    card["deployed"]["model_txt_sha256"] = hashlib.sha256(files[registry.MODEL]).hexdigest()
    card["deployed"]["features"] = json.loads(files[registry.ENCODING])["features"]
    registry.save(settings, "turnout", pointer.version, {**files, registry.CARD: registry.json_bytes(card)})
    registry.promote(settings, registry.load(settings, "turnout", pointer.version))


@pytest.mark.parametrize("case", ["missing", "tampered", "rehashed", "order", "not a probability", "column gone"])
def test_a_model_that_may_not_be_used_leaves_the_previous_scores(trained: Settings, case: str) -> None:
    """F27."""
    score(trained, "turnout", AS_OF)
    before = content(trained)
    pointer = registry.champion(trained, "turnout")
    assert pointer is not None
    path = trained.models_dir / "turnout" / pointer.version
    text = (path / registry.MODEL).read_bytes()
    if case == "missing":
        (path / registry.MODEL).unlink()
    elif case == "tampered":
        (path / registry.MODEL).write_bytes(text.replace(b"threshold=0", b"threshold=1", 1))
    elif case == "column gone":
        with open_warehouse(trained) as warehouse:
            warehouse.execute("alter table marts.feat_voters drop column age")
    elif case == "rehashed":
        rehash(trained, **{registry.MODEL: text[: len(text) // 2]})
    else:
        with open_warehouse(trained) as warehouse:
            warehouse.execute("delete from ops.model_versions")
        if case == "order":
            encoding = json.loads((path / registry.ENCODING).read_text(encoding="utf-8"))
            encoding["features"].reverse()
            rehash(trained, **{registry.ENCODING: registry.json_bytes(encoding)})
        else:
            calibration = json.loads((path / registry.CALIBRATION).read_text(encoding="utf-8"))
            calibration["curves"]["midterm"]["share"] = [7.0 for _ in calibration["curves"]["midterm"]["share"]]
            rehash(trained, **{registry.CALIBRATION: registry.json_bytes(calibration)})
    reasons = {
        "missing": "model.txt is missing",
        "tampered": "model.txt was changed after training",
        "rehashed": r"differs from what ops\.model_versions recorded",
        "order": "other columns or another order",
        "not a probability": "not a probability",
        "column gone": r"features missing in marts\.feat_voters: \['age'\]",
    }
    with pytest.raises(ModelRejected, match=reasons[case]):
        score(trained, "turnout", AS_OF)
    assert content(trained) == before
