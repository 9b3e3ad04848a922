"""The loader of models for vLLM: their tokenizer and template here, their weights there.

A vLLM writes or embeds. The one that embeds is a model of its own among those in memory: started
when an embedding is first asked for, ended when its room is wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.serve.errors import ModelUnavailable
from paddock.serve.models.catalogue import Adapter, Entry
from paddock.serve.models.context import agreed_context
from paddock.serve.models.loaded import Loaded, Need
from paddock.serve.models.words import Words, read_words
from paddock.serve.vllm.backend import Embedder, VllmBackend
from paddock.serve.vllm.process import START_SECONDS, Command, start_vllm
from paddock.serve.vllm.wire import BASE_NAME

if TYPE_CHECKING:
    from paddock.serve.backend import Backend
    from paddock.serve.models.residents import Residents

MAX_LORA_RANK: Final = 64
# What a model's files wish for sampling counts here as little as in our own engine, and forms are
# followed by the same library. An operator's own arguments come later, and win.
_ARGUMENTS: Final = (
    "--served-model-name", BASE_NAME, "--generation-config", "vllm", "--disable-uvicorn-access-log",
)  # fmt: skip
_WRITES: Final = (
    "--structured-outputs-config", '{"backend": "guidance"}', "--enable-prompt-tokens-details",
)  # fmt: skip
_EMBEDS: Final = ("--runner", "pooling", "--convert", "embed")


@dataclass(frozen=True, slots=True)
class VllmOptions:
    """How vLLM is started."""

    program: str = "vllm"
    context: int | None = None
    arguments: tuple[str, ...] = ()  # the operator's own, behind ours
    start_seconds: float = START_SECONDS


class VllmLoader:
    """See the module. vLLM minds its own memory; here a model counts with its weights' bytes."""

    def __init__(self, options: VllmOptions, *, embeds: bool = False) -> None:
        self._options, self._embeds = options, embeds
        self.residents: Residents | None = None  # where there is room for one that embeds

    def need(self, path: Path, adapters: tuple[Adapter, ...], budget_bytes: int) -> Need:
        checkpoint = open_checkpoint(path)
        return Need(sum(tensor.size_bytes for tensor in checkpoint.tensors), 0)

    async def load(self, path: Path, adapters: tuple[Adapter, ...], need: Need) -> Loaded:
        config, words = await asyncio.to_thread(_read_text, path)
        context = agreed_context(self._options.context, config.context)
        command = Command(self._options.program, path, tuple(self._arguments(adapters)))
        process = await start_vllm(command, start_seconds=self._options.start_seconds)
        return Loaded(
            backend=VllmBackend(
                process,
                config.vocab_size,
                words.vocabulary,
                None if self._embeds else self._embedder(path, adapters),
            ),
            tokenizer=words.tokenizer,
            chat=words.chat,
            config=config,
            context=context,
            folder=path,
            close=process.close,
            is_alive=lambda: process.is_alive,
            vocabulary=words.vocabulary,
        )

    def _arguments(self, adapters: tuple[Adapter, ...]) -> list[str]:
        arguments = [*_ARGUMENTS, *(_EMBEDS if self._embeds else _WRITES)]
        if self._options.context is not None:
            arguments += ["--max-model-len", str(self._options.context)]
        if adapters:
            arguments += ["--enable-lora", "--max-lora-rank", str(MAX_LORA_RANK), "--lora-modules"]
            arguments += [f"{adapter.name}={adapter.path}" for adapter in adapters]
        return [*arguments, *self._options.arguments]

    def _embedder(self, path: Path, adapters: tuple[Adapter, ...]) -> Embedder:
        loader = VllmLoader(self._options, embeds=True)
        name = f"{path.name} (embeddings)"
        entry = Entry(name, _Folder(path), adapters=adapters, label="embeddings", loader=loader)

        @asynccontextmanager
        async def borrow() -> AsyncIterator[Backend]:
            if self.residents is None:
                raise ModelUnavailable("there is no room for embeddings here")
            async with self.residents.hold(entry) as loaded:
                yield loaded.backend

        return borrow


@dataclass(frozen=True, slots=True)
class _Folder:
    """A ``Source`` of files that are here, and were looked at when the model was loaded."""

    path: Path
    repository: None = None
    created: int = 0

    @property
    def key(self) -> str:
        return f"embeddings:{self.path}"

    @property
    def root(self) -> str:
        return self.path.name

    def fetch(self) -> Path:
        return self.path


def _read_text(path: Path) -> tuple[LlamaConfig, Words]:
    checkpoint = open_checkpoint(path)
    return checkpoint.config, read_words(path, checkpoint)
