"""POST /v1/completions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from paddock.serve.api.answering import respond
from paddock.serve.api.completion_body import (
    MAX_ANSWERS,
    CompletionBody,
    completion_wanted,
    read_prompts,
)
from paddock.serve.api.completion_shapes import CompletionChunks, Part
from paddock.serve.api.errors import BadParameter
from paddock.serve.api.event_stream import DONE, Events, event, json_response
from paddock.serve.api.heads import ChunkHead, Head
from paddock.serve.api.reading import read_body
from paddock.serve.api.usage import Usage
from paddock.serve.callers import Caller
from paddock.serve.http.callers import CallerDep, ServingDep
from paddock.serve.served import Served
from paddock.serve.serving import Serving
from paddock.serve.text.completing import RawPrompt, complete, read_prompt
from paddock.serve.text.pieces import Piece, Wanted

router = APIRouter()


@router.post("/v1/completions")
async def create(request: Request, serving: ServingDep, caller: CallerDep) -> Response:
    """What follows a text, or several texts."""
    body = await read_body(request, CompletionBody)
    return await respond(request, _Answer(serving, caller, body), is_streamed=body.stream)


class _Begun(NamedTuple):
    """What is known when the model begins to speak."""

    head: dict[str, Any]
    prompts: list[RawPrompt]
    usage: Usage
    pieces: AsyncGenerator[Piece, None]


class _Answer:
    """What follows each of the prompts, as often as is asked for."""

    failed = staticmethod(event)

    def __init__(self, serving: Serving, caller: Caller, body: CompletionBody) -> None:
        self._serving, self._caller, self._body = serving, caller, body
        self._head = Head.new("cmpl")

    async def whole(self) -> Response:
        body = self._body
        async with self._begun() as (head, prompts, usage, pieces):
            echoes = _Echoes(prompts, usage.answers, is_wanted=bool(body.echo))
            parts = [self._part(number) for number in range(len(prompts) * usage.answers)]
            async for piece in pieces:
                usage.count(piece)
                parts[piece.choice].add(piece, echoes.take(piece.choice))
        best = [
            part
            for at in range(0, len(parts), usage.answers)
            for part in _best(parts[at : at + usage.answers], body.shown_choices)
        ]
        choices = [
            part.to_dict(index, tells_prompt=body.prompt_logprobs is not None)
            for index, part in enumerate(best)
        ]
        return json_response({**head, "choices": choices, "usage": usage.to_dict()})

    async def events(self) -> Events:
        body = self._body
        async with self._begun() as (begun, prompts, usage, pieces):
            head = ChunkHead(begun, tells_usage=body.tells_usage)
            chunks = CompletionChunks(head)
            echoes = _Echoes(prompts, usage.answers, is_wanted=bool(body.echo))
            async for piece in pieces:
                usage.count(piece)
                part = self._part(piece.choice)
                part.echo_chars = echoes.chars(piece.choice)
                part.add(piece, echoes.take(piece.choice))
                if chunk := chunks.chunk(part):
                    yield chunk
            if body.tells_usage:
                yield head.last(usage)
            yield DONE

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[_Begun]:
        """What the model says; it stays loaded until the block ends."""
        body = self._body
        async with self._serving.use(body.model, self._caller) as served:
            wanted = completion_wanted(body, served)
            prompts = await _prompts(served, body, wanted)
            usage = Usage(sum(len(prompt.token_ids) for prompt in prompts), wanted.choices)
            head = self._head.to_dict("text_completion", served.name)
            async with aclosing(complete(served, self._head.id, prompts, wanted)) as pieces:
                yield _Begun(head, prompts, usage, pieces)

    def _part(self, choice: int) -> Part:
        return Part(choice, tells_logprobs=self._body.logprobs is not None)


class _Echoes:
    """The prompts that stand before the answers, where they are wanted: each once."""

    def __init__(self, prompts: list[RawPrompt], answers: int, *, is_wanted: bool) -> None:
        self._texts = [prompt.text for prompt in prompts] if is_wanted else None
        self._answers = answers
        self._taken: set[int] = set()

    def chars(self, choice: int) -> int:
        return len(self._texts[choice // self._answers]) if self._texts else 0

    def take(self, choice: int) -> str | None:
        if self._texts is None or choice in self._taken:
            return None
        self._taken.add(choice)
        return self._texts[choice // self._answers]


async def _prompts(served: Served, body: CompletionBody, wanted: Wanted) -> list[RawPrompt]:
    given = read_prompts(body.prompt)
    if len(given) * wanted.choices > MAX_ANSWERS:
        raise BadParameter(
            f"{len(given)} prompts with {wanted.choices} answers each are asked for; "
            f"at most {MAX_ANSWERS} answers may be",
            param="prompt",
        )
    begins = body.add_special_tokens is not False
    room = 0 if wanted.max_tokens == 0 else 1
    return [await read_prompt(served, prompt, begins=begins, room=room) for prompt in given]


def _best(parts: list[Part], count: int) -> list[Part]:
    """The likeliest answers, the best first; all as they are where none is left out."""
    if count == len(parts):
        return parts
    return sorted(parts, key=lambda part: part.mean_logprob, reverse=True)[:count]
