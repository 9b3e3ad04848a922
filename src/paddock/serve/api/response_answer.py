"""One response, whole or in events; what it answers is what was kept of earlier ones, too."""

from __future__ import annotations

import secrets
from contextlib import aclosing
from typing import Any

import orjson
from starlette.responses import Response

from paddock.clock import now
from paddock.serve.api.errors import BadParameter
from paddock.serve.api.event_stream import Events, json_response
from paddock.serve.api.response_body import (
    MAX_ITEMS,
    ResponseBody,
    check_writable,
    response_request,
)
from paddock.serve.api.response_events import ResponseEvents
from paddock.serve.api.response_items import as_messages, told_back
from paddock.serve.api.response_store import ResponseStore
from paddock.serve.api.usage import Usage
from paddock.serve.callers import Caller
from paddock.serve.served import Served
from paddock.serve.serving import Serving
from paddock.serve.text.chat import ChatRequest, answer, prepare, prompt_of
from paddock.serve.text.shortening import shortened


class ResponseAnswer:
    """An ``Answer``; see the module."""

    def __init__(
        self, serving: Serving, caller: Caller, store: ResponseStore, body: ResponseBody
    ) -> None:
        self._serving, self._caller, self._store, self._body = serving, caller, store, body
        self._usage = Usage()
        self._writer = ResponseEvents(_begun(body), self._usage)

    async def whole(self) -> Response:
        """The response when it is done."""
        async with aclosing(self.events()) as events:
            async for _event in events:
                pass
        return json_response(_refusal_alone(self._writer.response))

    async def counted(self) -> Response:
        """How many tokens the model would read."""
        said = self._said()
        async with self._serving.use(self._body.model, self._caller) as served:
            request = await self._request(served, said)
            tokens = len(await prompt_of(served, request))
        return json_response({"object": "response.input_tokens", "input_tokens": tokens})

    async def events(self) -> Events:
        """Its events as they come."""
        body, writer = self._body, self._writer
        check_writable(body)
        said = self._said()
        async with self._serving.use(body.model, self._caller) as served:
            prepared = await prepare(served, await self._request(served, said))
            self._usage.prompt_tokens = len(prepared.prompt)
            begun = False
            async with aclosing(answer(served, prepared)) as pieces:
                async for piece in pieces:
                    written = b"" if begun else writer.begin()
                    begun = True
                    if piece.finish is not None:
                        writer.response["completed_at"] = int(now().timestamp())
                    written += writer.feed(piece)
                    if piece.finish is not None:  # before the client knows that it may ask for it
                        self._keep(said)
                    if written:
                        yield written

    def failed(self, error: dict[str, Any]) -> bytes:
        """What a stream says of an error in its middle."""
        return self._writer.failed(error)

    def _said(self) -> list[dict[str, Any]]:
        """The conversation so far, without instructions: those are of one response."""
        body = self._body
        earlier: list[dict[str, Any]] = []
        if body.previous_response_id is not None:
            kept = self._store.find(self._caller, body.previous_response_id)
            earlier = orjson.loads(kept.messages)
        said = [*earlier, *as_messages(body.input)]
        if not said and not body.instructions:
            raise BadParameter("input is missing", param="input")
        if len(said) > MAX_ITEMS and body.truncation != "auto":
            raise BadParameter(
                f"the conversation has {len(said)} messages, above {MAX_ITEMS}", param="input"
            )
        return said[-MAX_ITEMS:]

    async def _request(self, served: Served, said: list[dict[str, Any]]) -> ChatRequest:
        body = self._body
        system = [{"role": "system", "content": body.instructions}] if body.instructions else []
        request = response_request(body, [*system, *said], served, self._writer.response["id"])
        return await shortened(served, request) if body.truncation == "auto" else request

    def _keep(self, said: list[dict[str, Any]]) -> None:
        if self._body.keeps:
            response = self._writer.response
            conversation = [*said, *as_messages(response["output"])]
            items = told_back(self._body.input)
            self._store.keep(self._caller, response, conversation, items)


def _begun(body: ResponseBody) -> dict[str, Any]:
    """The response before there is any output; what was asked is told back."""
    return {
        "id": f"resp_{secrets.token_hex(16)}",
        "object": "response",
        "created_at": int(now().timestamp()),
        "completed_at": None,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "max_tool_calls": body.max_tool_calls,
        "metadata": body.metadata or {},
        "model": body.model,
        "output": [],
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "previous_response_id": body.previous_response_id,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": body.keeps,
        "temperature": 1.0 if body.temperature is None else body.temperature,
        "text": {"format": {"type": "text"}, **_without_nulls(body.text or {})},
        "tool_choice": "auto" if body.tool_choice is None else body.tool_choice,
        "tools": body.tools or [],
        "top_logprobs": body.top_logprobs or 0,
        "top_p": 1.0 if body.top_p is None else body.top_p,
        "truncation": body.truncation or "disabled",
        "usage": None,
        "user": body.user,
    }


def _without_nulls(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _refusal_alone(response: dict[str, Any]) -> dict[str, Any]:
    """Without what was written before a refusal: whoever reads the whole gets that alone."""
    last = response["output"][-1] if response["output"] else {}
    refusals = [part for part in last.get("content") or () if part["type"] == "refusal"]
    if not refusals:
        return response
    return {**response, "output": [{**last, "content": refusals}]}
