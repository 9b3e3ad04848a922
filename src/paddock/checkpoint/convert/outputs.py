"""The planned files of one pass: opened when their first tensor comes, closed after their last.

Knows which tensor goes where and how it is rendered there; a tensor that two files want in the same
form is rendered once.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.convert.flow import Flow
from paddock.checkpoint.convert.output_file import OutputFile
from paddock.checkpoint.convert.rendering import Rendering, render
from paddock.checkpoint.convert.weight_file import WeightFile
from paddock.checkpoint.dtypes import elements_in
from paddock.checkpoint.errors import BadElements
from paddock.checkpoint.tensors import Piece, Tensor
from paddock.digest import Digests

MAX_UNFINISHED = 4  # files that are whole and not yet on the medium


class _Stop(NamedTuple):
    """Where a tensor goes: into which file, and as which of its tensors."""

    file: str
    tensor: int
    rendering: Rendering


class Outputs:
    """Takes stretches of tensors, in order; gives the digests of the files."""

    def __init__(
        self, flow: Flow, folder: Path, files: Sequence[WeightFile], order: Sequence[Tensor]
    ) -> None:
        self._flow, self._folder = flow, folder
        self._plans = {file.name: file for file in files}
        self._stops: dict[str, list[_Stop]] = {}
        for file in files:
            for index, placed in enumerate(file.placed):
                stop = _Stop(file.name, index, placed.rendering)
                self._stops.setdefault(placed.tensor.name, []).append(stop)
        self._rank = {tensor.name: rank for rank, tensor in enumerate(order)}
        self._missing = {file.name: len(file.placed) for file in files}
        self._open: dict[str, OutputFile] = {}
        self._unfinished: deque[tuple[str, OutputFile]] = deque()
        self._digests: dict[str, Digests | None] = {}
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, "render")

    def wants(self, tensor: Tensor) -> bool:
        """Whether any file holds it."""
        return tensor.name in self._stops

    def head_dim_of(self, tensor: Tensor) -> int | None:
        """Rows of a head where some file wants them in another order."""
        dims = (stop.rendering.head_dim for stop in self._stops[tensor.name])
        return next((dim for dim in dims if dim is not None), None)

    def put(self, tensor: Tensor, first_element: int, raw: Piece) -> None:
        """A stretch of a tensor: whole blocks, and whole heads where their order changes."""
        stops, size_bytes = self._stops[tensor.name], memoryview(raw).nbytes
        elements = elements_in(tensor.dtype, size_bytes)
        files = [self._file(stop.file) for stop in stops]
        for stop, file in zip(stops, files, strict=True):
            file.put_before(stop.tensor)  # waits for room, so before this stretch takes any
        renderings = {stop.rendering for stop in stops}
        size_bytes += sum(
            r.size_bytes(elements) for r in renderings if not r.is_identity(tensor.dtype)
        )
        share = self._flow.take(size_bytes, sum(file.holders for file in files))
        made = {r: self._rendered(tensor, first_element, raw, r) for r in renderings}
        for stop, file in zip(stops, files, strict=True):
            at = stop.rendering.size_bytes(first_element)
            file.put(stop.tensor, at, made[stop.rendering], share)

    def end(self, tensor: Tensor) -> None:
        """The tensor is complete; so are the files that it was the last of."""
        for stop in self._stops[tensor.name]:
            file = self._file(stop.file)  # an empty tensor opens its file too
            self._missing[stop.file] -= 1
            if self._missing[stop.file] == 0:
                file.close()
                self._unfinished.append((stop.file, self._open.pop(stop.file)))
        while len(self._unfinished) > MAX_UNFINISHED:
            self._settle()

    def digests(self) -> dict[str, Digests | None]:
        """Wait for every file; None for a copy, whose original has the same."""
        while self._unfinished:
            self._settle()
        return self._digests

    def abandon(self) -> None:
        """End every thread, whatever happened."""
        self._pool.shutdown(cancel_futures=True)
        for file in (*self._open.values(), *(file for _, file in self._unfinished)):
            file.abandon()

    def _settle(self) -> None:
        name, file = self._unfinished[0]
        self._digests[name] = file.digests()
        self._unfinished.popleft()

    def _file(self, name: str) -> OutputFile:
        if name not in self._open:
            plan = self._plans[name]
            path = self._folder / name
            path.parent.mkdir(exist_ok=True)
            ranks = [self._rank[placed.tensor.name] for placed in plan.placed]
            self._open[name] = OutputFile(path, plan, self._flow, in_order=ranks == sorted(ranks))
        return self._open[name]

    def _rendered(
        self, tensor: Tensor, first: int, raw: Piece, rendering: Rendering
    ) -> Piece | Future[memoryview]:
        if rendering.is_identity(tensor.dtype):
            return raw
        return self._pool.submit(_render, tensor, first, raw, rendering)


def _render(tensor: Tensor, first: int, raw: Piece, rendering: Rendering) -> memoryview:
    try:
        return render(raw, tensor.dtype, tensor.shape[-1] if tensor.shape else 1, rendering)
    except BadElements as e:
        raise BadElements(
            e.reason, f"in {tensor.name!r}, counted from element {first}: {e.message}"
        ) from None
