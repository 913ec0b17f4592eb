"""Scoring against its floor: LightGBM predicting the same matrices, already in memory, one after the other."""

from __future__ import annotations

import datetime as dt

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, paired
from groundgame import stages
from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from models_py import registry
from models_py.encode import FEATURES_TABLE
from models_py.matrix import tonight_condition
from models_py.uplift_spec import load_any


def run(settings: Settings, as_of: dt.date, bound: str = "<= 1.3") -> list[Figure]:
    """The whole stage of every score that has a model (check, read, start of the child, predict, calibrate, explain, write)."""
    names = [name for name in stages.due_scores(settings) if registry.champion(settings, name) is not None]
    if not names:
        raise SystemExit("no champion to measure; run a night first")
    ready = [_ready(settings, name, as_of) for name in names]
    mine, least, ratio = paired(
        lambda: [stages.score(settings, name, as_of) for name in names],
        lambda: [booster.predict(matrix, num_threads=settings.threads) for booster, matrix in ready],
    )
    rows = sum(len(matrix) for _, matrix in ready)
    note = f"{mine:.1f} s against {least:.1f} s, {rows:,} scores: {', '.join(names)}"
    return [Figure("scoring / LightGBM predict", ratio, "x", bound, note)]


def _ready(settings: Settings, name: str, as_of: dt.date) -> tuple[lightgbm.Booster, NDArray[np.float32]]:
    pointer = registry.champion(settings, name)
    if pointer is None:
        raise SystemExit(f"{name} has no champion")
    stored = registry.load(settings, name, pointer.version, pointer.manifest_sha256)
    condition = tonight_condition(load_any(settings, name).universe, as_of, None)
    with open_warehouse(settings, read_only=True) as warehouse:
        table = warehouse.fetch(f"select {stored.encoding.select()} from {FEATURES_TABLE} f where {condition}")
    matrix = np.column_stack([column.to_numpy().astype(np.float32) for column in table.columns])
    return lightgbm.Booster(model_file=str(stored.path / registry.MODEL)), matrix
