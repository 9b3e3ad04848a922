"""vLLM as a ``Backend``: a request of the engine's is one of vLLM's, and so is its end.

Closing the connection is how vLLM is told that nobody waits any more. Who reads slowly slows the
connection down, and holds nothing but what is in it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2

from paddock.engine.errors import EngineFull, EngineStopped
from paddock.engine.request import Finish, Output, Request
from paddock.errors import BadInput, PaddockError
from paddock.log import get_logger
from paddock.serve.vllm.process import VllmProcess
from paddock.serve.vllm.wire import BadAnswer, parse_chunk, render_request

log = get_logger("serve")

MAX_EVENT_BYTES: Final = 64 << 20  # scores of a long prompt come in one piece
SILENT_SECONDS: Final = 300.0  # vLLM may think so long before a token
_CONNECT_SECONDS: Final = 5.0
_MAX_CONNECTIONS: Final = 4096


class RefusedByVllm(BadInput):
    """vLLM does not take a request."""

    code = "refused_by_vllm"


class VllmBackend:
    """See the module."""

    def __init__(self, process: VllmProcess, vocab_size: int) -> None:
        self._process, self._vocab_size = process, vocab_size
        self._client = httpx2.AsyncClient(
            base_url=process.url,
            headers={"Authorization": f"Bearer {process.key}"},
            timeout=httpx2.Timeout(SILENT_SECONDS, connect=_CONNECT_SECONDS, pool=None),
            limits=httpx2.Limits(max_connections=_MAX_CONNECTIONS),
            trust_env=False,
        )

    @asynccontextmanager
    async def outputs(self, request: Request) -> AsyncIterator[AsyncIterator[Output]]:
        body = render_request(request)
        if not self._process.is_alive:
            raise EngineStopped("vLLM ended by itself")
        asked = self._client.build_request("POST", "/v1/completions", json=body)
        try:
            answer = await self._client.send(asked, stream=True)
        except httpx2.HTTPError as e:
            raise EngineStopped(f"vLLM does not answer: {type(e).__name__}") from e
        try:
            if answer.status_code != 200:
                raise await _refusal(answer)
            yield self._read(request, answer, is_stream=body["stream"])
        finally:
            await answer.aclose()

    async def _read(
        self, request: Request, answer: httpx2.Response, *, is_stream: bool
    ) -> AsyncIterator[Output]:
        try:
            async for chunk in _events(answer) if is_stream else _whole(answer):
                output = parse_chunk(request, chunk, self._vocab_size)
                if output is not None:
                    yield output
                    if output.finish is not None:
                        return
            raise BadAnswer("it ended early")
        except (BadAnswer, ValueError, httpx2.HTTPError) as e:
            log.warning("vllm answered what cannot be used", why=str(e)[:300] or type(e).__name__)
            yield Output(request.id, finish=Finish.ERROR, error="vLLM failed in the answer")


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
