"""POST /v1/completions."""

from __future__ import annotations

import secrets
from contextlib import aclosing

from fastapi import APIRouter, Request
from starlette.responses import Response

from paddock.clock import now
from paddock.serve.api.completion_body import (
    MAX_ANSWERS,
    CompletionBody,
    completion_wanted,
    read_prompts,
)
from paddock.serve.api.completion_shapes import CompletionChunks, Part, whole
from paddock.serve.api.errors import BadParameter
from paddock.serve.api.event_stream import DONE, Events, json_response, streamed, while_there
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
    if body.stream:
        return await streamed(request, _chunks(serving, caller, body))
    return await while_there(request, _whole(serving, caller, body))


async def _whole(serving: Serving, caller: Caller, body: CompletionBody) -> Response:
    answer_id, created = _new_id(), int(now().timestamp())
    async with serving.use(body.model, caller) as served:
        wanted = completion_wanted(body, served, caller)
        prompts = await _prompts(served, body, wanted)
        usage = Usage(sum(len(prompt.token_ids) for prompt in prompts))
        parts = [
            Part(number, tells_logprobs=body.logprobs is not None)
            for number in range(len(prompts) * wanted.choices)
        ]
        echoes = _Echoes(body, prompts, wanted)
        async with aclosing(complete(served, answer_id, prompts, wanted)) as pieces:
            async for piece in pieces:
                _count(usage, piece)
                parts[piece.choice].add(piece, echoes.take(piece.choice))
    shown = [
        part
        for at in range(0, len(parts), wanted.choices)
        for part in _best(parts[at : at + wanted.choices], body.shown_choices)
    ]
    choices = [
        part.to_dict(index, tells_prompt=body.prompt_logprobs is not None)
        for index, part in enumerate(shown)
    ]
    return json_response(whole(answer_id, served.name, created, choices, usage))


async def _chunks(serving: Serving, caller: Caller, body: CompletionBody) -> Events:
    answer_id, created = _new_id(), int(now().timestamp())
    async with serving.use(body.model, caller) as served:
        wanted = completion_wanted(body, served, caller)
        prompts = await _prompts(served, body, wanted)
        usage = Usage(sum(len(prompt.token_ids) for prompt in prompts))
        chunks = CompletionChunks(answer_id, served.name, created, tells_usage=body.tells_usage)
        echoes = _Echoes(body, prompts, wanted)
        async with aclosing(complete(served, answer_id, prompts, wanted)) as pieces:
            async for piece in pieces:
                _count(usage, piece)
                part = Part(piece.choice, tells_logprobs=body.logprobs is not None)
                part.echo_chars = echoes.chars(piece.choice)
                part.add(piece, echoes.take(piece.choice))
                if chunk := chunks.chunk(part):
                    yield chunk
        if body.tells_usage:
            yield chunks.last(usage)
        yield DONE


class _Echoes:
    """The prompts that stand before the answers, where they are wanted: each once."""

    def __init__(self, body: CompletionBody, prompts: list[RawPrompt], wanted: Wanted) -> None:
        self._texts = [prompt.text for prompt in prompts] if body.echo else None
        self._choices = wanted.choices
        self._taken: set[int] = set()

    def chars(self, choice: int) -> int:
        return len(self._texts[choice // self._choices]) if self._texts else 0

    def take(self, choice: int) -> str | None:
        if self._texts is None or choice in self._taken:
            return None
        self._taken.add(choice)
        return self._texts[choice // self._choices]


async def _prompts(served: Served, body: CompletionBody, wanted: Wanted) -> list[RawPrompt]:
    given = read_prompts(body.prompt)
    if len(given) * wanted.choices > MAX_ANSWERS:
        raise BadParameter(
            f"{len(given)} prompts with {wanted.choices} answers each are asked for; "
            f"at most {MAX_ANSWERS} answers may be",
            param="prompt",
        )
    begins = body.add_special_tokens is not False
    return [await read_prompt(served, prompt, begins=begins) for prompt in given]


def _count(usage: Usage, piece: Piece) -> None:
    usage.completion_tokens += len(piece.token_ids)
    usage.cached_tokens += piece.cached_tokens


def _best(parts: list[Part], count: int) -> list[Part]:
    """The likeliest answers, the best first; all as they are where none is left out."""
    if count == len(parts):
        return parts
    return sorted(parts, key=lambda part: part.mean_logprob, reverse=True)[:count]


def _new_id() -> str:
    return f"cmpl-{secrets.token_hex(14)}"
