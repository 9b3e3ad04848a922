"""The runner in C: one call a step, done by a team of threads that the runner owns.

Knows memory and lifetimes; what a step computes is in ``kernels/step``. Logits of a row are the
same bits whatever else is in the batch, however a prompt is cut into chunks, and however many
threads there are. A process that was forked from the runner's has no team: it refuses to run there.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.engine.adapters import Adapter
from paddock.engine.native.angles import Angles
from paddock.engine.native.batch import batch_of
from paddock.engine.native.layout import model_of
from paddock.engine.native.library import FAULTS, TIMES, Batch, step_at
from paddock.engine.native.low_ranks import LowRanks, low_ranks_of
from paddock.engine.native.weights import Floats, Weights
from paddock.engine.request import TokenLogprob
from paddock.engine.sampling.sampler import choose
from paddock.engine.step import BLOCK_TOKENS, Row, Step

MAX_THREADS: Final = 256
MAX_SLOTS: Final = 1 << 12


def usable_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class NativeRunner:
    """Runs steps of one model; see ``engine.step.Runner``."""

    def __init__(
        self, weights: Weights, *, threads: int | None = None, level: int | None = None
    ) -> None:
        """Raises RuntimeError where the library or its level is not there, ValueError for weights
        that do not fit each other, MemoryError where memory or threads are short."""
        library = step_at(level)
        if library is None:
            raise RuntimeError("the compiled step is not there")
        threads = max(1, min(usable_cores() if threads is None else threads, MAX_THREADS))
        self.config = weights.config
        self._weights = weights
        self._c = library.c
        self._model = model_of(library, weights)
        self._process = os.getpid()
        self._angles: Angles | None = None
        self._adapters: dict[int, LowRanks] = {}
        self._logits = np.empty(0, np.float32)
        self._runner: int = self._c.paddock_runner_open(self._model, threads, library.level)
        if not self._runner:
            raise MemoryError(f"no memory, or no room for {threads} threads")
        self._closing = weakref.finalize(self, _close, self._c, self._runner, self._process)
        self._closing.atexit = False  # a step may still be under way; the process frees it all

    @property
    def block_bytes(self) -> int:
        """Bytes that one block of the KV cache takes over all layers."""
        return int(self._c.paddock_runner_block_bytes(self._model))

    def reserve(self, blocks: int) -> None:
        """Make room for the KV cache, once; memory is taken when a block is first written."""
        if blocks < 1 or self._angles is not None:
            raise ValueError(f"{blocks} blocks cannot be reserved")
        angles = Angles(self.config, min(self.config.context, blocks * BLOCK_TOKENS))
        done = self._c.paddock_runner_reserve(
            self._open(), blocks, len(angles.cos_PH),
            angles.cos_PH.ctypes.data, angles.sin_PH.ctypes.data,
        )  # fmt: skip
        if not done:
            raise MemoryError(f"no room for {blocks} blocks of {self.block_bytes} bytes")
        self._angles = angles

    def logits(self, step: Step) -> Floats:
        """Logits of the wanted rows, ``[R, V]``; good until the next step."""
        batch = batch_of(step)
        size = len(step.wanted_R) * self.config.vocab_size
        if size > self._logits.size:
            self._logits = np.empty(size, np.float32)
        logits_RV = self._logits[:size].reshape(len(step.wanted_R), self.config.vocab_size)
        self._run(step, batch, logits_RV)
        return logits_RV

    def hidden(self, step: Step) -> Floats:
        """The final, normalised states of the wanted rows instead, ``[R, D]``."""
        states_RD = np.empty((len(step.wanted_R), self.config.dim), np.float32)
        self._run(step, batch_of(step, is_hidden=True), states_RD)
        return states_RD

    def _run(self, step: Step, batch: Batch, out: Floats) -> None:
        runner, wrong = self._open(), ctypes.c_int64()
        if self._angles is None:
            raise ValueError("no blocks are reserved")
        fault = self._c.paddock_runner_fault(runner, batch, wrong)
        if fault:
            raise ValueError(FAULTS[fault].format(wrong.value))
        self._angles.fill(int(step.lengths_S.max()))
        if not self._c.paddock_runner_step(runner, batch, out.ctypes.data):
            raise MemoryError(f"no memory for a step of {len(step.tokens_T)} tokens")

    def choose(self, logits: NDArray[np.float32], rows: Sequence[Row]) -> list[TokenLogprob | None]:
        """The token of each row; None where the model gave no number or nothing is allowed."""
        return choose(logits, rows)

    def put_adapter(self, slot: int, adapter: Adapter) -> None:
        """Have a LoRA adapter at a slot, replacing what is there."""
        if not 0 <= slot < MAX_SLOTS:
            raise ValueError(f"the slot {slot} is not from 0 to {MAX_SLOTS - 1}")
        low_ranks = low_ranks_of(self.config, adapter)
        self._set_adapter(slot, ctypes.addressof(low_ranks.parts), low_ranks.max_rank)
        self._adapters[slot] = low_ranks

    def drop_adapter(self, slot: int) -> None:
        """Free the slot's memory."""
        if slot in self._adapters:
            self._set_adapter(slot, None, 0)
            del self._adapters[slot]

    def _set_adapter(self, slot: int, parts: int | None, max_rank: int) -> None:
        if not self._c.paddock_runner_adapter(self._open(), slot, parts, max_rank):
            raise MemoryError(f"no memory for an adapter in slot {slot}")

    def time_parts(self) -> NDArray[np.uint64]:
        """From now on, nanoseconds of each part of a step (``library.TIMES``) are added to this."""
        self._times = np.zeros(len(TIMES), np.uint64)
        self._c.paddock_runner_times(self._open(), self._times.ctypes.data)
        return self._times

    def close(self) -> None:
        """Free everything; the threads end."""
        self._closing()

    def _open(self) -> int:
        if not self._closing.alive:
            raise ValueError("the runner is closed")
        if os.getpid() != self._process:
            raise RuntimeError("a runner runs only in the process that opened it")
        return self._runner


def _close(c: ctypes.CDLL, runner: int, process: int) -> None:
    if os.getpid() == process:  # a fork has neither the threads nor the memory to itself
        c.paddock_runner_close(runner)
