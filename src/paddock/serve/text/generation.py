"""Tokens to pieces of text, for several choices of one prompt at once.

Knows which requests a prompt becomes, and that whoever stops reading, or has read a stop string,
leaves none behind in the engine. Does not know conversations or HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from paddock.engine.request import Request
from paddock.serve.guard import Watch
from paddock.serve.served import Served
from paddock.serve.text.errors import NoGrammars
from paddock.serve.text.pieces import Piece, TextRequest
from paddock.serve.text.visible import Visible

_SEEDS: Final = 1 << 64
# Pieces of all choices that nobody took yet; beyond it the engine's outputs wait, and are bounded.
_WAITING_PIECES: Final = 64
# A shorter prompt is read for every choice sooner than a second one could find it in the cache.
_SHARED_TOKENS: Final = 64
_END_NAMES: Final = ("<|eot_id|>", "<|eom_id|>", "<|end_of_text|>")


async def generate(
    served: Served, request: TextRequest, watches: Sequence[Watch] = ()
) -> AsyncGenerator[Piece, None]:
    """Pieces of all choices as they come; close it to cancel what is left.

    With ``watches``, one for each choice, text is released only after it was looked at. Raises what
    the engine's ``submit`` raises, what turns out impossible later (a form that becomes too
    costly), GenerationFailed and AnswerCutOff.
    """
    if request.wanted.grammar is not None and served.vocabulary is None:
        raise NoGrammars(f"the output of {served.name} cannot be held to a form here")
    choices = range(request.wanted.choices)
    each = [
        _choice(served, request, number, watches[number] if watches else None) for number in choices
    ]
    if len(each) == 1:
        async with aclosing(each[0]) as pieces:
            async for piece in pieces:
                yield piece
        return
    async with aclosing(together(each, is_shared=len(request.prompt) >= _SHARED_TOKENS)) as pieces:
        async for piece in pieces:
            yield piece


async def _choice(
    served: Served, request: TextRequest, number: int, watch: Watch | None
) -> AsyncGenerator[Piece, None]:
    visible = Visible(served.tokenizer, request, number, watch)
    asked = _engine_request(served, request, number)
    async with served.backend.outputs(asked) as outputs:
        async for output in outputs:
            piece = await visible.read(output)
            yield piece
            if piece.finish is not None:  # a stop string: the block's end cancels the rest
                return


async def together(
    choices: Sequence[AsyncGenerator[Piece, None]], *, is_shared: bool
) -> AsyncGenerator[Piece, None]:
    """The pieces of several as they come; where they share a prompt, the first one reads it."""
    pieces: asyncio.Queue[Piece | BaseException | None] = asyncio.Queue(_WAITING_PIECES)
    spoken = asyncio.Event()

    async def pump(number: int, choice: Any) -> None:
        try:
            if number and is_shared:
                await spoken.wait()
            async with aclosing(choice):
                async for piece in choice:
                    spoken.set()
                    await pieces.put(piece)
        except Exception as e:
            await pieces.put(e)
        finally:
            spoken.set()
        await pieces.put(None)

    tasks = [asyncio.create_task(pump(*numbered)) for numbered in enumerate(choices)]
    left = len(tasks)
    try:
        while left:
            piece = await pieces.get()
            if isinstance(piece, BaseException):
                raise piece
            if piece is None:
                left -= 1
            else:
                yield piece
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _engine_request(served: Served, request: TextRequest, number: int) -> Request:
    """What the engine is asked for one of the choices."""
    wanted = request.wanted
    room = served.context - len(request.prompt)
    return Request(
        id=f"{request.id}.{number}",
        prompt=request.prompt,
        max_tokens=room if wanted.max_tokens is None else min(wanted.max_tokens, room),
        sampling=replace(wanted.sampling, seed=(wanted.sampling.seed + number) % _SEEDS)
        if number
        else wanted.sampling,
        min_tokens=wanted.min_tokens,
        stop_ids=wanted.stop_ids if wanted.ignores_end else wanted.stop_ids | _end_ids(served),
        logprobs=wanted.logprobs,
        prompt_logprobs=None if number else wanted.prompt_logprobs,
        grammar=wanted.grammar,
        adapter=served.adapter,
        cache_salt=wanted.cache_salt,
    )


def _end_ids(served: Served) -> frozenset[int]:
    """The tokens at which an answer is over: a new beginning is an end, too."""
    config = served.config
    named = (served.tokenizer.id_of(name) for name in _END_NAMES)
    known = {each for each in named if each in served.tokenizer.control_ids}
    begin = () if config.bos_id is None else (config.bos_id,)
    return frozenset({*config.eos_ids, *begin, *known} - {None})
