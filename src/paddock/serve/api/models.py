"""GET /v1/models and /v1/models/{id}; ids hold slashes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from paddock.errors import shown
from paddock.serve.api.event_stream import json_response
from paddock.serve.errors import ModelNotFound
from paddock.serve.http.callers import CallerDep, ServingDep
from paddock.serve.served import ModelListing

router = APIRouter()


@router.head("/v1/models", include_in_schema=False)
@router.get("/v1/models")
async def listed(serving: ServingDep, caller: CallerDep) -> Response:
    """What the caller may ask for."""
    models = [_model(each) for each in await serving.models(caller)]
    return json_response({"object": "list", "data": models})


@router.head("/v1/models/{model_id:path}", include_in_schema=False)
@router.get("/v1/models/{model_id:path}")
async def one(model_id: str, serving: ServingDep, caller: CallerDep) -> Response:
    """One of them."""
    for each in await serving.models(caller):
        if each.name == model_id:
            return json_response(_model(each))
    raise ModelNotFound(f"there is no model {shown(model_id)} here")


def _model(listing: ModelListing) -> dict[str, Any]:
    return {
        "id": listing.name,
        "object": "model",
        "created": listing.created,
        "owned_by": listing.owned_by,
        "root": listing.root,
        "parent": listing.parent,
        "max_model_len": listing.context,
        "policy": listing.policy,
    }
