"""Scoring against its floor: LightGBM predicting the same matrix, already in memory."""

from __future__ import annotations

import datetime as dt

import lightgbm
import numpy as np

from benchmarks.figures import Figure, paired
from groundgame import stages
from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from models_py import registry
from models_py.encode import FEATURES_TABLE
from models_py.matrix import tonight_condition
from models_py.spec import load_spec


def run(settings: Settings, as_of: dt.date) -> list[Figure]:
    """The whole stage (check, read, start of the child, predict, calibrate, write) over the bare prediction."""
    pointer = registry.champion(settings, "turnout")
    if pointer is None:
        raise SystemExit("no champion to measure; run a night first")
    stored = registry.load(settings, "turnout", pointer.version, pointer.manifest_sha256)
    condition = tonight_condition(load_spec(settings, "turnout").universe, as_of, None)
    with open_warehouse(settings, read_only=True) as warehouse:
        table = warehouse.fetch(f"select {stored.encoding.select()} from {FEATURES_TABLE} f where {condition}")
    matrix = np.column_stack([column.to_numpy().astype(np.float32) for column in table.columns])
    booster = lightgbm.Booster(model_file=str(stored.path / registry.MODEL))
    mine, least, ratio = paired(
        lambda: stages.score(settings, "turnout", as_of), lambda: booster.predict(matrix, num_threads=settings.threads)
    )
    shape = f"{matrix.shape[0]:,} x {matrix.shape[1]}, {booster.num_trees()} trees"
    return [Figure("scoring / LightGBM predict", ratio, "x", "<= 1.3", f"{mine:.1f} s against {least:.1f} s, {shape}")]
