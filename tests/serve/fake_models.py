"""A loader whose models answer by repeating their prompt: for what is not about computing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.request import Finish, Output, Request
from paddock.serve.models.catalogue import Adapter, Entry
from paddock.serve.models.loaded import Loaded, Need
from paddock.serve.models.words import Words, read_words
from paddock.starter import starter_folder


@dataclass(frozen=True)
class FakeSource:
    """Files that are always there, or an error that is."""

    key: str
    repository: str | None = None
    error: Exception | None = None
    created: int = 1
    fetched: list[str] = field(default_factory=list)

    @property
    def root(self) -> str:
        return self.key

    def fetch(self) -> Path:
        self.fetched.append(self.key)
        if self.error is not None:
            raise self.error
        return starter_folder()


class FakeBackend:
    """Repeats the prompt, a token a step; while ``held`` is clear, it stops after some."""

    def __init__(self) -> None:
        self.open = 0
        self.held = threading.Event()
        self.held.set()

    @asynccontextmanager
    async def outputs(self, request: Request) -> AsyncIterator[AsyncIterator[Output]]:
        self.open += 1
        try:
            yield self._outputs(request)
        finally:
            self.open -= 1

    async def _outputs(self, request: Request) -> AsyncIterator[Output]:
        for number in range(request.max_tokens):
            while number > 3 and not self.held.is_set():  # noqa: ASYNC110  (another thread's)
                await asyncio.sleep(0.005)
            is_last = number == request.max_tokens - 1
            token = request.prompt[number % len(request.prompt)]
            yield Output(request.id, [token], finish=Finish.LENGTH if is_last else None)
            await asyncio.sleep(0)


@dataclass
class FakeLoader:
    """Counts what it loads; every model needs ``need_bytes``."""

    need_bytes: int = 10
    seconds: float = 0.0
    error: Exception | None = None
    loads: list[str] = field(default_factory=list)
    closed: int = 0
    alive: bool = True
    backends: list[FakeBackend] = field(default_factory=list)

    def need(self, path: Path, adapters: tuple[Adapter, ...], budget_bytes: int) -> Need:
        return Need(self.need_bytes, 0)

    async def load(self, path: Path, adapters: tuple[Adapter, ...], need: Need) -> Loaded:
        self.loads.append(str(path))
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.alive = True
        words, config = _words(path)
        backend = FakeBackend()
        self.backends.append(backend)
        return Loaded(
            backend,
            words.tokenizer,
            words.chat,
            config,
            config.context,
            path,
            close=self._close,
            is_alive=lambda: self.alive,
        )

    def _close(self) -> None:
        self.closed += 1

    @property
    def in_memory(self) -> int:
        return len(self.backends) - self.closed


@cache
def _words(path: Path) -> tuple[Words, LlamaConfig]:
    checkpoint = open_checkpoint(path)
    return read_words(path, checkpoint), checkpoint.config


def entry(name: str, **source: object) -> Entry:
    return Entry(name, FakeSource(name, **source))
