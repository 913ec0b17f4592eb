"""The child process that loads a model and predicts. Run as ``python -m models_py.worker MODEL THREADS``; never imported.

A tampered LightGBM text can end the process that loads it, so that process must not be the pipeline's. Blocks of float32 columns come in
on stdin (row count, then each column whole), probabilities go out on stdout; the first line out names the features.
"""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO

# LightGBM imports these when they are there and needs none of them to predict: without them it starts in 0.8 s, not in 5.
for _heavy in ("pandas", "sklearn", "pyarrow", "dask", "matplotlib"):
    sys.modules[_heavy] = None  # type: ignore[assignment]

import lightgbm  # noqa: E402
import numpy as np  # noqa: E402


def main(model: str, threads: int, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer blocks until one of zero rows comes."""
    booster = lightgbm.Booster(model_file=model)
    names = booster.feature_name()
    sink.write(json.dumps({"features": names}).encode() + b"\n")
    sink.flush()
    while True:
        rows = int.from_bytes(_read(source, bytearray(8)), "little")
        if rows == 0:
            return
        block = np.empty((len(names), rows), dtype=np.float32)
        _read(source, block.data.cast("B"))
        # The transpose is a view in column order, which LightGBM takes without a copy.
        raw = np.ascontiguousarray(booster.predict(block.T, num_threads=threads), dtype=np.float64)
        sink.write(raw.data.cast("B"))
        sink.flush()


def _read(source: BinaryIO, buffer: bytearray | memoryview) -> bytearray | memoryview:
    view, filled = memoryview(buffer), 0
    while filled < len(view):
        count = source.readinto(view[filled:])  # type: ignore[attr-defined]
        if not count:
            sys.exit(0)  # the parent has gone
        filled += count
    return buffer


if __name__ == "__main__":
    # LightGBM prints its warnings to stdout: give it stderr, and keep the real stdout for answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    main(sys.argv[1], int(sys.argv[2]), sys.stdin.buffer, answers)
