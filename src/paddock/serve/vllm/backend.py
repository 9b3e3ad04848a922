"""vLLM as a ``Backend``: a request of the engine's is one of vLLM's, and so is its end.

Closing the connection is how vLLM is told that nobody waits any more. Who reads slowly slows the
connection down, and holds nothing but what is in it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx2

from paddock.engine.errors import EngineFull, EngineStopped
from paddock.engine.grammar.matching import Vocabulary, compile_grammar
from paddock.engine.request import Finish, Output, Request
from paddock.errors import PaddockError
from paddock.log import get_logger
from paddock.serve.vllm.process import BASE_URL, VllmProcess
from paddock.serve.vllm.wire import (
    BadAnswer,
    RefusedByVllm,
    parse_chunk,
    parse_embedding,
    parse_usage,
    render_embedding,
    render_request,
)

if TYPE_CHECKING:
    from paddock.serve.backend import Backend

log = get_logger("serve")

MAX_EVENT_BYTES: Final = 64 << 20  # scores of a long prompt come in one piece
SILENT_SECONDS: Final = 300.0  # vLLM may think so long before a token
_CONNECT_SECONDS: Final = 5.0
_MAX_CONNECTIONS: Final = 4096

Embedder = Callable[[], AbstractAsyncContextManager["Backend"]]


class VllmBackend:
    """See the module. One vLLM writes or embeds, never both: ``embedder`` leads to the other one,
    and is None where this is it.
    """

    def __init__(
        self,
        process: VllmProcess,
        vocab_size: int,
        vocabulary: Vocabulary | None,
        embedder: Embedder | None,
    ) -> None:
        self._process, self._vocab_size = process, vocab_size
        self._vocabulary, self._embedder = vocabulary, embedder
        self._client = httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(
                uds=str(process.socket), limits=httpx2.Limits(max_connections=_MAX_CONNECTIONS)
            ),
            base_url=BASE_URL,
            headers={"Authorization": f"Bearer {process.key}"},
            timeout=httpx2.Timeout(SILENT_SECONDS, connect=_CONNECT_SECONDS, pool=None),
        )

    @asynccontextmanager
    async def outputs(self, request: Request) -> AsyncIterator[AsyncIterator[Output]]:
        if request.embed and self._embedder is not None:
            async with self._embedder() as other, other.outputs(request) as outputs:
                yield outputs
            return
        if request.embed:
            path, body = "/v1/embeddings", render_embedding(request)
        else:
            path, body = "/v1/completions", await self._checked(request)
        answer = await self._asked(path, body)
        try:
            if answer.status_code != 200:
                raise await _refusal(answer)
            yield self._read(request, answer, is_stream=body.get("stream", False))
        finally:
            await answer.aclose()

    async def _checked(self, request: Request) -> dict[str, Any]:
        """The request's body; a form that cannot be followed is refused as by our own engine."""
        if request.grammar is not None and self._vocabulary is not None:
            await asyncio.to_thread(compile_grammar, request.grammar, self._vocabulary)
        return render_request(request)

    async def _asked(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        if not self._process.is_alive:
            raise EngineStopped("vLLM ended by itself")
        try:
            asked = self._client.build_request("POST", path, json=body)
            return await self._client.send(asked, stream=True)
        except httpx2.HTTPError as e:
            raise EngineStopped(f"vLLM does not answer: {type(e).__name__}") from e

    async def _read(
        self, request: Request, answer: httpx2.Response, *, is_stream: bool
    ) -> AsyncIterator[Output]:
        last: Output | None = None
        try:
            async for chunk in _events(answer) if is_stream else _whole(answer):
                output = self._output(request, chunk) if last is None else None
                if output is not None and output.finish is not None:
                    last = output
                elif output is not None:
                    yield output
                if last is not None:  # what was cached is told with the end, or behind it
                    last.cached_tokens = max(last.cached_tokens, parse_usage(chunk))
            if last is None:
                raise BadAnswer("it ended early")
        except (BadAnswer, ValueError, httpx2.HTTPError) as e:
            if last is None:  # what goes wrong behind an answer's end takes nothing from it
                why = str(e)[:300] or type(e).__name__
                log.warning("vllm answered what cannot be used", why=why)
                last = Output(request.id, finish=Finish.ERROR, error="vLLM failed in the answer")
        yield last

    def _output(self, request: Request, chunk: Any) -> Output | None:
        if request.embed:
            return parse_embedding(request, chunk)
        return parse_chunk(request, chunk, self._vocab_size)


async def _events(answer: httpx2.Response) -> AsyncIterator[Any]:
    """The JSON of a stream's events; raises ValueError, BadAnswer."""
    held = b""
    async for piece in answer.aiter_raw():
        held += piece
        *lines, held = held.split(b"\n")
        if len(held) > MAX_EVENT_BYTES:
            raise BadAnswer("an event is too large")
        for line in lines:
            name, _, value = line.strip().partition(b":")
            if name != b"data":
                continue
            if value.strip() == b"[DONE]":
                return
            yield json.loads(value)


async def _whole(answer: httpx2.Response) -> AsyncIterator[Any]:
    yield json.loads(await _bounded(answer, MAX_EVENT_BYTES))


async def _bounded(answer: httpx2.Response, most: int) -> bytes:
    pieces, size = [], 0
    async for piece in answer.aiter_raw():
        size += len(piece)
        if size > most:
            raise BadAnswer("it is too large")
        pieces.append(piece)
    return b"".join(pieces)


async def _refusal(answer: httpx2.Response) -> PaddockError:
    status = answer.status_code
    try:
        value = json.loads(await _bounded(answer, 1 << 16))
        error = value.get("error", value)
        said = str(error.get("message", ""))[:500]
    except (BadAnswer, ValueError, AttributeError, httpx2.HTTPError):
        said = ""
    if status in {429, 503}:
        return EngineFull("vLLM takes no more requests now")
    if 400 <= status < 500:
        return RefusedByVllm(f"vLLM refuses the request: {said or status}")
    return EngineStopped(f"vLLM failed: {said or status}")
