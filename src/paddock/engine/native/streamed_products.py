"""Products with matrices that are never whole in memory: a stretch is read, packed, used, dropped.

What is under way is bounded by the number of threads, however large a matrix is. One thread reads,
others pack and multiply with the kernels that the runner uses. Every number of a matrix is looked
at, and one that is not finite is refused, as in ``packing``. Knows matrices; does not know models.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from paddock.engine.native.packing import AHEAD, Stretch, pack_stretch, stretches_of
from paddock.engine.native.plan import PlannedMatrix
from paddock.engine.native.weights import Floats
from paddock.kernels.step_library import PANEL, Matrix, StepLibrary

_Use = Callable[[Matrix, int], None]  # some rows of a matrix, packed, and the first one's number


class StreamedProducts:
    """Products by a team of threads; close it when the last one is done."""

    def __init__(self, library: StepLibrary, threads: int) -> None:
        self._library, self._threads = library, threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="streaming")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def multiply(self, matrices: Sequence[PlannedMatrix], x_TI: Floats) -> Floats:
        """The outputs of all matrices, side by side: ``[T, O]``.

        Raises BadElements, and what reading a tensor raises.
        """
        ends = np.cumsum([matrix.outputs for matrix in matrices])
        out_TO = np.empty((len(x_TI), int(ends[-1])), np.float32)
        for matrix, end in zip(matrices, ends.tolist(), strict=True):
            self._one(matrix, x_TI, out_TO[:, end - matrix.outputs : end])
        return out_TO

    def rows(self, matrix: PlannedMatrix, numbers: NDArray[np.int64]) -> Floats:
        """Rows of the matrix by their numbers; all of it is read."""
        out_TI = np.empty((len(numbers), matrix.inputs), np.float32)

        def use(part: Matrix, first: int) -> None:
            here = (numbers >= first) & (numbers < first + part.outputs)
            for place in np.flatnonzero(here).tolist():
                out_TI[place] = self._library.row(part, int(numbers[place]) - first)

        self._stream(matrix, use)
        return out_TI

    def _one(self, matrix: PlannedMatrix, x_TI: Floats, out_TO: Floats) -> None:
        prepared = self._library.prepare(matrix.kind.dtype, x_TI)

        def use(part: Matrix, first: int) -> None:
            made = np.empty((len(x_TI), part.outputs), np.float32)
            panels = range(-(-part.outputs // PANEL))
            self._library.multiply(part, prepared, panels, made)
            out_TO[:, first : first + part.outputs] = made

        self._stream(matrix, use)

    def _stream(self, matrix: PlannedMatrix, use: _Use) -> None:
        """Hand every stretch of the matrix to ``use``, in any order, several at a time."""
        waiting: deque[Future[None]] = deque()
        first = 0
        try:
            for stretch in stretches_of(matrix):
                waiting.append(self._pool.submit(self._packed, stretch, first, use))
                first += stretch.rows
                if len(waiting) >= self._threads + AHEAD:
                    waiting.popleft().result()
            while waiting:
                waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _packed(self, stretch: Stretch, first: int, use: _Use) -> None:
        panels = pack_stretch(stretch, self._library)
        shape = (stretch.rows, stretch.matrix.inputs)
        use(self._library.matrix(stretch.matrix.kind.dtype, panels, shape), first)
