"""The child process that loads a model and predicts. Run as ``python -m models_py.worker MODEL THREADS``; never imported.

A tampered LightGBM text can end the process that loads it, so that process must not be the pipeline's. Blocks of float32 columns come in
on stdin (row count, then each column whole), probabilities go out on stdout; the first line out names the features.

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
from typing import BinaryIO

FLOAT32, COLUMN_MAJOR, NORMAL_PREDICTION, ALL_TREES = 0, 0, 0, -1
NAME_BYTES = 256


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

    def predict(self, block: bytearray, rows: int, columns: int, threads: int) -> ctypes.Array[ctypes.c_double]:
        """Raw probabilities of one block of float32 columns."""
        values = (ctypes.c_float * (rows * columns)).from_buffer(block)
        result, length = (ctypes.c_double * rows)(), ctypes.c_int64()
        self._call(
            "BoosterPredictForMat",
            self._handle,
            values,
            ctypes.c_int(FLOAT32),
            ctypes.c_int32(rows),
            ctypes.c_int32(columns),
            ctypes.c_int(COLUMN_MAJOR),
            ctypes.c_int(NORMAL_PREDICTION),
            ctypes.c_int(0),
            ctypes.c_int(ALL_TREES),
            f"num_threads={threads}".encode(),
            ctypes.byref(length),
            result,
        )
        if length.value != rows:
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


def main(model: str, threads: int, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer blocks until one of zero rows comes or the parent has gone."""
    booster = Booster(model)
    names = booster.feature_names()
    sink.write(json.dumps({"features": names}).encode() + b"\n")
    sink.flush()
    header, block = bytearray(8), bytearray()
    while rows := int.from_bytes(_read(source, header, 8), "little"):
        size = 4 * rows * len(names)
        if len(block) < size:
            block = bytearray(size)  # kept for the next blocks: fresh memory would be zeroed twice
        _read(source, block, size)
        sink.write(memoryview(booster.predict(block, rows, len(names), threads)).cast("B"))
        sink.flush()


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
    main(sys.argv[1], int(sys.argv[2]), sys.stdin.buffer, answers)
