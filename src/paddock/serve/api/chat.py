"""POST /v1/chat/completions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from fastapi import APIRouter, Request
from starlette.responses import Response

from paddock.serve.api import chat_shapes
from paddock.serve.api.answering import respond
from paddock.serve.api.chat_body import ChatBody, chat_request
from paddock.serve.api.event_stream import DONE, Events, event, json_response
from paddock.serve.api.heads import ChunkHead, Head
from paddock.serve.api.reading import read_body
from paddock.serve.api.usage import Usage
from paddock.serve.callers import Caller
from paddock.serve.http.callers import CallerDep, ServingDep
from paddock.serve.serving import Serving
from paddock.serve.text.chat import answer, prepare
from paddock.serve.text.pieces import Piece

router = APIRouter()


@router.post("/v1/chat/completions")
async def create(request: Request, serving: ServingDep, caller: CallerDep) -> Response:
    """The next message of a conversation."""
    body = await read_body(request, ChatBody)
    return await respond(request, _Answer(serving, caller, body), is_streamed=body.stream)


class _Answer:
    """One message, or as many as are asked for."""

    failed = staticmethod(event)

    def __init__(self, serving: Serving, caller: Caller, body: ChatBody) -> None:
        self._serving, self._caller, self._body = serving, caller, body
        self._head = Head.new("chatcmpl")
        self._model = ""
        self._usage = Usage(answers=body.n or 1)

    async def whole(self) -> Response:
        messages = [chat_shapes.Message(choice) for choice in range(self._usage.answers)]
        async with self._pieces() as pieces:
            async for piece in pieces:
                self._usage.count(piece)
                messages[piece.choice].add(piece)
        head = self._head.to_dict("chat.completion", self._model)
        return json_response(chat_shapes.whole(head, messages, self._usage))

    async def events(self) -> Events:
        tells_usage = self._body.tells_usage
        async with self._pieces() as pieces:
            begun = self._head.to_dict("chat.completion.chunk", self._model)
            head = ChunkHead(begun, tells_usage=tells_usage)
            chunks = chat_shapes.ChatChunks(head)
            async for piece in pieces:
                self._usage.count(piece)
                if chunk := chunks.chunk(piece):
                    yield chunk
            if tells_usage:
                yield head.last(self._usage)
            yield DONE

    @asynccontextmanager
    async def _pieces(self) -> AsyncIterator[AsyncGenerator[Piece, None]]:
        """What the model says; it stays loaded until the block ends."""
        async with self._serving.use(self._body.model, self._caller) as served:
            self._model = served.name
            asked = chat_request(self._body, served, self._head.id)
            prepared = await prepare(served, asked)
            self._usage.prompt_tokens = len(prepared.prompt)
            async with aclosing(answer(served, prepared)) as pieces:
                yield pieces
