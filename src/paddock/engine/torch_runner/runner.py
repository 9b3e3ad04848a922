"""The runner in PyTorch: whole steps on one device, for any machine that has torch.

Implements ``paddock.engine.step.Runner``. Knows weights, cache and adapters; does not know how they
were read (``opening``) nor how a layer computes (``layers``). One thread calls it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paddock.engine.adapters import Adapter
from paddock.engine.request import TokenLogprob
from paddock.engine.sampling.sampler import choose
from paddock.engine.step import BLOCK_TOKENS, Row, Step
from paddock.engine.torch_runner.batch import Batch, Cache, batch_of, empty_cache
from paddock.engine.torch_runner.drawing import choose_where_logits_are
from paddock.engine.torch_runner.graphs import DecodeGraphs, capture_on_gpu
from paddock.engine.torch_runner.layers import Operations, final_states
from paddock.engine.torch_runner.low_rank import Adapted, Additions, additions_of, shares_of
from paddock.engine.torch_runner.memory import check_room, memory_errors_as_python_s
from paddock.engine.torch_runner.weights import Weights
from paddock.llama.rope import inverse_frequencies


class TorchRunner:
    """Runs steps of one model; ``close`` frees what it holds, and nothing works afterwards."""

    def __init__(self, weights: Weights, operations: Operations) -> None:
        self.config = weights.config
        self.weights: Weights | None = weights
        self._operations = operations
        self._frequencies = inverse_frequencies(weights.config).to(weights.device)
        self._cache: Cache | None = None
        self._graphs: DecodeGraphs | None = None
        self._adapters: dict[int, Additions] = {}

    @property
    def block_bytes(self) -> int:
        """Bytes that one block of the KV cache takes over all layers."""
        width = self._loaded.dtype.itemsize
        return 2 * self.config.layers * BLOCK_TOKENS * self.config.kv_dim * width

    def reserve(self, blocks: int) -> None:
        """Make room for the KV cache; raises MemoryError."""
        weights = self._loaded
        check_room(weights.device, blocks * self.block_bytes, f"a KV cache of {blocks} blocks")
        with self._computing():
            self._cache = cache = empty_cache(weights, blocks)
            # A mixture asks which experts are wanted: that comes back to Python.
            capturable = self._operations.capturable and self.config.is_plain
            if weights.device.type == "cuda" and capturable:
                most = -(-self.config.context // BLOCK_TOKENS)
                self._graphs = DecodeGraphs(
                    self._logits, self._frequencies, min(most, blocks), cache.scratch_block
                )

    def logits(self, step: Step) -> Tensor:
        """Logits of the wanted rows, ``[R, V]``, on the model's device and in its type.

        They hold until the next step.
        """
        with self._computing():
            if self._graphs is not None and self._graphs.fits(step):
                return self._graphs.logits(step, capture_on_gpu)
            return self._loaded.head.product(self._states(step))

    def hidden(self, step: Step) -> NDArray[np.float32]:
        """The final, normalised states of the wanted rows, ``[R, D]``."""
        with self._computing():
            return self._states(step).float().cpu().numpy()

    def choose(self, logits: Tensor, rows: Sequence[Row]) -> list[TokenLogprob | None]:
        """The token of each row, as ``engine.sampling.sampler`` says."""
        with self._computing():
            if logits.device.type == "cpu":
                return choose(logits.float().numpy(), rows)
            return choose_where_logits_are(logits, rows)

    def put_adapter(self, slot: int, adapter: Adapter) -> None:
        """Have an adapter at a slot, replacing what is there; raises MemoryError."""
        weights = self._loaded
        with self._computing():
            self._adapters[slot] = additions_of(adapter, self.config, weights.dtype, weights.device)

    def drop_adapter(self, slot: int) -> None:
        """Free the slot's memory."""
        self._adapters.pop(slot, None)

    def close(self) -> None:
        """Free weights, cache and adapters."""
        self.weights = self._cache = self._graphs = None
        self._adapters.clear()

    @property
    def _loaded(self) -> Weights:
        if self.weights is None:
            raise RuntimeError("the runner is closed")
        return self.weights

    def _states(self, step: Step) -> Tensor:
        weights = self._loaded
        shares = shares_of(step.adapters_S, step.starts_S, self._adapters, weights.device)
        return self._final_states(batch_of(step, self._frequencies), Adapted(shares))

    def _logits(self, batch: Batch) -> Tensor:
        return self._loaded.head.product(self._final_states(batch, Adapted()))

    def _final_states(self, batch: Batch, adapted: Adapted) -> Tensor:
        if self._cache is None:
            raise RuntimeError("a step before reserve(): there is no KV cache")
        return final_states(self._loaded, batch, self._cache, self._operations, adapted)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """No gradients, MemoryError, and the GPU's kernels on the GPU of the weights."""
        device = self._frequencies.device
        of_gpu = torch.cuda.device(device) if device.type == "cuda" else nullcontext()
        with torch.inference_mode(), memory_errors_as_python_s(), of_gpu:
            yield
