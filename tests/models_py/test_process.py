"""Whatever a model does to the process that loads it, the pipeline's own lives on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from groundgame.errors import ModelRejected
from models_py import process as processes
from models_py.process import Answer, ModelProcess
from models_py.shallow import read_shallow

NAMES = [f"f{i}" for i in range(6)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of six features."""
    import lightgbm

    rng = np.random.default_rng(1)
    x = rng.normal(size=(3_000, 6)).astype(np.float32)
    label = (x[:, 0] + rng.normal(size=3_000) > 0).astype(int)
    data = lightgbm.Dataset(x, label=label, feature_name=NAMES)
    path = tmp_path_factory.mktemp("model") / "model.txt"
    lightgbm.train({"objective": "binary", "verbosity": -1, "num_leaves": 7}, data, 20).save_model(path)
    return path


def columns(rows: int, seed: int) -> list[NDArray[np.float32]]:
    x = np.random.default_rng(seed).normal(size=(6, rows)).astype(np.float32)
    x[2, ::7] = np.nan
    return list(x)


@pytest.fixture(scope="module")
def shallow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trees of two questions each, with unknown values, zeros and categories among what they ask about."""
    import lightgbm

    blocks = [columns(4_000, seed) for seed in (1, 2)]
    x = np.column_stack([np.concatenate(parts) for parts in zip(*blocks, strict=True)])
    x[:, 3] = np.trunc(np.abs(x[:, 3]) * 20)
    odds = x[:, 0] + np.where(np.isnan(x[:, 2]), 1.0, x[:, 2]) + np.isin(x[:, 3], (1, 5, 40)) + x[:, 4] * x[:, 5]
    label = (odds + np.random.default_rng(5).normal(size=len(x)) > 0.5).astype(int)
    data = lightgbm.Dataset(x, label=label, feature_name=NAMES, categorical_feature=[3])
    settings = {"objective": "binary", "num_leaves": 4, "max_depth": 2, "min_data_per_group": 5, "verbosity": -1}
    path = tmp_path_factory.mktemp("shallow") / "model.txt"
    lightgbm.train(settings, data, 60).save_model(path)
    return path


def answer(path: Path, names: list[str] = NAMES) -> list[Answer]:
    with ModelProcess("turnout", "v1", path, names, threads=1) as process:
        return list(process.predict([columns(100, 1), columns(70_000, 2), columns(1, 3)]))


def test_the_child_predicts_what_lightgbm_predicts(model: Path) -> None:
    import lightgbm

    booster = lightgbm.Booster(model_file=model)
    for block, raw in zip([columns(100, 1), columns(70_000, 2), columns(1, 3)], answer(model), strict=True):
        np.testing.assert_array_equal(raw.raw, booster.predict(np.column_stack(block)))


def odd_values() -> list[NDArray[np.float32]]:
    x = np.stack(columns(30_001, 7))
    x[:, ::11], x[:, 1::13], x[:, 2::17], x[4] = np.nan, 0.0, -0.0, np.float32(1e-36)
    x[3] = np.arange(30_001) % 90 - 5
    x[3, ::19], x[3, 1::23] = np.inf, 5.5
    return list(x)


@pytest.mark.parametrize("threads", [1, 2])
def test_looked_up_probabilities_are_lightgbms_own_and_reasons_those_of_shap(shallow_model: Path, threads: int) -> None:
    import lightgbm

    booster = lightgbm.Booster(model_file=shallow_model)
    block, groups = odd_values(), [0, 0, 1, 2, -1, 3]
    with ModelProcess("turnout", "v1", shallow_model, NAMES, threads, groups) as process:
        (got,) = process.predict([block])
    np.testing.assert_array_equal(got.raw, booster.predict(np.column_stack(block)))
    assert process.agreement == {"rows": 256, "first": 1.0, "all": 1.0}
    trees = read_shallow(shallow_model.read_text(encoding="utf-8"), groups)
    assert trees is not None
    shap = booster.predict(np.column_stack(block)[:2_000], pred_contrib=True)
    exact = [shap[:, [at for at, one in enumerate(groups) if one == group]].sum(axis=1) for group in range(4)]
    np.testing.assert_allclose(trees.contributions([part[:2_000] for part in block]), exact, atol=1e-5)
    first = np.abs(exact).argmax(axis=0)
    lowers = np.take_along_axis(np.array(exact), first[None], axis=0)[0] < 0
    np.testing.assert_array_equal(got.reasons[0, :2_000], 1 + 2 * first + lowers)


def test_deeper_trees_are_predicted_by_lightgbm_without_reasons(model: Path) -> None:
    assert read_shallow(model.read_text(encoding="utf-8"), [0] * 6) is None
    assert not any(one.reasons.any() for one in answer(model))


def test_tables_that_differ_from_lightgbm_are_refused(shallow_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later LightGBM may walk its trees by other rules."""
    from models_py import worker

    class Other:
        def predict(self, block: NDArray[np.float32], threads: int) -> NDArray[np.float64]:
            return np.full((block.shape[1], 1), 0.5)

    trees = read_shallow(shallow_model.read_text(encoding="utf-8"), [0] * 6)
    with pytest.raises(SystemExit, match="LightGBM's own probabilities"):
        worker._answer(Other(), trees, np.stack(columns(10, 1)), 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("damage", "sign"),
    [
        (lambda text: text[: len(text) // 3], "ended with code|was killed by signal"),
        (lambda text: "", "ended with code|was killed by signal"),
        (lambda text: text.replace("left_child=", "left_child=99999999 ", 1), "ended with code|was killed by signal"),
        (
            lambda text: text.replace("split_feature=", "split_feature=123456789 ", 1),
            "ended with code|was killed by signal",
        ),
    ],
)
def test_a_broken_model_ends_its_own_process_only(model: Path, tmp_path: Path, damage: object, sign: str) -> None:
    """F27, trap of tampered and truncated text models."""
    broken = tmp_path / "model.txt"
    broken.write_text(damage(model.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(ModelRejected, match=sign):
        answer(broken)


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="ended with code"):
        answer(tmp_path / "model.txt")


def test_another_order_of_features_is_refused(model: Path) -> None:
    with pytest.raises(ModelRejected, match="other columns or another order"):
        answer(model, NAMES[::-1])


@pytest.mark.parametrize("fault", ["kill", "abort"])
def test_a_child_that_dies_while_it_predicts_is_noticed(model: Path, fault: str) -> None:
    def blocks(process: ModelProcess) -> Iterator[list[NDArray[np.float32]]]:
        yield columns(1_000, 1)
        process._process.send_signal(9 if fault == "kill" else 6)
        for seed in range(50):
            yield columns(50_000, seed)

    with (
        ModelProcess("turnout", "v1", model, NAMES, threads=1) as process,
        pytest.raises(ModelRejected, match="signal"),
    ):
        list(process.predict(blocks(process)))


def test_a_hanging_child_is_ended(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "ANSWER_SECONDS", 0.2)
    with ModelProcess("turnout", "v1", model, NAMES, threads=1) as process:
        process._process.send_signal(19)
        with pytest.raises(ModelRejected, match="did not answer"):
            list(process.predict([columns(10, 1)]))
        assert process._process.wait() == -9


def test_an_error_of_the_reader_is_the_callers_own(model: Path) -> None:
    def blocks() -> Iterator[list[NDArray[np.float32]]]:
        yield columns(10, 1)
        raise KeyError("the warehouse went away")

    with ModelProcess("turnout", "v1", model, NAMES, threads=1) as process, pytest.raises(KeyError, match="went away"):
        list(process.predict(blocks()))


def test_the_parent_does_not_import_lightgbm_to_score() -> None:
    import subprocess

    code = "import sys, models_py.predict; sys.exit('lightgbm' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
