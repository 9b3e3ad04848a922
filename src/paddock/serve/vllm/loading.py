"""The loader of models for vLLM: their tokenizer and template here, their weights there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.serve.models.catalogue import Adapter
from paddock.serve.models.context import agreed_context
from paddock.serve.models.loaded import Loaded, Need
from paddock.serve.models.words import Words, read_words
from paddock.serve.vllm.backend import VllmBackend
from paddock.serve.vllm.process import START_SECONDS, Command, start_vllm
from paddock.serve.vllm.wire import BASE_NAME

MAX_LORA_RANK: Final = 64


@dataclass(frozen=True, slots=True)
class VllmOptions:
    """How vLLM is started."""

    program: str = "vllm"
    context: int | None = None
    arguments: tuple[str, ...] = ()  # the operator's own, behind ours
    start_seconds: float = START_SECONDS


class VllmLoader:
    """See the module. vLLM minds its own memory; here a model counts with its weights' bytes."""

    def __init__(self, options: VllmOptions) -> None:
        self._options = options

    def need(self, path: Path, adapters: tuple[Adapter, ...], budget_bytes: int) -> Need:
        checkpoint = open_checkpoint(path)
        return Need(sum(tensor.size_bytes for tensor in checkpoint.tensors), 0)

    async def load(self, path: Path, adapters: tuple[Adapter, ...], need: Need) -> Loaded:
        config, words = await asyncio.to_thread(_read_text, path)
        context = agreed_context(self._options.context, config.context)
        command = Command(self._options.program, path, tuple(self._arguments(adapters)))
        process = await start_vllm(command, start_seconds=self._options.start_seconds)
        return Loaded(
            backend=VllmBackend(process, config.vocab_size),
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
        arguments = ["--served-model-name", BASE_NAME]
        if self._options.context is not None:
            arguments += ["--max-model-len", str(self._options.context)]
        if adapters:
            arguments += ["--enable-lora", "--max-lora-rank", str(MAX_LORA_RANK), "--lora-modules"]
            arguments += [f"{adapter.name}={adapter.path}" for adapter in adapters]
        return [*arguments, *self._options.arguments]


def _read_text(path: Path) -> tuple[LlamaConfig, Words]:
    checkpoint = open_checkpoint(path)
    return checkpoint.config, read_words(path, checkpoint)
