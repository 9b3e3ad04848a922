"""POST /v1/responses, and the responses that were kept."""

from __future__ import annotations

import secrets
from contextlib import aclosing
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from paddock.clock import now
from paddock.serve.api.answering import respond
from paddock.serve.api.errors import BadParameter, UnsupportedParameter
from paddock.serve.api.event_stream import Events, json_response, while_there
from paddock.serve.api.reading import read_body
from paddock.serve.api.response_body import ResponseBody, check_writable, response_request
from paddock.serve.api.response_events import ResponseEvents
from paddock.serve.api.response_items import as_messages, page, told_back
from paddock.serve.api.response_store import ResponseStore
from paddock.serve.api.usage import Usage
from paddock.serve.callers import Caller
from paddock.serve.http.callers import CallerDep, ServingDep
from paddock.serve.served import Served
from paddock.serve.serving import Serving
from paddock.serve.text.chat import ChatRequest, answer, prepare, prompt_of
from paddock.serve.text.shortening import shortened

router = APIRouter()


@router.post("/v1/responses")
async def create(request: Request, serving: ServingDep, caller: CallerDep) -> Response:
    """The answer to a conversation, as items."""
    body = await read_body(request, ResponseBody)
    answer = _Answer(serving, caller, _store(request), body)
    return await respond(request, answer, is_streamed=body.stream)


@router.post("/v1/responses/input_tokens")
async def count(request: Request, serving: ServingDep, caller: CallerDep) -> Response:
    """How much of the model's context a conversation would take."""
    body = await read_body(request, ResponseBody)
    return await while_there(request, _Answer(serving, caller, _store(request), body).counted())


@router.get("/v1/responses/{response_id}")
async def retrieve(request: Request, response_id: str, caller: CallerDep) -> Response:
    """One that was kept."""
    if request.query_params.get("stream") == "true":
        raise UnsupportedParameter("a kept response is not streamed again", param="stream")
    kept = _store(request).find(caller, response_id)
    return Response(kept.response, media_type="application/json")


@router.get("/v1/responses/{response_id}/input_items")
async def input_items(request: Request, response_id: str, caller: CallerDep) -> Response:
    """What it answered."""
    kept = _store(request).find(caller, response_id)
    return json_response(page(orjson.loads(kept.input_items), request.query_params))


@router.delete("/v1/responses/{response_id}")
async def delete(request: Request, response_id: str, caller: CallerDep) -> Response:
    """Forget it."""
    _store(request).drop(caller, response_id)
    return json_response({"id": response_id, "object": "response", "deleted": True})


@router.post("/v1/responses/{response_id}/cancel")
async def cancel(request: Request, response_id: str, caller: CallerDep) -> Response:
    """Only what runs in the background is cancelled so; whoever waits closes the connection."""
    _store(request).find(caller, response_id)
    raise BadParameter(
        "this response does not run in the background",
        param="response_id",
        hint="close the connection to cancel a response that is being made",
    )


class _Answer:
    """One response."""

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
            async with aclosing(answer(served, prepared)) as deltas:
                async for delta in deltas:
                    written = b"" if begun else writer.begin()
                    begun = True
                    if delta.finish is not None:
                        writer.response["completed_at"] = int(now().timestamp())
                    written += writer.feed(delta)
                    if delta.finish is not None:  # before the client knows that it may ask for it
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
        return said

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


def _store(request: Request) -> ResponseStore:
    """One for each application; made when it is first asked for."""
    state = request.app.state
    if not hasattr(state, "responses"):
        state.responses = ResponseStore()
    store: ResponseStore = state.responses
    return store


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
        "text": {"format": {"type": "text"}, **(body.text or {})},
        "tool_choice": "auto" if body.tool_choice is None else body.tool_choice,
        "tools": body.tools or [],
        "top_logprobs": body.top_logprobs or 0,
        "top_p": 1.0 if body.top_p is None else body.top_p,
        "truncation": body.truncation or "disabled",
        "usage": None,
        "user": body.user,
    }


def _refusal_alone(response: dict[str, Any]) -> dict[str, Any]:
    """Without what was written before a refusal: whoever reads the whole gets that alone."""
    last = response["output"][-1] if response["output"] else {}
    refusals = [part for part in last.get("content") or () if part["type"] == "refusal"]
    if not refusals:
        return response
    return {**response, "output": [{**last, "content": refusals}]}
