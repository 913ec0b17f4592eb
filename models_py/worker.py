"""The child process that loads a model and predicts. Run as ``python -m models_py.worker MODEL THREADS GROUPS``; never imported.

A tampered LightGBM text can end the process that loads it, so that process must not be the pipeline's. Blocks of float32 columns come in
on stdin (row count, then each column whole); probabilities and the codes of three reasons go out on stdout. The first line out names the
features, the last one, after a block of no rows, says how the reasons compare with LightGBM's own SHAP values.

Shallow trees are looked up in tables, four times as fast as LightGBM walks them. LightGBM predicts the first rows of every block too, and
one bit of difference ends the process. Deeper trees are LightGBM's alone, without reasons.

It speaks to LightGBM's C interface, which the Python package wraps: that package imports scipy and, where it finds them, pandas and
scikit-learn, and 1 to 5 seconds of imports are more than predicting half a million voters takes.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from models_py.shallow import REASONS, ShallowTrees, read_shallow, weightiest

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOAT32, COLUMN_MAJOR, NORMAL_PREDICTION, SHAP_VALUES, ALL_TREES = 0, 0, 0, 3, -1
NAME_BYTES = 256
# Of every block LightGBM predicts so many rows; of the first blocks it explains them, which takes a hundred times as long.
CHECKED_ROWS, EXPLAINED_BLOCKS = 256, 4


class Booster:
    """A loaded model; every call that fails ends the process with LightGBM's own message."""

    def __init__(self, model: str) -> None:
        self._lib = ctypes.CDLL(str(_library()))
        self._lib.LGBM_GetLastError.restype = ctypes.c_char_p
        self._handle, trees = ctypes.c_void_p(), ctypes.c_int()
        self._call("BoosterCreateFromModelfile", os.fsencode(model), ctypes.byref(trees), ctypes.byref(self._handle))

    def feature_names(self) -> list[str]:
        """Names of the columns, in the order that the model expects."""
        count, longest = ctypes.c_int(), ctypes.c_size_t()
        self._call("BoosterGetNumFeature", self._handle, ctypes.byref(count))
        texts = [ctypes.create_string_buffer(NAME_BYTES) for _ in range(count.value)]
        pointers = (ctypes.c_char_p * len(texts))(*(ctypes.cast(text, ctypes.c_char_p) for text in texts))
        got = ctypes.c_int()
        size = ctypes.c_size_t(NAME_BYTES)
        self._call(
            "BoosterGetFeatureNames",
            self._handle,
            ctypes.c_int(len(texts)),
            ctypes.byref(got),
            size,
            ctypes.byref(longest),
            pointers,
        )
        return [text.value.decode() for text in texts]

    def predict(self, block: NDArray[np.float32], threads: int, kind: int = NORMAL_PREDICTION) -> NDArray[np.float64]:
        """Raw probabilities (rows, 1) of a block (columns, rows); or its SHAP values (rows, columns + 1)."""
        columns, rows = block.shape
        block = np.ascontiguousarray(block)
        width = columns + 1 if kind == SHAP_VALUES else 1
        result, length = np.empty((rows, width)), ctypes.c_int64()
        self._call(
            "BoosterPredictForMat",
            self._handle,
            block.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(FLOAT32),
            ctypes.c_int32(rows),
            ctypes.c_int32(columns),
            ctypes.c_int(COLUMN_MAJOR),
            ctypes.c_int(kind),
            ctypes.c_int(0),
            ctypes.c_int(ALL_TREES),
            f"num_threads={threads}".encode(),
            ctypes.byref(length),
            result.ctypes.data_as(ctypes.c_void_p),
        )
        if length.value != rows * width:
            sys.exit(f"{length.value} answers for {rows} voters")
        return result

    def _call(self, name: str, *arguments: object) -> None:
        if getattr(self._lib, f"LGBM_{name}")(*arguments) != 0:
            sys.exit(self._lib.LGBM_GetLastError().decode(errors="replace"))


def _library() -> Path:
    """LightGBM's shared library inside its installed package, found without importing the package."""
    package = importlib.util.find_spec("lightgbm")
    folders = list(package.submodule_search_locations or []) if package else []
    for folder in folders:
        for found in sorted(Path(folder).glob("**/lib_lightgbm.*")):
            return found
    sys.exit("LightGBM is not installed")


class Agreement:
    """How often the reasons given are those of LightGBM's own SHAP values."""

    def __init__(self) -> None:
        self.blocks = self.rows = self.first = self.all = 0

    def add(self, booster: Booster, block: NDArray[np.float32], groups: list[int], given: NDArray[np.uint8]) -> None:
        """Explain some rows once more, by LightGBM."""
        shap = booster.predict(block, 1, SHAP_VALUES)[:, :-1].T
        sums = np.zeros((max(groups) + 1, shap.shape[1]))
        for group, values in zip(groups, shap, strict=True):
            if group >= 0:
                sums[group] += values
        exact = weightiest(sums.astype(np.float32))
        self.blocks += 1
        self.rows += exact.shape[1]
        self.first += int((exact[0] == given[0]).sum())
        self.all += int((exact == given).all(axis=0).sum())


def main(model: str, threads: int, groups: list[int], source: BinaryIO, sink: BinaryIO) -> None:
    """Answer blocks until one of zero rows comes or the parent has gone."""
    booster, agreement = Booster(model), Agreement()
    names = booster.feature_names()
    groups = (groups + [-1] * len(names))[: len(names)]
    trees = read_shallow(Path(model).read_text(encoding="utf-8"), groups)
    sink.write(json.dumps({"features": names}).encode() + b"\n")
    sink.flush()
    header, memory = bytearray(8), bytearray()
    while rows := int.from_bytes(_read(source, header, 8), "little"):
        size = 4 * rows * len(names)
        if len(memory) < size:
            memory = bytearray(size)  # kept for the next blocks: fresh memory would be zeroed twice
        _read(source, memory, size)
        block = np.frombuffer(memory, np.float32, rows * len(names)).reshape(len(names), rows)
        for answer in _answer(booster, trees, block, threads):
            sink.write(np.ascontiguousarray(answer).data.cast("B"))
        sink.flush()
        if trees is not None and max(groups) >= 0 and agreement.blocks < EXPLAINED_BLOCKS:
            some = block[:, :CHECKED_ROWS]
            agreement.add(booster, some, groups, trees.predict(list(some))[1])
    rows = max(agreement.rows, 1)
    said = {"rows": agreement.rows, "first": agreement.first / rows, "all": agreement.all / rows}
    sink.write(json.dumps(said).encode() + b"\n")
    sink.flush()


def _answer(
    booster: Booster, trees: ShallowTrees | None, block: NDArray[np.float32], threads: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    if trees is None:
        return booster.predict(block, threads)[:, 0], np.zeros((REASONS, block.shape[1]), dtype=np.uint8)
    raw, reasons = trees.predict(list(block))
    expected = booster.predict(block[:, :CHECKED_ROWS], 1)[:, 0]
    if not np.array_equal(raw[: len(expected)], expected):
        sys.exit("the tables of the trees do not give LightGBM's own probabilities")
    return raw, reasons


def _read(source: BinaryIO, buffer: bytearray, size: int) -> bytearray:
    view, filled = memoryview(buffer), 0
    while filled < size:
        count = source.readinto(view[filled:size])  # type: ignore[attr-defined]
        if not count:
            sys.exit(0)
        filled += count
    return buffer


if __name__ == "__main__":
    # LightGBM prints its warnings to stdout: give it stderr, and keep the real stdout for answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    main(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), sys.stdin.buffer, answers)
