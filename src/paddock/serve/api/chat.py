"""POST /v1/chat/completions."""

from __future__ import annotations

import secrets
from contextlib import aclosing

from fastapi import APIRouter, Request
from starlette.responses import Response

from paddock.clock import now
from paddock.serve.api import chat_shapes
from paddock.serve.api.chat_body import ChatBody, chat_request
from paddock.serve.api.event_stream import DONE, Events, json_response, streamed, while_there
from paddock.serve.api.reading import read_body
from paddock.serve.api.usage import Usage
from paddock.serve.callers import Caller
from paddock.serve.http.callers import CallerDep, ServingDep
from paddock.serve.serving import Serving
from paddock.serve.text.chat import answer, prepare

router = APIRouter()


@router.post("/v1/chat/completions")
async def create(request: Request, serving: ServingDep, caller: CallerDep) -> Response:
    """The next message of a conversation."""
    body = await read_body(request, ChatBody)
    if body.stream:
        return await streamed(request, _chunks(serving, caller, body))
    return await while_there(request, _whole(serving, caller, body))


async def _whole(serving: Serving, caller: Caller, body: ChatBody) -> Response:
    chat_id, created = _new_id(), int(now().timestamp())
    async with serving.use(body.model, caller) as served:
        prepared = await prepare(served, chat_request(body, served, caller, chat_id))
        usage = Usage(len(prepared.prompt))
        messages = [chat_shapes.Message(choice) for choice in range(body.n or 1)]
        async with aclosing(answer(served, prepared)) as deltas:
            async for delta in deltas:
                usage.completion_tokens += len(delta.token_ids)
                usage.cached_tokens = max(usage.cached_tokens, delta.cached_tokens)
                messages[delta.choice].add(delta)
        return json_response(chat_shapes.whole(chat_id, served.name, created, messages, usage))


async def _chunks(serving: Serving, caller: Caller, body: ChatBody) -> Events:
    chat_id, created = _new_id(), int(now().timestamp())
    async with serving.use(body.model, caller) as served:
        prepared = await prepare(served, chat_request(body, served, caller, chat_id))
        usage = Usage(len(prepared.prompt))
        chunks = chat_shapes.ChatChunks(
            chat_id, served.name, created, usage, tells_usage=body.tells_usage
        )
        async with aclosing(answer(served, prepared)) as deltas:
            async for delta in deltas:
                if chunk := chunks.chunk(delta):
                    yield chunk
        if body.tells_usage:
            yield chunks.last()
        yield DONE


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(14)}"
