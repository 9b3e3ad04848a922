"""The loader of models for our own engine: files to an engine that runs, within its memory.

Knows how the KV cache is sized. Memory of the cache is that of ``cache_bytes``: as many sequences
of full length as fit, at most ``max_sequences``; with less than one the context is shorter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Final

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.engine import Engine
from paddock.engine.errors import BadAdapter
from paddock.engine.grammar.matching import Vocabulary
from paddock.engine.lora_folder import adapter_bytes, read_adapter
from paddock.engine.opening import ModelBytes, OpenOptions, model_bytes, open_model
from paddock.engine.options import EngineOptions
from paddock.engine.step import BLOCK_TOKENS, Runner
from paddock.errors import shown
from paddock.serve.bridge import Bridge, OnOutputs
from paddock.serve.errors import NoMemory
from paddock.serve.models.catalogue import Adapter
from paddock.serve.models.context import agreed_context
from paddock.serve.models.loaded import Loaded, Need
from paddock.serve.models.words import Words, read_words

CACHE_SHARE: Final = 0.25  # of the budget: what a model's KV cache may take at most
_STOP_SECONDS: Final = 1.0  # what packing needs to stop; a disk may need longer
MIN_CACHE_TOKENS: Final = 256  # a model that cannot hold these is not worth loading


@dataclass(frozen=True, slots=True)
class NativeOptions:
    """How models are opened and run; the same for all of a server."""

    opening: OpenOptions = field(default_factory=OpenOptions)
    context: int | None = None  # at most the model's own, which it is without
    max_sequences: int = 64
    max_step_tokens: int = 512
    max_waiting: int = 1024
    prompt_lookup: bool = False  # propose what followed the same tokens before
    draft: Path | None = None  # a small model of the same vocabulary, that proposes


class NativeLoader:
    """See the module."""

    def __init__(self, options: NativeOptions) -> None:
        self._options = options

    def need(self, path: Path, adapters: tuple[Adapter, ...], budget_bytes: int) -> Need:
        model = self._bytes(path)
        draft = self._bytes(self._options.draft) if self._options.draft else ModelBytes(0, 0)
        config = open_checkpoint(path).config
        weights = model.weights + draft.weights + adapters_bytes(adapters, config)
        block = model.block + draft.block
        context = agreed_context(self._options.context, config.context)
        wanted = block * self._blocks(context, self._options.max_sequences)
        room = min(int(budget_bytes * CACHE_SHARE), budget_bytes - weights)
        cache = min(wanted, max(room, block * self._blocks(min(context, MIN_CACHE_TOKENS), 1)))
        return Need(weights, cache)

    async def load(self, path: Path, adapters: tuple[Adapter, ...], need: Need) -> Loaded:
        parts = await self._opened(path, adapters, need)
        try:
            bridge = await asyncio.to_thread(Bridge, parts.make_engine)
        except BaseException:
            parts.close()
            raise
        engine = bridge.engine
        try:
            engine.start()
            for adapter in adapters:
                await asyncio.to_thread(_put_adapter, engine, adapter)
        except BaseException:
            engine.stop()
            raise
        return Loaded(
            backend=bridge,
            tokenizer=parts.words.tokenizer,
            chat=parts.words.chat,
            config=parts.runner.config,
            context=engine.context,
            folder=path,
            close=bridge.close,
            stats=engine.stats,
            vocabulary=parts.words.vocabulary,
        )

    async def _opened(self, path: Path, adapters: tuple[Adapter, ...], need: Need) -> _Parts:
        """A thread opens it; who wants it no more does not wait for more than packing to stop."""
        stop = Event()
        opening = replace(self._options.opening, is_stopped=stop.is_set)
        parts = asyncio.ensure_future(asyncio.to_thread(self._open, path, adapters, need, opening))
        try:
            return await asyncio.shield(parts)
        except asyncio.CancelledError:
            stop.set()
            parts.add_done_callback(_close)
            await asyncio.wait({parts}, timeout=_STOP_SECONDS)
            raise

    def _open(
        self, path: Path, adapters: tuple[Adapter, ...], need: Need, opening: OpenOptions
    ) -> _Parts:
        checkpoint = open_checkpoint(path)
        words = read_words(path, checkpoint)
        runner = open_model(path, opening)
        draft = None
        try:
            if self._options.draft is not None:
                draft = open_model(self._options.draft, opening)
            options = self._engine_options(runner, draft, need, len(adapters), words.vocabulary)
        except BaseException:
            runner.close()
            if draft is not None:
                draft.close()
            raise
        return _Parts(runner, draft, options, words)

    def _engine_options(
        self,
        runner: Runner,
        draft: Runner | None,
        need: Need,
        adapters: int,
        vocabulary: Vocabulary | None,
    ) -> EngineOptions:
        block_bytes = runner.block_bytes + (draft.block_bytes if draft else 0)
        context = agreed_context(self._options.context, runner.config.context)
        most = self._blocks(context, self._options.max_sequences)
        blocks = min(need.cache_bytes // block_bytes, most)
        if blocks * BLOCK_TOKENS < min(context, MIN_CACHE_TOKENS):
            raise NoMemory(f"a KV cache of {need.cache_bytes:,} bytes is too small for this model")
        return EngineOptions(
            blocks=blocks,
            max_sequences=self._options.max_sequences,
            max_step_tokens=max(self._options.max_step_tokens, self._options.max_sequences),
            max_waiting=self._options.max_waiting,
            context=min(context, blocks * BLOCK_TOKENS),
            max_adapters=adapters,
            vocabulary=vocabulary,
            prompt_lookup=self._options.prompt_lookup,
        )

    def _bytes(self, path: Path) -> ModelBytes:
        return model_bytes(path, self._options.opening.precision)

    def _blocks(self, tokens: int, sequences: int) -> int:
        return (tokens // BLOCK_TOKENS + 1) * sequences


def adapters_bytes(adapters: tuple[Adapter, ...], config: LlamaConfig) -> int:
    """Memory that adapters of a model of this shape take; raises BadAdapter."""
    size_bytes = 0
    for adapter in adapters:
        with _naming(adapter):
            size_bytes += adapter_bytes(adapter.path, config)
    return size_bytes


def _put_adapter(engine: Engine, adapter: Adapter) -> None:
    with _naming(adapter):
        engine.put_adapter(adapter.name, read_adapter(adapter.path, engine.config, adapter.name))


@contextmanager
def _naming(adapter: Adapter) -> Iterator[None]:
    """Of several adapters, the one at fault."""
    try:
        yield
    except BadAdapter as e:
        raise BadAdapter(e.reason, f"{shown(adapter.name)}: {e.message}", hint=e.hint) from e


@dataclass(frozen=True, slots=True)
class _Parts:
    """What an engine is made of."""

    runner: Runner
    draft: Runner | None
    options: EngineOptions
    words: Words

    def make_engine(self, on_outputs: OnOutputs) -> Engine:
        return Engine(self.runner, self.options, on_outputs, self.draft)

    def close(self) -> None:
        """Only where there is no engine yet: it closes its runners itself."""
        self.runner.close()
        if self.draft is not None:
            self.draft.close()


def _close(parts: asyncio.Future[_Parts]) -> None:
    """What came too late; that nothing came is as good."""
    if not parts.cancelled() and parts.exception() is None:
        parts.result().close()
