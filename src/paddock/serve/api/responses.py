"""POST /v1/responses, and the responses that were kept."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from paddock.serve.api.answering import respond
from paddock.serve.api.errors import BadParameter, UnsupportedParameter
from paddock.serve.api.event_stream import json_response, while_there
from paddock.serve.api.reading import read_body
from paddock.serve.api.response_answer import ResponseAnswer
from paddock.serve.api.response_body import ResponseBody
from paddock.serve.api.response_items import page
from paddock.serve.api.response_store import ResponseStore
from paddock.serve.http.callers import CallerDep, ServingDep

router = APIRouter()


async def _store(request: Request) -> ResponseStore:
    store: ResponseStore = request.app.state.responses
    return store


StoreDep = Annotated[ResponseStore, Depends(_store)]


@router.post("/v1/responses")
async def create(
    request: Request, serving: ServingDep, caller: CallerDep, store: StoreDep
) -> Response:
    """The answer to a conversation, as items."""
    body = await read_body(request, ResponseBody)
    answer = ResponseAnswer(serving, caller, store, body)
    return await respond(request, answer, is_streamed=body.stream)


@router.post("/v1/responses/input_tokens")
async def count(
    request: Request, serving: ServingDep, caller: CallerDep, store: StoreDep
) -> Response:
    """How much of the model's context a conversation would take."""
    body = await read_body(request, ResponseBody)
    return await while_there(request, ResponseAnswer(serving, caller, store, body).counted())


@router.get("/v1/responses/{response_id}")
async def retrieve(
    request: Request, response_id: str, caller: CallerDep, store: StoreDep
) -> Response:
    """One that was kept."""
    if request.query_params.get("stream") == "true":
        raise UnsupportedParameter("a kept response is not streamed again", param="stream")
    kept = store.find(caller, response_id)
    return Response(kept.response, media_type="application/json")


@router.get("/v1/responses/{response_id}/input_items")
async def input_items(
    request: Request, response_id: str, caller: CallerDep, store: StoreDep
) -> Response:
    """What it answered."""
    kept = store.find(caller, response_id)
    return json_response(page(orjson.loads(kept.input_items), request.query_params))


@router.delete("/v1/responses/{response_id}")
async def delete(response_id: str, caller: CallerDep, store: StoreDep) -> Response:
    """Forget it."""
    store.drop(caller, response_id)
    return json_response({"id": response_id, "object": "response", "deleted": True})


@router.post("/v1/responses/{response_id}/cancel")
async def cancel(response_id: str, caller: CallerDep, store: StoreDep) -> Response:
    """Only what runs in the background is cancelled so; whoever waits closes the connection."""
    store.find(caller, response_id)
    raise BadParameter(
        "this response does not run in the background",
        param="response_id",
        hint="close the connection to cancel a response that is being made",
    )
