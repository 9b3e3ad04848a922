"""A model in memory, whatever runs it, and what a loader of such must offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.stats import EngineStats
from paddock.llama.chat import ChatFormat
from paddock.llama.tokenizer import Tokenizer
from paddock.serve.backend import Backend
from paddock.serve.guard import Guard
from paddock.serve.models.catalogue import Adapter

if TYPE_CHECKING:
    from paddock.engine.grammar.matching import Vocabulary


class Need(NamedTuple):
    """Memory that a model takes."""

    weights_bytes: int  # with those of adapters
    cache_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.cache_bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that answers; ``close`` blocks until its memory is free, and may be called twice."""

    backend: Backend
    tokenizer: Tokenizer
    chat: ChatFormat | None
    config: LlamaConfig
    context: int
    folder: Path
    close: Callable[[], None]
    is_alive: Callable[[], bool] = lambda: True
    stats: Callable[[], EngineStats | None] = lambda: None
    vocabulary: Vocabulary | None = None
    guard: Guard | None = None


class Loader(Protocol):
    """Turns files into a model that answers."""

    def need(self, path: Path, adapters: tuple[Adapter, ...], budget_bytes: int) -> Need:
        """What it would take, at most the budget where it can do with less; reads headers alone.

        Raises what stands against loading it, as far as headers tell.
        """
        ...

    async def load(self, path: Path, adapters: tuple[Adapter, ...], need: Need) -> Loaded:
        """Have it in memory, within its need; raises what stands against that."""
        ...
