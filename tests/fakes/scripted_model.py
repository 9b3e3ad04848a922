"""A model that says what it was told to, token by token, over the starter's real tokenizer.

For what depends on the words of an answer, which no small model can be made to choose.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from paddock.checkpoint.opening import open_checkpoint
from paddock.engine.grammar.matching import Vocabulary
from paddock.engine.request import Finish, Output, Request, TokenLogprob
from paddock.llama.chat import ChatFormat, load_chat_format
from paddock.llama.tokenizer import Tokenizer
from paddock.serve.guard import Guard
from paddock.serve.models.catalogue import Adapter
from paddock.serve.models.loaded import Loaded, Need
from paddock.serve.served import Served
from paddock.starter import starter_folder

Script = Callable[[Request], str | list[int]]


class ScriptedBackend:
    """A ``Backend`` that answers by the script, and remembers what it was asked."""

    def __init__(self, tokenizer: Tokenizer, script: Script = lambda _asked: "Hello!") -> None:
        self.tokenizer, self.script = tokenizer, script
        self.asked: list[Request] = []
        self.open = 0  # requests in hand
        self.given = 0  # tokens
        self.tokens_at_once = 1
        self.ends_with_tokens = False  # or the end comes by itself
        self.error: str | None = None  # what it fails with, after a token

    @asynccontextmanager
    async def outputs(self, request: Request) -> AsyncIterator[AsyncIterator[Output]]:
        self.asked.append(request)
        self.open += 1
        try:
            yield self._answer(request)
        finally:
            self.open -= 1

    async def _answer(self, request: Request) -> AsyncIterator[Output]:
        said = self.script(request)
        ids = self.tokenizer.encode(said, control_tokens=True) if isinstance(said, str) else said
        if request.embed:
            yield Output(request.id, embedding=[3.0, 4.0, 0.0, 0.0], finish=Finish.LENGTH)
            return
        finish = Finish.STOP if len(ids) <= request.max_tokens else Finish.LENGTH
        ids = ids[: request.max_tokens]
        first = Output(request.id, cached_tokens=len(request.prompt) // 16 * 16)
        if request.prompt_logprobs is not None:
            first.prompt_logprobs = [None, *map(_told, request.prompt[1:])]
        yield first
        for at in range(0, len(ids), self.tokens_at_once):
            await asyncio.sleep(0)
            now = ids[at : at + self.tokens_at_once]
            self.given += len(now)
            logprobs = None if request.logprobs is None else list(map(_told, now))
            is_last = self.ends_with_tokens and at + len(now) == len(ids)
            yield Output(
                request.id, token_ids=now, logprobs=logprobs, finish=finish if is_last else None
            )
            if is_last:
                return
            if self.error is not None:
                yield Output(request.id, finish=Finish.ERROR, error=self.error)
        yield Output(request.id, finish=finish)


def _told(token_id: int) -> TokenLogprob:
    return TokenLogprob(token_id, -0.5, ((token_id, -0.5), (7, -1.5)))


class ScriptedLoader:
    """A ``Loader`` of one scripted model, whatever the path."""

    def __init__(self, backend: ScriptedBackend, served: Served) -> None:
        self.backend, self.served = backend, served

    def need(self, path: Path, adapters: tuple[Adapter, ...], budget_bytes: int) -> Need:
        return Need(1, 1)

    async def load(self, path: Path, adapters: tuple[Adapter, ...], need: Need) -> Loaded:
        served = self.served
        return Loaded(
            backend=self.backend,
            tokenizer=served.tokenizer,
            chat=served.chat,
            config=served.config,
            context=served.context,
            folder=path,
            close=lambda: None,
            vocabulary=served.vocabulary,
            guard=served.guard,
        )


def scripted(
    script: Script = lambda _asked: "Hello!",
    *,
    guard: Guard | None = None,
    chat: ChatFormat | None = None,
    context: int = 4096,
) -> tuple[Served, ScriptedBackend]:
    """A served model with the starter's words, and what is behind it."""
    folder = starter_folder()
    checkpoint = open_checkpoint(folder)
    tokenizer = Tokenizer.of(checkpoint)
    backend = ScriptedBackend(tokenizer, script)
    config = replace(checkpoint.config, context=context)
    served = Served(
        name="scripted",
        backend=backend,
        tokenizer=tokenizer,
        chat=chat or load_chat_format(folder, tokenizer),
        config=config,
        context=context,
        vocabulary=Vocabulary(tokenizer.source, config.vocab_size, config.eos_ids),
        folder=folder,
        guard=guard,
    )
    return served, backend
