"""The pipeline's side of the model's child process: send blocks, receive probabilities, survive whatever happens over there."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from groundgame.errors import ModelRejected
from models_py.shallow import REASONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
# A block takes a fraction of a second; minutes of silence mean that the model hangs.
ANSWER_SECONDS = 300.0


class Answer(NamedTuple):
    """Raw probabilities (rows,) and the codes of their reasons (3, rows), zero for none; see ``shallow.ShallowTrees.predict``."""

    raw: NDArray[np.float64]
    reasons: NDArray[np.uint8]


class ModelProcess:
    """A model in a process of its own; use as a context manager.

    It starts at once, so that it loads while the caller prepares its query. Every failure, a crash included, is a ``ModelRejected``.
    """

    def __init__(
        self,
        score: str,
        version: str,
        model: Path,
        features: Sequence[str],
        threads: int,
        reason_groups: Sequence[int] = (),
    ) -> None:
        self.score, self.version, self.features = score, version, list(features)
        # After all blocks: rows explained twice, and how often the first and all three reasons were LightGBM's own.
        self.agreement: dict[str, float] = {}
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-m", "models_py.worker", str(model), str(threads), json.dumps(list(reason_groups))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={"OMP_WAIT_POLICY": "passive", **os.environ, "PYTHONPATH": path},
        )
        self._is_ready = False

    def __enter__(self) -> ModelProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            try:
                if pipe is not None:
                    pipe.close()
            except BrokenPipeError:
                pass  # bytes that a dead child will never read

    def predict(self, blocks: Iterable[Sequence[NDArray[np.float32]]]) -> Generator[Answer]:
        """Probabilities and reasons, one answer for each block of columns, in order.

        A thread feeds the child, so that the next block is read from the warehouse while this one is predicted.

        Raises:
            ModelRejected: the model expects other columns, died, hung or answered with something else.
        """
        rows: list[int] = []
        failure: list[BaseException] = []
        is_fed = threading.Semaphore(0)

        def feed() -> None:
            try:
                for columns in blocks:
                    self._await_ready()  # the first block is read while the child starts
                    rows.append(len(columns[0]))
                    is_fed.release()
                    self._send(columns)
                if rows:
                    self._send([np.empty(0, dtype=np.float32)])  # no more
            except BrokenPipeError:
                pass  # the child has gone; the reading side finds out why
            except BaseException as error:  # carried over to the caller's thread below
                failure.append(error)
            finally:
                is_fed.release()

        feeder = threading.Thread(target=feed, daemon=True, name="model-feeder")
        feeder.start()
        answered = 0
        try:
            while True:
                is_fed.acquire()
                if answered >= len(rows):
                    break
                count = rows[answered]
                raw = np.frombuffer(self._receive(8 * count), dtype=np.float64)
                yield Answer(raw, np.frombuffer(self._receive(REASONS * count), dtype=np.uint8).reshape(REASONS, count))
                answered += 1
            if answered and not failure:
                self.agreement = self._line()
        finally:
            # The feeder may sit in a read of the caller's warehouse: it must be over before the caller closes that.
            if answered < len(rows):
                self._process.kill()
            feeder.join()
        if failure:
            raise failure[0]

    def _await_ready(self) -> None:
        if self._is_ready:
            return
        names = self._line()["features"]
        if names != self.features:
            raise self._rejected(f"model.txt expects other columns or another order than encoding.json: {names}")
        self._is_ready = True

    def _line(self) -> dict[str, Any]:
        line = b""
        while not line.endswith(b"\n"):
            line += self._receive(1)
        return dict(json.loads(line))

    def _send(self, columns: Sequence[NDArray[np.float32]]) -> None:
        stdin: Any = self._process.stdin
        stdin.write(len(columns[0]).to_bytes(8, "little"))
        for column in columns:
            stdin.write(np.ascontiguousarray(column, dtype=np.float32).data.cast("B"))
        stdin.flush()

    def _receive(self, size: int) -> bytearray:
        stdout: Any = self._process.stdout
        buffer, filled = bytearray(size), 0
        while filled < size:
            if not select.select([stdout], [], [], ANSWER_SECONDS)[0]:
                self._process.kill()
                raise self._rejected(f"the model's process did not answer for {ANSWER_SECONDS:.0f} s")
            part = os.read(stdout.fileno(), size - filled)
            if not part:
                raise self._rejected(self._obituary())
            buffer[filled : filled + len(part)] = part
            filled += len(part)
        return buffer

    def _obituary(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"the model's process {how}" + (f": {lines[-1][:200]}" if lines else "")

    def _rejected(self, reason: str) -> ModelRejected:
        return ModelRejected(self.score, self.version, [reason])
